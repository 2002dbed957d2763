"""办完直接回到我这里: after a 退回 the corrected step goes straight back to who sent it, past what need not be redone.

Straight back is never past somebody else's word: a signature, a joint step, a third unit's opinion or a period that
ran in between must be had again, so such a return is refused. Where the completed step leads backwards itself, or to
several places at once, the diagram's own way is taken.
"""

from __future__ import annotations

from bpmn.casefile import CaseFile
from bpmn.exploration import legal_targets
from bpmn.refusals import ActRefused
from ledger.cases import WorkItem
from ledger.timers import fired_since
from ledger.vocabulary import Role


def require_straight_way(file: CaseFile, sender: WorkItem, target: str) -> None:
    """Refuse a straight return over what must be redone (ActRefused)."""
    first, latest = _first(file), {item.element: item for item in file.done}
    to = latest[target]
    between = [
        item
        for element, item in latest.items()
        if first[target] < first[element] < first.get(sender.element, sender.id)
    ]
    for item in between:
        if item.role == Role.SIGNER or item.signed or item.instance is not None:
            raise ActRefused(f"“{item.name}”须重新办理，不能办完直接回来")
        if item.unit_id not in (to.unit_id, sender.unit_id):
            raise ActRefused(f"“{item.name}”由{item.unit.short_name}办理，须重新办理，不能办完直接回来")
    if fired_since(file.session, file.case.id, to.completed_at or to.created_at):
        raise ActRefused("中间的期限须重新计算，不能办完直接回来")


def go_straight_back(file: CaseFile, item: WorkItem, before: frozenset[str]) -> dict[str, str]:
    """Move a token that has just gone on back to who sent the item; returns what the journal keeps of it.

    `before` are the tokens that waited before the item was completed. Nothing is done, and {} returned, where the
    completion led backwards or to several places, or the diagram could not have come there.
    """
    target = item.returns_to
    new = [task for task in file.run.ready if task.token not in before]
    if target is None or len(new) != 1 or new[0].element == target:
        return {}
    token, first = new[0].token, _first(file)
    if first.get(new[0].element, item.id + 1) <= first[item.element]:
        return {}
    if target not in legal_targets(file.version.markings, file.run, token, {target}):
        return {}
    file.run.move(token, target)
    return {"moved": token, "target": target}


def _first(file: CaseFile) -> dict[str, int]:
    """Return by element the id of the item it was first done with."""
    first: dict[str, int] = {}
    for item in file.items:
        first.setdefault(item.element, item.id)
    return first
