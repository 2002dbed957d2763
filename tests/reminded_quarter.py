"""A rehearsed quarter of reminders (T3): every message on its day and slot, by an oracle that reads rows afterwards.

The oracle knows no rule of the product's: it walks the days by chinesecalendar and asks of each open step what T3 says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
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
HOURS = {"page": (9, 14), "sms": (9,)}  # a person's, where nothing was chosen
DAY = timedelta(days=1)
MEMORY = timedelta(days=15)
Post_ = tuple[int, str, str]  # unit, its path, role
Posts = list[Post_]
Closing = tuple[int, datetime, datetime]  # the bureau, when the period ended, when it was closed
Lines = Counter[tuple[int, int, int | None]]
"""What a message speaks of: an item or a round's step, with the working days left; None: it is new."""


@dataclass
class Step:
    """One step that waited: whose, from when until when, due when."""

    about: tuple[int, int]
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


@cache
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
        """Compare every message and what it speaks of with the oracle's; returns figures."""
        steps, people, closings = self._read()
        expected = {
            told: lines
            for channel, hours in HOURS.items()
            for user_id, posts in people.items()
            for told, lines in self._expected(user_id, posts, channel, hours, (steps, closings))
        }
        with transaction(self.sessions, writes=False) as session:
            rows = session.scalars(select(Message).where(Message.kind == "digest")).all()
        written = {(m.user_id, m.channel, m.created_at): _told(m) for m in rows}
        assert len(written) == len(rows), "two messages of one kind in a slot"
        wrong = sorted(key for key in {*written, *expected} if written.get(key) != expected.get(key))
        assert not wrong, f"{len(wrong)} wrong, the first {wrong[0]}: {_apart(written, expected, wrong[0])}"
        texts = [(user_id, at) for user_id, channel, at in written if channel == "sms"]
        weeks = Counter((user_id, day_of(at).isocalendar()[:2]) for user_id, at in texts)
        return {
            "messages": len(rows),
            "lines": sum(len(lines) for lines in written.values()),
            "texts": len(texts),
            "people": len({user_id for user_id, _ in texts}),
            "texts_a_person_and_week_most": max(weeks.values()),
            "texts_a_person_and_week_mean": round(sum(weeks.values()) / len(weeks), 2),
            "weeks_with_so_many_texts": dict(sorted(Counter(weeks.values()).items())),
            "wrong": 0,
        }

    def _expected(
        self, user_id: int, posts: Posts, channel: str, hours: tuple[int, ...], waits: tuple[list[Step], list[Closing]]
    ) -> Iterator[tuple[tuple[int, str, datetime], Lines]]:
        """Walk the working days and hours: what a person is to hear, and when."""
        steps, closings = waits
        mine = [step for step in steps if any(_concerns(post, step) for post in posts)]
        last: datetime | None = None
        day = day_of(min(step.created for step in steps))
        while day <= self.until:
            for hour in hours if chinese_calendar.is_workday(day) else ():
                now = datetime.combine(day, datetime.min.time(), SHANGHAI) + timedelta(hours=hour)
                lines = _lines(posts, mine, now, last)
                if last is None or day_of(last) < day:
                    lines += Counter({(0, 0, 0): _closed(posts, closings, now)})
                if lines:
                    yield (user_id, channel, now), lines
                    last = now
            day += DAY

    def _read(self) -> tuple[list[Step], dict[int, Posts], list[Closing]]:
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
            Step((i.id, 0), i.unit_id, units[i.unit_id], i.role, i.created_at, i.due_at, i.completed_at, (3, 1, 0))
            for i in items
        ]
        for each in own:
            row = rounds[each.round_id]
            ends = [at for at in (each.completed_at, closed.get((row.kind, row.occurrence))) if at is not None]
            ended = min(ends, default=None)
            steps.append(
                Step(
                    (0, each.id),
                    each.unit_id,
                    units[each.unit_id],
                    each.role,
                    each.created_at,
                    each.due_at,
                    ended,
                    (1, 0),
                )
            )
        people: dict[int, Posts] = {}
        for user_id, unit_id, role in posts:
            people.setdefault(user_id, []).append((unit_id, units[unit_id], role))
        bureau = self.county.bureau.id
        periods = {(row.kind, row.occurrence): row.due_at for row in rounds.values()}
        never = datetime.max.replace(tzinfo=SHANGHAI) - DAY
        return steps, people, [(bureau, due, closed.get(period, never)) for period, due in periods.items()]


def _apart(written: Mapping[Any, Lines], expected: Mapping[Any, Lines], key: Any) -> str:
    told, wanted = written.get(key, Counter()), expected.get(key, Counter())
    return f"only told {dict(told - wanted)}, only expected {dict(wanted - told)}"


def _told(message: Message) -> Lines:
    return Counter((item_id, of_round, left) for item_id, _text, _brief, left, of_round in message.lines or ())


def _concerns(post: Post_, step: Step) -> bool:
    unit_id, path, role = post
    above = role == "supervisor" and step.path.startswith(path)
    return (unit_id, role) in {(step.unit_id, step.role), (step.unit_id, "signer")} or above


def _lines(posts: Posts, steps: list[Step], now: datetime, last: datetime | None) -> Lines:
    """Return what a person hears at an hour: what is due once a day, what is new once (T3)."""
    heard: Lines = Counter()
    for step in steps:
        if step.created > now or (step.ended is not None and step.ended <= now):
            continue
        left = step.left(now.date(), now)
        own = any((unit_id, role) == (step.unit_id, step.role) for unit_id, _path, role in posts)
        if (last is None or day_of(last) < now.date()) and any(_hears(post, step, left) for post in posts):
            heard[*step.about, left] += 1
        elif own and now - step.created < MEMORY and (last is None or step.created > last):
            heard[*step.about, None] += 1
    return heard


def _hears(post: Post_, step: Step, left: int) -> bool:
    unit_id, path, role = post
    if (unit_id, role) == (step.unit_id, step.role):
        return left < 0 or left in step.days
    if role == "signer":
        return unit_id == step.unit_id and left <= -1
    return role == "supervisor" and step.path.startswith(path) and left <= -3


def _closed(posts: Posts, closings: list[Closing], now: datetime) -> int:
    """Count the periods whose end the bureau hears of this day (R2)."""
    bureaus = {unit_id for unit_id, _path, role in posts if role == "handler"}
    midnight = now.replace(hour=0)
    before = midnight - DAY
    while not chinese_calendar.is_workday(before.date()):
        before -= DAY
    return sum(bureau in bureaus and before < due <= midnight and now < closed for bureau, due, closed in closings)
