"""A small diagram for each code of docs/decisions/checks.md; the table, the source and the examples are one set.

Issue 3 item 2: each problem says element, name, code, severity, what is wrong and how to mend it.
"""

import ast
import re
from pathlib import Path

import pytest

from bpmn.checks import check_diagram
from bpmn.engine import DiagramProblems, Problem, Severity, link, read_diagram
from bpmn.exploration import REMEDIES, Budget, explore, problems_of
from bpmn.permission_checks import permission_problems
from tests.bpmn.sketch import MESSAGE, Flow, fault, node, several, sketch, sub, timer, user

ROOT = Path(__file__).parents[2]
SOURCES = [
    *(ROOT / "bpmn" / f"{name}.py" for name in ("checks", "gate", "paths", "permission_checks", "uploads")),
    *(ROOT / "bpmn" / "engine" / f"{name}.py" for name in ("attributes", "diagram", "grammar", "linking")),
    *(ROOT / "bpmn" / "engine" / f"{name}.py" for name in ("references", "rules", "xml")),
]
OF_PACKAGES = {"limits", "package", "form", "process_twice", "stray_file"}
"""Codes of several files together, or of the child they are read in: test_uploads has their examples."""
COMPUTED = {"publicity_days", "call", "bad_role", "bad_signed", "bad_who"}
"""Codes that stand in no call as a literal."""

PLAIN: list[Flow] = [("s", "a"), ("a", "e")]
CATCH = "intermediateCatchEvent"
A_SUB = [node("startEvent", "ps"), user("x"), node("endEvent", "pe")]


def drawn(*nodes: str, flows: list[Flow] | None = None) -> bytes:
    return sketch(nodes, PLAIN if flows is None else flows)


def text(find: str, put: str, *nodes: str) -> bytes:
    """A plain diagram with a piece of its text replaced."""
    xml = drawn(*(nodes or (user("a"),)))
    assert find.encode() in xml
    return xml.replace(find.encode(), put.encode(), 1)


def edge(identifier: str, host: str, definition: str, **how: str) -> str:
    return node("boundaryEvent", identifier, definition, attachedToRef=host, **how)


def gate(*flows: Flow, kind: str = "exclusiveGateway", **attributes: str) -> bytes:
    """A gateway before one task, with these flows."""
    return drawn(node(kind, "g", **attributes), user("a"), flows=[("s", "g"), *flows])


TELL = node("serviceTask", "a", sgyp__handler="tell", sgyp__throws="no_reply")
LANE = (
    '<bpmn:laneSet id="ls"><bpmn:lane id="l" name="{}"><bpmn:flowNodeRef>{}</bpmn:flowNodeRef></bpmn:lane>{}'
    "</bpmn:laneSet>"
)
SECOND = '<bpmn:lane id="l2" name="系统"><bpmn:flowNodeRef>a</bpmn:flowNodeRef></bpmn:lane>'
DEEP = "<bpmn:group>" * 50 + "</bpmn:group>" * 50
FORKED = [("s", "g"), ("g", "a"), ("g", "b"), ("a", "e"), ("b", "e")]
TWO = [user("a"), user("b")]

