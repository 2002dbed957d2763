"""PDF of papers on demand: which papers somebody asked to be turned, how far the queue is, what could not be turned.

A paper is turned once: its PDF lies beside it in the papers folder under the same hash, outside every backup, for it
can be made again. One worker turns at a time, however many processes serve pages, because LibreOffice's profile takes
no two: who claims holds the whole queue for that moment.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.db import Base
from ledger.papers import Paper, path_of
from ledger.vocabulary import ConversionStage

PDF = "application/pdf"
CONVERTIBLE = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "image/jpeg": "jpg",
    "image/png": "png",
}
"""What can be turned, by media type: the extension it is given."""
_WAITING = (ConversionStage.QUEUED, ConversionStage.WORKING)
_GIVEN_UP_AFTER = timedelta(minutes=20)  # longer than any run may take: its worker died


class Conversion(Base):
    """A paper that was asked for as PDF, by the hash of its content."""

    __tablename__ = "conversion"

    sha256: Mapped[str] = mapped_column(ForeignKey("paper.sha256"), primary_key=True)
    stage: Mapped[str] = mapped_column(index=True)  # ConversionStage
    asked_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    message: Mapped[str] = mapped_column(default="")  # why it could not be turned

    paper: Mapped[Paper] = relationship()


def pdf_path(papers: Path, digest: str) -> Path:
    """Return where the PDF of a paper lies, or will lie."""
    path = path_of(papers, digest)
    return path.with_name(f"{path.name}.pdf")


def has_pdf(papers: Path, digest: str, media_type: str) -> bool:
    """Say whether a paper is a PDF, or was turned into one."""
    return media_type == PDF or pdf_path(papers, digest).is_file()


def keep_pdf(papers: Path, digest: str, content: bytes) -> None:
    """Put a paper's PDF beside it, whole or not at all."""
    target = pdf_path(papers, digest)
    part = target.with_name(f"{target.name}.{token_hex(4)}")
    part.write_bytes(content)
    part.replace(target)


def ask(session: Session, digests: Collection[str], now: datetime) -> None:
    """Put papers into the queue, unless they wait there or are being turned; what failed is tried again."""
    known = {row.sha256: row for row in session.scalars(select(Conversion).where(Conversion.sha256.in_(digests)))}
    fresh = [digest for digest in dict.fromkeys(digests) if digest not in known]
    if fresh:
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        values = {"stage": str(ConversionStage.QUEUED), "asked_at": now, "message": ""}
        rows = [{"sha256": digest, **values} for digest in fresh]
        session.connection().execute(dialect.insert(Conversion).on_conflict_do_nothing(), rows)
    for row in known.values():
        if row.stage not in _WAITING:
            row.stage, row.asked_at, row.begun_at, row.ended_at, row.message = (
                ConversionStage.QUEUED,
                now,
                None,
                None,
                "",
            )


def conversion_of(session: Session, digest: str) -> Conversion | None:
    """Return how far a paper is on its way to a PDF; None when nobody asked."""
    return session.get(Conversion, digest)


def ahead_of(session: Session, conversion: Conversion) -> int:
    """Count what is turned before a paper that waits."""
    earlier = (Conversion.stage.in_(_WAITING), Conversion.asked_at < conversion.asked_at)
    return session.scalar(select(func.count()).select_from(Conversion).where(*earlier)) or 0


def waiting_among(session: Session, digests: Collection[str]) -> int:
    """Count which of these papers still wait or are being turned."""
    wanted = (Conversion.sha256.in_(digests), Conversion.stage.in_(_WAITING))
    return session.scalar(select(func.count()).select_from(Conversion).where(*wanted)) or 0


def failed_among(session: Session, digests: Collection[str]) -> dict[str, str]:
    """Return which of these papers could not be turned, with the reason."""
    wanted = (Conversion.sha256.in_(digests), Conversion.stage == ConversionStage.FAILED)
    rows = session.execute(select(Conversion.sha256, Conversion.message).where(*wanted))
    return {row.sha256: row.message for row in rows}


def claim(session: Session, most: int, now: datetime) -> Sequence[Conversion]:
    """Take the next papers to be turned; none while another worker turns some, or where none waits.

    The rows of the whole queue are held until the commit, so that of several workers one goes on.
    """
    wanted = select(Conversion).where(Conversion.stage.in_(_WAITING)).options(joinedload(Conversion.paper))
    queue = session.scalars(
        wanted.order_by(Conversion.asked_at, Conversion.sha256)
        .with_for_update(of=Conversion)
        .execution_options(populate_existing=True)
    ).all()
    for row in queue:
        if row.stage == ConversionStage.WORKING and row.begun_at is not None and now - row.begun_at < _GIVEN_UP_AFTER:
            return ()
    taken = queue[:most]
    for row in taken:
        row.stage, row.begun_at = ConversionStage.WORKING, now
    return taken


def settle(session: Session, outcomes: dict[str, str], now: datetime) -> None:
    """Write down what became of papers: by hash a sentence why not, or nothing where the PDF is there."""
    for row in session.scalars(select(Conversion).where(Conversion.sha256.in_(outcomes))):
        row.message, row.ended_at = outcomes[row.sha256], now
        row.stage = ConversionStage.FAILED if row.message else ConversionStage.DONE
