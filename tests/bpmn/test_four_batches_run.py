"""The shipped procedure walked by the engine, saved and loaded after every step."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bpmn.engine import Diagram, Run, Surroundings, read_diagram
from tests.bpmn.sketch import KEY, finish, ready

FILE = Path(__file__).parents[2] / "bpmn" / "four_batches.bpmn"
BEGIN = datetime(2023, 11, 6, 1, tzinfo=UTC)
DISPOSAL_ON = date(2023, 11, 30)
NEW_CASE = {
    "level": "township",
    "category": "upgrade",
    "verdict": "",
    "needs_assessment": False,
    "approved": False,
    "objection_upheld": False,
    "exit_proposed": False,
    "exit_decided": False,
    "write_off_proposed": False,
    "write_off_approved": False,
    "reached": False,
    "reviewing_bodies": [11, 12, 13],
    "consulted": ["township", "village", "farmers"],
}


class Story:
    """One case told in steps; `at` is the day since the beginning."""

    def __init__(self, **variables: object) -> None:
        self.diagram: Diagram = read_diagram(FILE.read_bytes())
        self.at = 0
        self.ended: list[str] = []
        self.trail: set[str] = set()
        self.run = Run.start(self.diagram, NEW_CASE | variables, self.surroundings)
        self.remember()

    @property
    def surroundings(self) -> Surroundings:
        posted = BEGIN.date() + timedelta(days=20)
        functions = {
            "publicity_end": lambda days: posted + timedelta(days=days),
            "campaign_end": lambda name: {"disposal": DISPOSAL_ON}[name],
        }
        return Surroundings(BEGIN + timedelta(days=self.at), functions)

    def remember(self) -> None:
        self.ended += self.run.ended
        self.trail |= set(self.run.trail)
        self.run = Run.load(self.diagram, self.run.dump(KEY), KEY, self.surroundings)

    def do(self, *stems: str, **variables: object) -> Story:
        """Complete the items that must be the only ones open, every part of a joint one; `variables` with each."""
        for stem in stems:
            parts = [item for item in ready(self.run) if item.split(":")[0] == stem]
            for item in parts:
                finish(self.run, item, variables)
                self.remember()
            assert parts, f"{stem}: {ready(self.run)}"
        return self

    def wait(self, timer: str, day: int) -> Story:
        """Let the days pass and the one waiting timer go off."""
        self.at = day
        self.remember()
        (waiting,) = self.run.timers
        assert waiting.element == timer
        self.run.fire(waiting.token)
        self.remember()
        return self

    def object(self) -> Story:
        """Register an objection."""
        assert self.run.deliver("objection")
        self.remember()
        return self

    def now_at(self, *elements: str) -> None:
        run = self.run
        waiting = [t.element for t in run.timers] + [m.element for m in run.messages] + ready(run)
        assert sorted(waiting) == sorted(elements)


def to_decision(story: Story) -> Story:
    story.do("receive", verdict="taken").do("field_survey", "joint_review")
    story.do("preliminary_opinion", "party_meeting", verdict="on").do("application")
    return story.do("unit_opinion", verdict="agree").do("submission").do("acceptance_check", verdict="accept")


def to_publicity(story: Story) -> Story:
    story.do("decision", verdict="approve", approved=True)
    return story.do("reply", "notice_unit", "notice_site")


def test_the_engine_reads_every_element() -> None:
    diagram = read_diagram(FILE.read_bytes())
    assert diagram.elements["consultation"].lane == "项目所在乡镇"
    assert diagram.elements["receive"].attributes["who"] == "责任单位"
    assert [e.id for e in diagram.inside(None) if e.kind == "subProcess"] == [
        "survey_review",
        "study_submission",
        "decision_reply",
        "publicity",
        "disposal_evaluation",
        "filing_archiving",
    ]


def straight() -> Story:
    story = to_publicity(to_decision(Story())).wait("publicity_over", 26).wait("disposal_opens", 26)
    story.do("disposal_plan", "disposal").do("evaluation", reached=True)
    return story.do("reclassification").do("filing", verdict="confirm").do("archiving")


def withdrawn() -> Story:
    story = Story().do("receive", verdict="back").do("reassign", verdict="unit").do("receive", verdict="back")
    return story.do("reassign", verdict="withdraw")


def rebuilt() -> Story:
    story = Story(level="village", category="rebuild", needs_assessment=True)
    survey = ("field_survey", "assessment", "joint_review")
    story.do("receive", verdict="taken").do(*survey).do("preliminary_opinion", verdict="survey")
    story.do(*survey).do("preliminary_opinion", verdict="on").do("party_meeting", verdict="survey")
    story.do(*survey).do("preliminary_opinion", "party_meeting", verdict="on").do("application")
    story.do("village_opinion", verdict="back").do("application").do("village_opinion", verdict="agree")
    story.do("unit_opinion", verdict="back").do("application")
    story.do("village_opinion", "unit_opinion", verdict="agree").do("submission")
    story.do("acceptance_check", verdict="application").do("application")
    story.do("village_opinion", "unit_opinion", verdict="agree").do("submission")
    story.do("acceptance_check", verdict="survey").do("field_survey", "assessment")
    story.now_at("joint_review:11", "joint_review:12", "joint_review:13")
    story.do("joint_review").do("preliminary_opinion", "party_meeting", verdict="on").do("application")
    story.do("village_opinion", "unit_opinion", verdict="agree").do("submission")
    story.do("acceptance_check", verdict="accept").do("decision", verdict="return", approved=False)
    story.do("party_meeting", verdict="on").do("application").do("village_opinion", "unit_opinion", verdict="agree")
    story.do("submission").do("acceptance_check", verdict="accept")
    to_publicity(story).wait("publicity_over", 26).wait("disposal_opens", 26)
    story.now_at("consultation:farmers", "consultation:township", "consultation:village")
    story.do("consultation", "disposal_plan", "disposal").do("evaluation", reached=False)
    story.do("disposal").do("evaluation", reached=True).do("reclassification")
    return story.do("filing", verdict="back").do("reclassification").do("filing", verdict="confirm").do("archiving")


def objected() -> Story:
    """An objection on the 22nd day, dismissed, and another upheld; then the decision is made anew."""
    story = to_publicity(to_decision(Story()))
    (before,) = story.run.timers
    story.at = 22
    story.remember()
    story.object().now_at("objection")
    story.do("objection", objection_upheld=False)
    (after,) = story.run.timers
    assert after.due_at == before.due_at
    story.object().do("objection", objection_upheld=True).now_at("decision")
    return story.do("decision", verdict="change", approved=True, objection_upheld=False).do("reply")


def exited() -> Story:
    """Proposed at disposal, decided, recovered, written off by a second decision, then straight to filing."""
    story = to_publicity(to_decision(Story())).wait("publicity_over", 26).wait("disposal_opens", 26)
    story.do("disposal_plan").do("disposal", exit_proposed=True)
    story.do("decision", verdict="approve", approved=True, exit_proposed=False, exit_decided=True)
    story.do("reply", "notice_unit", "notice_site").wait("publicity_over", 27).wait("disposal_opens", 27)
    story.do("exit_recovery", write_off_proposed=True)
    story.do("decision", verdict="approve", approved=True, write_off_proposed=False, write_off_approved=True)
    story.do("reply", "notice_unit", "notice_site").wait("publicity_over", 28)
    return story.do("filing", verdict="confirm").do("archiving")


def test_a_township_project_goes_straight_to_the_archive() -> None:
    """P2–P13 without a return."""
    story = straight()
    assert story.run.finished
    assert story.ended[-1] == "archived"


def test_a_pushed_project_is_handed_back_and_withdrawn() -> None:
    """P1."""
    story = withdrawn()
    assert story.run.finished
    assert story.ended == ["withdrawn"]


def test_a_rebuilt_village_project_takes_every_return() -> None:
    """P2–P7, P10, P12: every joint step asks everyone again in each round."""
    story = rebuilt()
    assert story.run.finished
    assert {"study_to_survey", "acceptance_to_survey", "decision_returned", "archived"} <= set(story.ended)


def test_objections_keep_the_due_moment_and_an_upheld_one_begins_a_full_period() -> None:
    """P7, T1."""
    objected().now_at("notice_site", "notice_unit")


def test_an_exit_is_recovered_written_off_and_filed() -> None:
    """P9."""
    story = exited()
    assert story.run.finished
    assert "reclassification" not in story.trail


def test_the_stories_leave_no_flow_untaken() -> None:
    flows = {e.id for e in read_diagram(FILE.read_bytes()).elements.values() if e.kind == "sequenceFlow"}
    stories = (straight(), withdrawn(), rebuilt(), objected(), exited())
    assert flows - set().union(*(story.trail for story in stories)) == set()


def test_the_saved_state_stays_small() -> None:
    """Rule 1 of the engine: constant over time, at most about 1 KB."""
    assert len(to_decision(Story()).run.dump(KEY)) <= 1024
    story = rebuilt()
    assert len(story.run.dump(KEY)) <= 1024
