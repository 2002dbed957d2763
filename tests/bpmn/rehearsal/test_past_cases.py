"""Cases of the past in a draft: the same draft leads the same way, another one says where it differs (issue 9)."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from bpmn.deployment import Bundle, shipped_bundle
from bpmn.rehearsal.past_cases import Played, play_past
from bpmn.versions import Version, unpublished
from ledger.cases import Case, WorkItem
from ledger.db import transaction
from ledger.journal import Entry
from ledger.procedures import Procedure
from ledger.rehearsals import Verdict
from tests.bpmn.redrawn import LONGER, NAMES, changed, newly, renamed
from tests.walk import Ground, Walk
from tests.wander import Wanderer

FLOW = '<bpmn:sequenceFlow id="flow_decision_result_reply"'
REVIEW = (
    '<bpmn:userTask id="discipline" name="纪委复核" sgyp:handler="generic" sgyp:due="3wd" />'
    '<bpmn:sequenceFlow id="to_reply" sourceRef="discipline" targetRef="reply" />'
)


def read(ground: Ground, bundle: Bundle) -> Version:
    with transaction(ground.sessions, writes=False) as session:
        forms: dict[str, Any] = dict(bundle.forms)
        row = Procedure(diagram=bundle.diagram, decisions=dict(bundle.decisions), forms=forms)
        return unpublished(session, row)


def played(ground: Ground, bundle: Bundle, *walks: Walk) -> list[Played]:
    return list(play_past(ground.sessions, read(ground, bundle), [walk.case_id for walk in walks]))


def with_a_review() -> Bundle:
    """The shipped procedure with a step of the administrator's own between decision and reply."""
    drawn = shipped_bundle().diagram
    start = drawn.index(FLOW)
    flow = drawn[start : drawn.index(">", start) + 1]
    return changed((flow, REVIEW + flow.replace('targetRef="reply"', 'targetRef="discipline"')))


def test_wherever_a_case_wandered_the_same_draft_leads_there_again(sqlite_ground: Ground) -> None:
    newly(sqlite_ground, LONGER)
    newly(sqlite_ground, renamed("application", "application_form"))
    for number in range(3):
        wander = Wanderer(sqlite_ground, sqlite_ground.projects[number], rnd=random.Random(number))
        wander.acts(50)
        with transaction(sqlite_ground.sessions, writes=False) as session:
            on = session.get_one(Procedure, session.get_one(Case, wander.case_id).procedure_id)
            bundle = Bundle(on.diagram, on.decisions, on.forms)
        (again,) = played(sqlite_ground, bundle, wander)
        assert (again.verdict, again.reason) == (Verdict.SAME, ""), again
        assert again.notes == ()


def test_a_new_step_is_done_without_an_answer_and_nothing_is_written(sqlite_ground: Ground) -> None:
    ended, early = Walk(sqlite_ground, sqlite_ground.projects[0]), Walk(sqlite_ground, sqlite_ground.projects[1])
    ended.to_end()
    early.to("field_survey")
    with transaction(sqlite_ground.sessions, writes=False) as session:
        before = [session.query(kind).count() for kind in (Entry, WorkItem, Case)]
    through, same = played(sqlite_ground, with_a_review(), ended, early)
    assert (through.verdict, through.notes) == (
        Verdict.DIFFERS,
        ("多办一步“纪委复核”（当时没有，按办结往下走）",),
    )
    assert "discipline" in through.passed
    assert (same.verdict, same.notes) == (Verdict.SAME, ())
    with transaction(sqlite_ground.sessions, writes=False) as session:
        assert [session.query(kind).count() for kind in (Entry, WorkItem, Case)] == before
    (longer,) = played(sqlite_ground, LONGER, ended)
    assert longer.verdict is Verdict.DIFFERS
    assert [note for note in longer.notes if "要多等：当时到" in note] == list(longer.notes)
    (words,) = played(sqlite_ground, NAMES, ended)
    assert (words.verdict, words.notes) == (Verdict.SAME, ())


def test_where_what_was_done_has_no_place_the_case_stops(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    walk.to("decision")
    early = changed((">needs_assessment<", ">not needs_assessment<"))
    (stopped,) = played(sqlite_ground, early, walk)
    assert stopped.verdict is Verdict.STOPPED
    assert stopped.reason.startswith("当时接着办“")


def test_a_form_that_demands_more_is_told(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    walk.to("joint_review")
    form = dict(shipped_bundle().forms["field_survey"])
    first, *others = form["sections"]
    asked = {"name": "drone", "label": "航拍编号", "type": "text", "required": True}
    more = {**form, "sections": [{**first, "fields": [*first["fields"], asked]}, *others]}
    demanding = replace(shipped_bundle(), forms={**shipped_bundle().forms, "field_survey": more})
    (told,) = played(sqlite_ground, demanding, walk)
    assert (told.verdict, told.notes) == (Verdict.DIFFERS, ("“实地调研”新的必填项“航拍编号”，当时没有",))
