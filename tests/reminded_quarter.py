"""A rehearsed quarter of reminders (T3): every text message on its day, by an oracle that reads the rows afterwards.

The oracle knows no rule of the product's: it walks the days by chinesecalendar and asks of each open step what T3 says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import chinese_calendar
from sqlalchemy import select

from bpmn.runtime import answer_item
from ledger.cases import WorkItem
from ledger.db import SHANGHAI, day_of, transaction
from ledger.outbox import Message
from ledger.people import Post, Unit
from ledger.rounds import RoundItem, RoundSummary, UnitRound
from scheduler.reminders import remind
from tests.rounds_year import Year

SLOTS = (9, 11, 14, 16)
DAY = timedelta(days=1)
MEMORY = timedelta(days=15)


@dataclass
class Step:
    """One step that waited: whose, from when until when, due when."""

    unit_id: int
    path: str
    role: str
    created: datetime
    due: datetime
    ended: datetime | None
    days: tuple[int, ...]  # working days before its due day on which it is told of

    def left(self, today: date, now: datetime) -> int:
        """Return the working days left, at least one overdue once the moment has passed; counted day by day."""
        last = (self.due.astimezone(SHANGHAI) - timedelta(microseconds=1)).date()
        if self.due > now:
            return _worked(today, last)
        return -max(1, _worked(last, today))


def _worked(after: date, until: date) -> int:
    days, day = 0, after
    while day < until:
        day += DAY
        days += chinese_calendar.is_workday(day)
    return days


@dataclass
class Quarter(Year):
    """A year's play with the hours' reminders, and cases whose first step is done some days after their push."""

    receive_after: Mapping[int, timedelta] = field(default_factory=dict)  # item → how long it waits
    reminded: int = 0

    def play(self) -> None:
        day = day_of(self.now)
        while day <= self.until:
            for hour in SLOTS:
                self._at(datetime.combine(day, datetime.min.time(), SHANGHAI) + timedelta(hours=hour), f"slot{hour}")
            day += DAY
        for item_id, wait in self.receive_after.items():
            self._at(self.now + wait, "receive", item_id)
        super().play()

    def other(self, what: str, subject: int) -> None:
        if what.startswith("slot"):
            self.reminded += remind(self.sessions, self.now, ["sms"])
            return
        with transaction(self.sessions) as session:
            item = session.get_one(WorkItem, subject)
            acting = self._acting(session, item.unit_id, item.role)
            answer_item(acting, item.id, lambda shown: {**shown.initial_posted, "verdict": ["taken"]})

    def compare(self) -> dict[str, Any]:
        """Compare the text messages written with the oracle's; returns figures."""
        steps, people, closings = self._read()
        expected: set[tuple[int, date]] = set()
        last: dict[int, datetime] = {}
        day = day_of(min(step.created for step in steps))
        while day <= self.until:
            now = datetime.combine(day, datetime.min.time(), SHANGHAI) + timedelta(hours=9)
            if chinese_calendar.is_workday(day):
                for user_id, posts in people.items():
                    if _is_told(posts, steps, closings, now, last.get(user_id)):
                        expected.add((user_id, day))
                        last[user_id] = now
            day += DAY
        with transaction(self.sessions, writes=False) as session:
            rows = session.scalars(select(Message).where(Message.kind == "digest")).all()
        texts = [(m.user_id, day_of(m.created_at)) for m in rows if m.channel == "sms"]
        assert {m.created_at.astimezone(SHANGHAI).hour for m in rows if m.channel == "sms"} == {9}
        slots = Counter((m.user_id, m.channel, m.kind, m.created_at) for m in rows)
        assert max(slots.values()) == 1, "two messages of one kind in a slot"
        assert set(texts) == expected, f"{sorted(set(texts) ^ expected)[:5]}"
        weeks = Counter((user_id, on.isocalendar()[:2]) for user_id, on in texts)
        return {
            "messages": len(rows),
            "texts": len(texts),
            "people": len({user_id for user_id, _ in texts}),
            "texts_a_person_and_week_most": max(weeks.values()),
            "texts_a_person_and_week_mean": round(sum(weeks.values()) / len(weeks), 2),
            "wrong": 0,
        }

    def _read(self) -> tuple[list[Step], dict[int, list[tuple[int, str, str]]], list[tuple[int, datetime, datetime]]]:
        with transaction(self.sessions, writes=False) as session:
            units = {unit.id: unit.path for unit in session.scalars(select(Unit))}
            closed: dict[tuple[str, str], datetime] = {}
            for row in session.scalars(select(RoundSummary).order_by(RoundSummary.number.desc())):
                closed[row.kind, row.occurrence] = row.closed_at
            rounds = {row.id: row for row in session.scalars(select(UnitRound))}
            items = session.scalars(select(WorkItem)).all()
            own = [each for each in session.scalars(select(RoundItem)) if each.stem != "round_check"]
            posts = session.execute(select(Post.user_id, Post.unit_id, Post.role)).all()
        steps = [
            Step(i.unit_id, units[i.unit_id], i.role, i.created_at, i.due_at, i.completed_at, (3, 1, 0)) for i in items
        ]
        for each in own:
            row = rounds[each.round_id]
            ends = [at for at in (each.completed_at, closed.get((row.kind, row.occurrence))) if at is not None]
            ended = min(ends, default=None)
            steps.append(
                Step(each.unit_id, units[each.unit_id], each.role, each.created_at, each.due_at, ended, (1, 0))
            )
        people: dict[int, list[tuple[int, str, str]]] = {}
        for user_id, unit_id, role in posts:
            people.setdefault(user_id, []).append((unit_id, units[unit_id], role))
        bureau = self.county.bureau.id
        periods = {(row.kind, row.occurrence): row.due_at for row in rounds.values()}
        never = datetime.max.replace(tzinfo=SHANGHAI) - DAY
        return steps, people, [(bureau, due, closed.get(period, never)) for period, due in periods.items()]


def _is_told(
    posts: list[tuple[int, str, str]],
    steps: list[Step],
    closings: list[tuple[int, datetime, datetime]],
    now: datetime,
    last: datetime | None,
) -> bool:
    """Say whether a person hears anything this morning (T3)."""
    waiting = [step for step in steps if step.created <= now and (step.ended is None or step.ended > now)]
    if any(_hears(post, step, now, last) for post in posts for step in waiting):
        return True
    bureaus = {unit_id for unit_id, _path, role in posts if role == "handler"}
    midnight = now.replace(hour=0)
    before = midnight - DAY
    while not chinese_calendar.is_workday(before.date()):
        before -= DAY
    return any(bureau in bureaus and before < due <= midnight and now < closed for bureau, due, closed in closings)


def _hears(post: tuple[int, str, str], step: Step, now: datetime, last: datetime | None) -> bool:
    unit_id, path, role = post
    left = step.left(now.date(), now)
    if (unit_id, role) == (step.unit_id, step.role):
        new = now - step.created < MEMORY and (last is None or step.created > last)
        return new or left < 0 or left in step.days
    if role == "signer":
        return unit_id == step.unit_id and left <= -1
    return role == "supervisor" and step.path.startswith(path) and left <= -3
