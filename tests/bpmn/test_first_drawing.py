"""A diagram that comes without a drawing is drawn: everything, nothing crossed, and it says what it said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree

from bpmn.comparison import differences
from bpmn.deployment import Bundle
from bpmn.engine import read_diagram
from bpmn.engine.xml import text_of
from bpmn.first_drawing import drawn
from tests.bpmn import drawing
from tests.bpmn.sketch import MESSAGE, node, sketch, timer, user

HERE = Path(__file__).parent
SHIPPED = sorted((HERE.parents[1] / "bpmn").glob("*.bpmn"))
CASES = [HERE.parent / "cases" / "bpmn" / f"{name}.bpmn" for name in ("ok_utf16", "ok_rework_loop", "bad_xss_names")]
FIGURES = re.compile(r"<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", re.DOTALL)


def undrawn(path: Path) -> str:
    return FIGURES.sub("", text_of(path.read_bytes()))


def pages(text: str) -> list[drawing.Plane]:
    return drawing.planes(etree.fromstring(text.encode()))


def faults(text: str) -> dict[str, object]:
    """Return what is wrong with the drawing of a diagram, by page."""
    found: dict[str, object] = {}
    for page in pages(text):
        wrong = [
            *drawing.loose_edges(page),
            *drawing.slanted_edges(page),
            *drawing.crossed_shapes(page),
            *[
                shape.id
                for shape in page.nodes
                for lane in page.shapes
                if lane.kind == "lane" and lane.box.holds(shape.box) != (page.lane_of[shape.id] == lane.id)
            ],
        ]
        hosts = {shape.id: shape for shape in page.nodes if shape.kind != "boundaryEvent"}
        wrong += [
            (one.id, other.id)
            for one in hosts.values()
            for other in hosts.values()
            if one.id < other.id and one.box.meets(other.box)
        ]
        if wrong:
            found[page.id] = wrong
    return found


@pytest.mark.parametrize("path", [*SHIPPED, *CASES], ids=lambda path: path.stem)
def test_all_is_drawn_clearly_and_nothing_else_is_changed(path: Path) -> None:
    before = undrawn(path)
    after = drawn(before)
    figures = set(re.findall(r'<bpmndi:BPMN(?:Shape|Edge) [^>]*bpmnElement="([^"]+)"', after))
    assert figures >= read_diagram(before.encode()).elements.keys()
    assert faults(after) == {}
    assert [each for each in differences(Bundle(before, {}, {}), Bundle(after, {}, {})) if each.kind != "moved"] == []
    assert drawn(after) == after


def test_what_is_drawn_stays_as_it_is_and_what_is_half_drawn_is_drawn_anew() -> None:
    written = SHIPPED[0].read_text(encoding="utf-8")
    assert drawn(written) == written
    half = re.sub(r"<bpmndi:BPMNEdge.*?</bpmndi:BPMNEdge>", "", written, count=1, flags=re.DOTALL)
    assert pages(drawn(half)) == pages(drawn(undrawn(SHIPPED[0])))


def test_ways_back_and_events_on_the_edge_run_around_the_steps() -> None:
    host = user("a")
    late = node("boundaryEvent", "late", timer("working_days_end(3)"), attachedToRef="a")
    told = node("boundaryEvent", "told", MESSAGE, attachedToRef="a")
    nodes = [host, late, told, node("exclusiveGateway", "g", default="g_e"), user("b"), user("c")]
    flows = [("s", "a"), ("a", "g"), ("g", "e", "", "g_e"), ("g", "a", "1 == 1"), ("late", "b"), ("told", "c")]
    text = drawn(sketch(nodes, [*flows, ("b", "e"), ("c", "a")]).decode())
    assert faults(text) == {}
    (page,) = pages(text)
    boxes = {shape.id: shape.box for shape in page.shapes}
    assert boxes["late"].meets(boxes["a"])
    assert boxes["told"].meets(boxes["a"])
    assert not boxes["late"].meets(boxes["told"])
    assert boxes["b"].left > boxes["a"].right
