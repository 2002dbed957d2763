"""加签, 减签: ask one more unit in 会审 or 征求意见, or one fewer.

The unit that asks may add bodies (art. 10, 12). Those the scheme names are never dropped: 财政, 审计, 纪检监察 in a
joint review, township, village and farmers in a consultation; who of them stays silent is recorded as 逾期未反馈.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpmn.casefile import CONSULTED, Acting, CaseFile, take_item
from bpmn.completed import Completed
from bpmn.demands import reason_of, require_reachable, require_waiting, settled
from bpmn.engine import Element
from bpmn.lookups import present_round
from bpmn.moving_on import Sender, save
from bpmn.refusals import ActRefused, NotYours
from bpmn.steps import signature
from ledger.cases import WorkItem
from ledger.people import Unit, units_of_kind
from ledger.vocabulary import Role, UnitKind

ASKED: Mapping[str, tuple[UnitKind, ...]] = {
    "会审单位": (UnitKind.REVIEWER, UnitKind.DEPARTMENT, UnitKind.AGRICULTURE),
    "项目所在乡镇": (UnitKind.TOWNSHIP, UnitKind.VILLAGE),
}
"""Whom a joint step may ask besides those it begins with, by its lane."""


def may_ask(file: CaseFile, item: WorkItem) -> bool:
    """Say whether the person may add and drop in a joint step: the unit that runs the project or the plan."""
    named = file.run.variables.get("business_unit")
    units = {file.project.responsible_unit_id, int(str(named)) if named else None}
    return any(unit_id is not None and file.acting.actor.holds(Role.HANDLER, unit_id) for unit_id in units)


def is_prescribed(item: WorkItem) -> bool:
    """Say whether the scheme itself names whom a part of a joint step asks."""
    return item.instance in CONSULTED or item.unit.kind == UnitKind.REVIEWER


def candidates(acting: Acting, item_id: int) -> tuple[tuple[int, str], ...]:
    """Return id and name of the units that may still be asked in an item's joint step; none where one may not ask."""
    file, item = take_item(acting, item_id, lock=False)
    if not file.element(item.element).multiple or not may_ask(file, item):
        return ()
    return unasked(file, item)


def unasked(file: CaseFile, item: WorkItem) -> tuple[tuple[int, str], ...]:
    """Return id and name of the units that a joint step may still ask."""
    element = file.element(item.element)
    asked = {part.unit_id for part in _parts(file, element)}
    kinds = ASKED.get(_lane(element), ())
    units = units_of_kind(file.session, file.project.county_id, kinds)
    return tuple((unit.id, unit.short_name) for unit in units if unit.staffed and unit.id not in asked)


def add_reviewer(acting: Acting, item_id: int, unit_id: int, reason: str) -> Completed:
    """Ask one more unit (加签); `item_id` is any waiting part of the joint step.

    Raises ItemGone, AlreadyDone, NotYours, CaseClosed, ActRefused.
    """
    file, item, element = _take_part(acting, item_id, "加签")
    words = reason_of(reason, "加签")
    unit = _unit(file, element, unit_id)
    if any(part.unit_id == unit.id for part in _parts(file, element)):
        raise ActRefused(f"{unit.short_name}已在“{item.name}”中")
    file.run.add_instance(item.token, unit.id)
    variables = _remember(file, element, unit.id, asked=True)
    new = _save(file, item)
    detail = {"token": item.token, "added": unit.id, "variables": variables, "reason": words}
    return settled(file, "add_reviewer", {**detail, "summary": f"加签{unit.short_name}：{words}"}, item, new)


def drop_reviewer(acting: Acting, item_id: int, reason: str) -> Completed:
    """Ask one unit fewer (减签): the part is cancelled, and the step is done when it was the last open one.

    Raises ItemGone, AlreadyDone, NotYours, CaseClosed, ActRefused.
    """
    file, item, element = _take_part(acting, item_id, "减签")
    words = reason_of(reason, "减签")
    if is_prescribed(item):
        raise ActRefused(f"按方案须征求{item.unit.short_name}意见，不能减签")
    file.run.drop_instance(item.token)
    variables = _remember(file, element, item.unit_id, asked=False)
    item.completed_by_id = acting.actor.user_id
    new = _save(file, item)
    detail = {"token": item.token, "variables": variables, "reason": words}
    return settled(file, "drop_reviewer", {**detail, "summary": f"减签{item.unit.short_name}：{words}"}, item, new)


def _take_part(acting: Acting, item_id: int, act: str) -> tuple[CaseFile, WorkItem, Element]:
    file, item = take_item(acting, item_id)
    require_waiting(file, item)
    if not may_ask(file, item):
        raise NotYours(f"{act}由项目的责任单位办理")
    element = file.element(item.element)
    if not element.multiple:
        raise ActRefused(f"“{item.name}”不是多方办理的环节，不能{act}")
    return file, item, element


def _unit(file: CaseFile, element: Element, unit_id: int) -> Unit:
    unit = file.session.get(Unit, unit_id)
    if unit is None or unit.closed_at is not None or unit.county_id != file.project.county_id:
        raise ActRefused("加签的单位不存在，或不在本县")
    if unit.kind not in ASKED.get(_lane(element), ()):
        raise ActRefused(f"“{element.name}”不能加签{unit.short_name}")
    if not unit.staffed:
        raise ActRefused(f"{unit.short_name}还没有经办人，不能加签")
    return unit


def _lane(element: Element) -> str:
    return element.attributes.get("who") or element.lane or ""


def _parts(file: CaseFile, element: Element) -> list[WorkItem]:
    """Return who was asked in this round: the open parts and those already done."""
    done = [part for part in present_round(file.done) if part.element == element.id]
    return [*done, *(item for item in file.waiting if item.element == element.id)]


def _remember(file: CaseFile, element: Element, unit_id: int, *, asked: bool) -> dict[str, Any]:
    """Keep the change for the next round; returns the variable changed, for the journal."""
    name = element.attributes.get("collection", "")
    known = file.run.variables.get(name)
    if not isinstance(known, list):
        return {}
    others = [each for each in known if str(each) != str(unit_id)]
    file.run.variables[name] = [*others, unit_id] if asked else others
    return {name: file.run.variables[name]}


def _save(file: CaseFile, item: WorkItem) -> list[WorkItem]:
    require_reachable(file, f"“{item.name}”现在不能增减办理单位")
    return save(file, Sender(signature(file, item), item))
