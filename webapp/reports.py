"""统计表、台账和归档材料: Annex 4 and 5 over what a person sees, as page and .xlsx; archives as ZIP."""

from __future__ import annotations

from io import BytesIO
from tempfile import TemporaryFile

from flask import Blueprint, abort, render_template, request, send_file
from flask.typing import ResponseReturnValue

from bpmn.archives import write_archive
from bpmn.binders import Shelf
from bpmn.prints import file_name
from bpmn.tables import XLSX
from forms.rendering import table_name
from forms.sheets.annexes import Heading, TotalsDisagree, annex4, annex5
from ledger.archive import cases_with_projects, of_case, of_ended_cases
from ledger.case_views import visible_case
from ledger.cross_counts import differences
from ledger.db import day_of
from ledger.people import Unit, signer_and_telephone
from ledger.projects import Project
from ledger.register import responsible_units
from ledger.scope import visible_projects
from ledger.statistics import (
    ANNEX4_HEADS,
    Statistics,
    Which,
    annex4_of,
    annex5_rows,
    both,
    county_of,
    of_unit,
    projects_where,
)
from ledger.vocabulary import PaperKind
from webapp.permissions import LEDGER, STAFF, allows
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
        rows=_statistics(unit)[0].lines,
        units=responsible_units(ledger_session(), actor()),
        unit=unit,
        may_return=LEDGER.admits(actor()),
    )


@bp.get("/reports/annex4.xlsx")
@allows(STAFF)
def statistics() -> ResponseReturnValue:
    unit = _unit()
    counted, county = _statistics(unit)
    return _table(PaperKind.ANNEX4, annex4(counted, _heading(unit, county)))


@bp.get("/reports/annex5.xlsx")
@allows(STAFF)
def register() -> ResponseReturnValue:
    """Answer 管理台账; telephone numbers are whole for those who handle the project (M2)."""
    unit = _unit()
    projects = projects_where(ledger_session(), _wanted(unit))
    rows = annex5_rows(projects, lambda project: telephone_text(project, actor()))
    return _table(PaperKind.ANNEX5, annex5(rows, _heading(unit, county_of(projects))))


@bp.get("/reports/archive.zip")
@allows(STAFF)
def archive() -> ResponseReturnValue:
    """Answer the papers of all ended cases a person sees, a folder per project."""
    return _archive(both(_wanted(_unit()), of_ended_cases()), "归档材料", bind=False)


@bp.get("/cases/<int:case_id>/archive.zip")
@allows(STAFF)
def archive_of_case(case_id: int) -> ResponseReturnValue:
    case = visible_case(ledger_session(), actor(), case_id) or abort(404)
    project: Project = case.project
    return _archive(of_case(case_id), f"{project.number} {project.name}归档材料", bind=True)


def _archive(condition: Which, name: str, *, bind: bool) -> ResponseReturnValue:
    target = TemporaryFile()  # noqa: SIM115  # open until the answer is sent, and gone with it
    cases = cases_with_projects(ledger_session(), condition)
    shelf = Shelf(settings().papers, settings().previews, bind, actor())
    write_archive(ledger_session(), shelf, cases, target, moment().at)
    target.seek(0)
    return send_file(target, _ZIP, as_attachment=True, download_name=f"{file_name(name)}.zip", max_age=0)


def _table(kind: PaperKind, content: bytes) -> ResponseReturnValue:
    return send_file(BytesIO(content), XLSX, as_attachment=True, download_name=f"{table_name(kind)}.xlsx", max_age=0)


def _statistics(unit: Unit | None) -> tuple[Statistics, str]:
    """Count Annex 4 and hold it against the database's own counts; also return the county's name.

    Somebody may commit between the two looks: what differs once is counted again.
    """
    for last in (False, True):
        projects = projects_where(ledger_session(), _wanted(unit))
        counted = annex4_of(projects)
        wrong = differences(ledger_session(), _wanted(unit), counted)
        if wrong and last:
            raise TotalsDisagree("；".join(wrong))
        if not wrong:
            break
        ledger_session().expire_all()
    return counted, county_of(projects)


def _unit() -> Unit | None:
    """Return the unit asked for, among those the person sees."""
    wanted = request.args.get("unit", type=row_number)
    if wanted is None:
        return None
    return next((u for u in responsible_units(ledger_session(), actor()) if u.id == wanted), None) or abort(404)


def _wanted(unit: Unit | None) -> Which:
    seen = visible_projects(actor())
    return seen if unit is None else both(seen, of_unit(unit.id))


def _heading(unit: Unit | None, county: str) -> Heading:
    """Return who fills the table in; 审核人 is whoever alone signs for the unit, else left to be written by hand."""
    post = actor().posts[0]
    signer, telephone = signer_and_telephone(ledger_session(), unit.id if unit else post.unit_id, actor().user_id)
    filled = unit.name if unit else post.unit_name
    return Heading(filled, signer, actor().name, day_of(moment().at), county, telephone)
