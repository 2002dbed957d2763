"""Find rows of the journal for the audit administrator, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ledger.journal import Entry

PAGE = 50
EXPORTED = 10_000


@dataclass(frozen=True)
class Question:
    """What is looked for; what is empty is not asked."""

    words: str = ""  # part of a name, a unit, an address or the content
    act: str = ""
    case_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None


def found_entries(session: Session, question: Question, most: int) -> Sequence[Entry]:
    """Return at most `most` rows, newest first."""
    found = select(Entry).order_by(Entry.id.desc()).limit(most)
    if question.words:
        places = (Entry.who, Entry.unit, Entry.address, Entry.detail)
        found = found.where(or_(*(place.contains(question.words, autoescape=True) for place in places)))
    if question.act:
        found = found.where(Entry.act == question.act)
    if question.case_id is not None:
        found = found.where(Entry.case_id == question.case_id)
    if question.since is not None:
        found = found.where(Entry.recorded_at >= question.since)
    if question.until is not None:
        found = found.where(Entry.recorded_at < question.until)
    if question.before_id is not None:
        found = found.where(Entry.id < question.before_id)
    return session.scalars(found).all()
