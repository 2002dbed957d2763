"""管理台账 that comes back: upload, look over every changed cell, take; page and command line share the steps."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.casefile import Acting
from forms.sheets.guard import WorkbookRefused
from forms.sheets.returned_ledger import read_ledger
from ledger.journal import Act
from ledger.ledger_edits import Editor, Plan, plan_edits, take_edits
from ledger.paper_access import workbook_of
from ledger.papers import Attachment, Place, attach, read_paper
from ledger.projects import Project
from ledger.scope import Actor, visible_projects
from ledger.vocabulary import PaperKind, Role, UnitKind
from ledger.writing import record
from webapp.permissions import LEDGER, allows
from webapp.project_facts import telephone_text
from webapp.request import acting, actor, ledger_session, moment, settings
from webapp.uploads import FileRefused, clean_name, sent_files, take

bp = Blueprint("ledger_returns", __name__)
FIELD = "ledger"  # of the workbooks kept between upload and confirmation
PAGE = 200  # changes and errors shown at once


@bp.get("/reports/annex5/return")
@allows(LEDGER)
def new() -> ResponseReturnValue:
    return _upload_page("")


@bp.post("/reports/annex5/return")
@allows(LEDGER)
def upload() -> ResponseReturnValue:
    """Keep the workbook until it is confirmed; one that cannot be read leaves nothing behind."""
    uploads = sent_files(request.files.getlist("workbook"))
    try:
        if not uploads:
            raise FileRefused("请选择改好的管理台账（xlsx 文件）")
        file = take(uploads[0])
        read_ledger(file.content)
    except (FileRefused, WorkbookRefused) as refused:
        name = clean_name(uploads[0].filename or "") if uploads else ""
        detail = {"file": name, "reason": str(refused)}
        record(ledger_session(), moment(), actor(), Act("ledger_refused", detail=detail))
        return _upload_page(str(refused)), 422
    kept = attach(ledger_session(), settings().papers, file, Place(PaperKind.OTHER, field=FIELD), actor(), moment().at)
    ledger_session().flush()  # for the address
    return redirect(url_for("ledger_returns.show", attachment_id=kept.id), 303)


@bp.get("/reports/annex5/return/<int:attachment_id>")
@allows(LEDGER)
def show(attachment_id: int) -> ResponseReturnValue:
    kept = _own(attachment_id)
    return _page(kept, _plan(kept), "")


@bp.post("/reports/annex5/return/<int:attachment_id>")
@allows(LEDGER)
def confirm(attachment_id: int) -> ResponseReturnValue:
    """Take what was shown, unless the ledger has changed since."""
    kept = _own(attachment_id)
    plan = _plan(kept)
    if plan.seal != request.form.get("seal"):
        return _page(kept, plan, "台账在预览之后有了变动，下面是重新比较的结果，请核对后再确认"), 422
    if plan.errors and request.form.get("partly") != "1":
        return _page(kept, plan, "有错误的行不会采纳。确认只采纳正确的行，请勾选下面的选项"), 422
    if not plan.changes:
        return _page(kept, plan, "没有可以采纳的改动"), 422
    count = take_ledger(acting(), plan, kept.name)
    kept.removed_at = moment().at  # taken: the same workbook is not confirmed again
    flash(f"已采纳 {count} 处改动，涉及 {len(plan.edits)} 个项目。")
    return redirect(url_for("reports.index"), 303)


def take_ledger(by: Acting, plan: Plan, name: str) -> int:
    """Write the rows without errors and one line about the whole workbook; return how many cells changed."""
    count = take_edits(by.session, plan, by.actor, by.moment)
    detail = {"file": name, "cells": count, "projects": len(plan.edits), "errors": len(plan.errors)}
    record(by.session, by.moment, by.actor, Act("ledger_taken", detail=detail))
    return count


def editor_of(who: Actor) -> Editor:
    """Return what a person may change: their own units' projects, the bureau's handler the county's."""
    bureaus = {post.county_id for post in who.posts if post.unit_kind == UnitKind.BUREAU and post.role == Role.HANDLER}

    def handles(project: Project) -> bool:
        unit = project.responsible_unit_id
        return project.county_id in bureaus or (unit is not None and who.holds(Role.HANDLER, unit))

    return Editor(visible_projects(who), handles, lambda project: telephone_text(project, who))


def _own(attachment_id: int) -> Attachment:
    return workbook_of(ledger_session(), actor(), attachment_id, FIELD) or abort(404)


def _plan(kept: Attachment) -> Plan:
    content = read_paper(settings().papers, kept.sha256)
    return plan_edits(ledger_session(), read_ledger(content), editor_of(actor()))


def _upload_page(wrong: str) -> str:
    return render_template("reports/return.html", wrong=wrong)


def _page(kept: Attachment, plan: Plan, wrong: str) -> str:
    return render_template("reports/returned.html", kept=kept, plan=plan, wrong=wrong, most=PAGE)
