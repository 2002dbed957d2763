"""A draft is played with its real forms on a clock of its own, in memory alone (issue 9 item 5)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bpmn.decisions import read_table
from bpmn.deployment import Bundle, shipped_bundle
from bpmn.engine import read_diagram
from bpmn.rehearsal.form_faults import form_faults, never_shown
from bpmn.rehearsal.made_up_cases import made_up_answers, play_made_up
from bpmn.rehearsal.moves import Move, ScenarioRefused, read_moves, to_day
from bpmn.rehearsal.plays import GoesNowhere, Ground, Play, play_moves
from bpmn.rehearsal.pretended import County
from bpmn.round_procedures import shipped_rounds
from bpmn.versions import Version
from forms.definition import read_form
from forms.fields import Option
from forms.parsing import FormErrors
from handlers.outcome import StepRefused
from handlers.plain import GENERIC, GENERIC_FORM
from ledger.db import day_of
from ledger.demonstration import BEGINS_AT
from ledger.rehearsals import Verdict
from ledger.working_days import Calendar

SHIPPED = shipped_bundle()
UNITS = {7: "桑柘镇", 8: "保家镇"}
CHOICES = tuple(Option(str(number), name) for number, name in UNITS.items())
COUNTY = County(
    UNITS,
    {9: "县财政局", 10: "县审计局"},
    {"县乡村振兴局": "县乡村振兴局"},
    {**dict.fromkeys(("units", "business_units", "reviewers"), CHOICES), "meetings": (Option("1", "预演会议"),)},
)


def version_of(bundle: Bundle) -> Version:
    return Version(
        diagram=read_diagram(bundle.diagram.encode()),
        forms={stem: read_form(each) for stem, each in {**bundle.forms, GENERIC: GENERIC_FORM}.items()},
        tables={name: read_table(text.encode()) for name, text in bundle.decisions.items()},
    )


VERSION = version_of(SHIPPED)
GROUND = Ground(VERSION, COUNTY, Calendar({}, frozenset()), BEGINS_AT)


def formed(stem: str, change: Callable[[dict[str, Any]], object]) -> Ground:
    """Return the shipped procedure with one form changed."""
    form = json.loads(json.dumps(SHIPPED.forms[stem]))
    change(form)
    return replace(GROUND, version=version_of(replace(SHIPPED, forms={**SHIPPED.forms, stem: form})))


def redrawn(old: str, new: str) -> Ground:
    assert old in SHIPPED.diagram
    return replace(GROUND, version=version_of(replace(SHIPPED, diagram=SHIPPED.diagram.replace(old, new, 1))))


def filled(element: str, day: int = 0, instance: str = "", /, **answers: str | list[str]) -> Move:
    posted = {name: [value] if isinstance(value, str) else value for name, value in answers.items()}
    return Move(element, instance, {}, day, posted)


def made_up(play: Play) -> Move:
    """Return the move that does the first step that waits, with answers made up from its form."""
    sheet = play.sheet(play.waits[0].token)
    assert sheet is not None
    posted, files = made_up_answers(play, sheet, {})
    return Move(sheet.element.id, sheet.instance or "", {}, play.day, posted, tuple(files))


def test_a_step_is_asked_with_the_draft_s_form_and_named_with_who_fills_it_in() -> None:
    play = Play(GROUND)
    sheet = play.sheet(play.waits[0].token)
    assert sheet is not None
    assert (sheet.form.title, sheet.who) == ("签收项目", "责任单位（桑柘镇）　经办人")
    assert sheet.asked.display["name"] == "预演项目"
    with pytest.raises(FormErrors) as refused:
        play.take(filled("receive"))
    assert refused.value.errors == {"verdict": "请选择签收意见"}
    with pytest.raises(FormErrors) as refused:
        Play(GROUND).take(filled("receive", verdict="back"))
    assert list(refused.value.errors) == ["reason"]  # asked for by the other answer


def test_answers_go_into_the_run_and_are_carried_over_within_the_play() -> None:
    play = play_moves(GROUND, [filled("receive", verdict="back", reason="不是本单位的项目")]).play
    sheet = play.sheet(play.waits[0].token)
    assert sheet is not None
    assert (sheet.element.id, sheet.asked.display["returned"]) == ("reassign", "不是本单位的项目")
    assert [each.label for each in sheet.asked.options["units"]] == ["桑柘镇", "保家镇"]
    with pytest.raises(StepRefused, match="请改派其他单位"):  # the handler's own rule
        play.take(filled("reassign", verdict="unit", unit="7", reason="重新分派"))
    again = [
        filled("receive", verdict="back", reason="不是"),
        filled("reassign", verdict="unit", unit="8", reason="改"),
    ]
    play = play_moves(GROUND, again).play
    sheet = play.sheet(play.waits[0].token)
    assert sheet is not None
    assert (sheet.who, play.case.project["responsible_unit_id"]) == ("责任单位（保家镇）　经办人", 8)
    assert sheet.initial["reason"] == ["不是"]


def test_the_handler_s_variables_and_the_project_s_columns_are_learnt() -> None:
    play = play_moves(GROUND, [filled("receive", verdict="taken", level="township")]).play
    play.take(made_up(play))
    assert play.case.project["surveyed_on"] == day_of(BEGINS_AT)
    assert play.run.variables["needs_assessment"] is False
    assert [each.element.id for each in play.waits] == ["joint_review", "joint_review"]
    for body in ("9", "10"):
        play.take(filled("joint_review", 0, body, opinion="agree", reviewers="审核人甲"))
    sheet = play.sheet(play.waits[0].token)
    assert sheet is not None
    assert [each["body_name"] for each in sheet.step.reviews] == ["县财政局", "县审计局"]


def test_the_clock_moves_and_what_falls_due_goes_off_on_the_way() -> None:
    play = Play(GROUND)
    due = play.due_of(play.waits[0])
    assert due is not None
    assert (play.day, due.at > play.now) == (0, True)
    play.take(to_day(30))
    assert (play.day, due.at < play.now, play.waits[0].element.id) == (30, True, "receive")
    with pytest.raises(GoesNowhere, match="应办“批复”，这时等着的是“签收项目”"):
        play.take(filled("reply", 30))


def test_moves_are_played_as_far_as_a_changed_draft_takes_them() -> None:
    moves = [filled("receive", verdict="taken", level="township"), filled("joint_review", 0, "9", opinion="agree")]
    course = play_moves(GROUND, moves)
    assert (len(course.made), course.wrong) == (1, "第 2 步应办“会审”（县财政局），这时等着的是“实地调研”")
    assert course.play.waits[0].element.id == "field_survey"
    assert read_moves([each.as_json() for each in moves]) == moves
    for wrong in ({"posted": {"a": "b"}}, {"posted": {"a": ["x" * 5001]}}, {"files": [1]}, {"day": -1}):
        with pytest.raises(ScenarioRefused):
            read_moves([{**moves[0].as_json(), **wrong}])


def test_made_up_cases_fill_every_form_that_ships() -> None:
    played = list(play_made_up(GROUND, 12, seed=3))
    assert [(each.verdict, each.reason) for each in played] == [(Verdict.SAME, "")] * 12
    assert len({each.passed for each in played}) > 1
    for bundle in shipped_rounds():
        ground = replace(GROUND, version=version_of(bundle))
        assert [each.verdict for each in play_made_up(ground, 2, seed=1)] == [Verdict.SAME] * 2, bundle.diagram[:200]


def test_no_shipped_form_asks_what_nobody_can_see() -> None:
    for element in VERSION.diagram.elements.values():
        assert form_faults(VERSION, element) == []


def contradictory(form: dict[str, Any]) -> None:
    options = [{"value": "yes", "label": "是"}, {"value": "no", "label": "否"}]
    asked = {"type": "radio", "options": options}
    form["sections"][1]["fields"] += [
        {"name": "extra", "label": "要不要", **asked},
        {"name": "middle", "label": "中间", "show_if": {"extra": ["yes"]}, **asked},
        {
            "name": "never",
            "label": "说明",
            "type": "text",
            "required": True,
            "show_if": {"extra": ["no"], "middle": ["no"]},
        },
    ]


def retired(form: dict[str, Any]) -> None:
    form["sections"][1]["fields"][0]["retired"] = True


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (contradictory, "必填项“说明”永远不会显示：各条件对“要不要”的要求互相矛盾"),
        (retired, "必填项“项目层级”永远不会显示：它要看的“签收意见”已停用"),
        (
            lambda form: form["sections"][1]["fields"][1].update(show_if={"$exit": ["maybe"]}),
            "必填项“项目层级”永远不会显示：没有“maybe”这样的情况",
        ),
    ],
)
def test_a_question_nobody_can_see_is_told(change: Callable[[dict[str, Any]], object], fault: str) -> None:
    version = formed("receive", change).version
    assert fault in list(never_shown(version.forms["receive"]))
    assert fault in form_faults(version, version.diagram.elements["receive"])


def test_a_made_up_case_tells_the_fault_with_its_step() -> None:
    ground = formed("receive", contradictory)
    (played,) = play_made_up(ground, 1, seed=1)
    assert (played.verdict, played.element) == (Verdict.FAULTY, "receive")
    assert played.notes == ("“签收项目”的表单：必填项“说明”永远不会显示：各条件对“要不要”的要求互相矛盾",)


def test_a_form_nobody_can_fill_in_stops_a_made_up_case() -> None:
    def impossible(form: dict[str, Any]) -> None:
        asked = {"type": "checks", "required": True, "min": 9, "vocabulary": "Level"}
        form["sections"][1]["fields"].append({"name": "lists", "label": "选九项", **asked})

    (played,) = play_made_up(formed("receive", impossible), 1, seed=1)
    assert (played.verdict, played.element) == (Verdict.STOPPED, "receive")
    assert re.match("“签收项目”的表单“签收项目”填不下去：请选择选九项（至少 9 项）", played.reason)


def test_an_answer_that_a_condition_waits_for_in_vain_is_told() -> None:
    """A step with a form of the draft's own, after which a line asks for what no option gives."""
    options = [{"value": "good", "label": "好"}, {"value": "bad", "label": "不好"}]
    field = {
        "name": "verdict",
        "label": "结论",
        "type": "radio",
        "required": True,
        "options": options,
        "publish": "verdict",
    }
    own = {"stem": "own", "title": "纪委复核", "article": "", "sections": [{"title": "复核", "fields": [field]}]}
    diagram = SHIPPED.diagram.replace('sgyp:handler="receive"', 'sgyp:form="own"', 1)
    version = version_of(replace(SHIPPED, diagram=diagram, forms={**SHIPPED.forms, "own": own}))
    told = form_faults(version, version.diagram.elements["receive"])
    assert told == ["后面的条件要“上一环节的结论”是“back”，字段“结论”没有这个选项"]
