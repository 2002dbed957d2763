"""A form definition is data an administrator may write: every mistake is named at once (F8)."""

from __future__ import annotations

from typing import Any

import pytest

from forms.definition import PROJECT_COLUMNS, DefinitionRefused, read_form, shipped_forms
from forms.fields import Asked
from forms.schema import json_schema
from ledger.projects import Project

TEXT = {"name": "a", "label": "甲", "type": "text"}


def form_with(*fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "stem": "trial",
        "title": "试表",
        "article": "12",
        "sections": [{"title": "一", "fields": fields and list(fields)}],
        **more,
    }


def problems_of(definition: dict[str, Any]) -> str:
    with pytest.raises(DefinitionRefused) as caught:
        read_form(definition)
    return "\n".join(caught.value.problems)


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ({**TEXT, "name": "A b"}, "小写字母"),
        ({**TEXT, "label": ""}, "没有标签"),
        ({**TEXT, "type": "photo"}, "类型“photo”不存在"),
        ({**TEXT, "width": 13}, "宽度"),
        ({**TEXT, "width": "6"}, "应是整数"),
        ({**TEXT, "required": "yes"}, "true 或 false"),
        ({**TEXT, "colour": "red"}, "不认识的属性“colour”"),
        ({**TEXT, "type": "radio"}, "选项来源"),
        ({**TEXT, "type": "radio", "vocabulary": "Colour"}, "词汇表“Colour”不存在"),
        ({**TEXT, "type": "radio", "vocabulary": "Term"}, "词汇表“Term”不存在"),
        ({**TEXT, "type": "radio", "vocabulary": "Use", "source": "units"}, "选项来源"),
        (
            {**TEXT, "type": "radio", "options": [{"value": "x", "label": "一"}, {"value": "x", "label": "二"}]},
            "不同的值",
        ),
        ({**TEXT, "vocabulary": "Use"}, "不是选择题"),
        ({**TEXT, "type": "table"}, "columns"),
        ({**TEXT, "type": "table", "columns": [{**TEXT, "type": "table", "columns": [TEXT]}]}, "不能放在表格的列里"),
        ({**TEXT, "type": "table", "columns": [{**TEXT, "project": "name"}]}, "不能写入项目或变量"),
        ({**TEXT, "type": "file"}, "材料种类"),
        ({**TEXT, "type": "file", "kind": "novel"}, "材料种类"),
        ({**TEXT, "main_first": True}, "main_first"),
        ({**TEXT, "project": "county_id"}, "项目的“county_id”一栏"),
        ({**TEXT, "project": "balance_yuan"}, "项目的“balance_yuan”一栏"),
        ({**TEXT, "publish": "__import__"}, "变量名"),
        ({**TEXT, "min": 3, "max": 2}, "最小值"),
        ({**TEXT, "show_if": {"b": ["x"]}}, "排在前面"),
        ({**TEXT, "show_if": {"$level": []}}, "至少一个值"),
        ({**TEXT, "show_if": ["$level"]}, "写法有误"),
    ],
)
def test_a_mistake_is_named(field: dict[str, Any], says: str) -> None:
    assert says in problems_of(form_with(field))


def test_every_mistake_is_reported_at_once() -> None:
    said = problems_of(form_with({**TEXT, "width": 0}, {**TEXT, "type": "radio"}, stem="", colour="red"))
    for sentence in ("宽度", "选项来源", "出现了两次", "缺少“stem”", "“colour”"):
        assert sentence in said


def test_a_condition_on_an_option_that_is_not_there_is_refused() -> None:
    use = {"name": "use", "label": "使用", "type": "radio", "vocabulary": "Use"}
    assert "没有的选项" in problems_of(form_with(use, {**TEXT, "show_if": {"use": ["sold"]}}))


@pytest.mark.parametrize("definition", [[], {"sections": "x"}, {"sections": [3]}, {}])
def test_what_is_no_form_at_all_is_refused(definition: Any) -> None:
    assert problems_of(definition)


def test_fields_take_their_choices_from_the_schemes_lists() -> None:
    form = read_form(form_with({"name": "use", "label": "使用现状", "type": "radio", "vocabulary": "Use"}))
    assert [(o.value, o.label) for o in form.sections[0].fields[0].options] == [("in_use", "在用"), ("idle", "闲置")]


def test_the_columns_a_form_may_write_are_columns_of_the_project() -> None:
    assert set(PROJECT_COLUMNS) <= set(Project.__mapper__.columns.keys())


def test_shipped_forms_are_in_order() -> None:
    for stem, definition in shipped_forms().items():
        form = read_form(definition)
        assert form.stem == stem
        assert form.article
        json_schema(form, Asked())


def test_findings_are_asked_in_the_directives_words() -> None:
    form = read_form(form_with({"name": "findings", "label": "发现", "type": "checks", "vocabulary": "Finding"}))
    options = form.sections[0].fields[0].options
    assert len(options) == 18
    assert options[5].label == "项目正常运行"
