"""Conditions told in the words of the scheme and of the forms before them (issue 9 items 1 and 6)."""

from __future__ import annotations

import pytest

from bpmn.condition_words import VariableKind, answer_words, condition_text, fixed_words, variable_kind, words_before
from bpmn.deployment import shipped_bundle
from bpmn.engine import read_diagram
from bpmn.expressions import PUBLISHED
from bpmn.wording import VARIABLES
from forms.definition import shipped_forms

WORDS = {"category": {"rebuild": "重建"}, "verdict": {"return": "退回研究"}}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("category == 'rebuild' and not exit_decided", "“认定的类别”为“重建”，且“决定退出追偿”为“否”"),
        ("exit_proposed or write_off_proposed", "“提出退出追偿”为“是”，或“建议核销”为“是”"),
        ("approved == true", "“领导小组同意”为“是”"),
        ("verdict != 'return'", "“上一环节的结论”不为“退回研究”"),
        ("round >= 3", "“第几轮”不少于 3 "),
        ("category in ['rebuild', 'revive']", "“认定的类别”为“重建”、“revive”之一"),
        ("plan_due_on < '2024-06-30'", "“处置方案的完成日期”早于“2024-06-30”"),
        ("plan_due_on == None", "“处置方案的完成日期”为空"),
        (
            "reached and (category == 'rebuild' or exit_decided)",
            "“成效达到”为“是”，且（“认定的类别”为“重建”，或“决定退出追偿”为“是”）",
        ),
        ("amount_yuan * 2 > 10", "amount_yuan * 2 > 10"),  # more than there are words for
        ("verdikt == 'return'", "verdikt == 'return'"),
        ("category ==", "category =="),
    ],
)
def test_a_condition_is_said_as_people_say_it(source: str, told: str) -> None:
    assert condition_text(source, WORDS) == told


def test_every_published_variable_has_a_name_and_a_kind() -> None:
    assert VARIABLES.keys() == PUBLISHED
    kinds = {name: variable_kind(name) for name in PUBLISHED}
    assert {name for name, kind in kinds.items() if kind is VariableKind.DAY} == {
        *("unit_posted_on", "site_posted_on", "plan_due_on", "exit_due_on")
    }
    assert kinds["reviewing_bodies"] is VariableKind.LIST
    assert (kinds["approved"], kinds["verdict"]) == (VariableKind.TRUTH, VariableKind.CHOICE)
    assert fixed_words("level") == {"village": "村级", "township": "乡镇", "department": "部门"}
    assert fixed_words("verdict") == {}


def test_a_form_says_which_answers_it_gives() -> None:
    assert answer_words("receive", shipped_forms()["receive"]) == {
        "verdict": {"taken": "签收", "back": "退回县乡村振兴局"}
    }
    field = {"name": "f2", "type": "radio", "publish": "verdict", "options": [{"value": "o2", "label": "不同意"}]}
    own = {"stem": "own_1", "sections": [{"title": "复核", "fields": [field]}]}
    assert answer_words("own_1", own) == {"verdict": {"o2": "不同意"}}
    own["sections"][0]["fields"] = [{**field, "retired": True}]  # type: ignore[index]
    assert answer_words("own_1", own) == {}


def test_every_condition_of_the_shipped_procedure_is_said_in_chinese() -> None:
    bundle = shipped_bundle()
    elements = read_diagram(bundle.diagram.encode()).elements
    told = {
        each.id: condition_text(each.condition, words_before(each, elements, bundle.forms))
        for each in elements.values()
        if each.condition
    }
    assert [text for text in told.values() if any(letter.isascii() and letter.isalpha() for letter in text)] == []
    # the same word of different steps is what each of them calls it
    assert told["flow_decision_result_decision_returned"] == "“上一环节的结论”为“退回研究”"
    assert "“上一环节的结论”为“退回县乡村振兴局”" in told.values()
