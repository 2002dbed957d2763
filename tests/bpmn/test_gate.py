"""The deploy gate (engine rule 5): written wrongly is told first, then what only walking finds."""

from pathlib import Path

import pytest

from bpmn.checks import check_diagram
from bpmn.engine import Severity, read_diagram
from bpmn.engine.xml import text_of
from bpmn.gate import gate_problems
from bpmn.uploads import Ground, check_upload
from handlers import HANDLERS
from tests.bpmn.sketch import node, sketch, user

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "bpmn" / "four_batches.bpmn"
CASES = HERE.parent / "cases" / "bpmn"


def test_an_exclusive_split_into_a_parallel_join_is_refused() -> None:
    nodes = [
        node("exclusiveGateway", "g", default="g_b"),
        user("a"),
        user("b"),
        node("parallelGateway", "j"),
    ]
    xml = sketch(nodes, [("s", "g"), ("g", "a", "1 == 1"), ("g", "b", "", "g_b"), ("a", "j"), ("b", "j"), ("j", "e")])
    assert not [problem for problem in check_diagram(xml, HANDLERS) if problem.severity is Severity.ERROR]
    found = [problem for problem in gate_problems(xml, HANDLERS) if problem.severity is Severity.ERROR]
    assert {problem.code for problem in found} >= {"deadlock"}
    again = check_upload(xml, "一个.bpmn", Ground(HANDLERS))
    assert [each.problem for each in again] == gate_problems(xml, HANDLERS, decisions=(), forms=())


def test_the_shipped_diagram_passes() -> None:
    assert gate_problems(SHIPPED.read_bytes(), HANDLERS, decisions=["classification"]) == []


@pytest.mark.parametrize("name", ["ok_utf16.bpmn", "ok_gb18030.bpmn", "ok_utf8_bom.bpmn"])
def test_a_file_in_another_encoding_is_the_same_diagram_as_text(name: str) -> None:
    xml = (CASES / name).read_bytes()
    assert drawn(text_of(xml).encode()) == drawn(xml)


def drawn(xml: bytes) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    elements = read_diagram(xml).elements
    return {key: (element.kind, element.name, tuple(element.outgoing)) for key, element in elements.items()}
