"""Answers turned outward: lines to read, columns of the project, variables of the case."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from forms.definition import read_form
from forms.fields import Asked, Option, project_values, published_values, with_words
from forms.parsing import parse
from forms.rendering import class_counts, project_answers, project_text, shown


def asks(name: str, label: str, asked: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": label, "type": asked, **more}


STATE = [
    asks("operation", "生产经营", "radio", vocabulary="Operation", project="operation", publish="operation"),
    asks("causes", "原因", "checks", vocabulary="Cause", project="causes", show_if={"operation": ["stopped"]}),
    asks("appraised", "资产估值", "money", project="appraised_yuan"),
    asks("funding", "投资规模", "matrix", project="funding"),
    asks("surveyed", "调研日期", "date", project="surveyed_on"),
    asks("progress", "进展", "percent", project="progress_percent", show_if={"$exit": ["false"]}),
    asks("shown_name", "项目名称", "display", project="name"),
    asks("old", "旧栏", "text", project="remark", retired=True),
]
REST = [
    asks("hint", "提示", "note"),
    asks("truth", "真实", "tick"),
    asks("unit", "单位", "select", source="units"),
    asks("team", "专业力量", "table", columns=[asks("name", "姓名", "text"), asks("age", "年龄", "integer")]),
    asks("photos", "照片", "file", kind="photo"),
    asks("reviews", "意见", "records", columns=[asks("reply", "处理", "text")]),
]
SECTIONS = [{"title": "现状", "fields": STATE}, {"title": "其他", "fields": REST}]
FORM = read_form({"stem": "trial", "title": "试表", "article": "12", "sections": SECTIONS})
ANSWERS: dict[str, Any] = {
    "operation": "stopped",
    "causes": ["funds", "other"],
    "appraised": "1234567.80",
    "funding": {"earmarked": {"central": "1000.00", "city": "500.50"}, "social": {"unsplit": "1.00"}},
    "surveyed": "2023-11-05",
    "progress": 40,
    "old": "从前的话",
    "truth": False,
    "unit": "12",
    "team": [{"name": "张勇", "age": 41}, {"name": "冉琼"}],
    "photos": [3, 4],
    "reviews": [{"key": "17", "reply": "已采纳"}],
}
ASKED = Asked(
    options={"units": [Option("12", "桑柘镇")]},
    records={"reviews": [("17", "县财政局")]},
    display={"shown_name": "高山蔬菜大棚"},
    context={"exit": "false"},
)


def test_answers_are_read_with_labels_separators_and_units() -> None:
    """M1; a retired field keeps its old answer (F8)."""
    assert shown(FORM, ANSWERS, ASKED) == (
        (
            "现状",
            (
                ("生产经营", "停产闲置"),
                ("原因", "资金短缺、其他"),
                ("资产估值", "1,234,567.80 元"),
                (
                    "投资规模",
                    "合计 1,501.50 元\n"
                    "财政专项扶贫资金(衔接资金) 1,500.50 元，其中：中央资金 1,000.00 元，市级资金 500.50 元\n"
                    "社会扶贫(帮扶)资金 1.00 元",
                ),
                ("调研日期", "2023年11月5日"),
                ("进展", "40%"),
                ("项目名称", "高山蔬菜大棚"),
                ("旧栏", "从前的话"),
            ),
        ),
        (
            "其他",
            (
                ("真实", "否"),
                ("单位", "桑柘镇"),
                ("专业力量", "姓名：张勇；年龄：41\n姓名：冉琼"),
                ("照片", "2 份"),
                ("意见", "县财政局——处理：已采纳"),
            ),
        ),
    )


def test_sections_without_content_are_left_out() -> None:
    assert shown(FORM, {"truth": True}, Asked()) == (("其他", (("真实", "是"),)),)


def test_answers_become_columns_of_the_project() -> None:
    assert project_values(FORM, ANSWERS, ASKED) == {
        "operation": "stopped",
        "causes": ["funds", "other"],
        "appraised_yuan": Decimal("1234567.80"),
        "funding": {
            "earmarked": {"central": Decimal("1000.00"), "city": Decimal("500.50")},
            "social": {"unsplit": Decimal("1.00")},
        },
        "surveyed_on": date(2023, 11, 5),
        "progress_percent": 40,
    }


def test_what_is_emptied_or_hidden_empties_its_column_but_what_is_not_asked_stays() -> None:
    answers = parse(FORM, {"operation": ["normal"], "causes": ["funds"]}, Asked())
    columns = project_values(FORM, answers, Asked())
    assert columns["causes"] == []
    assert columns["appraised_yuan"] is None
    assert "progress_percent" not in columns  # the context says nothing of an exit: the field is not asked
    assert "remark" not in columns


def test_published_answers_replace_old_variables() -> None:
    assert published_values(FORM, ANSWERS) == {"operation": "stopped"}
    assert published_values(FORM, {}) == {"operation": None}


def test_a_form_starts_from_the_projects_columns() -> None:
    project = {
        "operation": "stopped",
        "causes": [],
        "appraised_yuan": Decimal("5"),
        "funding": {"sector": {"county": Decimal("8")}},
        "surveyed_on": date(2023, 11, 5),
        "progress_percent": None,
        "name": "大棚",
        "remark": "",
    }
    assert project_answers(FORM, project) == {
        "operation": "stopped",
        "appraised": "5.00",
        "funding": {"sector": {"county": "8.00"}},
        "surveyed": "2023-11-05",
        "shown_name": "大棚",
    }


def test_project_columns_in_words() -> None:
    assert project_text("category", "rebuild") == "重建"
    assert (
        project_text("linkage_gaps", ["returns", "jobs"])
        == "未按约定及时足额分配资产收益、未按约定吸纳农村劳动力稳定就业"
    )
    assert project_text("balance_yuan", Decimal("0")) == "0.00 元"
    assert project_text("balance_yuan", None) == ""


def test_what_was_chosen_is_still_named_when_nobody_can_ask_again() -> None:
    """流转记录 of years ago: the unit's and the record's words, and a section whose condition is no longer known."""
    kept = with_words(FORM, ANSWERS, ASKED)
    told = {label: text for _title, lines in shown(FORM, kept, Asked()) for label, text in lines}
    assert told["单位"] == "桑柘镇"
    assert told["意见"] == "县财政局——处理：已采纳"
    section = {"title": "退出", "fields": [asks("reason", "理由", "text")], "show_if": {"$exit": ["true"]}}
    hidden = read_form({"stem": "trial", "title": "试表", "article": "12", "sections": [section]})
    assert shown(hidden, {"reason": "不能联农"}, Asked()) == (("退出", (("理由", "不能联农"),)),)
    assert shown(hidden, {}, Asked()) == ()


def test_classes_are_counted_in_the_order_of_the_forms() -> None:
    assert class_counts(["revive", "upgrade", None, "upgrade"]) == "其中提升类2个、盘活类1个、未分类1个。"
    assert class_counts([]) == ""
