"""What changed since the last time, and what is carried over (issue 5 item 3)."""

from __future__ import annotations

from forms.changes import Change, carried, changes, last_words, resumed, words_of
from forms.definition import read_form
from forms.fields import Asked

FORM_FIELDS = [
    {"name": "words", "label": "说明", "type": "textarea", "required": True},
    {"name": "sum_yuan", "label": "金额", "type": "money"},
    {
        "name": "verdict",
        "label": "结论",
        "type": "radio",
        "options": [{"value": "on", "label": "同意"}, {"value": "back", "label": "退回"}],
    },
]
FORM = read_form(
    {
        "stem": "made_up",
        "title": "调研",
        "article": "",
        "intro": "",
        "sections": [{"title": "情况", "fields": FORM_FIELDS}],
    }
)
BEFORE = {"words": "第一次", "sum_yuan": "1200.00", "verdict": "back"}


def test_only_what_differs_is_a_change() -> None:
    after = {"words": "第一次", "sum_yuan": "1500.00", "verdict": "on"}
    assert changes(FORM, BEFORE, after) == (
        Change("金额", "1,200.00 元", "1,500.00 元"),
        Change("结论", "退回", "同意"),
    )
    assert changes(FORM, BEFORE, {"words": "第一次"}) == (Change("金额", "1,200.00 元", ""), Change("结论", "退回", ""))
    assert changes(FORM, BEFORE, BEFORE) == ()


def test_words_and_sums_are_carried_and_decisions_are_not() -> None:
    assert carried(FORM, BEFORE, {}) == {"words": ["第一次"], "sum_yuan": ["1200.00"]}
    assert carried(FORM, BEFORE, {"words": ["今天的"]})["words"] == ["今天的"]


def test_what_stands_in_a_box_is_read_as_the_last_time_was() -> None:
    now = words_of(FORM, {"words": ["第一次"], "sum_yuan": ["１，２００"], "verdict": ["?"]}, Asked())
    assert now == {"words": "第一次", "sum_yuan": "1,200.00 元"}
    assert last_words(FORM, BEFORE, Asked()) == {"words": "第一次", "sum_yuan": "1,200.00 元", "verdict": "退回"}


def test_what_a_draft_did_not_show_begins_as_on_a_new_page() -> None:
    """A draft kept at 退回 has no level; who then answers 同意 finds the project's own, not an empty question."""
    level = {"name": "level", "label": "层级", "type": "text", "show_if": {"verdict": ["on"]}}
    sections = [{"title": "情况", "fields": [*FORM_FIELDS, level]}]
    form = read_form({"stem": "made_up", "title": "调研", "article": "", "intro": "", "sections": sections})
    begun = {"words": ["先写的"], "level": ["乡镇"]}
    assert resumed(form, {"verdict": ["back"]}, begun, Asked()) == {"verdict": ["back"], "level": ["乡镇"]}
    shown = {"verdict": ["on"], "level": [""]}  # it was there, and was emptied
    assert resumed(form, shown, begun, Asked()) == shown
