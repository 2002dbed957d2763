"""流程监控: the procedure's diagram with figures and heat, the same as a table, and the projects behind each figure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.engine import Diagram, Element
from bpmn.versions import version_of
from ledger.oversight_lists import OverseenPage, Wanted, standing_at
from ledger.people import Unit
from ledger.procedures import Procedure
from ledger.process_map import MapFilter, StepFigures, campaigns_in, step_figures, versions_of, worst_steps
from ledger.vocabulary import CaseStatus, Category
from webapp.overseeing import (
    MOST_EXPORTED,
    PAGE,
    area_choices,
    asked_for,
    chosen_area,
    list_page,
    table_workbook,
    workbook,
)
from webapp.permissions import STAFF, allows
from webapp.procedure import MAIN, diagram_answer
from webapp.request import actor, ledger_session, moment, row_number

bp = Blueprint("process_map", __name__, url_prefix="/map")
HEATS = {"cases": "项目数", "late": "超期项目数", "median": "用时中位数", "p90": "九成用时"}
_HEADS = ("阶段、环节", "层次", "在办", "超期", "已暂停", "办结次数", "用时中位（工作日）", "九成用时（工作日）")
_TASKS = frozenset({"userTask", "manualTask", "callActivity"})
_LEVELS = 4
_NOTHING = StepFigures()
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Line:
    """One line of the table: a phase, or a step of it."""

    element: str
    name: str
    phase: bool
    inside: bool
    figures: StepFigures


@dataclass(frozen=True)
class Asked:
    """What the address asks for, read once."""

    area: Unit
    versions: Sequence[Procedure]
    drawn: Procedure  # the version that is drawn
    counted: MapFilter
    heat: str

    @property
    def diagram(self) -> Diagram:
        return version_of(self.drawn, self.drawn.callees).diagram

    def figures(self) -> dict[str, StepFigures]:
        return step_figures(ledger_session(), self.counted, moment().at)


@bp.get("")
@allows(STAFF)
def show() -> ResponseReturnValue:
    asked = _asked()
    figures = asked.figures()
    lines = list(lines_of(asked.diagram, figures))
    names = {line.element: line.name for line in lines}
    steps = [line.element for line in lines if not line.phase]
    return render_template(
        "process_map/show.html",
        asked=asked,
        lines=lines,
        worst=[(names[step], step, figures[step]) for step in worst_steps(figures, steps)],
        heats=HEATS,
        campaigns=campaigns_in(ledger_session(), [asked.area.county_id or asked.area.id]),
        categories=Category,
        asked_for=asked_for,
        **area_choices(asked.area),
    )


@bp.post("")
@allows(STAFF)
def show_workbook() -> ResponseReturnValue:
    """Answer the table of phases and steps as a workbook."""
    asked = _asked()
    rows = [
        (
            *(line.name, "阶段" if line.phase else "环节", line.figures.case_count, line.figures.late_count),
            *(line.figures.resting_count, line.figures.passed_count, line.figures.median_days, line.figures.p90_days),
        )
        for line in lines_of(asked.diagram, asked.figures())
    ]
    return table_workbook(f"{asked.area.short_name}各环节一览", _HEADS, rows)


@bp.get("/heat.json")
@allows(STAFF)
def heat() -> ResponseReturnValue:
    """Answer the figures as the island draws them."""
    asked = _asked()
    return heat_state(asked, asked.figures())


@bp.get("/diagrams/<int:number>.bpmn")
@allows(STAFF)
def diagram(number: int) -> ResponseReturnValue:
    found = next((each for each in versions_of(ledger_session(), MAIN) if each.number == number), None) or abort(404)
    return diagram_answer(found.diagram)


@bp.get("/versions")
@allows(STAFF)
def versions() -> ResponseReturnValue:
    """Two versions side by side: the same figures, each over its own cases."""
    asked = _asked()
    numbers = {each.number: each for each in asked.versions}
    newest = asked.versions[0].number
    chosen = [request.args.get("left", newest - 1, row_number), request.args.get("right", newest, row_number)]
    sides = [_side(asked, numbers[number]) for number in chosen if number in numbers]
    names = {line.element: line.name for side in sides for line in side["lines"] if not line.phase}
    return render_template(
        "process_map/versions.html",
        asked=asked,
        sides=sides,
        names=names,
        nothing=_NOTHING,
        asked_for=asked_for,
        **area_choices(asked.area),
    )


def _side(asked: Asked, procedure: Procedure) -> dict[str, Any]:
    own = replace(asked, drawn=procedure, counted=replace(asked.counted, procedure_ids=(procedure.id,)))
    figures = own.figures()
    return {"procedure": procedure, "figures": figures, "lines": list(lines_of(own.diagram, figures))}


@bp.get("/steps/<path:element>")
@allows(STAFF)
def step(element: str) -> ResponseReturnValue:
    asked = _asked()
    name, late = _name_of(asked, element), request.args.get("late") == "1"
    title = f"“{name}”{'已暂停' if _resting() else '超期' if late else '在办'}项目"
    page = _page(asked, element, request.args.get("after", "")[:60], PAGE)
    return list_page("process_map.step", page, title, asked.area, _worst_beside(asked), element=element)


def _resting() -> bool:
    return request.args.get("status") == CaseStatus.SUSPENDED


def _worst_beside(asked: Asked) -> list[tuple[str, str]]:
    """Return the steps with the most late cases, to go from list to list."""
    figures = asked.figures()
    names = {line.element: line.name for line in lines_of(asked.diagram, figures) if not line.phase}
    queries: list[tuple[str, dict[str, Any]]] = [
        (step, asked_for(element=step, late="1", status=None)) for step in worst_steps(figures, names)
    ]
    return [
        (f"{names[step]} {figures[step].late_count}", url_for("process_map.step", **query)) for step, query in queries
    ]


@bp.post("/steps/<path:element>")
@allows(STAFF)
def step_workbook(element: str) -> ResponseReturnValue:
    asked = _asked()
    return workbook(
        f"{asked.area.short_name}“{_name_of(asked, element)}”项目", _page(asked, element, "", MOST_EXPORTED)
    )


def _page(asked: Asked, element: str, after: str, size: int) -> OverseenPage:
    counted = asked.counted
    wanted = Wanted(
        element=element,
        late=request.args.get("late") == "1",
        procedure_ids=counted.procedure_ids,
        campaign_id=counted.campaign_id,
        category=counted.category,
        status=str(CaseStatus.SUSPENDED) if _resting() else "",
    )
    return standing_at(ledger_session(), actor(), asked.area, wanted, after, size, moment().at)


def _name_of(asked: Asked, element: str) -> str:
    """Return what a step is called in the newest version that has it; 404 where none does."""
    drawn = (version_of(each, each.callees).diagram.elements.get(element) for each in (asked.drawn, *asked.versions))
    known = next((each for each in drawn if each is not None and each.kind != "sequenceFlow"), None) or abort(404)
    return known.name or known.id


def _asked() -> Asked:
    area, given = chosen_area(), request.args
    known = versions_of(ledger_session(), MAIN)
    number = given.get("version", type=row_number)
    version = next((each for each in known if each.number == number), None)
    category = given.get("category", "")
    counted = MapFilter(
        area_id=area.id,
        procedure_ids=(version.id,) if version else tuple(each.id for each in known),
        campaign_id=given.get("campaign", type=row_number),
        category=category if category in set(Category) else "",
        first_month=_month(given.get("from", "")),
        last_month=_month(given.get("to", "")),
    )
    heat = given.get("heat", "")
    return Asked(area, known, version or known[0], counted, heat if heat in HEATS else "cases")


def _month(text: str) -> int | None:
    """Read 2023-11 as 202311; None for what is no month."""
    found = _MONTH.fullmatch(text)
    return int(found[1]) * 100 + int(found[2]) if found else None


def lines_of(diagram: Diagram, figures: Mapping[str, StepFigures]) -> Iterator[Line]:
    """Yield the phases and steps in the order of the diagram, then steps this version no longer has."""
    for element in diagram.inside(None):
        if element.kind == "subProcess":
            yield Line(element.id, element.name, True, False, figures.get(element.id, _NOTHING))
            for inner in _waited_at(diagram, element.id, figures):
                yield Line(inner.id, inner.name, False, True, figures.get(inner.id, _NOTHING))
        elif _waits(element, figures):
            yield Line(element.id, element.name, False, False, figures.get(element.id, _NOTHING))
    for element_id in sorted(figures.keys() - diagram.elements.keys()):
        yield Line(element_id, f"{element_id}（旧版环节）", False, False, figures[element_id])


def _waited_at(diagram: Diagram, parent: str, figures: Mapping[str, StepFigures]) -> Iterator[Element]:
    for element in diagram.inside(parent):
        if element.kind == "subProcess":
            yield from _waited_at(diagram, element.id, figures)
        elif _waits(element, figures):
            yield element


def _waits(element: Element, figures: Mapping[str, StepFigures]) -> bool:
    return element.kind in _TASKS or element.event == "timer" or element.id in figures


def heat_state(asked: Asked, figures: Mapping[str, StepFigures]) -> dict[str, Any]:
    """Return the island's state: heat in quarters of the largest step; a phase is as hot as the hottest step in it."""
    diagram = asked.diagram
    values = {element: _value(asked.heat, each) for element, each in figures.items()}
    steps = [
        values[each] for each in values if each in diagram.elements and diagram.elements[each].kind != "subProcess"
    ]
    largest = max(steps, default=0)
    unit = "个" if asked.heat in ("cases", "late") else "天"
    state: dict[str, Any] = {"legend": _legend(largest, unit), "steps": {}}
    for element, each in figures.items():
        late = f"超期 {each.late_count}" if each.late_count else ""
        query: dict[str, Any] = asked_for(element=element, heat=None)
        state["steps"][element] = {
            "level": min(_LEVELS, -(-_LEVELS * values[element] // largest)) if largest else 0,
            "text": f"{each.case_count} 个"
            if unit == "个"
            else ""
            if each.median_days is None
            else f"{values[element]} 天",
            "late": late,
            "words": words_of(each),
            "url": url_for("process_map.step", **query),
        }
    return state


def _value(heat: str, figures: StepFigures) -> int:
    by_heat = {
        "cases": figures.case_count,
        "late": figures.late_count,
        "median": figures.median_days or 0,
        "p90": figures.p90_days or 0,
    }
    return by_heat[heat]


def _legend(largest: int, unit: str) -> list[tuple[int, str]]:
    if not largest:
        return [(0, "没有")]
    ends = [largest * level // _LEVELS for level in range(_LEVELS + 1)]
    spans = [(level, ends[level - 1] + 1, ends[level]) for level in range(1, _LEVELS + 1)]
    words = [(level, f"{a}—{b} {unit}" if a < b else f"{b} {unit}") for level, a, b in spans if a <= b]
    return [(0, f"0 {unit}"), *words]


def words_of(figures: StepFigures) -> str:
    """Say a step's figures in words."""
    here = f"在办 {figures.case_count} 个，超期 {figures.late_count} 个"
    if figures.resting_count:
        here += f"，已暂停 {figures.resting_count} 个"
    if figures.median_days is None:
        return f"{here}；还没有办结记录"
    took = f"用时中位 {figures.median_days} 个工作日，九成在 {figures.p90_days} 个工作日内"
    return f"{here}；办结 {figures.passed_count} 次，{took}"
