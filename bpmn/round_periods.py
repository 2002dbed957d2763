"""A period of the county's rounds (R2, R3): open what is due, back-fill what was missed, chase, close, set another day.

Who collects a kind of report keeps its periods: the leading group's office the yearly one, the bureau all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bpmn.casefile import Acting
from bpmn.refusals import ActRefused, NotYours
from bpmn.round_papers import file_summary
from bpmn.rounds import complete_round_item, open_rounds
from ledger.db import ONE_DAY, day_of
from ledger.journal import Act
from ledger.message_texts import wordings_of
from ledger.message_words import TextKind
from ledger.outbox import AT_ONCE, PAGE, Notice, post
from ledger.people import Unit
from ledger.round_dates import Occurrence
from ledger.round_figures import total_of
from ledger.round_lists import coming_dues, handlers_of, items_waiting, rounds_of, summaries_of
from ledger.rounds import (
    RoundDate,
    RoundPause,
    RoundSummary,
    UnitRound,
    keep_date,
    key_of,
    occurrences,
    opened_keys,
    paused_kinds,
    reporting_units,
)
from ledger.snapshots import Wanted, prepare, take_snapshot
from ledger.taking import unit_by_id
from ledger.vocabulary import Role, RoundKind, SnapshotKind, UnitKind
from ledger.working_days import Calendar, load_calendar
from ledger.writing import record

LOOK_AHEAD = timedelta(days=60)  # a round opens at most 10 working days before it is due
CHECK = "round_check"
_REASON_LIMIT = 200


@dataclass(frozen=True)
class Period:
    """One occurrence of a county by its names."""

    county_id: int
    kind: RoundKind
    occurrence: str


def open_due(acting: Acting, county_id: int) -> int:
    """Open what is open now for every unit that has none yet; returns how many rounds are new.

    What was due already is left to a person: a clock that was away does not make a round nobody could do in time.
    """
    return sum(open_rounds(acting, each, units) for each, units in due_now(acting, county_id))


def due_now(acting: Acting, county_id: int) -> list[tuple[Occurrence, Sequence[Unit]]]:
    """Return the occurrences open now with the units that have no round of it yet."""
    session, today = acting.session, day_of(acting.now)
    coming = occurrences(session, county_id, load_calendar(session), today, today + LOOK_AHEAD)
    found = [each for each in coming if each.is_open(acting.now)]
    return _lacking(acting, county_id, found) if found else []


def missed(acting: Acting, county_id: int, since: datetime) -> list[tuple[Occurrence, Sequence[Unit]]]:
    """Return the occurrences due since a moment for which some units have no round."""
    session = acting.session
    past = occurrences(session, county_id, load_calendar(session), day_of(since), day_of(acting.now))
    found = [each for each in past if each.due_at <= acting.now]
    return _lacking(acting, county_id, found) if found else []


def _lacking(acting: Acting, county_id: int, found: Sequence[Occurrence]) -> list[tuple[Occurrence, Sequence[Unit]]]:
    units = reporting_units(acting.session, county_id)
    known = opened_keys(acting.session, [key_of(each, unit.id) for each in found for unit in units])
    lacking = [(each, [unit for unit in units if key_of(each, unit.id) not in known]) for each in found]
    return [(each, left) for each, left in lacking if left]


def backfill(acting: Acting, period: Period, since: datetime) -> int:
    """Open a missed occurrence after its due moment for who has none (补报); raises NotYours, ActRefused."""
    require_collector(acting, period)
    for occurrence, units in missed(acting, period.county_id, since):
        if (occurrence.kind, occurrence.name) == (period.kind, period.occurrence):
            return open_rounds(acting, occurrence, units, backfilled=True)
    raise ActRefused("这一期不存在，或各单位都已开启")


def chase(acting: Acting, period: Period) -> int:
    """Urge every unit that has not reported, once a day (催办); returns how many units were told now.

    Raises NotYours, ActRefused.
    """
    require_collector(acting, period)
    rows = [row for row in _rows(acting, period) if row.submitted_at is None]
    people = handlers_of(acting.session, [row.unit_id for row in rows])
    told = [(row, user_id) for row in rows for user_id in people.get(row.unit_id, ())]
    key = f"round_chase:{day_of(acting.now)}"
    text = wordings_of(acting.session)[TextKind.CHASE]
    words = {row.id: text.filled(周期=row.title, 单位=row.unit.short_name) for row in rows}
    notices = [Notice(f"{key}:{row.id}:{user_id}", PAGE, user_id, *words[row.id], AT_ONCE) for row, user_id in told]
    post(acting.session, notices, acting.now)
    names = [row.unit.short_name for row in rows]
    _record(acting, "round_chased", period, {"units": names})
    return len(rows)


def close(acting: Acting, period: Period, note: str) -> RoundSummary:
    """Close a period: what was handed in is taken in, who is late or missing is written down with the county's total.

    Closed again later, it gets a new number and counts what came meanwhile. Raises NotYours, ActRefused.
    """
    require_collector(acting, period)
    if len(note) > _REASON_LIMIT:
        raise ActRefused(f"情况说明最多{_REASON_LIMIT}字")
    rows = _rows(acting, period, lock=True)
    if rows[0].due_at > acting.now:
        raise ActRefused("还没有到截止时间，不能关闭")
    handed_in = [row for row in rows if row.submitted_at is not None]
    for item in items_waiting(acting.session, [row.id for row in handed_in]):
        if item.stem == CHECK:
            complete_round_item(acting, item.id, item.revision, {"verdict": ["accept"]})
    known = summaries_of(acting.session, period.county_id, period.kind, period.occurrence)
    summary = RoundSummary(
        county_id=period.county_id,
        kind=str(period.kind),
        occurrence=period.occurrence,
        number=len(known) + 1,
        title=rows[0].title,
        due_at=rows[0].due_at,
        figures=total_of(row.figures or {} for row in handed_in),
        late=[row.unit.short_name for row in handed_in if row.late],
        missing=[row.unit.short_name for row in rows if row.submitted_at is None],
        note=note,
        closed_at=acting.now,
        closed_by_id=acting.actor.user_id,
    )
    acting.session.add(summary)
    acting.session.flush()
    signed = unit_by_id(acting.session, _collector(acting, period))
    assert signed is not None  # who acts holds a post in it
    file_summary(acting, summary, rows, signed)
    if period.kind is RoundKind.MONTHLY:
        _keep_state(acting, summary)
    told = {"number": summary.number, "late": summary.late, "missing": summary.missing}
    _record(acting, "round_closed", period, told)
    return summary


def _keep_state(acting: Acting, summary: RoundSummary) -> None:
    """Keep the county's ledger and statistics as the month was closed with (R3)."""
    key = f"round {summary.occurrence} {summary.number}"
    wanted = Wanted(SnapshotKind.ROUND, day_of(acting.now), key, summary.title)
    prepared = prepare(acting.session, summary.county_id)
    take_snapshot(acting.session, summary.county_id, wanted, prepared, acting.actor, acting.moment)


