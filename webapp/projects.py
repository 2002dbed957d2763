"""项目台账: the register as a list one can search and filter, and a page per project."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.ledger_edits import edits_of
from ledger.projects import funding_of
from ledger.register import (
    EXITED,
    NOT_PUSHED,
    ProjectFilter,
    cases_of_project,
    classifications_of,
    latest_cases,
    register_page,
    responsible_units,
    visible_project,
)
from ledger.vocabulary import CaseStatus, Category, FundingSource, FundingTier, Level
from webapp.permissions import STAFF, allows
from webapp.project_facts import facts_of, telephone_text
from webapp.request import actor, ledger_session, row_number

bp = Blueprint("projects", __name__)
_PAGE = 20
STATES = (*((str(s), s.label) for s in CaseStatus), (NOT_PUSHED, "未推送"), (EXITED, "已退出"))


@bp.get("/projects")
@allows(STAFF)
def index() -> ResponseReturnValue:
    session, wanted = ledger_session(), _wanted()
    found, total = register_page(session, actor(), wanted, request.args.get("after", "")[:60], _PAGE + 1)
    shown = found[:_PAGE]
    older = None
    if len(found) > _PAGE:
        asked: dict[str, Any] = {**request.args.to_dict(), "after": shown[-1].number}
        older = url_for("projects.index", **asked)
    return render_template(
        "projects/index.html",
        projects=shown,
        total=total,
        older_url=older,
        wanted=wanted,
        units=responsible_units(session, actor()),
        cases=latest_cases(session, [project.id for project in shown]),
        statuses=CaseStatus,
        levels=Level,
        categories=Category,
        states=STATES,
    )


@bp.get("/projects/<int:project_id>")
@allows(STAFF)
def show(project_id: int) -> ResponseReturnValue:
    session = ledger_session()
    project = visible_project(session, actor(), project_id) or abort(404)
    return render_template(
        "projects/show.html",
        project=project,
        facts=facts_of(project, actor()),
        masked=telephone_text(project, actor()) != (project.telephone or ""),
        funding=funding_of(project),
        sources=FundingSource,
        tiers=FundingTier,
        cases=cases_of_project(session, project.id),
        classifications=classifications_of(session, project.id),
        statuses=CaseStatus,
        edits=edits_of(session, project.id),
    )


def _wanted() -> ProjectFilter:
    """Return the filter in the address; what is no filter value is left aside."""
    asked = request.args
    return ProjectFilter(
        text=asked.get("q", "")[:60].strip(),
        unit_id=asked.get("unit", type=row_number),
        category=asked.get("category", "") if asked.get("category") in set(Category) else "",
        level=asked.get("level", "") if asked.get("level") in set(Level) else "",
        state=asked.get("state", "") if asked.get("state") in dict(STATES) else "",
    )
