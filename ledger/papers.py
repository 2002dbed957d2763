"""Papers (材料): files stored once under their SHA-256, attached to cases, meetings and batches by kind."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Select,
    UniqueConstraint,
    Update,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, aliased, joinedload, mapped_column, relationship
from sqlalchemy.sql.dml import Insert

from ledger.asking import asked_once
from ledger.db import Base, rows_of, send
from ledger.failing import UNDOING
from ledger.meetings import BatchCase, Meeting, MeetingVerdict, ReplyCase
from ledger.people import User
from ledger.scope import Actor
from ledger.taking import Part, add_row, laid_parts
from ledger.vocabulary import PaperKind

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class Paper(Base):
    """A file's content; its bytes lie in the papers folder under its hash."""

    __tablename__ = "paper"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]  # bytes
    media_type: Mapped[str]
    stored_at: Mapped[datetime]


class Attachment(Base):
    """A paper in its place: on a step of a case or round, a meeting (minutes), a batch (请示) or a round's summary."""

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
    round_item_id: Mapped[int | None] = mapped_column(ForeignKey("round_item.id"), index=True)
    round_summary_id: Mapped[int | None] = mapped_column(ForeignKey("round_summary.id"), index=True)
    spot_check_project_id: Mapped[int | None] = mapped_column(ForeignKey("spot_check_project.id"), index=True)
    objection_id: Mapped[int | None] = mapped_column(ForeignKey("objection.id"), index=True)
    attached_at: Mapped[datetime]
    attached_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    removed_at: Mapped[datetime | None]
    written: Mapped[bool] = mapped_column(default=False)  # by the software: replaced when the data change

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


@dataclass(frozen=True)
class Place:
    """Where a paper is attached: to a case's step, a meeting, a batch, or a round's step or summary."""

    kind: PaperKind
    case_id: int | None = None
    item_id: int | None = None
    field: str = ""
    meeting_id: int | None = None
    batch_id: int | None = None
    round_item_id: int | None = None
    round_summary_id: int | None = None
    spot_check_project_id: int | None = None
    objection_id: int | None = None
    written: bool = False


@dataclass(frozen=True)
class File:
    """A file as it came through the door: already checked, its name already cleaned."""

    name: str
    media_type: str
    content: bytes


def attach(session: Session, papers: Path, file: File, place: Place, actor: Actor, now: datetime) -> Attachment:
    """Store `file` once under its hash and attach it.

    The bytes are written before the commit: a kill leaves a file nobody names, never a name without a file, and what
    fails takes its files back. The attachment has its id after the next flush.
    """
    sha256 = sha256_of(file.content)
    _name(session, sha256, file, now)  # whoever brings the same bytes meanwhile waits here
    if _store(papers, sha256, file.content):
        session.info.setdefault(UNDOING, []).append(partial(_take_back, papers=papers, sha256=sha256))
    columns = {**vars(place), "sha256": sha256, "name": file.name, "attached_at": now, "attached_by_id": actor.user_id}
    return add_row(session, Attachment, columns)


def attach_again(session: Session, written: Attachment, place: Place) -> None:
    """Attach the same bytes at one more place, by the same person at the same moment."""
    columns = ("sha256", "name", "attached_at", "attached_by_id")
    alike = {column: getattr(written, column) for column in columns}
    session.add(
        Attachment(**alike, kind=place.kind, case_id=place.case_id, item_id=place.item_id, written=place.written)
    )


def _name(session: Session, sha256: str, file: File, now: datetime) -> bool:
    """Write the row of a paper unless it is there: two people may bring the same bytes at the same moment."""
    row = {"sha256": sha256, "size": len(file.content), "media_type": file.media_type, "stored_at": now}
    return bool(send(session, _naming(session.get_bind().dialect.name), **row))


@cache
def _naming(dialect: str) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = {each.key: bindparam(each.key, type_=each.type) for each in Paper.__table__.c}
    return insert(Paper).values(row).on_conflict_do_nothing()


def _store(papers: Path, digest: str, content: bytes) -> bool:
    """Write the bytes under their hash unless they are there; say whether they were written now."""
    target = str(path_of(papers, digest))
    if os.path.exists(target):
        return False
    part = f"{target}.{token_hex(4)}"
    try:
        written = os.open(part, _NEW_FILE, 0o666)
    except FileNotFoundError:  # the first of its folder
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        written = os.open(part, _NEW_FILE, 0o666)
    try:
        with open(written, "wb") as file:
            file.write(content)
        os.replace(part, target)  # whole or not at all, also when two writers meet
    except OSError:
        os.unlink(part)  # a full disk is not to be filled with halves
        raise
    return True