def set_due(acting: Acting, occurrence: Occurrence, county_id: int, due_at: datetime, reason: str) -> None:
    """Give a week another due moment, open rounds included (R2: “unless the bureau sets another”).

    It must lie on a working day between its neighbours' due moments, and not be past. Raises NotYours, ActRefused.
    """
    period = Period(county_id, occurrence.kind, occurrence.name)
    require_collector(acting, period)
    if not reason or len(reason) > _REASON_LIMIT:
        raise ActRefused(f"请写明调整理由，最多{_REASON_LIMIT}字")
    calendar = load_calendar(acting.session)
    if due_at <= acting.now or not calendar.is_working(day_of(due_at)):
        raise ActRefused("新的截止时间应在今后的工作日")
    day = day_of(occurrence.due_at)
    around = occurrences(acting.session, county_id, calendar, day - 21 * ONE_DAY, day + 21 * ONE_DAY)
    for other in (each for each in around if each.kind is RoundKind.WEEKLY and each.name != occurrence.name):
        if (other.due_at < occurrence.due_at) != (other.due_at < due_at) or other.due_at == due_at:
            raise ActRefused(f"新的截止时间应在前后两期之间，与“{other.title}”冲突")
    keep_date(acting.session, RoundDate(county_id=county_id, occurrence=occurrence.name, due_at=due_at, reason=reason))
    moved = move_open(acting, period, due_at)
    told = {"before": occurrence.due_at.isoformat(), "after": due_at.isoformat(), "reason": reason, "moved": moved}
    _record(acting, "round_due_set", period, told)


