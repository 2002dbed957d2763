"""What differs between two versions, told by content (issue 9 item 6)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from bpmn.comparison import differences
from bpmn.decisions import read_table
from bpmn.deployment import Bundle, deploy, shipped_bundle
from bpmn.difference import ChangeKind, Difference
from bpmn.publishing import bindings
from bpmn.round_procedures import shipped_round
from ledger.db import transaction
from ledger.demonstration import BEGINS_AT
from ledger.vocabulary import RoundKind
from tests.walk import Ground

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
        "“异议成立”为“是”",
        "“异议成立”为“否”",
    )
    again = told(redrawn("objection_upheld</", "objection_upheld == true</"))
    assert again[0][2:] == ("条件", "objection_upheld", "objection_upheld == true")  # said alike, and no less a change
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
        ("新增", form["title"], "字段“备注”", "", "一行文字"),
    ]


# -- one test per kind of change of a form and of a table (issue 9 item 6)


def form_told(change: Callable[[dict[str, Any]], object], stem: str = "receive") -> list[tuple[str, str, str, str]]:
    form = json.loads(json.dumps(SHIPPED.forms[stem]))
    change(form)
    found = differences(SHIPPED, replace(SHIPPED, forms={**SHIPPED.forms, stem: form}))
    assert {(each.part, each.name) for each in found} == {("表单", form["title"])}
    return [(each.kind.label, each.what, each.before, each.after) for each in found]


def field(form: dict[str, Any], name: str) -> Any:
    return next(each for section in form["sections"] for each in section["fields"] if each["name"] == name)


FORM_CHANGES: Mapping[str, tuple[Callable[[dict[str, Any]], object], tuple[str, str, str, str]]] = {
    "a condition of a field": (
        lambda form: field(form, "reason").update(show_if={"verdict": ["back", "taken"]}),
        (
            "修改",
            "字段“退回理由”的显示条件",
            "“签收意见”为“退回县乡村振兴局”时显示",
            "“签收意见”为“退回县乡村振兴局”或“签收”时显示",
        ),
    ),
    "a condition taken away": (
        lambda form: field(form, "reason").pop("show_if"),
        ("修改", "字段“退回理由”的显示条件", "“签收意见”为“退回县乡村振兴局”时显示", "一直显示"),
    ),
    "a condition on the case": (
        lambda form: field(form, "level").update(show_if={"verdict": ["taken"], "$exit": ["no"]}),
        (
            "修改",
            "字段“项目层级”的显示条件",
            "“签收意见”为“签收”时显示",
            "“签收意见”为“签收”，并且“决定退出追偿”为“否”时显示",
        ),
    ),
    "a condition of a section": (
        lambda form: form["sections"][1].update(show_if={"$level": ["village"]}),
        ("修改", "分组“签收”的显示条件", "一直显示", "“项目层级”为“村级”时显示"),
    ),
    "the type of a field": (
        lambda form: field(form, "reason").update(type="text"),
        ("修改", "字段“退回理由”的类型", "多行文字", "一行文字"),
    ),
    "whether a field must be filled in": (
        lambda form: field(form, "reason").pop("required"),
        ("修改", "字段“退回理由”的必填", "是", "否"),
    ),
    "a choice": (
        lambda form: field(form, "verdict")["options"].append({"value": "hold", "label": "暂缓"}),
        ("修改", "字段“签收意见”的选项", "签收、退回县乡村振兴局", "签收、退回县乡村振兴局、暂缓"),
    ),
    "the title of a section": (
        lambda form: form["sections"][1].update(title="签收意见"),
        ("修改", "分组“签收意见”的标题", "签收", "签收意见"),
    ),
    "the order of sections": (
        lambda form: form["sections"].append(form["sections"].pop(0)),
        ("移动", "分组的顺序", "推送的项目、签收", "签收、推送的项目"),
    ),
    "a section more": (
        lambda form: form["sections"].append({"title": "其他", "fields": []}),
        ("新增", "分组“其他”", "", ""),
    ),
    "a field more": (
        lambda form: form["sections"][1]["fields"].append(
            {"name": "day", "label": "日期", "type": "date", "required": True}
        ),
        ("新增", "字段“日期”", "", "日期，必填"),
    ),
    "a field fewer": (
        lambda form: form["sections"][0]["fields"].pop(),
        ("删除", "字段“建设内容”", "系统显示的内容", ""),
    ),
    "a field in another section": (
        lambda form: form["sections"][1]["fields"].insert(0, form["sections"][0]["fields"].pop()),
        ("移动", "字段“建设内容”所在的分组", "推送的项目", "签收"),
    ),
    "the variable it publishes": (
        lambda form: field(form, "level").update(publish="level"),
        ("修改", "字段“项目层级”的公布的变量", "（无）", "实施层级"),
    ),
}


@pytest.mark.parametrize("kind", FORM_CHANGES)
def test_every_kind_of_change_of_a_form_is_told(kind: str) -> None:
    change, line = FORM_CHANGES[kind]
    assert line in form_told(change)


def table_told(old: str, new: str) -> list[tuple[str, str, str, str]]:
    table = SHIPPED.decisions["classification"]
    assert old in table
    changed = replace(SHIPPED, decisions={"classification": table.replace(old, new)})
    return [(each.kind.label, each.what, each.before, each.after) for each in differences(SHIPPED, changed)]


TABLE = read_table(SHIPPED.decisions["classification"].encode())
FIRST = TABLE.inputs[0]


def test_a_table_s_policy_is_told_in_words() -> None:
    policy = re.search(r'hitPolicy="(\w+)"', SHIPPED.decisions["classification"])
    assert policy is not None
    assert ("修改", "命中策略", "取全部成立的规则", "取第一条成立的规则") in table_told(policy[0], 'hitPolicy="FIRST"')


def test_a_table_s_description_is_told() -> None:
    decision = re.search(r"<decision [^>]*>", SHIPPED.decisions["classification"])
    assert decision is not None
    described = f"{decision[0]}<description>按方案第三至六条</description>"
    assert ("修改", "说明", "", "按方案第三至六条") in [
        (kind, what, before if what != "说明" else "", after)
        for kind, what, before, after in table_told(decision[0], described)
    ]


def test_a_table_s_column_is_told_when_it_is_renamed_or_of_another_type() -> None:
    renamed = table_told(f'label="{FIRST.label}"', 'label="条件数"')
    assert renamed[0] == ("修改", "条件列“条件数”的名称", FIRST.label, "条件数")
    kind = re.search(r'<inputExpression[^>]* typeRef="(\w+)"', SHIPPED.decisions["classification"])
    assert kind is not None
    other = table_told(kind[0], kind[0].replace(kind[1], "string"))
    assert other[0] == ("修改", f"条件列“{FIRST.label}”的类型", "数", "文字")


def test_a_table_s_column_is_told_when_it_comes_or_goes() -> None:
    """A column of its own beside the others; with the versions the other way round it is one that is gone."""
    small = (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'
        '<decision id="one" name="甲表"><decisionTable id="t" hitPolicy="FIRST">'
        '<input id="i1" label="层级"><inputExpression typeRef="string"><text>level</text></inputExpression></input>'
        "{more}"
        '<output id="o1" label="结论" name="verdict" typeRef="string"/>'
        '<rule id="r1"><inputEntry id="c1"><text>"village"</text></inputEntry>{cell}'
        '<outputEntry id="e1"><text>"good"</text></outputEntry></rule></decisionTable></decision></definitions>'
    )
    column = (
        '<input id="i2" label="轮次"><inputExpression typeRef="number"><text>round</text></inputExpression></input>'
    )
    plain = small.format(more="", cell="")
    wide = small.format(more=column, cell='<inputEntry id="c2"><text>2</text></inputEntry>')
    old, new = (replace(SHIPPED, decisions={"own": each}) for each in (plain, wide))
    assert [(each.kind.label, each.what, each.before, each.after) for each in differences(old, new)] == [
        ("新增", "条件列“轮次”", "", "第几轮，数")
    ]
    assert [(each.kind.label, each.what, each.before) for each in differences(new, old)] == [
        ("删除", "条件列“轮次”", "第几轮，数")
    ]
    assert [(each.kind.label, each.name, each.what) for each in differences(replace(old, decisions={}), new)] == [
        ("新增", "甲表", "整张决策表")
    ]


def test_a_called_process_is_told_with_what_it_is_bound_to() -> None:
    called = '<bpmn:callActivity id="call" name="专家论证" calledElement="{}" />'
    receive = re.search(r'<bpmn:userTask id="receive".*?</bpmn:userTask>', SHIPPED.diagram, re.DOTALL)
    assert receive is not None
    old, new = (
        replace(SHIPPED, diagram=SHIPPED.diagram.replace(receive[0], called.format(name) + receive[0]))
        for name in ("expert_review", "weekly_report")
    )
    found = [(each.element, each.what, each.before, each.after) for each in differences(old, new)]
    assert found == [("call", "调用的流程", "expert_review", "weekly_report")]


def test_the_versions_of_called_processes_a_version_is_bound_to_are_told(sqlite_ground: Ground) -> None:
    weekly = shipped_round(RoundKind.WEEKLY)
    with transaction(sqlite_ground.sessions) as session:
        old, new = (
            deploy(session, replace(weekly, diagram=weekly.diagram.replace("周调度", name)), "系统管理员甲", BEGINS_AT)
            for name in ("周报", "周调度二")
        )
        numbers = f"第{old.number}版", f"第{new.number}版"
        changed = bindings(session, {old.process_id: old.sha256}, {old.process_id: new.sha256})
        assert [(each.part, each.name, each.before, each.after) for each in changed] == [
            ("调用的流程", "周调度二", *numbers)
        ]
        assert [each.after for each in bindings(session, None, {old.process_id: old.sha256})] == [numbers[0]]
        assert bindings(session, {old.process_id: old.sha256}, {old.process_id: old.sha256}) == []