FILE: dict[str, tuple[bytes, str]] = {
    "empty": (b" \n", ""),
    "xml": (b"<a>", ""),
    "dtd": (b"<!DOCTYPE a><a/>", ""),
    "too_big": (drawn(*(user(f"a{n}") for n in range(601)), flows=[]), "P"),
    "too_deep": (text("<bpmn:process", DEEP + "<bpmn:process"), ""),
    "not_bpmn": (b"<html/>", ""),
    "process_count": (text("</bpmn:definitions>", '<bpmn:process id="Q"/></bpmn:definitions>'), ""),
    "not_executable": (text(' isExecutable="true"', ""), "P"),
    "foreign": (drawn(node("userTask", "a", '<x:y xmlns:x="urn:x" id="z"/>')), "z"),
    "unsupported": (drawn(node("scriptTask", "a")), "a"),
    "misplaced": (drawn(node("userTask", "a", user("x"))), "x"),
    "repeated": (
        drawn(node(CATCH, "a", timer("2024-01-01").replace("</bpmn:timerE", "<bpmn:timeDate/></bpmn:timerE"))),
        "",
    ),
    "drawing": (
        text(
            "</bpmn:definitions>",
            '<b:Bounds xmlns:b="http://www.omg.org/spec/DD/20100524/DC" x="z"/></bpmn:definitions>',
        ),
        "",
    ),
    "bad_boolean": (
        drawn(
            edge("b", "a", MESSAGE, cancelActivity="0"), user("a"), node("endEvent", "x"), flows=[*PLAIN, ("b", "x")]
        ),
        "b",
    ),
    "unsupported_attribute": (drawn(user("a", isForCompensation="true")), "a"),
    "ignored_attribute": (drawn(user("a", asignee="x")), "a"),
    "drawing_reference": (
        text(
            "</bpmn:definitions>",
            '<b:BPMNShape xmlns:b="http://www.omg.org/spec/BPMN/20100524/DI" bpmnElement="q"/></bpmn:definitions>',
        ),
        "q",
    ),
    "dangling_association": (drawn(user("a"), node("association", "n", sourceRef="a", targetRef="q")), "n"),
    "not_drawn": (drawn(user("a")), "s"),
}
NAMES: dict[str, tuple[bytes, str]] = {
    "no_id": (text('<bpmn:userTask id="a"', '<bpmn:userTask name="a"'), ""),
    "bad_id": (drawn(user("1a"), flows=[("s", "1a"), ("1a", "e")]), "1a"),
    "duplicate_id": (drawn(user("a"), user("a")), "a"),
    "reserved_id": (drawn(user("End"), flows=[("s", "End"), ("End", "e")]), "End"),
    "long_name": (drawn(user("a", name="长" * 121)), "a"),
    "long_text": (drawn(node("userTask", "a", f"<bpmn:documentation>{'长' * 4001}</bpmn:documentation>")), ""),
}
FLOWS: dict[str, tuple[bytes, str]] = {
    "start_count": (drawn(node("startEvent", "s2"), user("a"), flows=[*PLAIN, ("s2", "a")]), "P"),
    "no_end": (drawn(sub("a", [node("startEvent", "ps"), user("x")], [("ps", "x")])), "a"),
    "dangling_flow": (drawn(user("a"), flows=[*PLAIN, ("a", "q")]), "a_q"),
    "crossing_flow": (drawn(sub("a", A_SUB, [("ps", "x"), ("x", "pe"), ("x", "e")])), "x_e"),
    "way_in": (drawn(user("a"), flows=[*PLAIN, ("a", "s")]), "s"),
    "way_out": (drawn(user("a"), flows=[*PLAIN, ("e", "a")]), "e"),
    "no_way_in": (drawn(user("a"), user("b"), flows=[*PLAIN, ("b", "e")]), "b"),
    "no_way_out": (drawn(user("a"), flows=[("s", "a")]), "a"),
    "implicit_fork": (drawn(user("a"), user("b"), flows=[*PLAIN, ("a", "b"), ("b", "e")]), "a"),
    "condition": (gate(("g", "a", "open('x')"), ("g", "e", "", "d"), ("a", "e"), default="d"), "g_a"),
    "condition_ignored": (drawn(user("a"), flows=[("s", "a"), ("a", "e", "reached")]), "a_e"),
    "no_condition": (gate(("g", "a"), ("g", "e", "", "d"), ("a", "e"), default="d"), "g_a"),
    "no_default": (gate(("g", "a", "reached"), ("g", "e", "not reached"), ("a", "e")), "g"),
    "default_wrong": (gate(("g", "a", "reached"), ("g", "e", "reached"), ("a", "e"), default="a_e"), "g"),
    "default_condition": (gate(("g", "a", "reached"), ("g", "e", "reached", "d"), ("a", "e"), default="d"), "d"),
    "default_ignored": (drawn(user("a", default="a_e")), "a"),
    "event_gateway": (gate(("g", "a"), ("a", "e"), kind="eventBasedGateway"), "g"),
    "unreachable": (drawn(*TWO, user("c"), flows=[*PLAIN, ("b", "c"), ("c", "b")]), "c"),
    "no_end_ahead": (
        drawn(
            *TWO,
            node("exclusiveGateway", "g", default="g_e"),
            user("c"),
            flows=[("s", "a"), ("a", "g"), ("g", "e", "", "g_e"), ("g", "b", "reached"), ("b", "c"), ("c", "b")],
        ),
        "c",
    ),
    "empty_loop": (gate(("g", "g", "reached"), ("g", "a", "", "d"), ("a", "e"), default="d"), "g"),
    "multiplying": (
        drawn(
            node("exclusiveGateway", "m"),
            node("parallelGateway", "g"),
            *TWO,
            user("c"),
            flows=[("s", "m"), ("m", "g"), ("g", "a"), ("g", "b"), ("g", "c"), ("a", "m"), ("b", "m"), ("c", "e")],
        ),
        "g",
    ),
}
EVENTS: dict[str, tuple[bytes, str]] = {
    "event_kind": (drawn(node(CATCH, "a")), "a"),
    "event_twice": (
        drawn(user("a"), edge("b", "a", MESSAGE), edge("c", "a", MESSAGE), flows=[*PLAIN, ("b", "e"), ("c", "e")]),
        "c",
    ),
    "timer": (drawn(node(CATCH, "a", timer("P5D"))), "a"),
    "message_name": (drawn(node(CATCH, "a", "<bpmn:messageEventDefinition/>")), "a"),
    "boundary_host": (drawn(user("a"), edge("b", "e", MESSAGE), flows=[*PLAIN, ("b", "e")]), "b"),
    "error_code": (text('errorCode="no_reply"', ""), "no_reply_error"),
    "error_interrupting": (
        drawn(TELL, edge("b", "a", fault("no_reply"), cancelActivity="false"), flows=[*PLAIN, ("b", "e")]),
        "b",
    ),
    "uncaught_error": (drawn(TELL), "a"),
    "never_thrown": (
        drawn(
            node("serviceTask", "a", sgyp__handler="tell"),
            edge("b", "a", fault("no_reply")),
            flows=[*PLAIN, ("b", "e")],
        ),
        "b",
    ),
}
JOINT = (
    '<bpmn:multiInstanceLoopCharacteristics sgyp:collection="consulted"{}>{}</bpmn:multiInstanceLoopCharacteristics>'
)
WORK: dict[str, tuple[bytes, str]] = {
    "untyped_task": (drawn(node("task", "a")), "a"),
    "no_handler": (drawn(node("serviceTask", "a")), "a"),
    "unknown_handler": (drawn(user("a", sgyp__handler="erase")), "a"),
    "unknown_form": (drawn(user("a", sgyp__handler="tell")), "a"),
    "wrong_handler": (drawn(node("serviceTask", "a", sgyp__handler="receive")), "a"),
    "two_forms": (drawn(user("a", sgyp__handler="tell", sgyp__form="discipline_review")), "a"),
    "taken_form": (drawn(user("a", sgyp__form="receive")), "a"),
    "generic_form": (drawn(user("a")), "a"),
    "no_decision": (drawn(node("businessRuleTask", "a")), "a"),
    "unknown_decision": (drawn(node("businessRuleTask", "a", sgyp__decision="odd")), "a"),
    "no_called": (drawn(node("callActivity", "a")), "a"),
    "unknown_process": (drawn(node("callActivity", "a", calledElement="odd")), "a"),
    "recursion": (drawn(node("callActivity", "a", calledElement="around")), "a"),
    "multiple": (drawn(node("serviceTask", "a", JOINT.format("", ""), sgyp__handler="tell")), "a"),
    "collection": (drawn(several("a", collection="")), "a"),
    "completion": (drawn(node("userTask", "a", JOINT.format("", "<bpmn:completionCondition/>"))), "a"),
    "unknown_variable": (drawn(several("a", collection="everybody")), "a"),
    "call": (drawn(node(CATCH, "a", timer("campaign_end('harvest')"))), "a"),
    "publicity_days": (drawn(node(CATCH, "a", timer("publicity_end(4)"))), "a"),
    "unknown_lane": (drawn(user("a"), LANE.format("火星", "a", "")), "a"),
    "lane_reference": (drawn(user("a"), LANE.format("系统", "q", "")), "l"),
    "lane_twice": (drawn(user("a"), LANE.format("责任单位", "a", SECOND)), "a"),
    "nobody": (drawn(user("a")), "a"),
    "unknown_attribute": (drawn(user("a", sgyp__dew="2wd")), "a"),
    "unused_attribute": (drawn(user("a", sgyp__collection="consulted")), "a"),
    "bad_due": (drawn(user("a", sgyp__due="soon")), "a"),
    "bad_milestone": (drawn(user("a", sgyp__milestone="2wd")), "a"),
    "bad_remind": (drawn(user("a", sgyp__remind="soon")), "a"),
    "bad_article": (drawn(user("a", sgyp__article="十二")), "a"),
    "bad_fields": (drawn(user("a", sgyp__fields="opinion:maybe")), "a"),
    "field_permission": (drawn(user("a", sgyp__fields="verdict:read")), "a"),
    "bad_role": (drawn(user("a", sgyp__role="boss")), "a"),
    "bad_signed": (drawn(user("a", sgyp__signed="yes")), "a"),
    "bad_who": (drawn(user("a", sgyp__who="谁")), "a"),
}
CHOICE = node("exclusiveGateway", "g", default="d")
SPLIT = node("parallelGateway", "g")
WALKED: dict[str, tuple[bytes, str]] = {
    "deadlock": (
        drawn(
            CHOICE,
            *TWO,
            node("parallelGateway", "j"),
            flows=[("s", "g"), ("g", "a", "reached"), ("g", "b", "", "d"), ("a", "j"), ("b", "j"), ("j", "e")],
        ),
        "j",
    ),
    "livelock": (
        drawn(
            node("exclusiveGateway", "m"),
            SPLIT,
            *TWO,
            node("parallelGateway", "j"),
            node("exclusiveGateway", "x", default="d"),
            flows=[
                ("s", "g"),
                ("g", "m"),
                ("m", "a"),
                ("a", "x"),
                ("x", "m", "1 == 1"),
                ("x", "j", "", "d"),
                ("g", "b"),
                ("b", "j"),
                ("j", "e"),
            ],
        ),
        "a",
    ),
    "double_token": (
        drawn(SPLIT, *TWO, user("c"), flows=[("s", "g"), ("g", "a"), ("g", "b"), ("a", "c"), ("b", "c"), ("c", "e")]),
        "c",
    ),
    "dead_element": (
        drawn(CHOICE, *TWO, flows=[("s", "g"), ("g", "a", "1 == 2"), ("g", "b", "", "d"), ("a", "e"), ("b", "e")]),
        "a",
    ),
    "step_failed": (
        drawn(CHOICE, *TWO, flows=[("s", "g"), ("g", "a", "1 < 'x'"), ("g", "b", "", "d"), ("a", "e"), ("b", "e")]),
        "g",
    ),
    "unexplored": (drawn(*TWO, flows=[("s", "a"), ("a", "b"), ("b", "e")]), "P"),
}
EXAMPLES = {**FILE, **NAMES, **FLOWS, **EVENTS, **WORK}


