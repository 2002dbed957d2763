"""What the same step said the last time it was done in a case: after a 退回, and in the next round of disposal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bpmn.versions import Lineage, lineage_of
from forms.fields import Form
from ledger.cases import WorkItem
from ledger.previous_items import item_before


@dataclass(frozen=True)
class Previous:
    """The last time: who said it, when, and the answers that the form of today still understands."""

    at: datetime
    who: str
    answers: Mapping[str, Any]


def previous(session: Session, item: WorkItem, form: Form) -> Previous | None:
    """Return what was answered the last time on the same step for the same unit or part; None the first time."""
    before = item_before(session, item)
    if before is None or before.completed_at is None:
        return None
    lineage = lineage_of(session, item.case)
    who = before.completed_by.name if before.completed_by is not None else before.unit.short_name
    return Previous(before.completed_at, who, understood(lineage, before, form))


def understood(lineage: Lineage, before: WorkItem, form: Form) -> dict[str, Any]:
    """Return the answers of an earlier item whose questions are of the same kind today."""
    known = {each.name: each.type for _section, each in form.fields()}
    at = before.completed_at or before.created_at
    then = {each.name: each.type for _section, each in lineage.at(at).form_of(before.element, before.stem).fields()}
    answers: Mapping[str, Any] = before.answers or {}
    return {name: answer for name, answer in answers.items() if name in known and then.get(name) == known[name]}


def earlier_of(items: Sequence[WorkItem], item: WorkItem) -> WorkItem | None:
    """Return among a case's items the one that did the same step before, with its answers."""
    same = [
        past
        for past in items
        if past.id < item.id and (past.element, past.instance) == (item.element, item.instance) and past.answers
    ]
    return same[-1] if same else None
