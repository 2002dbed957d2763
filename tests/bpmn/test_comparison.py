"""What differs between two versions, told by content (issue 9 item 6)."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from bpmn.comparison import ChangeKind, Difference, differences
from bpmn.deployment import Bundle, shipped_bundle

SHIPPED = shipped_bundle()


def told(new: Bundle) -> list[tuple[str, str, str, str, str]]:
    return [(each.kind.label, each.name, each.what, each.before, each.after) for each in differences(SHIPPED, new)]


def redrawn(old: str, new: str) -> Bundle:
    assert old in SHIPPED.diagram
    return replace(SHIPPED, diagram=SHIPPED.diagram.replace(old, new, 1))


def test_the_same_content_written_otherwise_is_the_same() -> None:
    spread = SHIPPED.diagram.replace("><", ">\n<").replace('x="100"', 'x="100.0"').replace(" />", "/>")
    assert spread != SHIPPED.diagram
    assert differences(SHIPPED, replace(SHIPPED, diagram=spread)) == []


def test_an_element_s_settings_are_told_before_and_after() -> None:
    new = redrawn(
        'name="签收项目" sgyp:handler="receive" sgyp:due="2wd"', 'name="签收" sgyp:handler="receive" sgyp:due="3wd"'
    )
    assert told(new) == [
        ("修改", "签收", "名称", "签收项目", "签收"),
        ("修改", "签收", "办理期限", "2 个工作日", "3 个工作日"),
    ]


def test_a_condition_a_default_and_a_place_are_told() -> None:
    assert told(redrawn("objection_upheld</", "not objection_upheld</"))[0][2:] == (
        "条件",
        "objection_upheld",
        "not objection_upheld",
    )
    default = redrawn('default="flow_receive_result_survey_review"', 'default="flow_receive_result_reassign"')
    assert told(default) == [
        ("修改", "是否签收", "默认出线", "是否签收 → 调研会审（签收）", "是否签收 → 重新分派（退回）")
    ]
    moved = replace(
        SHIPPED, diagram=re.sub(r'(bpmnElement="receive"[^>]*>\s*<dc:Bounds x=)"[\d.]+"', r'\1"7"', SHIPPED.diagram)
    )
    assert told(moved) == [("移动", "签收项目", "位置或走线", "", "")]


def test_what_is_gone_and_what_is_new_is_told_with_its_settings() -> None:
    new = redrawn('id="reassign" name="重新分派"', 'id="again" name="再分派"')
    kinds = {(each.kind, each.element) for each in differences(SHIPPED, new)}
    assert {(ChangeKind.REMOVED, "reassign"), (ChangeKind.ADDED, "again")} <= kinds
    gone = next(each for each in differences(SHIPPED, new) if each.element == "reassign")
    assert (gone.what, gone.after) == ("人工环节", "")
    assert "办理期限：2 个工作日" in gone.before


def test_a_table_s_rules_are_told_by_their_place() -> None:
    table = SHIPPED.decisions["classification"]
    changed = re.sub(r'(id="consolidate_strengths_count">\s*<text>)5', r"\g<1>4", table)
    new = replace(SHIPPED, decisions={"classification": changed})
    assert differences(SHIPPED, new) == [
        Difference(ChangeKind.CHANGED, "决策表", "", "四个一批分类建议", "规则 1", "巩固条件项数：5", "巩固条件项数：4")
    ]


def test_a_form_s_fields_are_told() -> None:
    form = json.loads(json.dumps(SHIPPED.forms["receive"]))
    field = form["sections"][0]["fields"][0]
    label, field["label"] = field["label"], "是否接收"
    form["sections"][0]["fields"].append({"name": "extra", "label": "备注", "type": "text"})
    new = replace(SHIPPED, forms={**SHIPPED.forms, "receive": form})
    assert told(new) == [
        ("修改", form["title"], "字段“是否接收”的标签", label, "是否接收"),
        ("新增", form["title"], "字段“备注”", "", ""),
    ]
