"""Answers made from a definition hold for any form, also one an administrator wrote (F8)."""

from datetime import date

import pytest

from bpmn.rehearsal.answers import FILE, files_wanted, fill
from forms.definition import read_form, shipped_forms
from forms.fields import Asked, Option
from forms.parsing import parse

TODAY = date(2023, 11, 20)
OWN = {
    "stem": "own",
    "title": "自定表单",
    "article": "",
    "intro": "",
    "sections": [
        {
            "title": "一",
            "fields": [
                {"name": "money", "label": "金额", "type": "money", "required": True},
                {"name": "count", "label": "数量", "type": "integer", "required": True, "min": 3},
                {"name": "share", "label": "比例", "type": "percent", "required": True},
                {"name": "day", "label": "日期", "type": "date", "required": True},
                {"name": "sure", "label": "确认", "type": "tick", "required": True},
                {"name": "text", "label": "说明", "type": "text", "required": True, "max_length": 3},
                {"name": "free", "label": "可不填", "type": "text"},
                {
                    "name": "way",
                    "label": "方式",
                    "type": "radio",
                    "required": True,
                    "options": [{"value": "a", "label": "甲"}, {"value": "b", "label": "乙"}],
                },
                {"name": "more", "label": "补充", "type": "text", "required": True, "show_if": {"way": ["b"]}},
                {"name": "photo", "label": "照片", "type": "file", "kind": "photo", "required": True},
                {"name": "scan", "label": "扫描件", "type": "file", "kind": "other"},
                {
                    "name": "rows",
                    "label": "表",
                    "type": "table",
                    "required": True,
                    "columns": [{"name": "who", "label": "谁", "type": "text", "required": True}],
                },
                {
                    "name": "each",
                    "label": "逐项",
                    "type": "records",
                    "required": True,
                    "columns": [{"name": "said", "label": "意见", "type": "text", "required": True}],
                },
                {"name": "unit", "label": "单位", "type": "select", "source": "units", "required": True},
            ],
        }
    ],
}
ASKED = Asked(
    options={"units": [Option("7", "桑柘镇")]}, records={"each": [("x", "甲"), ("y", "乙")]}, attached={"photo": [1]}
)


def test_what_is_made_up_passes_the_forms_own_reading() -> None:
    form = read_form(OWN)
    answers = parse(form, fill(form, ASKED, {}, {}, TODAY), ASKED)
    assert answers["count"] == 3
    assert answers["text"] == "说明已"
    assert (answers["way"], answers["unit"]) == ("a", "7")
    assert [row["key"] for row in answers["each"]] == ["x", "y"]
    assert "free" not in answers
    assert "more" not in answers


def test_wishes_come_first_and_open_what_hangs_on_them() -> None:
    form = read_form(OWN)
    wishes = {"way": "b", "money": "5.00", "unknown": "x"}
    answers = parse(form, fill(form, ASKED, {"money": ["9.00"]}, wishes, TODAY), ASKED)
    assert (answers["way"], answers["money"], answers["more"]) == ("b", "5.00", "补充已核实")


def test_none_empties_what_the_form_began_with() -> None:
    form = read_form(OWN)
    assert "free" not in fill(form, ASKED, {"free": ["旧"]}, {"free": None}, TODAY)


def test_files_are_brought_where_required_or_wished_for() -> None:
    form, nothing = read_form(OWN), Asked()
    assert [each.name for each in files_wanted(form, nothing, {}, {})] == ["photo"]
    assert [each.name for each in files_wanted(form, nothing, {}, {"scan": FILE})] == ["photo", "scan"]
    assert files_wanted(form, ASKED, {}, {}) == []


@pytest.mark.parametrize("stem", ["disposal", "notice_unit", "archiving", "exit_recovery", "consultation"])
def test_shipped_forms_are_answered_without_any_wish(stem: str) -> None:
    form = read_form(shipped_forms()[stem])
    files = {each.name: [1] for _section, each in form.fields() if each.kind}
    asked = Asked(attached=files, context={"party": "farmers"})
    assert parse(form, fill(form, asked, {}, {}, TODAY), asked)
