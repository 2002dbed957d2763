"""A procedure that calls another one deployed on its own: pinned at the start, done like any step (issue 3 item 1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from bpmn.acts import return_targets, send_back
from bpmn.deployment import Bundle, deploy, shipped_bundle
from bpmn.engine import DiagramProblems, without_parts
from bpmn.exploration import explore, load_markings
from bpmn.migration import Order, move_case
from bpmn.position import MOVED, position
from bpmn.versions import pins_for, version_of_case
from forms.parsing import FormErrors
from ledger.cases import Case
from ledger.db import transaction
from ledger.procedures import Procedure, current_procedure
from ledger.vocabulary import CaseStatus, Level, Role
from tests.bpmn.sketch import MESSAGE, node, sketch
from tests.replay import assert_case
from tests.walk import Ground, Walk, local, project_of_level

pytestmark = pytest.mark.usefixtures("quick_prints")

NOW = local(2023, 11, 6)
SURVEY = node("userTask", "look", name="现场核查", sgyp__handler="field_survey", sgyp__due="5wd", sgyp__who="责任单位")


def process(identifier: str, *nodes: str, lead: tuple[str, ...] = ()) -> str:
    """A diagram whose process runs through its nodes in order."""
    ids = [re.search(r'id="(\w+)"', each)[1] for each in nodes]  # type: ignore[index] # each has one
    flows = list(zip(["s", *ids], [*ids, "e"], strict=True))
    drawn = sketch(nodes, [*flows, *lead]).decode()
    return drawn.replace('<bpmn:process id="P"', f'<bpmn:process id="{identifier}" name="现场核查流程"')


def bundle(diagram: str, forms: Mapping[str, object] | None = None) -> Bundle:
    shipped = shipped_bundle()
    return replace(shipped, diagram=diagram, forms={**shipped.forms, **(forms or {})})  # type: ignore[dict-item]


def calling() -> Bundle:
    """The shipped procedure, its survey done by the process `survey`."""
    old = re.search(r'<bpmn:userTask id="field_survey".*?</bpmn:userTask>', shipped_bundle().diagram, re.DOTALL)
    assert old is not None
    ways = re.findall(r"<bpmn:(?:incoming|outgoing)>.*?</bpmn:(?:incoming|outgoing)>", old[0])
    call = node("callActivity", "field_survey", "".join(ways), name="实地调研", calledElement="survey")
    return bundle(shipped_bundle().diagram.replace(old[0], call))


def deployed(ground: Ground, *bundles: Bundle) -> list[Procedure]:
    with transaction(ground.sessions) as session:
        return [deploy(session, each, "管理员", NOW) for each in bundles]


def begun(ground: Ground) -> Walk:
    deployed(ground, bundle(process("survey", SURVEY)), calling())
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    walk.to("field_survey")
    return walk


def test_a_step_of_a_called_process_is_done_like_any_other(ground: Ground) -> None:
    walk = begun(ground)
    item = walk.item("field_survey")
    assert (item.element, item.name, item.unit_id) == (
        "field_survey/look",
        "现场核查",
        walk.project.responsible_unit_id,
    )
    with pytest.raises(FormErrors):
        walk.complete("field_survey", surveyed_on="无")
    walk.complete("field_survey")
    assert "joint_review" in walk.waiting()
    walk.to_end()
    assert walk.case.status == CaseStatus.ARCHIVED


def test_the_picture_shows_the_call_while_its_step_waits(sqlite_ground: Ground) -> None:
    walk = begun(sqlite_ground)
    with walk.session() as session:
        here = position(session, session.get_one(Case, walk.case_id), walk.now)
    assert {"field_survey", "field_survey/look", "survey_review"} <= set(here["current"])
    assert here["notes"]["field_survey"] == here["notes"]["field_survey/look"]
    walk.complete("field_survey")
    with walk.session() as session:
        here = position(session, session.get_one(Case, walk.case_id), walk.now)
    assert {"field_survey", "field_survey/look"} <= set(here["done"])
    assert here["notes"]["field_survey"]["kind"] == "done"


def test_the_called_versions_are_pinned_at_the_start(ground: Ground) -> None:
    old = begun(ground)
    renewed = SURVEY.replace("现场核查", "二次核查")
    first, second = deployed(ground, bundle(process("survey", SURVEY)), bundle(process("survey", renewed)))
    assert (first.number, second.number) == (1, 2)
    new = Walk(ground, project_of_level(ground, Level.TOWNSHIP, 1))
    new.to("field_survey")
    assert [walk.item("field_survey").name for walk in (old, new)] == ["现场核查", "二次核查"]
    assert (old.case.callees, new.case.callees) == ({"survey": first.sha256}, {"survey": second.sha256})
    old.complete("field_survey")
    old.to_end()
    assert old.case.status == CaseStatus.ARCHIVED
    for walk in (old, new):
        assert "start" in assert_case(ground.sessions, walk.case_id)


def test_the_journal_tells_the_versions_called_before_and_after_a_move(sqlite_ground: Ground) -> None:
    """Replayed from its journal alone a case is where it stands, whatever is deployed meanwhile (issue 3 item 8)."""
    walk = begun(sqlite_ground)
    renewed = SURVEY.replace("现场核查", "二次核查")
    deployed(sqlite_ground, bundle(process("survey", renewed)))
    with walk.acting(Role.HANDLER, sqlite_ground.county.bureau.id) as acting:
        move_case(acting, walk.case_id, Order(walk.case.procedure_id))
    assert walk.item("field_survey").name == "二次核查"
    walk.complete("field_survey")
    assert {"start", MOVED, "complete"} <= set(assert_case(sqlite_ground.sessions, walk.case_id))


def test_the_form_is_that_of_the_called_process(sqlite_ground: Ground) -> None:
    forms = {"field_survey": {**shipped_bundle().forms["field_survey"], "title": "现场核查表"}}
    deployed(sqlite_ground, bundle(process("survey", SURVEY), forms), calling())
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP))
    walk.to("field_survey")
    with walk.session() as session:
        version = version_of_case(session.get_one(Case, walk.case_id))
        assert version.form_of("field_survey/look", "field_survey").title == "现场核查表"
        assert version.form_of("receive", "receive") is version.forms["receive"]
        assert version.forms["field_survey"].title != "现场核查表"


def test_a_case_is_sent_back_into_a_called_process(sqlite_ground: Ground) -> None:
    walk = begun(sqlite_ground)
    walk.complete("field_survey")
    item = walk.item("joint_review")
    with walk.acting(item.role, item.unit_id) as acting:
        assert ("field_survey/look", "现场核查") in return_targets(acting, item.id)
        send_back(acting, item.id, item.revision, "field_survey/look", "请补充照片")
    assert [each.element for each in walk.items("field_survey")] == ["field_survey/look"] * 2
    assert walk.waiting() == ["field_survey"]


def test_the_reachable_markings_are_stored_with_the_version(ground: Ground) -> None:
    (shipped,) = deployed(ground, shipped_bundle())
    survey, caller = deployed(ground, bundle(process("survey", SURVEY)), calling())
    with transaction(ground.sessions) as session:
        rows = [session.get_one(Procedure, each.id) for each in (shipped, survey, caller)]
        assert [row.callees for row in rows] == [None, None, {"survey": survey.sha256}]
        assert [pins_for(session, row) for row in rows] == [None, None, {"survey": survey.sha256}]
        stored = [load_markings(row.markings or b"") for row in rows]
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    with walk.session() as session:
        version = version_of_case(session.get_one(Case, walk.case_id))
    assert version.written is not None
    assert version.markings == stored[2] == explore(version.diagram).markings
    assert len(stored[2]) == len(stored[0])  # one step in the place of one step
    inner = [mark for marking in stored[2] for mark in marking if mark.element == "survey_review"]
    assert any("field_survey/look" in str(mark) for mark in inner)
    assert without_parts(()) in stored[1]


def test_markings_found_with_another_called_version_are_found_anew(sqlite_ground: Ground) -> None:
    begun(sqlite_ground)
    longer = process("survey", SURVEY, node("userTask", "again", sgyp__handler="assessment", sgyp__who="责任单位"))
    deployed(sqlite_ground, bundle(longer))
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP, 1))
    with walk.session() as session:
        version = version_of_case(session.get_one(Case, walk.case_id))
    assert version.written is None
    assert any("field_survey/again" in str(marking) for marking in version.markings)


@pytest.mark.parametrize(
    ("before", "refused", "codes"),
    [
        ([], calling(), {"unknown_process"}),
        ([], bundle(process("survey", node("callActivity", "c", calledElement="survey"))), {"recursion"}),
        (
            [bundle(process("survey", SURVEY)), calling()],
            bundle(process("survey", SURVEY, node("callActivity", "c", calledElement="four_batches"))),
            {"recursion"},
        ),
    ],
)
def test_calls_that_lead_nowhere_or_back_are_refused(
    sqlite_ground: Ground, before: list[Bundle], refused: Bundle, codes: set[str]
) -> None:
    deployed(sqlite_ground, *before)
    with pytest.raises(DiagramProblems) as told:
        deployed(sqlite_ground, refused)
    assert {problem.code for problem in told.value.problems if problem.severity == "错误"} == codes


def test_a_process_its_callers_cannot_live_with_is_refused(sqlite_ground: Ground) -> None:
    """A message on the edge of a call can never come when the called process waits for nobody."""
    edge = node("boundaryEvent", "late", MESSAGE, attachedToRef="x")
    nodes = [node("callActivity", "x", calledElement="leaf"), edge]
    caller = sketch(nodes, [("s", "x"), ("x", "e"), ("late", "e")]).decode()
    idle = sketch([node("exclusiveGateway", "w")], [("s", "w"), ("w", "e")]).decode()
    named = caller.replace('<bpmn:process id="P"', '<bpmn:process id="caller" name="外层"')
    deployed(sqlite_ground, bundle(process("leaf", SURVEY)), bundle(named))
    with pytest.raises(DiagramProblems) as told:
        deployed(sqlite_ground, bundle(idle.replace('id="P"', 'id="leaf"')))
    errors = [problem for problem in told.value.problems if problem.severity == "错误"]
    assert {(problem.element, problem.code) for problem in errors} == {("caller", "dead_element")}
    assert "外层" in errors[0].message
    with transaction(sqlite_ground.sessions) as session:
        assert current_procedure(session, "leaf").number == 1
