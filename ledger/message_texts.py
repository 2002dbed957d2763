"""The words of messages as the county has them: every change is a version that stays, the last one is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.db import Base
from ledger.journal import Act, Moment
from ledger.message_words import KINDS, TextKind, Wording
from ledger.people import User
from ledger.scope import Actor
from ledger.writing import record

Wordings = Mapping[TextKind, Wording]
USUAL: Wordings = {kind: about.usual for kind, about in KINDS.items()}


class TextChanged(Exception):
    """这段文字刚刚被别人改过，请看过再改。"""


class MessageText(Base):
    """One version of a kind's words; no row means the usual ones, which are version 0."""

    __tablename__ = "message_text"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    number: Mapped[int]
    wording: Mapped[Any] = mapped_column(JSON)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    changed_at: Mapped[datetime]

    changed_by: Mapped[User | None] = relationship()

    __table_args__ = (UniqueConstraint("kind", "number"),)


def wordings_of(session: Session) -> Wordings:
    """Return the words of every kind."""
    last = select(func.max(MessageText.id)).group_by(MessageText.kind).scalar_subquery()
    rows = session.execute(select(MessageText.kind, MessageText.wording).where(MessageText.id.in_(last)))
    return {**USUAL, **{TextKind(kind): Wording(**wording) for kind, wording in rows}}


def worded(session: Session, kind: TextKind, **values: str) -> tuple[str, str]:
    """Return subject and body of a message."""
    wanted = select(MessageText.wording).where(MessageText.kind == str(kind)).order_by(MessageText.number.desc())
    found = session.scalars(wanted.limit(1)).first()
    wording = USUAL[kind] if found is None else Wording(**found)
    return wording.filled(**values)


def versions_of(session: Session, kind: TextKind) -> Sequence[MessageText]:
    """Return every version of a kind's words, the last first."""
    wanted = select(MessageText).where(MessageText.kind == str(kind)).options(joinedload(MessageText.changed_by))
    return session.scalars(wanted.order_by(MessageText.number.desc())).all()


def keep_wording(session: Session, kind: TextKind, wording: Wording, seen: int, actor: Actor, now: Moment) -> bool:
    """Keep words without `faults_of` as a new version; False when they are the ones in use.

    `seen` is the version that was edited: TextChanged when it is not the last any more.
    """
    last = next(iter(versions_of(session, kind)), None)
    number, before = (0, USUAL[kind]) if last is None else (last.number, Wording(**last.wording))
    if number != seen:
        raise TextChanged
    if wording == before:
        return False
    values = {"number": number + 1, "wording": wording.fields(), "changed_by_id": actor.user_id}
    session.add(MessageText(kind=str(kind), changed_at=now.at, **values))
    old, new = before.fields(), wording.fields()
    changed = {name: [old[name], new[name]] for name in new if old[name] != new[name]}
    record(session, now, actor, Act("message_text", detail={"kind": str(kind), "number": number + 1, **changed}))
    session.flush()
    return True
