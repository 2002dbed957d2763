"""A rehearsed year of rounds: clocks pass by, units report in time, late or never, who collects closes each period.

What is opened and due is compared with `tests.scheduler.round_oracle`, an independent calendar program.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

from sqlalchemy import select

from bpmn.casefile import Acting
from bpmn.round_periods import Period, close
from bpmn.rounds import complete_round_item, open_round_item
from forms.definition import FieldType
from ledger.db import SHANGHAI, SessionFactory, day_of, transaction
from ledger.demonstration import County
from ledger.journal import Moment
from ledger.papers import File, Place, attach
from ledger.people import Unit, User
from ledger.rounds import RoundItem, RoundSummary, UnitRound, reporting_units
from ledger.scope import Actor, PostView
from ledger.vocabulary import PaperKind, Role, RoundKind, UnitKind
from scheduler.recurring import open_recurring
from scheduler.sweep import Ground
from tests.scheduler.round_oracle import Told, months, weeks

CAMPAIGN = (
    ("plan", "2023-10-30 00:00", "2023-11-14 00:00"),
    ("mobilisation", "2023-11-01 00:00", "2023-11-16 00:00"),
    ("yearly", "2023-12-01 00:00", "2023-12-16 00:00"),
)
"""The directive's own rounds, counted by hand: ten working days before 13 and 15 November and 15 December."""
TEXTS = {
    **{"title": "清理处置意见", "responsible": "张三", "content": "如实填写。", "place": "会议室", "chair": "李四"},
    **{"attendee_count": "40", "trainer": "王五", "trainee_count": "30", "subjects": "政策", "confirmed": "true"},
    **{"measures": "按计划推进", "ledger_confirmed": "true", "annex4_confirmed": "true", "explanation": "正在补充"},
    **{"overview": "如实", "practice": "如实", "results": "如实", "problems": "如实", "plans": "如实"},
    **{"verdict": "accept", "truth": "true"},
}


