"""Lists of an installation's own, from which administrators' forms let people choose: entries retire, none is deleted.

The scheme's own lists (`ledger.vocabulary`) are columns of its tables and stay as they are printed. An answer keeps the
words of its choice, so that a retired entry still reads as it was chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base

LABEL_LENGTH = 60
MOST_ENTRIES = 200
SOURCE = "list:"
"""A form's field names a list as `list:<id>` where it would name what the system lists."""


class ChoiceList(Base):
    __tablename__ = "choice_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    made_by: Mapped[str]

    @property
    def source(self) -> str:
        """Return how a form's field names the list."""
        return f"{SOURCE}{self.id}"


class ListEntry(Base):
    """What can be chosen; with `retired_at` not any more."""

    __tablename__ = "list_entry"
    __table_args__ = (UniqueConstraint("list_id", "label"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("choice_list.id"))
    label: Mapped[str]
    retired_at: Mapped[datetime | None]


class ListRefused(ValueError):
    """The list cannot be changed so; the message says why in Chinese."""


@dataclass(frozen=True)
class WholeList:
    """A list with all its entries, retired ones too, in the order they were added."""

    head: ChoiceList
    entries: tuple[ListEntry, ...]

    @property
    def offered(self) -> tuple[ListEntry, ...]:
        return tuple(each for each in self.entries if each.retired_at is None)


def whole_lists(session: Session) -> Sequence[WholeList]:
    """Return every list with its entries."""
    entries = session.scalars(select(ListEntry).order_by(ListEntry.id)).all()
    heads = session.scalars(select(ChoiceList).order_by(ChoiceList.id)).all()
    return [WholeList(head, tuple(each for each in entries if each.list_id == head.id)) for head in heads]


def offered_entries(session: Session, source: str) -> Sequence[ListEntry]:
    """Return what can be chosen now from the list a field names; nothing for a list that is not there."""
    number = source.removeprefix(SOURCE)
    if not number.isdecimal():
        return ()
    wanted = select(ListEntry).where(ListEntry.list_id == int(number), ListEntry.retired_at.is_(None))
    return session.scalars(wanted.order_by(ListEntry.id)).all()


def make_list(session: Session, title: str, who: str, now: datetime) -> ChoiceList:
    """Make a list without entries; raises ListRefused."""
    words = _words(title)
    if session.scalars(select(ChoiceList).where(ChoiceList.title == words)).first() is not None:
        raise ListRefused(f"已经有名为“{words}”的列表")
    made = ChoiceList(title=words, made_at=now, made_by=who)
    session.add(made)
    session.flush()
    return made


def add_entry(session: Session, list_id: int, label: str) -> ListEntry:
    """Add an entry; raises ListRefused, also for one that is there or was retired."""
    words = _words(label)
    known = session.scalars(select(ListEntry).where(ListEntry.list_id == list_id)).all()
    same = next((each for each in known if each.label == words), None)
    if same is not None:
        raise ListRefused(f"“{words}”已停用，可以恢复" if same.retired_at else f"“{words}”已经在列表里")
    if len(known) >= MOST_ENTRIES:
        raise ListRefused(f"一个列表最多 {MOST_ENTRIES} 项")
    added = ListEntry(list_id=list_id, label=words)
    session.add(added)
    session.flush()
    return added


def retire_entry(entry: ListEntry, now: datetime) -> None:
    """Offer an entry no more; what was answered with it stays."""
    entry.retired_at = now


def restore_entry(entry: ListEntry) -> None:
    """Offer a retired entry again."""
    entry.retired_at = None


def _words(typed: str) -> str:
    words = " ".join(typed.split())
    if not words:
        raise ListRefused("请填写名称")
    if len(words) > LABEL_LENGTH:
        raise ListRefused(f"名称最多 {LABEL_LENGTH} 字")
    if not words.isprintable():
        raise ListRefused("名称里有看不见的控制字符，请删去后重新输入")
    return words
