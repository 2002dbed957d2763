"""统计表、台账和归档材料: Annex 4 and 5 over what a person sees, as page and .xlsx; archives as ZIP."""

from __future__ import annotations

from io import BytesIO
from tempfile import TemporaryFile

from flask import Blueprint, abort, render_template, request, send_file
from flask.typing import ResponseReturnValue

from bpmn.archives import write_archive
from bpmn.prints import file_name
from bpmn.tables import XLSX
from forms.sheets.annexes import Heading, annex4, annex5, table_name
from ledger.archive import cases_with_projects, of_case, of_ended_cases
from ledger.db import day_of
from ledger.people import Unit
from ledger.projects import Project
from ledger.register import responsible_units
from ledger.scope import visible_case, visible_projects
from ledger.statistics import ANNEX4_HEADS, Which, annex4_rows, annex5_rows, both, of_unit, projects_where
from ledger.vocabulary import PaperKind
from webapp.permissions import STAFF, allows
from webapp.project_facts import telephone_text
from webapp.request import actor, ledger_session, moment, row_number, settings

bp = Blueprint("reports", __name__)
_ZIP = "application/zip"


@bp.get("/reports")
@allows(STAFF)
def index() -> ResponseReturnValue:
    unit = _unit()
    return render_template(
        "reports/index.html",
        heads=ANNEX4_HEADS,
        rows=annex4_rows(projects_where(ledger_session(), _wanted(unit))),
        units=responsible_units(ledger_session(), actor()),
        unit=unit,
    )


@bp.get("/reports/annex4.xlsx")
@allows(STAFF)
def statistics() -> ResponseReturnValue:
    unit = _unit()
    rows = annex4_rows(projects_where(ledger_session(), _wanted(unit)))
    return _table(PaperKind.ANNEX4, annex4(rows, _heading(unit)))


@bp.get("/reports/annex5.xlsx")
@allows(STAFF)
def register() -> ResponseReturnValue:
    """Answer 管理台账; telephone numbers are whole for those who handle the project (M2)."""
    unit = _unit()
    projects = projects_where(ledger_session(), _wanted(unit))
    rows = annex5_rows(projects, lambda project: telephone_text(project, actor()))
    return _table(PaperKind.ANNEX5, annex5(rows, _heading(unit)))


@bp.get("/reports/archive.zip")
@allows(STAFF)
def archive() -> ResponseReturnValue:
    """Answer the papers of all ended cases a person sees, a folder per project."""
    return _archive(both(_wanted(_unit()), of_ended_cases()), "归档材料")


@bp.get("/cases/<int:case_id>/archive.zip")
@allows(STAFF)
def archive_of_case(case_id: int) -> ResponseReturnValue:
    case = visible_case(ledger_session(), actor(), case_id) or abort(404)
    project: Project = case.project
    return _archive(of_case(case_id), f"{project.number} {project.name}归档材料")


def _archive(condition: Which, name: str) -> ResponseReturnValue:
    target = TemporaryFile()  # noqa: SIM115  # open until the answer is sent, and gone with it
    cases = cases_with_projects(ledger_session(), condition)
    write_archive(ledger_session(), settings().papers, cases, target, moment().at)
    target.seek(0)
    return send_file(target, _ZIP, as_attachment=True, download_name=f"{file_name(name)}.zip", max_age=0)


def _table(kind: PaperKind, content: bytes) -> ResponseReturnValue:
    return send_file(BytesIO(content), XLSX, as_attachment=True, download_name=f"{table_name(kind)}.xlsx", max_age=0)


def _unit() -> Unit | None:
    """Return the unit asked for, among those the person sees."""
    wanted = request.args.get("unit", type=row_number)
    if wanted is None:
        return None
    return next((u for u in responsible_units(ledger_session(), actor()) if u.id == wanted), None) or abort(404)


def _wanted(unit: Unit | None) -> Which:
    seen = visible_projects(actor())
    return seen if unit is None else both(seen, of_unit(unit.id))


def _heading(unit: Unit | None) -> Heading:
    post = actor().posts[0]
    return Heading(unit.name if unit else post.unit_name, "", actor().name, day_of(moment().at))