def _take_back(session: Session, papers: Path, sha256: str) -> None:
    """Remove the bytes of a transaction that failed, unless somebody names them.

    Asked by naming them: that waits for whoever does so now, and tells of a commit that was done but not told. Who
    named them first finds the bytes gone and writes them.
    """
    nobody = File("", "", b"")
    if _name(session, sha256, nobody, datetime.min.replace(tzinfo=UTC)):
        path_of(papers, sha256).unlink(missing_ok=True)


def sha256_of(content: bytes) -> str:
    return sha256(content).hexdigest()


def path_of(papers: Path, digest: str) -> Path:
    """Return where the bytes of a paper lie."""
    return papers / digest[:2] / digest[2:]


class PaperDamaged(Exception):
    """文件已损坏或丢失."""


def read_paper(papers: Path, digest: str) -> bytes:
    """Return the bytes stored under `digest`; PaperDamaged when they are gone or are not what they were."""
    path = path_of(papers, digest)
    if not path.is_file():
        raise PaperDamaged(f"文件丢失：{digest[:12]}")
    content = path.read_bytes()
    if sha256_of(content) != digest:
        raise PaperDamaged(f"文件已损坏：{digest[:12]}")
    return content


class Put(NamedTuple):
    """A paper put on an item: in which of its form's fields, and which it is."""

    item_id: int | None
    field: str
    id: int


@asked_once
def files_of_item(session: Session, item_id: int) -> Sequence[Put]:
    """Return what was put on one item, in the order it came."""
    session.flush()
    return [Put(*row) for row in rows_of(session, _FILES, item_id=item_id)]


_FILES = (
    select(Attachment.item_id, Attachment.field, Attachment.id)
    .where(Attachment.item_id == bindparam("item_id"), Attachment.removed_at.is_(None))
    .order_by(Attachment.id)
)


def attachments_of_case(session: Session, case_id: int) -> Sequence[Attachment]:
    """Return all papers of a case, those of the meetings that decided it and of its batches included."""
    return session.scalars(
        select(Attachment)
        .where(_papers_of(case_id), Attachment.removed_at.is_(None))
        .options(joinedload(Attachment.paper), joinedload(Attachment.attached_by))
        .order_by(Attachment.id)
    ).all()


def papers_ever(session: Session, case_id: int) -> Sequence[Attachment]:
    """Return all papers a case has or had, as `attachments_of_case`, those taken off since among them."""
    loaded = (joinedload(Attachment.paper), joinedload(Attachment.attached_by))
    return session.scalars(select(Attachment).where(_papers_of(case_id)).options(*loaded).order_by(Attachment.id)).all()


def lay_at(paper: Attachment, at: datetime) -> bool:
    """Say whether a paper lay there at a moment."""
    return paper.attached_at <= at and (paper.removed_at is None or paper.removed_at > at)


def withdraw_package(session: Session, batch_id: int, now: datetime) -> bool:
    """Take what the software wrote off a batch, to write it anew; say whether a 请示 somebody brought lies there."""
    session.flush()
    lying = rows_of(session, _LYING, batch=batch_id)
    if any(written for _kind, written in lying):
        send(session, _PACKAGE_WITHDRAWAL, batch=batch_id, now=now)
    return any(kind == PaperKind.REQUEST and not written for kind, written in lying)


_OF_BATCH = (Attachment.batch_id == bindparam("batch"), Attachment.removed_at.is_(None))
_LYING = select(Attachment.kind, Attachment.written).where(*_OF_BATCH)
_PACKAGE_WITHDRAWAL = update(Attachment).where(*_OF_BATCH, Attachment.written).values(removed_at=bindparam("now"))


def withdraw_minutes(session: Session, meeting_id: int, now: datetime) -> None:
    """Take the minutes the software wrote off a meeting, to write them anew; scans stay."""
    session.flush()
    send(session, _WITHDRAWAL, meeting=meeting_id, now=now)


_WRITTEN = (Attachment.meeting_id == bindparam("meeting"), Attachment.written, Attachment.removed_at.is_(None))
_WITHDRAWAL = update(Attachment).where(*_WRITTEN).values(removed_at=bindparam("now"))


