"""Start cases: one per project pushed in a campaign, with every variable a condition may ask for already set (P1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bpmn.casefile import CONSULTED, Acting, CaseFile, Places, Stood, key_of, surroundings_of
from bpmn.engine import Run
from bpmn.moving_on import Sender, journal, save, scalars
from bpmn.refusals import CannotStart
from bpmn.versions import pins_for, version_of
from ledger.asking import GROUPED
from ledger.campaigns import Campaign, hold_campaign
from ledger.cases import Case, projects_under_way
from ledger.people import units_of_kind
from ledger.procedures import Pins, Procedure, current_procedure
from ledger.projects import Project
from ledger.starts import beginning_of
from ledger.taking import add_row
from ledger.vocabulary import CaseStatus, UnitKind
from ledger.working_days import Calendar, load_calendar
from ledger.writing import write_many, write_rows

PROCESS = "four_batches"


def start_case(acting: Acting, project: Project, campaign: Campaign) -> Case:
    """Start the procedure for one project; CannotStart when it has no unit or is under way in this campaign."""
    started = start_cases(acting, [project], campaign)
    if not started:
        raise CannotStart(f"项目“{project.name}”在本批次已有流程")
    return started[0]


def start_cases(acting: Acting, projects: Sequence[Project], campaign: Campaign) -> list[Case]:
    """Start one case per project; those under way in this campaign are left out, so a push can be resumed (P1)."""
    nowhere = [project.name for project in projects if project.responsible_unit_id is None]
    if nowhere:
        raise CannotStart(f"项目“{'”“'.join(nowhere)}”还没有责任单位")
    if len(projects) == 1 and GROUPED not in acting.session.info:
        return _start_one(acting, projects[0], campaign)
    hold_campaign(acting.session, campaign.id)
    under_way = projects_under_way(acting.session, campaign.id, [project.id for project in projects])
    fresh = [project for project in projects if project.id not in under_way]
    if not fresh:
        return []
    procedure = current_procedure(acting.session, PROCESS)
    ground = Ground(procedure, pins_for(acting.session, procedure), campaign, load_calendar(acting.session))
    reviewers = {
        county_id: [unit.id for unit in units_of_kind(acting.session, county_id, (UnitKind.REVIEWER,))]
        for county_id in {project.county_id for project in fresh}
    }
    files = [_begin(acting, project, ground, reviewers[project.county_id]) for project in fresh]
    acting.session.flush()  # the ORM is the better one for many of one kind
    for file in files:
        _note_start(file)
    write_many(acting.session)
    return [file.case for file in files]


def _start_one(acting: Acting, project: Project, campaign: Campaign) -> list[Case]:
    session = acting.session
    found = beginning_of(session, project, campaign.id, PROCESS)
    if found.under_way:
        return []
    ground = Ground(found.procedure, pins_for(session, found.procedure), campaign, found.calendar)
    file = _begin(acting, project, ground, found.reviewers)
    file.places = Places(session, project, found.units)
    write_rows(session)
    _note_start(file)
    write_rows(session)
    return [file.case]


def _note_start(file: CaseFile) -> None:
    """Write what a case that has its number calls for first."""
    new = save(file, Sender(file.acting.signature))
    pinned = {"procedure": file.case.procedure.sha256, "callees": file.case.callees}
    journal(file, "start", {"variables": scalars(file.run.variables), **pinned}, new=new)


@dataclass(frozen=True)
class Ground:
    """What all cases of one push have in common."""

    procedure: Procedure
    callees: Pins | None
    campaign: Campaign
    calendar: Calendar


def _begin(acting: Acting, project: Project, ground: Ground, reviewers: Sequence[int]) -> CaseFile:
    version = version_of(ground.procedure, ground.callees)
    columns = {
        "project": project,
        "project_id": project.id,
        "campaign": ground.campaign,
        "campaign_id": ground.campaign.id,
        "procedure": ground.procedure,
        "procedure_id": ground.procedure.id,
        "callees": ground.callees,
        "status": CaseStatus.RUNNING,
        "round": 1,
        "started_at": acting.now,
        "started_by_id": acting.actor.user_id,
        "state": b"",  # until the run has one
    }
    case = add_row(acting.session, Case, columns)
    around = surroundings_of(acting, case, ground.calendar, version)
    run = Run.start(version.diagram, starting_variables(project, reviewers), around)
    around.counting.variables = run.variables
    key = key_of(acting.session, case)
    case.state = run.dump(key)
    file = CaseFile(acting, case, ground.calendar, version, around, run, Stood(), key)
    file.items = []  # nothing to read yet
    return file


def starting_variables(project: Project, reviewers: Sequence[int]) -> dict[str, Any]:
    """Return every published variable with its value at the start, so that no condition meets an unset name."""
    unset = ("suggested_category", "category", "previous_category", "verdict", "amount_yuan", "business_unit")
    dates = ("unit_posted_on", "site_posted_on", "plan_due_on", "exit_due_on")
    truths = ("approved", "needs_assessment", "objection_open", "objection_upheld", "exit_proposed", "exit_decided")
    more_truths = ("write_off_proposed", "write_off_approved", "reached")
    return {
        **dict.fromkeys((*unset, *dates), None),
        **dict.fromkeys((*truths, *more_truths), False),
        "level": project.level,
        "round": 1,
        "reviewing_bodies": list(reviewers),
        "consulted": list(CONSULTED),
    }
