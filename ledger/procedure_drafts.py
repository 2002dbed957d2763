"""Drafts of a procedure: what administrators change before it is a version, every saved state kept with who and when.

A part (the diagram, one form, one decision table) has a revision of its own, so that two windows on different parts
do not disturb each other and two windows on the same part cannot overwrite each other unseen.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger.db import Base
from ledger.procedures import Procedure
from ledger.scope import Actor
from ledger.vocabulary import Term

TOGETHER = timedelta(minutes=5)
"""What one person saves within this time is one saved state: a window saves itself every few seconds."""


class DraftStage(Term):
    """How far a draft is on its way to a version."""

    EDITING = "editing", "编辑中"
    REVIEW = "review", "待审核"
    SCHEDULED = "scheduled", "待生效"
    PUBLISHED = "published", "已发布"
    DISCARDED = "discarded", "已作废"


OPEN_STAGES = (DraftStage.EDITING, DraftStage.REVIEW, DraftStage.SCHEDULED)


class PartKind(Term):
    """What a draft consists of."""

    DIAGRAM = "diagram", "流程图"
    FORM = "form", "表单"
    DECISION = "decision", "决策表"


class ProcedureDraft(Base):
    """A procedure on its way to its next version; `live_on` is the day it is to be in force from, None for at once."""

    __tablename__ = "procedure_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    base_id: Mapped[int | None] = mapped_column(ForeignKey("procedure.id"))
    procedure_id: Mapped[int | None] = mapped_column(ForeignKey("procedure.id"))  # the version it has become
    stage: Mapped[str]  # DraftStage
    note: Mapped[str] = mapped_column(default="")  # what was changed and why, for the second person
    reason: Mapped[str] = mapped_column(default="")  # why it was sent back
    live_on: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    created_by_id: Mapped[int | None]
    submitted_at: Mapped[datetime | None]
    submitted_by: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column()

    base: Mapped[Procedure | None] = relationship(foreign_keys=[base_id])
    procedure: Mapped[Procedure | None] = relationship(foreign_keys=[procedure_id])

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012  # SQLAlchemy's own declaration


class DraftPart(Base):
    """One part as it is now; a form's or table's `name` is its stem, a diagram's is empty."""

    __tablename__ = "draft_part"

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("procedure_draft.id"))
    kind: Mapped[str]  # PartKind
    name: Mapped[str]
    content: Mapped[str] = mapped_column(deferred=True)
    revision: Mapped[int]
    saved_at: Mapped[datetime]
    saved_by: Mapped[str]

    __table_args__ = (UniqueConstraint("draft_id", "kind", "name"),)


class DraftSave(Base):
    """A saved state of a part, packed: who saved it and when, so that it can be looked at and taken again."""

    __tablename__ = "draft_save"

    id: Mapped[int] = mapped_column(primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("draft_part.id"), index=True)
    revision: Mapped[int]
    packed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    saved_at: Mapped[datetime]
    saved_by: Mapped[str]
    saved_by_id: Mapped[int | None]

    @property
    def content(self) -> str:
        return zlib.decompress(self.packed).decode()


class DraftConflict(Exception):
    """这部分内容刚刚在别处保存过."""

    def __init__(self, part: DraftPart) -> None:
        super().__init__("这部分内容刚刚在另一个窗口保存过，您的改动没有保存")
        self.part = part


@dataclass(frozen=True)
class Place:
    """Which part of which draft."""

    draft_id: int
    kind: PartKind
    name: str = ""


def draft_of(session: Session, draft_id: int, *, lock: bool = False) -> ProcedureDraft | None:
    """Return a draft, locked on request."""
    return session.get(ProcedureDraft, draft_id, with_for_update={"key_share": True} if lock else None)


def drafts_of(session: Session, stages: Sequence[DraftStage], limit: int) -> Sequence[ProcedureDraft]:
    """Return the drafts in these stages, newest first."""
    return session.scalars(
        select(ProcedureDraft).where(ProcedureDraft.stage.in_(stages)).order_by(ProcedureDraft.id.desc()).limit(limit)
    ).all()


