"""Exploration (issue 3, item 3; engine rules 4 and 5): faults with the way there, markings counted by hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache
from itertools import combinations
from math import prod
from pathlib import Path

import pytest

from bpmn.engine import Diagram, NotReady, Run, Severity, StateRefused, Surroundings, read_diagram
from bpmn.exploration import (
    Budget,
    Exploration,
    dump_markings,
    explore,
    legal_targets,
    load_markings,
    problems_of,
    reachable_markings,
)
from tests.bpmn.programs import PLAIN, Author, Block, diagram_of
from tests.bpmn.sketch import BEGIN, MESSAGE, Flow, again, around, finish, node, several, sketch, sub, timer, user
from tests.bpmn.test_four_batches_run import NEW_CASE, Story, to_decision, to_publicity

FOUR_BATCHES = Path(__file__).parents[2] / "bpmn" / "four_batches.bpmn"


def choice(identifier: str, default: str = "") -> str:
    """An exclusive gateway; as a merge it needs no default."""
    return node("exclusiveGateway", identifier, **({"default": default} if default else {}))


def parallel(identifier: str) -> str:
    return node("parallelGateway", identifier)


def drawn(nodes: Iterable[str], flows: Iterable[Flow]) -> Diagram:
    return read_diagram(sketch(nodes, flows))


def explored(nodes: Iterable[str], flows: Iterable[Flow]) -> Exploration:
    return explore(drawn(nodes, flows))


def told(exploration: Exploration) -> list[tuple[str, str]]:
    return sorted((finding.code, finding.element) for finding in exploration.findings)


TWO_TASKS = [user("a"), user("b")]


class TestFindings:
    def test_one_of_two_branches_never_satisfies_a_parallel_join(self) -> None:
        found = explored(
            [choice("g", "g_b"), *TWO_TASKS, parallel("j"), user("c")],
            [("s", "g"), ("g", "a", "level == 'x'"), ("g", "b"), ("a", "j"), ("b", "j"), ("j", "c"), ("c", "e")],
        )
        assert told(found) == [("dead_element", "c"), ("dead_element", "e"), ("deadlock", "j")]
        deadlock = next(f for f in found.findings if f.code == "deadlock")
        assert deadlock.path == ("s", "g", "b")
        assert "j" in deadlock.message
        # before the choice nothing rests, and no case is let into the join
        assert found.marking_count == 2

    def test_two_branches_through_an_exclusive_merge_double_the_token(self) -> None:
        found = explored(
            [parallel("g"), *TWO_TASKS, choice("m"), user("c")],
            [("s", "g"), ("g", "a"), ("g", "b"), ("a", "m"), ("b", "m"), ("m", "c"), ("c", "e")],
        )
        assert told(found) == [("double_token", "c")]
        assert found.findings[0].path[:4] == ("s", "g", "a", "m")
        # each token is in its own branch, at c or through: 3 × 3, where c and through differ no more by branch
        assert found.marking_count == len({frozenset(pair) for pair in [(x, y) for x in "a12" for y in "b12"]})

    def test_a_second_token_on_the_same_way_into_a_join_is_double_too(self) -> None:
        found = explored(
            [parallel("g"), *TWO_TASKS, choice("m"), user("c"), parallel("j")],
            [
                ("s", "g"),
                ("g", "a"),
                ("g", "b"),
                ("g", "c"),
                ("a", "m"),
                ("b", "m"),
                ("m", "j"),
                ("c", "j"),
                ("j", "e"),
            ],
        )
        assert ("double_token", "j") in told(found)
        assert ("deadlock", "j") in told(found)

    def test_a_loop_without_an_exit(self) -> None:
        """The only way to the end asks for what is never true."""
        found = explored(
            [choice("m"), user("a"), choice("x", "x_b"), user("b")],
            [("s", "m"), ("m", "a"), ("a", "x"), ("x", "b"), ("x", "e", "1 > 2"), ("b", "m")],
        )
        assert told(found) == [("dead_element", "e"), ("livelock", "a")]
        livelock = next(f for f in found.findings if f.code == "livelock")
        assert livelock.path == ("s", "m")

    def test_a_loop_behind_a_choice_is_told_where_it_is_entered(self) -> None:
        found = explored(
            [user("a"), choice("x", "x_e"), choice("m"), user("b"), user("c"), choice("y", "y_m")],
            [
                *[("s", "a"), ("a", "x"), ("x", "m", "level == 'x'"), ("x", "e"), ("m", "b"), ("b", "c"), ("c", "y")],
                *[("y", "m"), ("y", "e", "1 > 2")],
            ],
        )
        assert told(found) == [("dead_element", "y_e"), ("livelock", "b")]
        livelock = next(f for f in found.findings if f.code == "livelock")
        assert livelock.path == ("s", "a", "x", "m")

    def test_a_branch_whose_condition_never_holds_is_dead(self) -> None:
        found = explored(
            [user("a"), choice("x", "x_e"), user("b"), user("c")],
            [("s", "a"), ("a", "x"), ("x", "b", "2 == 3"), ("x", "e"), ("b", "c"), ("c", "e")],
        )
        assert told(found) == [("dead_element", "b"), ("dead_element", "c")]

    def test_a_round_of_gateways_fails_instead_of_hanging(self) -> None:
        found = explored(
            [user("a"), choice("m"), choice("x", "x_m")],
            [("s", "a"), ("a", "m"), ("m", "x"), ("x", "m"), ("x", "e", "level == 'x'")],
        )
        failed = next(f for f in found.findings if f.code == "step_failed")
        assert (failed.element, failed.path) == ("a", ("s", "a", "m", "x"))

    def test_a_condition_that_cannot_be_computed(self) -> None:
        found = explored(
            [user("a"), choice("x", "x_e"), user("b")],
            [("s", "a"), ("a", "x"), ("x", "b", "1 / 0 == 1"), ("x", "e"), ("b", "e")],
        )
        failed = next(f for f in found.findings if f.code == "step_failed")
        assert (failed.element, failed.path) == ("x", ("s", "a"))

    def test_the_deploy_gate_lists_findings_as_errors(self) -> None:
        diagram = drawn([user("a"), choice("x", "x_e"), user("b", name="白画")],
                        [("s", "a"), ("a", "x"), ("x", "b", "2 == 3"), ("x", "e"), ("b", "e")])  # fmt: skip
        (problem,) = problems_of(explore(diagram), diagram)
        assert (problem.element, problem.name, problem.code) == ("b", "白画", "dead_element")
        assert problem.severity is Severity.ERROR
        assert "白画" in problem.message


class TestSoundDiagrams:
    def test_an_event_gateway_takes_either_way_and_waits_again(self) -> None:
        found = explored(
            [
                choice("m"),
                node("eventBasedGateway", "w"),
                node("intermediateCatchEvent", "over", timer("publicity_end(5)")),
                node("intermediateCatchEvent", "news", MESSAGE),
                user("a"),
            ],
            [("s", "m"), ("m", "w"), ("w", "over"), ("w", "news"), ("over", "e"), ("news", "a"), ("a", "m")],
        )
        assert told(found) == []
        assert found.complete
        assert found.marking_count == 3  # waiting, at a, finished

    def test_two_participants_stand_for_any_number(self) -> None:
        """One acts, then the other: the activity is one marking, whoever is left."""
        nodes, flows = [several("a"), user("b")], [("s", "a"), ("a", "b"), ("b", "e")]
        assert told(explored(nodes, flows)) == []
        assert explored(nodes, flows).marking_count == 3

    def test_participants_one_after_another(self) -> None:
        found = explored([several("a", how=' isSequential="true"')], [("s", "a"), ("a", "e")])
        assert (told(found), found.marking_count) == ([], 2)

    def test_a_nested_sub_process_entered_again(self) -> None:
        """A round back into the outer one begins the inner one anew; its join counts the new round only."""
        inner = sub(
            "inner",
            [node("startEvent", "si"), parallel("f"), *TWO_TASKS, parallel("j"), node("endEvent", "ei")],
            [("si", "f"), ("f", "a"), ("f", "b"), ("a", "j"), ("b", "j"), ("j", "ei")],
        )
        outer = sub(
            "outer",
            [node("startEvent", "so"), inner, user("c"), node("endEvent", "eo")],
            [("so", "inner"), ("inner", "c"), ("c", "eo")],
        )
        found = explored(
            [choice("m"), outer, choice("x", "x_e")],
            [("s", "m"), ("m", "outer"), ("outer", "x"), ("x", "m", "verdict == 'back'"), ("x", "e")],
        )
        assert told(found) == []
        # inside: a and b; either one with the other at the join; c; finished
        assert found.marking_count == 5

    def test_an_inclusive_fork_takes_every_set_of_branches(self) -> None:
        found = explored(
            [node("inclusiveGateway", "f", default="f_c"), *TWO_TASKS, user("c"), node("inclusiveGateway", "j")],
            [
                *[("s", "f"), ("f", "a", "level == 'x'"), ("f", "b", "reached"), ("f", "c")],
                *[("a", "j"), ("b", "j"), ("c", "j"), ("j", "e")],
            ],
        )
        assert told(found) == []
        # a; b; a and b; either of them with the other at the join; c, only when no condition holds; finished
        assert found.marking_count == 7

    def test_a_boundary_timer_that_does_not_interrupt_is_gone_once_fired(self) -> None:
        edge = node("boundaryEvent", "late", timer("P1D", "timeDuration"), attachedToRef="a", cancelActivity="false")
        found = explored([user("a"), edge, user("b")], [("s", "a"), ("a", "e"), ("late", "b"), ("b", "e")])
        assert told(found) == []
        # a watched; a and b; a alone with the timer gone; b; finished
        assert found.marking_count == 5


def resting_places(block: Block) -> int:
    """Count by structure, without running anything, the markings in which something of a block is open."""
    inner = [resting_places(part) for part in block.inner]

    def together(counts: Iterable[int]) -> int:
        """Branches at once: each in one of its places or waiting at the join, but not all waiting."""
        return prod(count + 1 for count in counts) - 1

    match block.kind:
        case "task" | "many":
            return 1
        case "edge":
            return 2  # the task watched by its timer, the task behind the timer
        case "wait":
            return 3  # the gateway, the task behind either event
        case "and":
            return together(inner)
        case "or":
            others = (chosen for size in range(1, len(inner)) for chosen in combinations(inner[1:], size))
            return inner[0] + sum(together(chosen) for chosen in others)
    return sum(inner)


@pytest.mark.parametrize("seed", range(40))
def test_a_random_sound_program_has_as_many_markings_as_its_structure_says(seed: int) -> None:
    rnd = random.Random(seed)
    author = Author(rnd, (*PLAIN, "edge", "wait"))
    program = Block("seq", "root", (author.block(2), author.block(2)))
    found = explore(read_diagram(diagram_of(program)))
    assert found.findings == ()
    assert found.complete
    assert found.marking_count == resting_places(program) + 1


class TestBudget:
    WIDE = (
        [parallel("f"), *(user(f"t{n}") for n in range(6)), parallel("j")],
        [("s", "f"), *((("f", f"t{n}")) for n in range(6)), *((f"t{n}", "j") for n in range(6)), ("j", "e")],
    )

    def test_every_subset_of_six_branches_is_walked(self) -> None:
        found = explored(*self.WIDE)
        assert found.complete
        assert found.marking_count == 2**6  # the last of them, none left, is the finished one
        assert "已全部走完" in found.summary

    @pytest.mark.parametrize("budget", [Budget(markings=20), Budget(steps=100), Budget(steps=0)])
    def test_beyond_it_the_exploration_says_so(self, budget: Budget) -> None:
        diagram = drawn(*self.WIDE)
        found = explore(diagram, budget)
        assert not found.complete
        assert found.marking_count <= budget.markings
        assert found.step_count < budget.steps + 2 * len(diagram.elements)
        assert "未全部走完" in found.summary
        assert [problem.code for problem in problems_of(found, diagram)] == ["unexplored"]

    def test_what_was_not_walked_is_neither_dead_nor_endless(self) -> None:
        found = explore(read_diagram(FOUR_BATCHES.read_bytes()), Budget(markings=5))
        assert not found.complete
        assert found.findings == ()

    def test_a_fault_met_before_it_is_told(self) -> None:
        """Each round leaves one more token at b: there is no end to the markings."""
        growing = drawn(
            [choice("m"), user("a"), parallel("f"), user("b")],
            [("s", "m"), ("m", "a"), ("a", "f"), ("f", "m"), ("f", "b"), ("b", "e")],
        )
        found = explore(growing, Budget(markings=50))
        assert not found.complete
        assert told(found) == [("double_token", "b")]


def test_steps_count_elements_and_flows() -> None:
    """Two tries, each with the start or task passed and the flow after it; the end counts too."""
    found = explored([user("a")], [("s", "a"), ("a", "e")])
    assert found.step_count == (1 + 2) + (1 + 3)


class TestStoredMarkings:
    def test_are_the_same_after_reading(self) -> None:
        markings = main_exploration().markings
        written = dump_markings(markings)
        assert load_markings(written) == markings
        assert dump_markings(sorted(markings, reverse=True)) == written
        assert len(written) < 4096

    @pytest.mark.parametrize("written", [b"", b"\x92\x02\x90", b"\x90", dump_markings([()])[:-1]])
    def test_refuse_what_we_did_not_write(self, written: bytes) -> None:
        with pytest.raises(StateRefused):
            load_markings(written)


@cache
def main_exploration() -> Exploration:
    return explore(read_diagram(FOUR_BATCHES.read_bytes()))


class TestFourBatches:
    def test_is_sound_and_every_element_is_alive(self) -> None:
        assert main_exploration().findings == ()
        assert main_exploration().complete

    def test_its_markings_are_kept(self) -> None:
        diagram = read_diagram(FOUR_BATCHES.read_bytes())
        assert reachable_markings(diagram) == main_exploration().markings
        assert reachable_markings(diagram) is reachable_markings(diagram)

    def test_has_a_marking_for_each_place_a_case_can_rest(self) -> None:
        """From the procedure: 25 tasks, 2 timers; joint steps count once."""
        alone = 25 - 2 + 1  # each task but the two notices, and the start of 处置评定
        publicity = 3 + 1  # both notices, either with the other posted, the period itself
        assert main_exploration().marking_count == alone + publicity + 1  # and the end


UNIT_PHASE = ("party_meeting", "application", "village_opinion", "unit_opinion", "submission", "acceptance_check")
BEFORE = ("receive", "reassign", "field_survey", "assessment", "joint_review", "preliminary_opinion", *UNIT_PHASE)
AFTER = ("disposal_plan", "disposal", "evaluation", "exit_recovery", "consultation")
FILING = ("reclassification", "filing", "archiving")
ALONE = {*BEFORE, "decision", "reply", "objection", *AFTER, *FILING}
"""The tasks at which a case can stand with nothing beside it: all but the two notices (spec/procedure.md)."""


def at_objection() -> Story:
    return to_publicity(to_decision(Story())).object()


def at_disposal() -> Story:
    story = to_publicity(to_decision(Story())).wait("publicity_over", 26).wait("disposal_opens", 26)
    return story.do("disposal_plan")


def at_joint_review() -> Story:
    return Story().do("receive", verdict="taken").do("field_survey")


def at_notices() -> Story:
    return to_decision(Story()).do("decision", verdict="approve", approved=True).do("reply")


STAGES: dict[str, Callable[[], Story]] = {
    "decision": lambda: to_decision(Story()),
    "joint_review": at_joint_review,
    "notice_unit": at_notices,
    "objection": at_objection,
    "disposal": at_disposal,
}


class TestLegalTargets:
    """A case with one token may go wherever one token alone may stand; branches are given up together."""

    @pytest.mark.parametrize("stage", STAGES)
    def test_every_place_for_one_token_and_neither_notice_alone(self, stage: str) -> None:
        story = STAGES[stage]()
        token = next(task.token for task in story.run.ready if task.element == stage)
        legal = legal_targets(main_exploration().markings, story.run, token)
        wanted = ALONE - {stage}
        if stage == "notice_unit":
            wanted -= {"objection"}  # within the phase the other notice stays, and an objection is never beside it
        assert set(legal) == wanted
        assert "notice_unit" not in legal

    def test_earlier_steps_are_those_the_case_has_done(self) -> None:
        story = to_decision(Story())
        done = ("receive", "field_survey", "joint_review", "preliminary_opinion", "party_meeting", "application")
        (task,) = story.run.ready
        legal = legal_targets(main_exploration().markings, story.run, task.token, done)
        assert legal == done
        assert legal_targets(main_exploration().markings, story.run, task.token, ()) == ()

    def test_the_run_stays_where_it_is(self) -> None:
        run = to_decision(Story()).run
        before = run.dump(b"k"), run.trail
        legal_targets(main_exploration().markings, run, run.ready[0].token)
        assert (run.dump(b"k"), run.trail) == before

    def test_a_case_sent_to_each_legal_target_is_ready_there(self) -> None:
        story = to_decision(Story())
        (task,) = story.run.ready
        for target in legal_targets(main_exploration().markings, story.run, task.token):
            moved = again(story.run, story.surroundings)
            moved.move(task.token, target)
            assert {ready.element for ready in moved.ready} == {target}

    def test_a_parallel_branch_cannot_leave_its_partner_behind(self) -> None:
        """A move takes one token: to c or back before the fork it would strand the other branch."""
        diagram = drawn(
            [user("z"), parallel("g"), *TWO_TASKS, parallel("j"), user("c")],
            [("s", "z"), ("z", "g"), ("g", "a"), ("g", "b"), ("a", "j"), ("b", "j"), ("j", "c"), ("c", "e")],
        )
        run = Run.start(diagram, {}, around())
        finish(run, "z")
        found = explore(diagram)
        assert legal_targets(found.markings, run, run.ready[0].token) == ()
        finish(run, "a")
        finish(run, "b")
        assert legal_targets(found.markings, run, run.ready[0].token) == ("z",)

    def test_a_token_that_is_gone_is_refused(self) -> None:
        run = Run.start(read_diagram(FOUR_BATCHES.read_bytes()), NEW_CASE, Surroundings(BEGIN, {}))
        with pytest.raises(NotReady):
            legal_targets(main_exploration().markings, run, "99")


def test_many_branches_at_once_spend_the_budget_too() -> None:
    """A step with a hundred tokens costs what a hundred with one cost: told, and not run into the child's limit."""
    branches = [f"b{number}" for number in range(100)]
    flows: list[Flow] = [
        ("s", "f"),
        ("j", "e"),
        *(("f", each) for each in branches),
        *((each, "j") for each in branches),
    ]
    wide = explored([parallel("f"), *map(user, branches), parallel("j")], flows)
    assert not wide.complete
    assert wide.step_count < Budget().steps / 2
    assert told(wide) == []