def move_open(acting: Acting, period: Period, due_at: datetime) -> int:
    """Give an occurrence's rounds another due moment; the steps that were due with them move along."""
    rows = rounds_of(acting.session, period.county_id, period.kind, period.occurrence, lock=True)
    for item in items_waiting(acting.session, [row.id for row in rows]):
        if item.due_at == item.round.due_at:
            item.due_at = due_at
    for row in rows:
        row.due_at = due_at
    acting.session.flush()
    return len(rows)


def realign(acting: Acting, county_id: int, calendar: Calendar) -> int:
    """Move the rounds not due yet to where calendar and campaigns now say; returns how many rounds moved.

    For an act that changes either: a year's calendar entered, a campaign's dates set anew.
    """
    today = day_of(acting.now)
    said = {
        (str(each.kind), each.name): each.due_at
        for each in occurrences(acting.session, county_id, calendar, today, today + 2 * LOOK_AHEAD)
    }
    moved = 0
    for kind, name, due_at in coming_dues(acting.session, county_id, acting.now):
        after = said.get((kind, name), due_at)
        if after != due_at:
            moved += move_open(acting, Period(county_id, RoundKind(kind), name), after)
    return moved


def pause(acting: Acting, county_id: int, kind: RoundKind, *, paused: bool) -> None:
    """Stop or go on holding a kind of round in a county; what is open stays. Raises NotYours."""
    require_collector(acting, Period(county_id, kind, ""))
    if paused == (kind in paused_kinds(acting.session, county_id)):
        return
    if paused:
        acting.session.add(RoundPause(county_id=county_id, kind=str(kind)))
    else:
        acting.session.delete(acting.session.get_one(RoundPause, (county_id, str(kind))))
    states = ["自动开启", "停止自动开启"]
    told: dict[str, object] = {"changes": {"state": states if paused else states[::-1]}}
    _record(acting, "round_paused" if paused else "round_held", Period(county_id, kind, ""), told)


def may_collect(acting: Acting, period: Period) -> bool:
    """Say whether who acts collects these reports."""
    kind = UnitKind.OFFICE if period.kind is RoundKind.YEARLY else UnitKind.BUREAU
    return any(
        post.role is Role.HANDLER and post.unit_kind is kind and post.county_id == period.county_id
        for post in acting.actor.posts
    )


def require_collector(acting: Acting, period: Period) -> None:
    if not may_collect(acting, period):
        who = UnitKind.OFFICE if period.kind is RoundKind.YEARLY else UnitKind.BUREAU
        raise NotYours(f"“{period.kind.label}”由{who.label}汇总")


def _collector(acting: Acting, period: Period) -> int:
    kind = UnitKind.OFFICE if period.kind is RoundKind.YEARLY else UnitKind.BUREAU
    return next(post.unit_id for post in acting.actor.posts if post.unit_kind is kind)


def _rows(acting: Acting, period: Period, *, lock: bool = False) -> list[UnitRound]:
    rows = rounds_of(acting.session, period.county_id, period.kind, period.occurrence, lock=lock)
    if not rows:
        raise ActRefused("这一期还没有开启")
    return rows


def _record(acting: Acting, name: str, period: Period, detail: dict[str, object]) -> None:
    told = {"county": period.county_id, "kind": str(period.kind), "occurrence": period.occurrence, **detail}
    record(acting.session, acting.moment, acting.actor, Act(name, detail=told))
