"""Templates of papers that an administrator brought: immutable versions, approved by a second person (F8).

A paper is written on the version that was in force when its case, meeting or round began: old cases keep theirs. What
was in force at a past moment never changes, so a process reads it once and asks again only about later moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, defer, joinedload, mapped_column, relationship, undefer

from ledger.approvals import ApprovalKind, waits
from ledger.db import Base
from ledger.people import User
from ledger.scope import Actor

NOTE_LENGTH = 200
_KEPT = 64  # contents held by a process
_LATER = timedelta(minutes=1)
"""From approval to force: longer than any transaction lasts, so that no process can have overlooked one in force."""


class PaperTemplate(Base):
    """One version of a paper's template; only its fate is written after it was brought."""

    __tablename__ = "paper_template"

    id: Mapped[int] = mapped_column(primary_key=True)
    paper: Mapped[str]  # name in `forms.papers.catalogue`
    number: Mapped[int]  # 1, 2, 3 … of the paper
    sha256: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    file_name: Mapped[str]
    note: Mapped[str]  # what was changed and why
    uploaded_at: Mapped[datetime]
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    in_force_at: Mapped[datetime | None]  # in the time of the procedure; None until a second person approves
    refused_at: Mapped[datetime | None]

    uploaded_by: Mapped[User] = relationship()

    __table_args__ = (UniqueConstraint("paper", "number"),)


@dataclass(frozen=True)
class Brought:
    """A template as it was uploaded, already tried out."""

    paper: str
    content: bytes
    file_name: str
    note: str


class TemplateRefused(ValueError):
    """这个模板不能提交."""


def bring(session: Session, brought: Brought, actor: Actor, now: datetime) -> PaperTemplate:
    """Keep a new version, which waits for a second person; TemplateRefused without a note or a change."""
    note = " ".join(brought.note.split())
    if not note or len(note) > NOTE_LENGTH:
        raise TemplateRefused(f"请写明改了什么（最多 {NOTE_LENGTH} 字）")
    digest = sha256(brought.content).hexdigest()
    last = session.scalars(_versions(brought.paper).limit(1)).first()
    if last is not None and last.sha256 == digest and (last.in_force_at is not None or is_waiting(session, last, now)):
        raise TemplateRefused("内容与上一版相同，没有产生新版本")
    row = PaperTemplate(
        paper=brought.paper,
        number=last.number + 1 if last else 1,
        sha256=digest,
        content=brought.content,
        file_name=brought.file_name,
        note=note,
        uploaded_at=now,
        uploaded_by_id=actor.user_id or 0,
    )
    session.add(row)
    session.flush()
    return row


def is_waiting(session: Session, row: PaperTemplate, real_now: datetime) -> bool:
    """Return whether a version waits for a second person: not when that was refused, or nobody looked for a week."""
    return waits(session, ApprovalKind.TEMPLATE, row.id, real_now)


def settle_template(session: Session, template_id: int, now: datetime, *, approved: bool) -> PaperTemplate:
    """Put a version in force from the next minute on, or refuse it."""
    row = session.get_one(PaperTemplate, template_id, with_for_update=True)
    if approved:
        row.in_force_at = now + _LATER
    else:
        row.refused_at = now
    return row


def _versions(paper: str) -> Any:
    whole = select(PaperTemplate).where(PaperTemplate.paper == paper).order_by(PaperTemplate.number.desc())
    return whole.options(defer(PaperTemplate.content))


def versions_of_paper(session: Session, paper: str) -> Sequence[PaperTemplate]:
    """Return a paper's versions, the newest first, without their content."""
    return session.scalars(_versions(paper).options(joinedload(PaperTemplate.uploaded_by))).all()


def version_of_paper(session: Session, paper: str, number: int) -> PaperTemplate | None:
    """Return one version with its content."""
    wanted = (PaperTemplate.paper == paper, PaperTemplate.number == number)
    return session.scalars(select(PaperTemplate).where(*wanted).options(undefer(PaperTemplate.content))).one_or_none()


def newest_in_force(session: Session, now: datetime) -> dict[str, PaperTemplate]:
    """Return by paper the version that papers of a case begun now are written on; none for those written as shipped."""
    begun = select(PaperTemplate).where(PaperTemplate.in_force_at <= now).options(defer(PaperTemplate.content))
    return {row.paper: row for row in session.scalars(begun.order_by(PaperTemplate.number))}


@dataclass(frozen=True)
class _Shelf:
    """Every version that was in force up to `read_at`: paper, moment, content."""

    read_at: datetime
    versions: tuple[tuple[str, datetime, str], ...]


_SHELVES: WeakKeyDictionary[Any, _Shelf] = WeakKeyDictionary()
_LOCK = Lock()


def template_of(session: Session, paper: str, since: datetime, now: datetime) -> bytes | None:
    """Return the template for a paper of what began at `since`; None when it is written as shipped."""
    engine = session.get_bind()
    with _LOCK:
        shelf = _SHELVES.get(engine)
    if shelf is None or since > shelf.read_at:
        columns = (PaperTemplate.paper, PaperTemplate.in_force_at, PaperTemplate.sha256)
        known = select(*columns).where(PaperTemplate.in_force_at <= now).order_by(PaperTemplate.number)
        shelf = _Shelf(now, tuple((row[0], row[1] or now, row[2]) for row in session.connection().execute(known)))
        with _LOCK:
            _SHELVES[engine] = shelf
    found = [digest for name, at, digest in shelf.versions if name == paper and at <= since]
    return _content(session, found[-1]) if found else None


_CONTENTS: dict[str, bytes] = {}  # by SHA-256: the content says which it is


def _content(session: Session, digest: str) -> bytes:
    if digest not in _CONTENTS:
        wanted = select(PaperTemplate.content).where(PaperTemplate.sha256 == digest).limit(1)
        while len(_CONTENTS) >= _KEPT:
            _CONTENTS.pop(next(iter(_CONTENTS)))
        _CONTENTS[digest] = session.scalars(wanted).one()
    return _CONTENTS[digest]
