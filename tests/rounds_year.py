"""A rehearsed year of rounds: clocks pass by, units report in time, late or never, who collects closes each period.

What is opened and due is compared with `tests.scheduler.round_oracle`, an independent calendar program.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import count
from pathlib import Path
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from bpmn.casefile import Acting
from bpmn.round_periods import Period, close
from bpmn.rounds import complete_round_item, open_round_item
from forms.definition import FieldType
from ledger.db import SHANGHAI, SessionFactory, day_of, transaction
from ledger.demonstration import County
from ledger.journal import Moment
from ledger.papers import File, Place, attach
from ledger.people import Unit, User
from ledger.projects import Project
from ledger.rounds import RoundItem, RoundSummary, UnitRound
from ledger.scope import Actor, PostView
from ledger.vocabulary import PaperKind, Role, RoundKind, UnitKind
from scheduler.recurring import open_recurring
from scheduler.sweep import Ground
from tests.scheduler.round_oracle import Told, months, weeks
from tests.stuck import stuck

FIRST_WEEK = date(2023, 11, 13)  # rounds are held from the campaign's first day
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
    _known: int = 0  # newest round planned
    _opened: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)
    """Which occurrence which unit must have, and since which day."""

    @cached_property
    def _random(self) -> Random:
        return Random(self.seed)

    def play(self) -> None:
        """Let the year pass; asserts at every closing who was late and who is missing."""
        first = datetime.combine(day_of(self.now), datetime.min.time(), SHANGHAI) + timedelta(minutes=1)
        for n in range((self.until - day_of(self.now)).days + 1):
            self._at(self.woken_at(first + timedelta(days=n)), "tick")
        while self._events:
            self.now, _, what, subject = heapq.heappop(self._events)
            if day_of(self.now) > self.until:
                break
            self.meanwhile()
            if what == "tick":
                self._expect()
                self.passes += 2
                if self.tick():
                    self._plan()
            elif what == "report":
                self._report(subject)
            elif what == "close":
                self._close(subject)
            else:
                self.other(what, subject)

    def _expect(self) -> None:
        """Note which unit has to have which round open now: towns, and who else runs a project today."""
        now, today = _china(self.now), f"{self.now.astimezone(SHANGHAI):%Y-%m-%d}"
        with transaction(self.sessions, writes=False) as session:
            runs = set(session.scalars(select(Project.responsible_unit_id)))
            units = session.execute(select(Unit.id, Unit.kind)).all()
        reports = [unit_id for unit_id, kind in units if kind == "township" or unit_id in runs]
        for name, opens, due in self._oracle:
            if opens <= now < due:
                self._opened.setdefault((name, due), {}).update(
                    {unit_id: today for unit_id in reports if unit_id not in self._opened.get((name, due), {})}
                )

    @cached_property
    def _oracle(self) -> list[Told]:
        end = self.until + timedelta(days=20)
        return [*weeks(FIRST_WEEK, end), *months(FIRST_WEEK, end), *CAMPAIGN]

    def woken_at(self, midnight: datetime) -> datetime:
        """Return when the schedulers pass that are to pass after midnight."""
        return midnight

    def meanwhile(self) -> None:
        """Do what falls before now in a longer play."""

    def tick(self) -> int:
        """Let two schedulers pass; returns how many rounds they opened."""
        return sum(open_recurring(Ground(self.sessions, self.papers), self.moment) for _clock in range(2))

    def other(self, what: str, subject: int) -> None:
        """Do what a longer play has besides."""
        raise NotImplementedError(what)

    def _at(self, at: datetime, what: str, subject: int = 0) -> None:
        heapq.heappush(self._events, (at, next(self._serial), what, subject))

    @property
    def moment(self) -> Moment:
        return Moment(self.now, self.now)

    def _plan(self) -> None:
        """Say for each new round when its unit reports, and for each new period when it is closed."""
        random, known = self._random, self._known
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
        self._known = max((row.id for row in rows), default=known)

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

    def check(self) -> dict[str, int]:
        """Compare every round with the oracle: each once for each unit, opened and due when it says; none stuck."""
        with transaction(self.sessions, writes=False) as session:
            rows = session.scalars(select(UnitRound).options(joinedload(UnitRound.unit))).all()
            closed = session.scalars(select(RoundSummary)).all()
            still = stuck(session, self.now)
        seen: dict[tuple[str, str], dict[int, str]] = {}
        for row in rows:
            name = row.kind if row.occurrence.startswith("campaign") else row.occurrence
            units = seen.setdefault((name, _china(row.due_at)), {})
            assert row.unit_id not in units, f"{row.key} twice"
            units[row.unit_id] = f"{row.opened_at.astimezone(SHANGHAI):%Y-%m-%d}"
        wrong = sorted(each for each in {*seen, *self._opened} if seen.get(each) != self._opened.get(each))
        assert wrong == [], f"{wrong}: {[(seen.get(each), self._opened.get(each)) for each in wrong[:2]]}"
        self._check_open(rows, closed)
        assert still == [], f"stuck: {still}"
        return {
            "units": len({row.unit_id for row in rows}),
            "occurrences": len(seen),
            "rounds": len(rows),
            "closed": len(closed),
            "late": sum(map(len, self.expected_late.values())),
            "missing": sum(map(len, self.expected_missing.values())),
            "clock_passes": self.passes,
            "stuck": len(still),
        }

    def _check_open(self, rows: Sequence[UnitRound], closed: Sequence[RoundSummary]) -> None:
        """Of a period that is closed nobody's report is open but that of who never reported."""
        periods = {(each.kind, each.occurrence) for each in closed}
        left = {(each, unit) for each in periods for unit in self.expected_missing[each]}
        still = [row for row in rows if row.ended_at is None and (row.kind, row.occurrence) in periods]
        assert {((row.kind, row.occurrence), row.unit.short_name) for row in still} == left


def _china(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
