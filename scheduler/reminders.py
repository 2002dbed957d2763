"""Reminders (T3): at each of a person's hours one message per channel gathers all that is due, overdue or new.

What a person was told, and when, stands in the outbox: a clock that was away for a day tells everything once, and two
clocks tell nothing twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from bpmn.publicity import Ending, periods_ending
from bpmn.step_reminders import StepDays, step_days
from ledger.db import ONE_DAY, SHANGHAI, SessionFactory, day_of, end_of_day, last_day, transaction
from ledger.deadlines import DueItem, Holder, NewItem, holders, items_due, items_new
from ledger.incidents import open_incidents
from ledger.message_choices import Reachable, hours_told, reachable
from ledger.message_texts import Wordings, wordings_of
from ledger.message_words import TextKind
from ledger.outbox import AT_ONCE, DIGEST, PAGE, Line, Notice, last_digests, post, told_at_once
from ledger.outbox import lines_of as message_lines
from ledger.reminder_rules import ReminderKind, Rule, RuleBook, Rules, rule_book
from ledger.round_dates import start_of_day
from ledger.round_lists import closing, round_items_due, round_items_new
from ledger.vocabulary import Role
from ledger.working_days import Calendar, load_calendar, missing_year
from scheduler.letters import body_of, subject_of
from scheduler.lines import DueLine, brief, day_text, kind_of_new, line_of, line_of_new

MEMORY = timedelta(days=15)  # how far back new items are told at all: longer than any holiday
SPREAD_WITHIN = timedelta(days=1)  # a clock that was away longer tells nobody of yesterday's urging


def hour_of(session: Session, now: datetime) -> int | None:
    """Return the latest of the day's hours that has come; None before the first and on days without work."""
    if not load_calendar(session).is_working(day_of(now)):
        return None
    return max((hour for hour in hours_told(session) if hour <= now.astimezone(SHANGHAI).hour), default=None)


def remind(sessions: SessionFactory, now: datetime, channels: Collection[str] = ()) -> int:
    """Write the messages of this hour and return how many are new; called again in the same hour it writes none."""
    with transaction(sessions) as session:
        if hour_of(session, now) is None:
            return 0
        round_ = gather(session, load_calendar(session), now)
        people = reachable(session, round_.people, (PAGE, *channels))
        return post(session, round_.notices(people.values(), (PAGE, *channels)), now)


def gather(session: Session, calendar: Calendar, now: datetime) -> Round:
    """Read what there is to tell at this moment, and to whom."""
    rules, texts, today, since = rule_book(session), wordings_of(session), day_of(now), now - MEMORY
    people = holders(session, (Role.HANDLER, Role.SIGNER, Role.SUPERVISOR, Role.SYSTEM_ADMIN), today)
    own = step_days(session)
    ahead = rules.farthest(ReminderKind.BEFORE), rules.farthest(ReminderKind.ROUND)
    until = _horizon(calendar, today, max(*ahead, *(day for days in own.values() for day in days)))
    items = [*items_due(session, until), *round_items_due(session, until)]
    due = told_to([line for item in items for line in lines_of(item, calendar, now, rules, own)], people, rules, texts)
    ending = periods_ending(session, _horizon(calendar, today, rules.farthest(ReminderKind.PUBLICITY)))
    heard = Hearing(calendar, today, rules.county, texts, people)
    for notes in (closing_notes(session, heard), notes_of(ending, heard), keepers_notes(session, heard)):
        for user_id, lines in notes.items():
            due.setdefault(user_id, []).extend(lines)
    return Round(
        now=now,
        rules=rules,
        texts=texts,
        due=due,
        new=[*items_new(session, since, now), *round_items_new(session, since, now)],
        holders=people,
        told=last_digests(session, since),
    )


def _horizon(calendar: Calendar, today: date, ahead: int) -> datetime:
    return end_of_day(calendar.period(today, ahead).end if ahead else today)


@dataclass(frozen=True)
class Hearing:
    """A day with its rules and words, and everybody who could be told."""

    calendar: Calendar
    today: date
    rules: Rules
    texts: Wordings
    people: Sequence[Holder]

    def posted(self, unit_id: int, role: Role) -> list[int]:
        """Return who holds a role in a unit."""
        return [person.user_id for person in self.people if (person.unit_id, person.role) == (unit_id, role)]


