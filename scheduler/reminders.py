"""Reminders (T3): each working day at 09:00 one message per person gathers all that is due or overdue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ledger.db import SHANGHAI, SessionFactory, day_of, end_of_day, last_day, transaction
from ledger.deadlines import DueItem, Holder, holders, items_due
from ledger.outbox import Notice, post
from ledger.vocabulary import Role
from ledger.working_days import Calendar, load_calendar
from scheduler.channels.page import NAME as PAGE

HOUR = 9
DAYS_BEFORE = (3, 1, 0)  # working days before the last day, and the day itself
SIGNER_AFTER = 1  # working days overdue, when the unit's 审核人 is told too
SUPERVISOR_AFTER = 3
_LINES = 30  # a message stays readable; the rest is in 待办


@dataclass(frozen=True)
class Line:
    """One item in a person's message: `left` working days, negative when overdue."""

    item: DueItem
    left: int
    day: date
    milestone: bool = False

    @property
    def text(self) -> str:
        what = "阶段性成效" if self.milestone else "办理期限"
        day = f"{self.day.month}月{self.day.day}日"
        if self.left < 0:
            return f"{self.item.project_name}：{self.item.name}，{what}{day}，已超期{-self.left}个工作日"
        when = "今天到期" if self.left == 0 else f"还剩{self.left}个工作日"
        return f"{self.item.project_name}：{self.item.name}，{what}{day}，{when}"


def is_time(calendar: Calendar, now: datetime) -> bool:
    """Say whether the day's reminders are to be out: from 09:00 of each working day."""
    return calendar.is_working(day_of(now)) and now.astimezone(SHANGHAI).hour >= HOUR


def remind(sessions: SessionFactory, now: datetime) -> int:
    """Write the day's reminders and return how many are new; called again the same day it writes none twice."""
    with transaction(sessions) as session:
        calendar = load_calendar(session)
        if not is_time(calendar, now):
            return 0
        today = day_of(now)
        until = end_of_day(calendar.period(today, max(DAYS_BEFORE)).end)
        lines = [line for item in items_due(session, until) for line in lines_of(item, calendar, now)]
        told = told_to(lines, holders(session, (Role.HANDLER, Role.SIGNER, Role.SUPERVISOR)))
        return post(session, [notice(user_id, mine, today) for user_id, mine in told.items()], now)


def lines_of(item: DueItem, calendar: Calendar, now: datetime) -> list[Line]:
    """Return what is to be said about an item today; nothing on days between."""
    moments = [(item.due_at, False)]
    if item.milestone_at is not None:
        moments.append((item.milestone_at, True))
    lines = []
    for moment, milestone in moments:
        day = last_day(moment)
        # an overdue day is counted in working days, and is at least one from the first working day after it
        left = calendar.count(day_of(now), day) if moment > now else -max(1, calendar.count(day, day_of(now)))
        if left < 0 or left in DAYS_BEFORE:
            lines.append(Line(item, left, day, milestone))
    return lines


def told_to(lines: Iterable[Line], people: Sequence[Holder]) -> dict[int, list[Line]]:
    """Return each person's lines: one's own items, and what is long overdue below a signer or supervisor."""
    told: dict[int, dict[Line, None]] = {}
    for line in lines:
        for person in people:
            if concerns(line, person):
                told.setdefault(person.user_id, {})[line] = None
    return {user_id: list(mine) for user_id, mine in told.items()}


def concerns(line: Line, person: Holder) -> bool:
    """Say whether a person is to hear of a line."""
    item = line.item
    if (person.unit_id, person.role) == (item.unit_id, item.role):
        return True
    overdue = -line.left
    if person.role == Role.SIGNER:
        return person.unit_id == item.unit_id and overdue >= SIGNER_AFTER
    return (
        person.role == Role.SUPERVISOR and item.unit_path.startswith(person.unit_path) and overdue >= SUPERVISOR_AFTER
    )


def notice(user_id: int, lines: Sequence[Line], today: date) -> Notice:
    """Gather one person's lines, overdue first, into one message; its key keeps it single for the day."""
    ordered = sorted(lines, key=lambda line: (line.left, line.day, line.item.item_id))
    overdue = sum(line.left < 0 for line in ordered)
    counts = f"{overdue}件已超期，" if overdue else ""
    rest = len(ordered) - _LINES
    body = "\n".join(
        [*(line.text for line in ordered[:_LINES]), *([f"另有{rest}件，请到待办查看"] if rest > 0 else [])]
    )
    subject = (
        f"办理提醒：{counts}{len(ordered) - overdue}件即将到期"
        if len(ordered) > overdue
        else f"办理提醒：{overdue}件已超期"
    )
    return Notice(f"digest:{today.isoformat()}:{user_id}:{PAGE}", PAGE, user_id, subject, body)
