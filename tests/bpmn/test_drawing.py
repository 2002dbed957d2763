"""Each measure finds the one fault of a small bad drawing, and nothing in a good one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from tests.bpmn import drawing
from tests.bpmn.drawing import Plane

GOOD = {
    "lane": (0, 0, 600, 200),
    "start": (60, 82, 36, 36),
    "work": (136, 60, 120, 80),
    "choice": (300, 75, 50, 50),
    "end": (430, 82, 36, 36),
}
LABELS = {"start": (62, 122, 30, 17), "choice": (296, 130, 58, 17), "end": (433, 122, 30, 17), "f3": (376, 78, 30, 17)}
LINES = {
    "f1": ("start", "work", [(96, 100), (136, 100)]),
    "f2": ("work", "choice", [(256, 100), (300, 100)]),
    "f3": ("choice", "end", [(350, 100), (430, 100)]),
    "f4": ("choice", "work", [(325, 75), (325, 30), (196, 30), (196, 60)]),
}
NAMES = {"start": "开始", "work": "实地调研", "choice": "调研结果", "end": "结束", "f3": "同意", "lane": "责任单位"}
KINDS = {"lane": "lane", "start": "startEvent", "work": "userTask", "choice": "exclusiveGateway", "end": "endEvent"}


def bounds(box: tuple[int, ...]) -> str:
    return '<dc:Bounds x="{}" y="{}" width="{}" height="{}"/>'.format(*box)


def drawn(
    shapes: dict[str, tuple[int, ...]] | None = None,
    labels: dict[str, tuple[int, ...]] | None = None,
    lines: dict[str, Any] | None = None,
    names: dict[str, str] | None = None,
    hidden: str = "",
) -> etree._Element:
    """The good drawing with some of its parts replaced and `hidden` left out."""
    boxes, marks = GOOD | (shapes or {}), LABELS | (labels or {})
    flows, words = LINES | (lines or {}), NAMES | (names or {})

    def label(owner: str) -> str:
        return f"<bpmndi:BPMNLabel>{bounds(marks[owner])}</bpmndi:BPMNLabel>" if owner in marks else ""

    nodes = "".join(
        f'<bpmn:{kind} id="{node}" name="{words.get(node, "")}"/>' for node, kind in KINDS.items() if kind != "lane"
    )
    references = "".join(f"<bpmn:flowNodeRef>{node}</bpmn:flowNodeRef>" for node in KINDS if node != "lane")
    sequence = "".join(
        f'<bpmn:sequenceFlow id="{flow}" name="{words.get(flow, "")}" sourceRef="{ends[0]}" targetRef="{ends[1]}"/>'
        for flow, ends in flows.items()
    )
    picture = "".join(
        f'<bpmndi:BPMNShape bpmnElement="{node}">{bounds(box)}{label(node)}</bpmndi:BPMNShape>'
        for node, box in boxes.items()
        if node != hidden
    ) + "".join(
        f'<bpmndi:BPMNEdge bpmnElement="{flow}">'
        + "".join(f'<di:waypoint x="{x}" y="{y}"/>' for x, y in ends[2])
        + f"{label(flow)}</bpmndi:BPMNEdge>"
        for flow, ends in flows.items()
    )
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in drawing.PREFIXES.items())
    return etree.fromstring(
        f'<bpmn:definitions {spaces}><bpmn:process id="small">'
        f'<bpmn:laneSet id="lanes"><bpmn:lane id="lane" name="{words["lane"]}">{references}</bpmn:lane></bpmn:laneSet>'
        f'{nodes}{sequence}</bpmn:process><bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="small">'
        f"{picture}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>"
    )


def page(**parts: Any) -> Plane:
    return drawing.planes(drawn(**parts))[0]


MEASURES: dict[str, Callable[[Plane], list[Any]]] = {
    "long_labels": lambda plane: drawing.long_labels(plane, 9),
    "unlabelled": drawing.unlabelled,
    "cramped_names": drawing.cramped_names,
    "slanted_edges": drawing.slanted_edges,
    "loose_edges": drawing.loose_edges,
    "crossed_shapes": drawing.crossed_shapes,
    "crossed_edges": drawing.crossed_edges,
    "hidden_labels": drawing.hidden_labels,
    "overlapping_shapes": drawing.overlapping_shapes,
    "outside_lanes": drawing.outside_lanes,
}

FAULTS: list[tuple[str, dict[str, Any], list[Any]]] = [
    ("long_labels", {"names": {"work": "实地调研并且形成报告书"}}, ["work"]),
    ("unlabelled", {"labels": {"f3": (376, 78, 20, 17)}}, ["f3"]),
    ("unlabelled", {"names": {"f1": "推送"}}, ["f1"]),
    ("cramped_names", {"names": {"work": "项目所在乡镇调研"}}, ["work"]),
    ("cramped_names", {"shapes": {"lane": (0, 50, 600, 55)}}, ["lane"]),
    ("slanted_edges", {"lines": {"f3": ("choice", "end", [(350, 100), (430, 104)])}}, ["f3"]),
    ("loose_edges", {"lines": {"f3": ("choice", "end", [(350, 100), (420, 100)])}}, ["f3"]),
    ("crossed_shapes", {"lines": {"f4": ("choice", "work", [(325, 75), (325, 66), (256, 66), (196, 66)])}}, ["work"]),
    ("crossed_shapes", {"lines": {"f5": ("start", "end", [(96, 100), (430, 100)])}}, ["work", "choice"]),
    ("crossed_edges", {"lines": {"f5": ("work", "end", [(220, 60), (220, 20), (448, 20), (448, 82)])}}, ["f4"]),
    ("crossed_edges", {"lines": {"f5": ("work", "end", [(220, 60), (220, 30), (448, 30), (448, 82)])}}, ["f4"]),
    ("hidden_labels", {"labels": {"f3": (376, 90, 30, 17)}}, ["f3"]),
    ("hidden_labels", {"labels": {"f3": (330, 78, 30, 17)}}, ["choice"]),
    ("hidden_labels", {"labels": {"choice": (380, 130, 58, 17)}}, ["end"]),
    ("overlapping_shapes", {"shapes": {"choice": (250, 75, 50, 50)}}, ["choice"]),
    ("outside_lanes", {"shapes": {"lane": (0, 0, 600, 120)}}, ["start", "work", "choice", "end"]),
]


@pytest.mark.parametrize("measure", MEASURES)
def test_finds_nothing_in_a_good_drawing(measure: str) -> None:
    assert MEASURES[measure](page()) == []


@pytest.mark.parametrize(("measure", "parts", "expected"), FAULTS)
def test_finds_the_fault(measure: str, parts: dict[str, Any], expected: list[str]) -> None:
    found = MEASURES[measure](page(**parts))
    named = {name for entry in found for name in (entry if isinstance(entry, tuple) else (entry,))}
    assert set(expected) <= named


def test_width_counts_shapes_lines_and_labels() -> None:
    assert drawing.width(page()) == 600
    assert drawing.width(page(labels={"end": (590, 122, 30, 17)})) == 620
    assert drawing.width(page(lines={"f4": ("choice", "work", [(325, 75), (700, 75), (700, 60)])})) == 700


def test_text_shrinks_with_the_page_and_never_grows() -> None:
    assert drawing.text_pixels(page(), 300) == 7
    assert drawing.text_pixels(page(), 1200) == 14


def test_columns_are_shapes_beside_one_another() -> None:
    assert drawing.column_count(page()) == 4
    assert drawing.column_count(page(shapes={"end": (310, 150, 36, 36)})) == 3


def test_names_what_is_not_drawn() -> None:
    assert drawing.undrawn(drawn()) == []
    assert drawing.undrawn(drawn(hidden="lane")) == ["lane"]
    assert drawing.undrawn(drawn(hidden="end")) == ["end"]
