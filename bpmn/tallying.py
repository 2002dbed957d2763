"""Renew the tallies of the process map and the boards: what every changed project counts for now.

A phase is counted like a step: a case stands in it while it stands at anything inside, and has passed it once it has
left it again, from the first arrival to the last thing done there. Working time is told in working days as 流转记录
tells it: the day of arrival is not counted (当日办结 is 0), nor are the days a case was suspended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from bpmn.engine import Diagram
from bpmn.versions import version_of_case
from ledger.cases import Case
from ledger.db import SHANGHAI, SessionFactory, day_of, transaction
from ledger.projects import Project, funding_of
from ledger.tallies import (
    NEVER,
    NO_DISPOSAL,
    NOT_BEGUN,
    RESTING,
    SOURCES,
    CaseShare,
    Place,
    Shares,
    Tallied,
    add_sums,
    differences,
    forget_revisions,
    keep_rates,
    mark_of,
    place_archive,
    place_cases,
    place_money,
    take_mark,
)
from ledger.tally_sources import (
    MOST_AT_ONCE,
    Source,
    Stay,
    UnitPlace,
    changed_projects,
    sources_of,
    state_of,
    uncounted_projects,
    unit_places,
    written_shares,
)
from ledger.vocabulary import CaseStatus, UnitKind
from ledger.working_days import Calendar, load_calendar

BATCH = 200  # projects in one transaction: a person's step waits for no more than these
_DISPOSAL = "disposal"
_ATTRIBUTED = SOURCES[:-1]


@dataclass(frozen=True)
class Reckoning:
    """How the working time of one case is told: without the days it was suspended."""

    calendar: Calendar
    rests: Sequence[tuple[date, date]]

    def passage(self, element: str, began_at: datetime, done_at: datetime) -> tuple[str, int, int]:
        """Return element, month (202311) and working days of something done."""
        ended = done_at.astimezone(SHANGHAI)
        days = self.calendar.spent(day_of(began_at), ended.date(), self.rests)
        return element, ended.year * 100 + ended.month, days


def renew_tallies(sessions: SessionFactory, now: datetime, going_on: Callable[[], bool] = lambda: True) -> int:
    """Count every changed project anew; returns how many there were. Of several clocks one does it at a time."""
    with transaction(sessions, writes=False) as session:
        mark, state = mark_of(session), state_of(session)
        if mark is not None and (mark.entry_id, mark.calendar_revision, day_of(mark.renewed_at)) == (
            *state,
            day_of(now),
        ):
            return 0
    with transaction(sessions) as session:
        mark, state = take_mark(session, now), state_of(session)
        if mark.calendar_revision != state.calendar_revision:
            forget_revisions(session)
            mark.calendar_revision = state.calendar_revision
            mark.entry_id = min(mark.entry_id, state.entry_id - 1)  # behind, until everything is counted again
        changed = changed_projects(session, mark.entry_id)
    count = 0
    while changed:
        for begin in range(0, len(changed), BATCH):
            if not going_on():
                return count
            part = changed[begin : begin + BATCH]
            _renew(sessions, now, part)
            count += len(part)
        if len(changed) < MOST_AT_ONCE:
            break
        with transaction(sessions, writes=False) as session:
            changed = uncounted_projects(session)
    with transaction(sessions) as session:
        mark = take_mark(session, now)
        if mark.entry_id == 0 or day_of(mark.renewed_at) != day_of(now):
            keep_rates(session, day_of(now), None)
        mark.entry_id, mark.renewed_at = max(mark.entry_id, state.entry_id), now
    return count


def _renew(sessions: SessionFactory, now: datetime, project_ids: Sequence[int]) -> None:
    """Put what these projects count for now in place of what they counted for, in one transaction."""
    with transaction(sessions) as session:
        take_mark(session, now)
        places, calendar = unit_places(session), load_calendar(session)
        before = written_shares(session, project_ids)
        known = [row.shares for row in before.values()]
        fresh, cases = list[Mapping[str, object]](), list[CaseShare]()
        archives: dict[int, tuple[str, str] | None] = {}
        money: dict[int, Sequence[Decimal]] = {}
        for source in sources_of(session, project_ids):
            shares = shares_of(source, places, calendar)
            written = shares.written()
            fresh.append(written)
            cases += shares.cases
            archives[source.project.id], money[source.project.id] = shares.archive, shares.money
            row = before.get(source.project.id)
            if row is None:
                session.add(Tallied(project_id=source.project.id, revisions=source.revisions, shares=written))
            else:
                row.revisions, row.shares = source.revisions, written
        sums = differences(known, fresh)
        add_sums(session, sums)
        place_cases(session, cases)
        place_archive(session, archives)
        place_money(session, money)
        touched = {key[0] for keyed in sums.values() for key in keyed}
        keep_rates(session, day_of(now), sorted(touched))


def shares_of(source: Source, places: Mapping[int, UnitPlace], calendar: Calendar) -> Shares:
    """Return what a project with its cases counts for."""
    project = source.project
    funding = funding_of(project)
    known = [sum(funding.get(each, {}).values(), Decimal(0)) for each in _ATTRIBUTED]
    cases = tuple(
        _case_share(case, stays, Reckoning(calendar, source.rests.get(case.id, ()))) for case, stays in source.cases
    )
    return Shares(
        areas=tuple(areas_of(project, places)),
        category=project.category or "",
        operation=project.operation or "",
        linkage=project.linkage or "",
        exited=project.exited_on is not None,
        progress=_progress(project, cases),
        money=(*known, project.funding_total_yuan - sum(known, Decimal(0))),
        cases=cases,
        archive=source.archive,
    )


def areas_of(project: Project, places: Mapping[int, UnitPlace]) -> Iterator[tuple[int, int]]:
    """Yield the areas a project lies in, each with the part of it: who runs it in a county, which village in a town."""
    held = (project.county_id, project.responsible_unit_id, project.township_id, project.village_id)
    areas = {int(each) for unit in held if unit is not None for each in places[unit].path.strip("/").split("/")}
    parts = {
        UnitKind.CITY: project.county_id,
        UnitKind.COUNTY: project.responsible_unit_id,
        UnitKind.TOWNSHIP: project.village_id,
        UnitKind.VILLAGE: None,
    }
    for area in sorted(areas):
        yield area, parts.get(UnitKind(places[area].kind), project.township_id) or 0


def _progress(project: Project, cases: Sequence[CaseShare]) -> int:
    if project.progress_percent is not None:
        return project.progress_percent // 10
    waits = any(place.element == _DISPOSAL for case in cases for place in case.standing)
    return NOT_BEGUN if waits else NO_DISPOSAL


def _case_share(case: Case, stays: Sequence[Stay], reckoning: Reckoning) -> CaseShare:
    diagram = version_of_case(case).diagram
    around = {stay.element: tuple(around_of(diagram, stay.element)) for stay in stays}
    standing = _standing(stays, around, resting=case.status == CaseStatus.SUSPENDED)
    passed = Counter[tuple[str, int, int]]()
    inside: dict[str, list[Stay]] = {}
    for stay in stays:
        if stay.done_at is not None:
            passed[reckoning.passage(stay.element, stay.began_at, stay.done_at)] += 1
            for phase in around[stay.element]:
                inside.setdefault(phase, []).append(stay)
    here = {place.element for place in standing}
    for phase, past in inside.items():
        if phase not in here:
            ended_at = max(stay.done_at for stay in past if stay.done_at is not None)
            passed[reckoning.passage(phase, min(stay.began_at for stay in past), ended_at)] += 1
    return CaseShare(
        case_id=case.id,
        campaign_id=case.campaign_id,
        procedure_id=case.procedure_id,
        status=case.status,
        standing=standing if case.ended_at is None else (),
        passed=tuple((*key, count) for key, count in sorted(passed.items())),
    )


def around_of(diagram: Diagram, element: str) -> Iterator[str]:
    """Yield the phases an element stands in, the innermost first; nothing for one this version does not have."""
    known = diagram.elements.get(element)
    while known is not None and known.parent is not None:
        yield known.parent
        known = diagram.elements.get(known.parent)


def _standing(stays: Iterable[Stay], around: Mapping[str, Sequence[str]], *, resting: bool) -> tuple[Place, ...]:
    """Return where a case stands; nothing in a suspended one is overdue."""
    waiting: dict[str, list[Stay]] = {}
    for stay in stays:
        if stay.done_at is None:
            for element in (stay.element, *around[stay.element]):
                waiting.setdefault(element, []).append(stay)
    return tuple(
        Place(
            element,
            RESTING if resting else min(stay.due_at or NEVER for stay in found),
            min(stay.began_at for stay in found),
        )
        for element, found in sorted(waiting.items())
    )