def notes_of(ending: Iterable[Ending], here: Hearing) -> dict[int, list[Told]]:
    """Return what the responsible units' 经办人 are told of publicity periods that end."""
    told: dict[int, list[Told]] = {}
    for each in ending:
        left = here.calendar.count(here.today, each.last_on)
        if left in here.rules[ReminderKind.PUBLICITY].days:
            values = {
                "项目": each.project_name,
                "项目简称": brief(each.project_name),
                "期限": day_text(each.last_on),
                "剩余": "今天期满" if left == 0 else f"还剩{left}个工作日期满",
                "暂定": "（工作日历未录入，暂定）" if each.provisional else "",
            }
            line = line_of(here.texts[TextKind.PUBLICITY], left, values)
            for user_id in here.posted(each.unit_id, Role.HANDLER):
                told.setdefault(user_id, []).append(Told(here.rules[ReminderKind.PUBLICITY], line))
    return told


def closing_notes(session: Session, here: Hearing) -> dict[int, list[Told]]:
    """Return what the bureau is told of rounds that ended since the last working day began: how many are in (R2)."""
    told: dict[int, list[Told]] = {}
    since = start_of_day(here.calendar.last_working_day(here.today - ONE_DAY))
    for bureau_id, title, count, missing in closing(session, since, start_of_day(here.today)):
        values = {"周期": title, "已报": str(count), "未报": str(missing)}
        line = line_of(here.texts[TextKind.ROUND_CLOSED], 0, values)
        for user_id in here.posted(bureau_id, Role.HANDLER):
            told.setdefault(user_id, []).append(Told(here.rules[ReminderKind.ROUND], line))
    return told


def keepers_notes(session: Session, here: Hearing) -> dict[int, list[Told]]:
    """Return what system administrators are told: a year without its calendar, incidents that wait for a person."""
    lines = []
    missing, failed = missing_year(here.calendar, here.today), len(open_incidents(session))
    if missing is not None:
        lines.append(
            Told(here.rules[ReminderKind.CALENDAR], line_of(here.texts[TextKind.CALENDAR], 0, {"年度": str(missing)}))
        )
    if failed:
        lines.append(
            Told(here.rules[ReminderKind.INCIDENT], line_of(here.texts[TextKind.INCIDENT], 0, {"条数": str(failed)}))
        )
    keepers = {person.user_id for person in here.people if person.role == Role.SYSTEM_ADMIN}
    return {user_id: list(lines) for user_id in keepers} if lines else {}


def spread(sessions: SessionFactory, now: datetime, channels: Collection[str]) -> int:
    """Write what the pages told at once for the other channels a person uses; returns how many are new."""
    with transaction(sessions) as session:
        told = told_at_once(session, now - SPREAD_WITHIN) if channels else ()
        people = reachable(session, {message.user_id for message in told}, channels)
        notices = [
            Notice(
                f"{message.dedupe_key}:{channel}",
                channel,
                message.user_id,
                message.subject,
                message.body,
                AT_ONCE,
                message_lines(message),
            )
            for message in told
            for channel in channels
            if message.user_id in people and people[message.user_id].wants(channel)
        ]
        return post(session, notices, now)


@dataclass(frozen=True)
class Told:
    """One line and the rule it is told by."""

    rule: Rule
    line: Line
    overdue_at: datetime | None = None  # of what is overdue: since when

    def stood(self, hour: datetime) -> bool:
        """Say whether it was so at an hour: what became overdue since waits for a person's next one."""
        return self.overdue_at is None or self.overdue_at <= hour


