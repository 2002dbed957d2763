"""Field permissions of a step hold on the server, whatever a browser sends (issue 9 item 1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bpmn.comparison import differences
from bpmn.deployment import Bundle, deploy, problems_of, shipped_bundle
from bpmn.engine import DiagramProblems
from bpmn.opening import open_item
from bpmn.runtime import complete_item
from forms.parsing import FormErrors
from ledger.db import transaction
from ledger.vocabulary import Role
from tests.bpmn.sketch import user
from tests.bpmn.test_surroundings import begun, bundle, review
from tests.walk import Ground


def twice(**second: str) -> Bundle:
    """One form at two steps: filled in at the first; the second says what it may do with it."""
    again = user("again", name="领导复核", sgyp__form="discipline_review", sgyp__who="县乡村振兴局", **second)
    return bundle(review(), again, flows=[("s", "review"), ("review", "again"), ("again", "e")])


def test_what_the_first_step_wrote_the_second_only_reads(sqlite_ground: Ground) -> None:
    walk = begun(sqlite_ground, twice(sgyp__fields="verdict:read reason:hidden seen_on:required"))
    walk.complete("discipline_review", verdict="back", reason="账目不清")
    first, second = walk.items("discipline_review")
    with walk.acting(Role.HANDLER, second.unit_id) as acting:
        shown = open_item(acting, second.id)
        assert [(each.label, each.required) for _section, each in shown.form.fields()] == [
            ("复核意见", False),
            ("日期", True),
        ]
        assert (shown.asked.display["verdict"], "reason" in shown.initial_posted) == ("退回", False)
        with pytest.raises(FormErrors) as refused:
            complete_item(acting, second.id, second.revision, {"verdict": ["on"], "reason": ["x"]})
        assert refused.value.errors == {"reason": "表单里没有“reason”这一项", "seen_on": "请填写日期"}
        complete_item(acting, second.id, second.revision, {"verdict": ["on"], "seen_on": ["2023-11-20"]})
    assert [each.answers for each in walk.items("discipline_review")] == [first.answers, {"seen_on": "2023-11-20"}]
    assert walk.case.ended_at is not None


def test_a_permission_the_form_cannot_give_is_not_deployed(sqlite_ground: Ground) -> None:
    with pytest.raises(DiagramProblems) as refused:
        begun(sqlite_ground, twice(sgyp__fields="verdikt:read"))
    (problem,) = [each for each in refused.value.problems if each.code == "field_permission"]
    assert (problem.element, problem.message) == (
        "again",
        "“领导复核”的字段权限有误：表单“纪委复核”里没有字段“verdikt”。",
    )


def test_a_handler_keeps_what_it_needs_and_an_optional_field_may_go(sqlite_ground: Ground) -> None:
    shipped = shipped_bundle()
    written = 'sgyp:handler="village_opinion"'
    allowed, refused = (
        replace(shipped, diagram=shipped.diagram.replace(written, f'{written} sgyp:fields="{fields}"'))
        for fields in ("state:hidden", "opinion:hidden")
    )
    codes = {each.code for each in problems_of(refused, {})}
    assert codes == {"field_permission"}
    with transaction(sqlite_ground.sessions) as session:
        deploy(session, allowed, "测试", sqlite_ground.now)
    assert [(each.what, each.before, each.after) for each in differences(shipped, allowed)] == [
        ("字段权限", "（无）", "项目现状：隐藏")
    ]
