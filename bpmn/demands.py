"""What every act asks first: an item that waits, a person entitled, the revision shown, a reason.

Deny by default (safety rules 3–5): who is not named by an act is refused, in words, before anything is changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bpmn.casefile import CaseFile
from bpmn.completed import Completed
from bpmn.engine import without_parts
from bpmn.moving_on import journal, note_stand_in, require_revision, require_unclaimed
from bpmn.refusals import ActRefused, AlreadyDone, CaseClosed, ItemGone, NotYours
from ledger.cases import WAITING, WorkItem
from ledger.scope import Actor
from ledger.vocabulary import CaseStatus, ItemStatus, Role, UnitKind
from ledger.writing import write_rows

REASON_LIMIT = 200


def require_running(file: CaseFile) -> None:
    if file.case.status != CaseStatus.RUNNING:
        raise CaseClosed(f"该项目的流程{CaseStatus(file.case.status).label}")


def require_waiting(file: CaseFile, item: WorkItem) -> None:
    """Refuse an item that no longer waits, or whose case does not run."""
    if item.status == ItemStatus.CANCELLED:
        raise ItemGone("该任务已随流程的变动取消")
    if item.status not in WAITING:
        who = item.completed_by.name if item.completed_by is not None else "系统"
        raise AlreadyDone(item.name, who, item.completed_at or item.created_at)
    require_running(file)


def require_mine(file: CaseFile, item: WorkItem, revision: int) -> None:
    """Refuse an item that is gone or changed, and whoever it does not wait for (safety rule 5)."""
    require_waiting(file, item)
    if not file.acting.actor.holds(Role(item.role), item.unit_id):
        raise NotYours(f"该任务由{item.unit.short_name}{Role(item.role).label}办理")
    require_revision(file, item, revision)
    require_unclaimed(file, item)
    note_stand_in(file, item)


def is_bureau(actor: Actor, county_id: int) -> bool:
    """Say whether the person administers the cases of a county: 县乡村振兴局经办人."""
    return any(
        p.role is Role.HANDLER and p.unit_kind is UnitKind.BUREAU and p.county_id == county_id for p in actor.posts
    )


def require_bureau(file: CaseFile, act: str) -> None:
    if not is_bureau(file.acting.actor, file.project.county_id):
        raise NotYours(f"{act}由本县乡村振兴局经办人办理")


def reason_of(text: str, act: str) -> str:
    """Return the reason an act is done for, on one line; ActRefused without one."""
    words = " ".join(text.split())
    if not words:
        raise ActRefused(f"请填写{act}的原因")
    if len(words) > REASON_LIMIT:
        raise ActRefused(f"{act}的原因最多{REASON_LIMIT}字")
    return words


def require_reachable(file: CaseFile, sentence: str) -> None:
    """Refuse a marking the diagram could not have come to (engine rule 4)."""
    if without_parts(file.run.marking) not in file.version.markings:
        raise ActRefused(sentence)


def settled(
    file: CaseFile, act: str, detail: Mapping[str, Any], item: WorkItem, new: Sequence[WorkItem] = ()
) -> Completed:
    """Write an act's journal row and tell what waits now."""
    journal(file, act, detail, item=item, new=new)
    write_rows(file.session)
    coming = tuple((each.name, each.unit.short_name, each.due_at) for each in new)
    return Completed(file.case.id, item.id, item.status in WAITING, file.run.finished, coming)


def settled_case(
    file: CaseFile,
    act: str,
    detail: Mapping[str, Any],
    item: WorkItem | None = None,
    new: Sequence[WorkItem] = (),
    *,
    element: str = "",
) -> Completed:
    """Write the journal row of an act on the whole case and tell what waits now; `item_id` is 0 without an item."""
    journal(file, act, detail, item=item, element=element, new=new)
    write_rows(file.session)
    coming = tuple((each.name, each.unit.short_name, each.due_at) for each in new)
    return Completed(file.case.id, item.id if item is not None else 0, False, file.run.finished, coming)