@dataclass(frozen=True)
class Round:
    """What there is to tell at one hour, and when each person was told last over each channel."""

    now: datetime
    rules: RuleBook
    texts: Wordings
    due: Mapping[int, Sequence[Told]]
    new: Sequence[NewItem]
    holders: Sequence[Holder]
    told: Mapping[tuple[int, str], datetime]
    came: dict[int, list[NewItem]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        at: dict[tuple[int, str], list[int]] = {}
        for person in self.holders:
            at.setdefault((person.unit_id, person.role), []).append(person.user_id)
        for item in self.new:
            for user_id in at.get((item.unit_id, item.role), ()):
                self.came.setdefault(user_id, []).append(item)

    @property
    def people(self) -> set[int]:
        return {*self.due, *self.came}

    def notices(self, people: Iterable[Reachable], channels: Sequence[str]) -> list[Notice]:
        """Return one message per person and channel whose hour has come and who has something to hear."""
        made = []
        for person in people:
            for channel in channels:
                lines = self.lines(person, channel) if person.wants(channel) else ()
                if lines:
                    made.append(self._notice(person, channel, lines))
        return made

    def lines(self, person: Reachable, channel: str) -> tuple[Line, ...]:
        """Return what a person is told now over a channel: what is due once a day, what is new once."""
        hour = self._hour(person, channel)
        last = self.told.get((person.user_id, channel))
        if hour is None or (last is not None and last >= hour):
            return ()
        first_today = last is None or day_of(last) < day_of(self.now)
        # what came after the person's hour waits for the next one, also where the hour itself had nothing to tell
        later = {item.about for item in self.new if item.created_at > hour}
        shown = self._due(person, channel) if first_today else ()
        due = [each.line for each in shown if _about(each.line) not in later and each.stood(hour)]
        told = {_about(line) for line in due}
        came = [
            line_of_new(item, self.texts[kind_of_new(item)])
            for item in self.came.get(person.user_id, ())
            if item.created_at <= hour and (last is None or item.created_at > last) and item.about not in told
            if self.rules.of(item.campaign_id)[ReminderKind.NEW].over(channel)
        ]
        return (*due, *came)

    def _due(self, person: Reachable, channel: str) -> Iterable[Told]:
        return (each for each in self.due.get(person.user_id, ()) if each.rule.over(channel))

    def _hour(self, person: Reachable, channel: str) -> datetime | None:
        """Return the latest of the person's hours today that has come."""
        local = self.now.astimezone(SHANGHAI)
        hour = max((hour for hour in person.hours.get(channel, ()) if hour <= local.hour), default=None)
        return None if hour is None else datetime.combine(local.date(), time(hour), SHANGHAI)

    def _notice(self, person: Reachable, channel: str, lines: tuple[Line, ...]) -> Notice:
        hour = self._hour(person, channel)
        key = f"{DIGEST}:{hour:%Y-%m-%dT%H}:{person.user_id}:{channel}"
        subject = subject_of(lines, self.texts[TextKind.DIGEST])
        return Notice(key, channel, person.user_id, subject, body_of(lines), DIGEST, lines)


def _about(line: Line) -> tuple[int, int]:
    """Return what a line speaks of; lines of no item speak of nothing that could be told twice."""
    return line.item_id, line.round_item_id


def lines_of(item: DueItem, calendar: Calendar, now: datetime, rules: RuleBook, own: StepDays) -> list[DueLine]:
    """Return what is to be said about an item today, by its step's own days or the rule's; nothing on days between."""
    usual = rules.of(item.campaign_id)[ReminderKind.ROUND if item.of_round else ReminderKind.BEFORE].days
    days = own.get((item.procedure_id, item.element), usual)
    moments = [(item.due_at, False)]
    if item.milestone_at is not None:
        moments.append((item.milestone_at, True))
    lines = []
    for moment, milestone in moments:
        day = last_day(moment)
        # an overdue day is counted in working days, and is at least one from the first working day after it
        left = calendar.count(day_of(now), day) if moment > now else -max(1, calendar.count(day, day_of(now)))
        if left < 0 or left in days:
            lines.append(DueLine(item, left, day, milestone))
    return lines


def told_to(
    lines: Iterable[DueLine], people: Sequence[Holder], rules: RuleBook, texts: Wordings
) -> dict[int, list[Told]]:
    """Return each person's lines: one's own items, and what is long overdue below a signer or supervisor."""
    posts: dict[tuple[int, str], list[int]] = {}
    for person in people:
        posts.setdefault((person.unit_id, person.role), []).append(person.user_id)
    supervisors = [person for person in people if person.role == Role.SUPERVISOR]
    told: dict[int, dict[DueLine, ReminderKind]] = {}
    for line in lines:
        for user_id, kind in _hearers(line, posts, supervisors, rules.of(line.item.campaign_id)):
            told.setdefault(user_id, {}).setdefault(line, kind)
    return {
        user_id: [
            Told(rules.of(line.item.campaign_id)[mine[line]], line.said(texts[TextKind(mine[line])]), line.overdue_at)
            for line in sorted(mine, key=lambda line: (line.left, line.day))
        ]
        for user_id, mine in told.items()
    }


def _hearers(
    line: DueLine, posts: Mapping[tuple[int, str], Sequence[int]], supervisors: Sequence[Holder], rules: Rules
) -> Iterator[tuple[int, ReminderKind]]:
    item, overdue = line.item, -line.left
    ahead = ReminderKind.ROUND if item.of_round else ReminderKind.BEFORE
    own = ReminderKind.OVERDUE if overdue > 0 else ahead
    yield from ((user_id, own) for user_id in posts.get((item.unit_id, item.role), ()))
    if overdue >= min(rules[ReminderKind.SIGNER].days):
        yield from ((user_id, ReminderKind.SIGNER) for user_id in posts.get((item.unit_id, Role.SIGNER), ()))
    if overdue >= min(rules[ReminderKind.SUPERVISOR].days):
        for person in supervisors:
            if item.unit_path.startswith(person.unit_path):
                yield person.user_id, ReminderKind.SUPERVISOR
