"""Rehearse a county's year: a database of its own, the export taken and pushed, every case driven to its end (issue 4).

The people are those of the demonstration, the decisions are made up, all else is the product: the deployed diagram and
its forms, the handlers, the runtime's acts and commits, the clock's sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy.orm import Session

from bpmn.casefile import Acting
from bpmn.deployment import deploy, shipped_bundle
from bpmn.rehearsal.desks import desks_of
from bpmn.rehearsal.driver import Rehearsal, Sweep, Tally
from bpmn.rehearsal.recount import disagreements
from bpmn.rehearsal.story import story_of
from bpmn.starting import PROCESS, start_cases
from bpmn.versions import Version, version_of
from forms.fields import FieldType
from ledger.campaigns import Campaign
from ledger.db import SessionFactory, transaction
from ledger.demonstration import BEGINS_AT, DIRECTIVE_YEAR, build_county
from ledger.imports import Row, assign, take, unassigned_projects
from ledger.incidents import open_incidents
from ledger.installation import found
from ledger.journal import Moment
from ledger.pending import unfinished
from ledger.people import Unit, anybody
from ledger.procedures import current_procedure
from ledger.projects import Project
from ledger.scope import CLOCK
from ledger.vocabulary import Level
from ledger.working_days import load_calendar, seed_calendar

_SHOWN_PROBLEMS = 200


class NotEmpty(ValueError):
    """预演须用一个空的数据库."""


@dataclass(frozen=True)
class Rehearsed:
    """What a rehearsal did; `problems` is empty when every case ended and every count agrees."""

    projects: int
    cases_finished: int
    transactions: int
    seconds: float
    timers_fired: int
    returns: int
    objections: int
    exits: int
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "seconds": round(self.seconds, 3), "problems": list(self.problems)}


@dataclass(frozen=True)
class Stage:
    """Where a rehearsal is played: an empty ledger with its schema, a folder for papers, the clock's sweep."""

    sessions: SessionFactory
    papers: Path
    sweep: Sweep


def begins_at(year: int) -> datetime:
    """Return the moment a rehearsal begins: the directive's day in `year`, 09:00."""
    return BEGINS_AT.replace(year=year)


def rehearse(stage: Stage, rows: Sequence[Row], year: int, seed: int, told: Callable[[int, int], None]) -> Rehearsed:
    """Play the whole procedure for every project of `rows`; `told` hears how many cases have ended, of how many.

    Raises NotEmpty for a ledger in which people or projects are. The same rows, year and seed give the same result.
    """
    now = begins_at(year if year else DIRECTIVE_YEAR)
    began = perf_counter()
    rehearsal, campaign_id = _push(stage, rows, now, seed)
    tally = rehearsal.run(lambda finished: told(finished, len(rehearsal.stories)))
    tally.seconds = perf_counter() - began
    return Rehearsed(
        projects=len(rows),
        cases_finished=tally.finished,
        transactions=tally.transactions,
        seconds=tally.seconds,
        timers_fired=tally.timers_fired,
        returns=tally.returns,
        objections=tally.objections,
        exits=tally.exits,
        problems=tuple(_problems(stage, campaign_id, tally)),
    )


def _push(stage: Stage, rows: Sequence[Row], now: datetime, seed: int) -> tuple[Rehearsal, int]:
    """Lay the county, take the rows, give each project its unit and push them all."""
    moment = Moment(now, now)
    with transaction(stage.sessions) as session:
        if anybody(session):
            raise NotEmpty("预演须用一个空的数据库，这个数据库里已有人员和项目")
        found(session, now, demonstration=True)
        seed_calendar(session)
        county = build_county(session, now, year=now.year)
        deploy(session, shipped_bundle(), "预演", now)
    with transaction(stage.sessions) as session:
        projects = take(session, county.county.id, rows, now)
        _assign_rest(session, county.county.id, list(county.townships.values()))
    with transaction(stage.sessions) as session:
        acting = Acting(session, CLOCK, moment, stage.papers)
        pushed = [session.get_one(Project, project.id) for project in projects]
        rehearsal = push(acting, pushed, session.get_one(Campaign, county.campaign.id), stage, seed)
    rehearsal.tally.transactions = 3
    return rehearsal, county.campaign.id


def push(acting: Acting, projects: Sequence[Project], campaign: Campaign, stage: Stage, seed: int) -> Rehearsal:
    """Start the projects' cases in the caller's transaction; returns their rehearsal, which begins now."""
    session = acting.session
    cases = start_cases(acting, projects, campaign)
    return Rehearsal(
        sessions=stage.sessions,
        papers=stage.papers,
        calendar=load_calendar(session),
        desks=desks_of(session, campaign.id),
        stories={case.id: story_of(seed, case.project.number) for case in cases},
        numbers={case.id: case.project.number for case in cases},
        units={case.id: case.project.responsible_unit_id or 0 for case in cases},
        meeting_fields=_meeting_fields(version_of(current_procedure(session, PROCESS))),
        sweep=stage.sweep,
        now=acting.now,
    )


def _meeting_fields(version: Version) -> dict[str, str]:
    """Return for each step whose form asks for a meeting the field that names it."""
    asked = ((stem, each) for stem, form in version.forms.items() for _section, each in form.fields())
    return {stem: each.name for stem, each in asked if each.type is FieldType.MEETING}


def _assign_rest(session: Session, county_id: int, townships: Sequence[Unit]) -> None:
    """Give what the export's words match to no unit to the townships in turn, as the bureau would by telephone."""
    for n, project in enumerate(unassigned_projects(session, county_id)):
        assign(project, townships[n % len(townships)], Level(project.level or Level.TOWNSHIP))


def _problems(stage: Stage, campaign_id: int, tally: Tally) -> list[str]:
    """Return everything that went wrong: refused steps, cases left behind, incidents, counts that disagree."""
    problems = list(tally.problems)
    with transaction(stage.sessions, writes=False) as session:
        problems += [f"{number} 没有办结" for _case_id, number in unfinished(session, campaign_id)]
        problems += [f"异常：{incident.cause}" for incident in open_incidents(session)]
        problems += disagreements(session)
    return problems[:_SHOWN_PROBLEMS]


__all__ = ["NotEmpty", "Rehearsed", "Stage", "begins_at", "push", "rehearse"]
