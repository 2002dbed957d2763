"""What one line of a digest says of an item that is due, overdue, new or sent back (T3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from ledger.db import SHANGHAI, last_day
from ledger.deadlines import DueItem, NewItem
from ledger.message_words import TextKind, Wording, fill
from ledger.outbox import NO_ITEM, Line

_BRIEF = 12  # characters of a project's name in a text message


@dataclass(frozen=True)
class DueLine:
    """One item that is due: `left` working days, negative when overdue."""

    item: DueItem
    left: int
    day: date
    milestone: bool = False

    def said(self, wording: Wording) -> Line:
        """Return the line in the words of who hears it."""
        values = {
            **_named(self.item),
            "单位": self.item.unit_name,
            "期限类别": "阶段性成效" if self.milestone else "办理期限",
            "期限": day_text(self.day) if self.milestone else until_text(self.item.due_at),
            "剩余": self.when,
        }
        return line_about(self.item, fill(wording.body, values), fill(wording.short, values), self.left)

    @property
    def overdue_at(self) -> datetime | None:
        """Return since when it is overdue; None while it is not."""
        moment = self.item.milestone_at if self.milestone else self.item.due_at
        return moment if self.left < 0 else None

    @property
    def when(self) -> str:
        if self.left < 0:
            return f"已超期{-self.left}个工作日"
        return "今天到期" if self.left == 0 else f"还剩{self.left}个工作日"


def kind_of_new(item: NewItem) -> TextKind:
    """Return which words tell of an item that came."""
    return TextKind.RETURNED if item.returned else TextKind.NEW


def line_of_new(item: NewItem, wording: Wording) -> Line:
    """Say that an item came, or came back; until when, and why, its page tells."""
    values = {**_named(item), "单位": item.unit_name, "期限": until_text(item.due_at)}
    return line_about(item, fill(wording.body, values), fill(wording.short, values))


def line_about(item: DueItem | NewItem, text: str, told: str, left: int | None = None) -> Line:
    """Return a line that speaks of an item or of a round's step."""
    return Line(item.about[0], text, told, left, item.about[1])


def line_of(wording: Wording, left: int, values: dict[str, str]) -> Line:
    """Return a line that speaks of no item."""
    return Line(NO_ITEM, fill(wording.body, values), fill(wording.short, values), left)


def day_text(day: date) -> str:
    """Return a day as officials write it: 11月21日."""
    return f"{day.month}月{day.day}日"


def until_text(due_at: datetime) -> str:
    """Say until when: a day, and the hour where it is not the day's end (周调度)."""
    local = due_at.astimezone(SHANGHAI)
    return day_text(last_day(due_at)) + (f"{local:%H:%M}" if local.time() != time() else "")


def brief(name: str) -> str:
    """Shorten a project's name for a telephone."""
    return name if len(name) <= _BRIEF else f"{name[: _BRIEF - 1]}…"


def _named(item: DueItem | NewItem) -> dict[str, str]:
    return {"项目": item.project_name, "项目简称": brief(item.project_name), "任务": item.name}