def problems(xml: bytes) -> list[Problem]:
    found = check_diagram(
        xml, ["tell"], decisions=["classification"], callees={"around": ["P"]}, forms=["field_survey"]
    )
    return [*found, *permission_problems(xml, {})]


def found(code: str, told: list[Problem]) -> list[Problem]:
    for problem in told:
        assert re.fullmatch(r"[^{}]+。", problem.message), problem
        assert problem.remedy.endswith("。"), problem
    return [problem for problem in told if problem.code == code]


@pytest.mark.parametrize("code", sorted(EXAMPLES))
def test_an_example_of_each_problem_of_a_file(code: str) -> None:
    xml, element = EXAMPLES[code]
    hits = found(code, problems(xml))
    assert element in {problem.element for problem in hits}
    assert {problem.severity.name.lower() for problem in hits} == {TABLE[code]}


@pytest.mark.parametrize("code", sorted(WALKED))
def test_an_example_of_each_problem_found_by_exploration(code: str) -> None:
    xml, element = WALKED[code]
    diagram = read_diagram(xml)
    budget = Budget(markings=2) if code == "unexplored" else Budget()
    hits = found(code, list(problems_of(explore(diagram, budget), diagram)))
    assert element in {problem.element for problem in hits}
    assert {problem.severity.name.lower() for problem in hits} == {TABLE[code]}


