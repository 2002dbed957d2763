"""项目推送 in parts (P1): each part is one transaction's grouped statements; a project that cannot start is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bpmn.casefile import Acting, NobodyThere
from bpmn.incidents import BROKEN_CASE
from bpmn.refusals import CannotStart
from bpmn.starting import start_cases
from ledger.campaigns import Campaign
from ledger.projects import Project

_REFUSALS = (CannotStart, NobodyThere, *BROKEN_CASE)


@dataclass(frozen=True)
class Failure:
    """A project that could not be pushed, and why."""

    project_id: int
    number: str
    name: str
    reason: str


@dataclass(frozen=True)
class Pushed:
    """What became of one part."""

    case_count: int
    failures: tuple[Failure, ...]


def push_part(acting: Acting, projects: Sequence[Project], campaign: Campaign) -> Pushed:
    """Start a case for each of `projects`; when one cannot start, each is tried by itself and the others do."""
    try:
        with acting.session.begin_nested():
            return Pushed(len(start_cases(acting, projects, campaign)), ())
    except _REFUSALS:
        return _one_by_one(acting, projects, campaign)


def _one_by_one(acting: Acting, projects: Sequence[Project], campaign: Campaign) -> Pushed:
    started, failures = 0, []
    for project in projects:
        told = (project.id, project.number, project.name)  # after a rollback the row would have to be read again
        try:
            with acting.session.begin_nested():
                started += len(start_cases(acting, [project], campaign))
        except _REFUSALS as refused:
            failures.append(Failure(*told, str(refused)))
    return Pushed(started, tuple(failures))