@dataclass
class Year:
    """One county from `now` to `until`; `late` and `never` are how many of a hundred reports are so."""

    sessions: SessionFactory
    papers: Path
    county: County
    now: datetime
    until: date
    seed: int = 1
    late: int = 5
    never: int = 3
    passes: int = 0
    expected_late: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    expected_missing: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _events: list[tuple[datetime, int, str, int]] = field(default_factory=list)
    _serial: Iterator[int] = field(default_factory=count)

    def play(self) -> None:
        """Let the year pass; asserts at every closing who was late and who is missing."""
        random = Random(self.seed)
        first = datetime.combine(day_of(self.now), datetime.min.time(), SHANGHAI) + timedelta(minutes=1)
        for n in range((self.until - day_of(self.now)).days + 1):
            self._at(first + timedelta(days=n), "tick")
        known = 0
        while self._events:
            self.now, _, what, subject = heapq.heappop(self._events)
            if day_of(self.now) > self.until:
                break
            if what == "tick":
                self.passes += 2
                opened = sum(open_recurring(Ground(self.sessions, self.papers), self.moment) for _clock in range(2))
                if opened:
                    known = self._plan(random, known)
            elif what == "report":
                self._report(subject)
            elif what == "close":
                self._close(subject)
            else:
                self.other(what, subject)

    def other(self, what: str, subject: int) -> None:
        """Do what a longer play has besides."""
        raise NotImplementedError(what)

    def _at(self, at: datetime, what: str, subject: int = 0) -> None:
        heapq.heappush(self._events, (at, next(self._serial), what, subject))

    @property
    def moment(self) -> Moment:
        return Moment(self.now, self.now)

    def _plan(self, random: Random, known: int) -> int:
        """Say for each new round when its unit reports, and for each new period when it is closed."""
        with transaction(self.sessions, writes=False) as session:
            rows = session.scalars(select(UnitRound).where(UnitRound.id > known).order_by(UnitRound.id)).all()
            names = {unit.id: unit.short_name for unit in session.scalars(select(Unit))}
        for row in rows:
            period = (row.kind, row.occurrence)
            if period not in self.expected_late:
                self.expected_late[period], self.expected_missing[period] = set(), set()
                self._at(row.due_at + timedelta(days=3), "close", row.id)
            lot, span = random.randrange(100), row.due_at - self.now
            if lot < self.never:
                self.expected_missing[period].add(names[row.unit_id])
            elif lot < self.never + self.late:
                self.expected_late[period].add(names[row.unit_id])
                self._at(row.due_at + timedelta(minutes=random.randrange(1, 2000)), "report", row.id)
            else:
                self._at(self.now + span * random.uniform(0.01, 0.99), "report", row.id)
        return max((row.id for row in rows), default=known)

    def _report(self, round_id: int) -> None:
        """Do all of the unit's own steps of a round."""
        for _step in range(3):
            with transaction(self.sessions) as session:
                row = session.get_one(UnitRound, round_id)
                wanted = (RoundItem.round_id == round_id, RoundItem.completed_at.is_(None))
                item = session.scalars(select(RoundItem).where(*wanted)).one_or_none()
                if item is None or item.stem == "round_check":
                    return
                self._complete(self._acting(session, row.unit_id, item.role), item)

    def _complete(self, acting: Acting, item: RoundItem) -> None:
        shown = open_round_item(acting, item.id)
        posted = dict(shown.initial_posted)
        for _section, each in shown.form.fields():
            if each.type is FieldType.FILE and each.required:
                place = Place(PaperKind(each.kind), round_item_id=item.id, field=each.name)
                attach(
                    acting.session,
                    acting.papers,
                    File("a.pdf", "application/pdf", b"%PDF"),
                    place,
                    acting.actor,
                    self.now,
                )
            elif each.type is FieldType.DATE:
                posted[each.name] = [day_of(self.now).isoformat()]
            elif each.name in TEXTS and (each.name != "explanation" or shown.asked.about("gaps") == "yes"):
                posted[each.name] = [TEXTS[each.name]]
        if item.stem == "round_approval" and item.round.kind != RoundKind.YEARLY:
            posted.pop("truth", None)
        acting.session.flush()
        complete_round_item(acting, item.id, item.revision, posted)

    def _close(self, round_id: int) -> None:
        with transaction(self.sessions) as session:
            row = session.get_one(UnitRound, round_id)
            collector = self.county.office if row.kind == RoundKind.YEARLY else self.county.bureau
            period = Period(row.county_id, RoundKind(row.kind), row.occurrence)
            summary = close(self._acting(session, collector.id, Role.HANDLER), period, "")
            told = (set(summary.late), set(summary.missing))
        expected = (self.expected_late[row.kind, row.occurrence], self.expected_missing[row.kind, row.occurrence])
        assert told == expected, f"{row.title}: {told} is not {expected}"

    def _acting(self, session: object, unit_id: int, role: str) -> Acting:
        """Act as somebody with a post in the unit: who signs is another person than who fills in."""
        unit = session.get_one(Unit, unit_id)  # type: ignore[attr-defined]
        people = session.scalars(select(User.id).order_by(User.id).limit(2)).all()  # type: ignore[attr-defined]
        post = PostView(unit.id, unit.short_name, UnitKind(unit.kind), unit.path, unit.county_id, Role(role))
        user_id = people[1 if role == Role.SIGNER else 0]
        return Acting(session, Actor(user_id, "演练", (post,)), self.moment, self.papers)  # type: ignore[arg-type]

    def check(self, since: date) -> dict[str, int]:
        """Compare every round with the oracle: each once for each unit, opened and due when it says; none stuck."""
        with transaction(self.sessions, writes=False) as session:
            units = {unit.id for unit in reporting_units(session, self.county.county.id)}
            rows = session.scalars(select(UnitRound)).all()
            closed = session.scalars(select(RoundSummary)).all()
            open_items = session.scalars(select(RoundItem).where(RoundItem.completed_at.is_(None))).all()
        seen: dict[Told, set[int]] = {}
        for row in rows:
            name = row.kind if row.occurrence.startswith("campaign") else row.occurrence
            told = (name, f"{row.opened_at.astimezone(SHANGHAI):%Y-%m-%d}", _china(row.due_at))
            assert row.unit_id not in seen.setdefault(told, set()), f"{row.key} twice"
            seen[told].add(row.unit_id)
        began = day_of(min(row.opened_at for row in rows)).isoformat()
        wanted = [
            *weeks(since, self.until + timedelta(days=20)),
            *months(since, self.until + timedelta(days=20)),
            *CAMPAIGN,
        ]
        expected = {(name, max(opens[:10], began), due) for name, opens, due in wanted if opens[:10] <= str(self.until)}
        assert seen.keys() == expected, f"{sorted(seen.keys() ^ expected)}"
        assert all(each == units for each in seen.values())
        over = [item for item in open_items if item.created_at < self.now - timedelta(days=10)]
        missing = sum(map(len, self.expected_missing.values()))
        assert len(over) <= missing, "stuck"
        return {
            "units": len(units),
            "occurrences": len(seen),
            "rounds": len(rows),
            "closed": len(closed),
            "late": sum(map(len, self.expected_late.values())),
            "missing": missing,
            "clock_passes": self.passes,
            "stuck": 0,
        }


def _china(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