def test_what_the_engine_cannot_run_exactly_it_refuses_itself() -> None:
    # Whoever forgets to ask the checks still meets these.
    for code, (xml, _) in {**FILE, **NAMES, **FLOWS, **EVENTS}.items():
        if TABLE[code] == "warning" or code in PATHS:
            continue
        with pytest.raises(DiagramProblems) as refusal:
            read_diagram(xml)
        assert code in {problem.code for problem in refusal.value.problems}


PATHS = {"unreachable", "no_end_ahead", "empty_loop", "multiplying"}
"""What the paths give away: the engine runs these up to its budget, without harm to others."""


def written_codes() -> set[str]:
    """Return the codes the source builds problems with."""
    codes = set(COMPUTED) | set(REMEDIES) | {"unexplored"}
    for path in SOURCES:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in (
                "error",
                "warning",
                "at",
                "told",
                "refused",
            ):
                texts = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                codes |= {each for each in texts[:1] if re.fullmatch(r"[a-z_]+", each)}
    return codes


def table() -> dict[str, str]:
    written = (ROOT / "docs" / "decisions" / "checks.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(\w+)` \| (error|warning) \|", written, re.MULTILINE))


TABLE = table()


def test_the_table_names_every_code_and_each_has_an_example() -> None:
    assert written_codes() == TABLE.keys()
    assert EXAMPLES.keys() | WALKED.keys() | OF_PACKAGES == TABLE.keys()


def test_problems_of_linking_are_told_alike() -> None:
    for code in ("unknown_process", "recursion"):
        xml = WORK[code][0]
        with pytest.raises(DiagramProblems) as refusal:
            link(read_diagram(xml), {"around": read_diagram(xml.replace(b'id="P"', b'id="around"'))})
        (problem,) = refusal.value.problems
        assert (problem.code, problem.element, problem.severity) == (code, "a", Severity.ERROR)
