"""项目推送 in three steps: upload, check, confirm and push. A check has an address, so it can be looked at again."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from forms.sheets.guard import WorkbookRefused
from ledger.campaigns import Campaign, campaigns_of
from ledger.paper_access import workbook_of
from ledger.papers import Attachment, Place, attach, read_paper
from ledger.vocabulary import PaperKind
from webapp.importing import Checked, check, confirm
from webapp.permissions import BUREAU, allows
from webapp.request import acting, actor, ledger_session, moment, settings
from webapp.uploads import FileRefused, sent_files, take

bp = Blueprint("imports", __name__)
SHOWN = 200  # rows of each list on the page; the counts are of all


@bp.get("/imports/new")
@allows(BUREAU)
def new() -> ResponseReturnValue:
    return render_template("imports/new.html", wrong="")


@bp.post("/imports/new")
@allows(BUREAU)
def upload() -> ResponseReturnValue:
    uploads = sent_files(request.files.getlist("workbook"))
    try:
        if not uploads:
            raise FileRefused("请选择从全国防返贫监测信息系统导出的 xlsx 文件")
        file = take(uploads[0])
        if not file.name.lower().endswith(".xlsx"):
            raise FileRefused(f"“{file.name}”不是 xlsx 文件")
        check(acting(), county(), file.content)
    except (FileRefused, WorkbookRefused) as refused:
        return render_template("imports/new.html", wrong=str(refused)), 422
    place = Place(PaperKind.OTHER, field="import")
    kept = attach(ledger_session(), settings().papers, file, place, actor(), moment().at)
    ledger_session().flush()  # for the address of the check
    return redirect(url_for("imports.show", attachment_id=kept.id), 303)


@bp.get("/imports/<int:attachment_id>")
@allows(BUREAU)
def show(attachment_id: int) -> ResponseReturnValue:
    return _page(_own(attachment_id), "")


@bp.post("/imports/<int:attachment_id>")
@allows(BUREAU)
def take_in(attachment_id: int) -> ResponseReturnValue:
    kept = _own(attachment_id)
    campaign = next((c for c in open_campaigns() if c.id == request.form.get("campaign", type=int)), None)
    if campaign is None:
        return _page(kept, "请选择推送到哪个工作批次"), 422
    checked = _checked(kept)
    if checked.read.errors and request.form.get("partly") != "1":
        return _page(kept, "有错误的行不会导入。确认只导入正确的行，请勾选下面的选项"), 422
    if not checked.read.rows:
        return _page(kept, "没有可以导入的行"), 422
    taken = confirm(acting(), campaign, checked, kept.name)
    flash(f"新增项目 {taken.new_count} 个，更新 {taken.changed_count} 个，已推送 {len(taken.cases)} 个项目到承办单位。")
    return redirect(url_for("unassigned.index" if checked.comparison.unassigned else "projects.index"), 303)


def county() -> int:
    """Return the county of the bureau that acts."""
    return next(p.county_id for p in actor().posts if BUREAU.admits_post(p) and p.county_id is not None)


def open_campaigns() -> Sequence[Campaign]:
    return [c for c in campaigns_of(ledger_session(), {county()}) if c.closed_at is None]


def _own(attachment_id: int) -> Attachment:
    return workbook_of(ledger_session(), actor(), attachment_id) or abort(404)


def _checked(kept: Attachment) -> Checked:
    return check(acting(), county(), read_paper(settings().papers, kept.sha256))


def _page(kept: Attachment, wrong: str) -> str:
    return render_template(
        "imports/show.html",
        kept=kept,
        checked=_checked(kept),
        campaigns=open_campaigns(),
        wrong=wrong,
        shown=SHOWN,
    )