def renew_reply(session: Session, reply_id: int, written: Attachment) -> None:
    """Let the other cases of a 批复 hold what was written last: it lists their common projects.

    A case that was answered before, by another 批复, keeps that one: it lies on the step that gave it.
    """
    send(session, _renewal(), reply=reply_id, own=written.item_id, newest=written.sha256)


@cache
def _renewal() -> Update:
    answered = select(ReplyCase.item_id).where(ReplyCase.reply_id == bindparam("reply"))
    others = (Attachment.item_id.in_(answered), Attachment.item_id != bindparam("own"), Attachment.removed_at.is_(None))
    newest: Any = bindparam("newest")
    former = (Attachment.kind == str(PaperKind.REPLY), Attachment.written, Attachment.sha256 != newest)
    return update(Attachment).where(*others, *former).values(sha256=newest)


def _papers_of(case_id: Any) -> ColumnElement[bool]:
    """Return the condition on the papers of a case, its meetings and its batches."""
    meetings = select(MeetingVerdict.meeting_id).where(MeetingVerdict.case_id == case_id)
    batches = select(BatchCase.batch_id).where(BatchCase.case_id == case_id)
    return or_(Attachment.case_id == case_id, Attachment.meeting_id.in_(meetings), Attachment.batch_id.in_(batches))


def kinds_of_cases(case_ids: Sequence[int]) -> Select[Any]:
    """Return the query for which kinds of paper each of these cases has, its meetings' and batches' included."""
    lying = Attachment.removed_at.is_(None)
    own = select(Attachment.case_id, Attachment.kind).where(Attachment.case_id.in_(case_ids), lying)
    met = select(MeetingVerdict.case_id, Attachment.kind).join(
        Attachment, Attachment.meeting_id == MeetingVerdict.meeting_id
    )
    sent = select(BatchCase.case_id, Attachment.kind).join(Attachment, Attachment.batch_id == BatchCase.batch_id)
    every = own.union(
        met.where(MeetingVerdict.case_id.in_(case_ids), lying), sent.where(BatchCase.case_id.in_(case_ids), lying)
    ).subquery()
    return select(every.c.case_id, every.c.kind)


@asked_once
def paper_counts(session: Session, case_id: int) -> dict[str, int]:
    """Count a case's papers by kind."""
    session.flush()
    return dict(map(tuple, rows_of(session, _counted_papers(), case=case_id)))


@cache
def _counted_papers() -> Select[Any]:
    wanted = (_papers_of(bindparam("case")), Attachment.removed_at.is_(None))
    columns: tuple[Any, ...] = (Attachment.kind, func.count())
    return select(*columns).where(*wanted).group_by(Attachment.kind)


@asked_once
def meeting_with_minutes(session: Session, meeting_id: int) -> tuple[Meeting, bool, bool] | None:
    """Return a meeting, whether minutes are attached to it, and whether those it wrote were signed and brought back.

    Nobody else decides, answers or writes minutes for it until the commit: each must see what the others decided.
    """
    session.flush()  # what is read replaces what the session holds
    rows = rows_of(session, _meeting(), meeting=meeting_id)
    if not rows:
        return None
    (meeting,) = laid_parts(session, _MEETING, rows[0])
    return meeting, bool(rows[0][-2]), bool(rows[0][-1])


_MEETING = (Part(Meeting),)


@cache
def _meeting() -> Select[Any]:
    minutes = or_(*(Attachment.kind == str(kind) for kind in (PaperKind.PARTY_MINUTES, PaperKind.GROUP_MINUTES)))
    scanned = exists().where(Attachment.meeting_id == Meeting.id, minutes, Attachment.removed_at.is_(None))
    wrote, brought = aliased(Attachment), aliased(Attachment)
    signed = exists().where(
        *(wrote.meeting_id == Meeting.id, wrote.written, brought.meeting_id == Meeting.id, ~brought.written),
        *(brought.removed_at.is_(None), brought.id > wrote.id),
    )
    wanted = select(*_MEETING[0].columns, scanned, signed).where(Meeting.id == bindparam("meeting"))
    return wanted.with_for_update(of=Meeting, key_share=True)


def remove_attachment(attachment: Attachment, now: datetime) -> None:
    """Take a paper off an item that is still open; the file stays for the trail."""
    attachment.removed_at = now
