"""Papers (材料): files stored once under their SHA-256, attached to cases, meetings and batches by kind."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.db import Base
from ledger.people import User


class Paper(Base):
    """A file's content; its bytes lie in the papers folder under its hash."""

    __tablename__ = "paper"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]  # bytes
    media_type: Mapped[str]
    stored_at: Mapped[datetime]


class Attachment(Base):
    """A paper in its place: on a step of a case, on a meeting (minutes) or on a batch (请示)."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("paper.sha256"), index=True)
    kind: Mapped[str]  # PaperKind
    name: Mapped[str]  # cleaned original file name, Chinese kept
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("work_item.id"), index=True)
    field: Mapped[str] = mapped_column(default="")  # the form's field it was put in
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"), index=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("submission_batch.id"), index=True)
    attached_at: Mapped[datetime]
    attached_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    removed_at: Mapped[datetime | None]

    paper: Mapped[Paper] = relationship()
    attached_by: Mapped[User | None] = relationship()


class ArchiveWaiver(Base):
    """A row of Annex 6 that does not apply to a case: a reason, and a second person who agrees (P13)."""

    __tablename__ = "archive_waiver"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    row: Mapped[int]  # 1–6 within the level's list
    reason: Mapped[str]
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    requested_at: Mapped[datetime]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    confirmed_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("case_id", "row"),)