def parts_of(session: Session, draft_id: int) -> Sequence[DraftPart]:
    """Return a draft's parts: the diagram first, then tables and forms by name."""
    found = session.scalars(select(DraftPart).where(DraftPart.draft_id == draft_id)).all()
    order = [PartKind.DIAGRAM, PartKind.FORM, PartKind.DECISION]
    return sorted(found, key=lambda part: (order.index(PartKind(part.kind)), part.name))


def part_of(session: Session, place: Place, *, lock: bool = False) -> DraftPart | None:
    """Return one part, locked on request."""
    wanted = select(DraftPart).where(
        DraftPart.draft_id == place.draft_id, DraftPart.kind == place.kind, DraftPart.name == place.name
    )
    return session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()


def save_part(session: Session, place: Place, content: str, revision: int, actor: Actor, now: datetime) -> DraftPart:
    """Save a part that was read at `revision` (0: a new one) and return it; what has not changed is not saved.

    Raises DraftConflict when it was saved elsewhere since.
    """
    part = part_of(session, place, lock=True)
    if part is None:
        part = DraftPart(draft_id=place.draft_id, kind=place.kind, name=place.name, content="", revision=0)
        part.saved_at, part.saved_by = now, actor.name
        session.add(part)
    elif part.content == content:
        return part
    elif part.revision != revision:
        raise DraftConflict(part)
    part.content, part.revision, part.saved_at, part.saved_by = content, part.revision + 1, now, actor.name
    session.flush()
    _keep(session, part, actor)
    return part


def _keep(session: Session, part: DraftPart, actor: Actor) -> None:
    """Write the saved state down, over the last one where the same person saved it moments ago."""
    newest = select(DraftSave).where(DraftSave.part_id == part.id).order_by(DraftSave.id.desc()).limit(1)
    last = session.scalars(newest).one_or_none()
    begun = last is None or last.revision <= 1  # what it was begun from is always kept
    if last is None or begun or last.saved_by_id != actor.user_id or part.saved_at - last.saved_at > TOGETHER:
        last = DraftSave(part_id=part.id, saved_by_id=actor.user_id)
        session.add(last)
    last.revision, last.saved_at, last.saved_by = part.revision, part.saved_at, part.saved_by
    last.packed = zlib.compress(part.content.encode())
    session.flush()


def saves_of(session: Session, part_id: int, limit: int) -> Sequence[DraftSave]:
    """Return a part's saved states, newest first."""
    wanted = select(DraftSave).where(DraftSave.part_id == part_id)
    return session.scalars(wanted.order_by(DraftSave.id.desc()).limit(limit)).all()


def saved_state(session: Session, part_id: int, save_id: int) -> DraftSave | None:
    """Return one saved state of a part."""
    return session.scalars(select(DraftSave).where(DraftSave.part_id == part_id, DraftSave.id == save_id)).one_or_none()


def author_ids(session: Session, draft: ProcedureDraft) -> set[int]:
    """Return everybody who began or changed a draft: none of them may publish it."""
    saved = select(DraftSave.saved_by_id).join(DraftPart, DraftPart.id == DraftSave.part_id)
    found = session.scalars(saved.where(DraftPart.draft_id == draft.id).distinct()).all()
    return {each for each in (*found, draft.created_by_id) if each is not None}


def is_drafted(session: Session, process_id: str, name: str) -> bool:
    """Tell whether there was ever a draft of this name, whatever became of it."""
    wanted = (ProcedureDraft.process_id == process_id, ProcedureDraft.name == name)
    return session.scalar(select(ProcedureDraft.id).where(*wanted).limit(1)) is not None


def drafts_due(session: Session, today: date) -> Sequence[int]:
    """Return the scheduled drafts whose day has come, oldest first."""
    wanted = select(ProcedureDraft.id).where(
        ProcedureDraft.stage == DraftStage.SCHEDULED, ProcedureDraft.live_on <= today
    )
    return session.scalars(wanted.order_by(ProcedureDraft.live_on, ProcedureDraft.id)).all()
