"""The work items and timers of a case that moves to another version: they keep their rows where their step remains.

What a person has typed stays theirs. What was filled in and waits for a signature is given back when the form has
changed under it, for nobody may sign what was never asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bpmn.casefile import Assignee, CaseFile, NobodyThere, assignee_of
from bpmn.engine import Change, Element, Weight, Wishes
from bpmn.moving_on import DEFAULT_DUE
from ledger.cases import WorkItem, timers_of
from ledger.vocabulary import ItemStatus, Role
from ledger.working_days import due_of, read_due_rule

RENEWED = "流程换了版本，请按新表单核对后重新提交"


@dataclass(frozen=True)
class Shift:
    """One waiting item whose step remains: its element before and now."""

    file: CaseFile
    carried: CaseFile
    item: WorkItem
    old: Element
    new: Element

    @property
    def form_changed(self) -> bool:
        stem = self.item.stem
        return self.file.version.form_of(self.old.id, stem) != self.carried.version.form_of(self.new.id, stem)

    @property
    def signature_changed(self) -> bool:
        return self.item.signed != (self.new.attributes.get("signed") == "true")

    @property
    def assigned_otherwise(self) -> bool:
        return places_of(self.old) != places_of(self.new)

    @property
    def dues_changed(self) -> bool:
        return rule_of(self.old) != rule_of(self.new)

    def assignee(self) -> Assignee:
        """Return who does the step now; raises NobodyThere."""
        return assignee_of(self.new, self.item.instance, self.carried.places, self.carried.run.variables)


def places_of(element: Element) -> tuple[str, str]:
    """Return what says who does a step."""
    return element.attributes.get("who") or element.lane or "", element.attributes.get("role", Role.HANDLER)


def rule_of(element: Element) -> str:
    return element.attributes.get("due", DEFAULT_DUE)


def shifts(file: CaseFile, carried: CaseFile) -> Iterator[Shift]:
    """Yield the waiting items whose step is still there."""
    ready = {task.token: task.element for task in carried.run.ready}
    for item in file.waiting:
        if item.token in ready:
            yield Shift(file, carried, item, file.element(item.element), carried.element(ready[item.token]))


def item_changes(file: CaseFile, carried: CaseFile, *, fresh_dues: bool) -> Iterator[Change]:
    """Yield what a move would change about the items that wait."""
    for shift in shifts(file, carried):
        for weight, sentence in _told(shift, fresh_dues):
            yield Change(shift.old.id, shift.item.name, weight, sentence)


def _told(shift: Shift, fresh_dues: bool) -> Iterator[tuple[Weight, str]]:
    name, unsigned = f"“{shift.item.name}”", shift.item.status == ItemStatus.UNSIGNED
    if shift.item.name != shift.new.name:
        yield Weight.AUTO, f"{name}改称“{shift.new.name}”。"
    if shift.form_changed and unsigned:
        yield Weight.CHECK, f"{name}的表单有变化，待签的内容退回填写人核对。"
    elif shift.form_changed:
        yield Weight.AUTO, f"{name}的表单有变化，按新表单办理。"
    if shift.signature_changed:
        how = "不再须审核签字，已提交的仍由审核人签字" if shift.item.signed else "改为须审核签字"
        yield Weight.CHECK, f"{name}{how}。"
    if shift.dues_changed:
        how = "重新计算" if fresh_dues else "不变"
        yield Weight.CHECK, f"{name}的办理期限由 {rule_of(shift.old)} 改为 {rule_of(shift.new)}，已派发的期限{how}。"
    if shift.assigned_otherwise:
        try:
            assignee = shift.assignee()
            yield Weight.CHECK, f"{name}改由{assignee.unit.short_name}{assignee.role.label}办理。"
        except NobodyThere as nobody:
            yield Weight.REFUSE, f"{name}改由别处办理，但{nobody}。"


def move_rows(file: CaseFile, carried: CaseFile, wishes: Wishes) -> None:
    """Bring the rows that stay to the new version; those of steps that are gone are for `bpmn.marking.save` to end."""
    for shift in list(shifts(file, carried)):
        _move(shift, wishes)
    standing = {timer.token: timer.element for timer in carried.run.timers}
    for timer in timers_of(file.session, file.case.id):
        timer.element = standing.get(timer.token, timer.element)


def _move(shift: Shift, wishes: Wishes) -> None:
    item, new = shift.item, shift.new
    if shift.form_changed and item.status == ItemStatus.UNSIGNED:
        _give_back(item, places_of(new)[1])
        item.returned_reason = RENEWED
    if shift.assigned_otherwise:
        assignee = shift.assignee()
        item.unit, item.unit_id = assignee.unit, assignee.unit.id
        _give_back(item, assignee.role)
    if item.status == ItemStatus.OPEN:
        item.signed = new.attributes.get("signed") == "true"
    if shift.dues_changed and wishes.fresh_timers:
        dates, variables = shift.file.dates, shift.carried.run.variables
        due = due_of(read_due_rule(rule_of(new)), item.created_at, dates, variables, shift.file.calendar)
        item.due_at, item.compressed = due.at, due.compressed
    item.element, item.name, item.article = new.id, new.name, new.attributes.get("article", "")
    item.returns_to = wishes.targets.get(item.returns_to or "") or None


def _give_back(item: WorkItem, role: str) -> None:
    """Open an item again for whoever fills it in: nobody holds it, nothing waits for a signature."""
    item.status, item.role = ItemStatus.OPEN, role
    item.prepared_by_id = item.prepared_for_id = None
    item.claimed_by_id = item.delegated_by_id = item.delegated_to_id = None
