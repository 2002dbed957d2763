"""文书模板: every paper's template to take away, edit and bring back; its variables; its versions (F8)."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from bpmn.prints import DOCX, file_name
from forms.papers.catalogue import BY_NAME, FORMS, PaperForm
from forms.papers.filling import print_paper
from forms.papers.trial import problems_of
from ledger.approvals import ApprovalKind, ApprovalRefused, Wish, ask
from ledger.db import day_of
from ledger.journal import Act
from ledger.paper_templates import (
    Brought,
    PaperTemplate,
    TemplateRefused,
    bring,
    is_waiting,
    newest_in_force,
    version_of_paper,
    versions_of_paper,
)
from ledger.vocabulary import Role
from ledger.writing import record
from webapp.permissions import DESIGN, SYSTEM, allows
from webapp.request import actor, ledger_session, moment, row_number
from webapp.uploads import FileRefused, sent_files, take

bp = Blueprint("paper_designs", __name__)
_SHIPPED = "内置版"


@bp.get("/templates")
@allows(DESIGN)
def index() -> ResponseReturnValue:
    used = newest_in_force(ledger_session(), moment().at)
    return render_template("paper_designs/index.html", forms=FORMS, used=used, shipped=_SHIPPED)


@bp.get("/templates/<name>")
@allows(DESIGN)
def show(name: str) -> ResponseReturnValue:
    return _page(_form(name))


@bp.post("/templates/<name>")
@allows(SYSTEM)
def bring_one(name: str) -> ResponseReturnValue:
    """Try an uploaded template out and hand it to a second person; what is wrong with it is said all at once."""
    form, note = _form(name), request.form.get("note", "")[:400]
    uploads = sent_files(request.files.getlist("file"))
    if not uploads:
        return _page(form, ["请选择改好的模板文件（.docx）"], note), 422
    try:
        file = take(uploads[0])
        problems = problems_of(form.name, file.content)
        if problems:
            _refused(form, problems)
            return _page(form, problems, note), 422
        with ledger_session().begin_nested():
            row = bring(ledger_session(), Brought(form.name, file.content, file.name, note), actor(), moment().real_at)
            wanted = {
                "name": form.title,
                "before": [_current(form)],
                "after": [f"第{row.number}版"],
                "login": file.name,
            }
            ask(ledger_session(), Wish(ApprovalKind.TEMPLATE, row.id, wanted, row.note), actor(), moment().real_at)
    except (FileRefused, TemplateRefused, ApprovalRefused) as refused:
        _refused(form, [str(refused)])
        return _page(form, [str(refused)], note), 422
    detail = {"name": form.title, "version": row.number, "sha256": row.sha256, "file": file.name, "note": row.note}
    detail["changes"] = {"version": [_current(form), f"第{row.number}版（等待复核）"]}
    record(ledger_session(), moment(), actor(), Act("template_brought", detail=detail))
    flash(f"试打印成功，第{row.number}版已提交，由另一名管理员在“双人复核”中通过后启用。")
    return redirect(url_for(".show", name=form.name), 303)


@bp.get("/templates/<name>/template.docx")
@allows(DESIGN)
def download(name: str) -> Response:
    """Answer a version of the template, the shipped one unless a version is named."""
    form = _form(name)
    content, label = _content(form)
    return _docx(content, f"{form.title}模板（{label}）")


@bp.get("/templates/<name>/trial.docx")
@allows(DESIGN)
def trial(name: str) -> Response:
    """Answer the paper with its examples, written on a version."""
    form = _form(name)
    content, label = _content(form)
    paper = print_paper(form.title, form.complete(form.example), content, day_of(moment().at))
    return _docx(paper, f"{form.title}试打印（{label}）")


def _form(name: str) -> PaperForm:
    return BY_NAME.get(name) or abort(404)


def _content(form: PaperForm) -> tuple[bytes, str]:
    number = request.args.get("version", type=row_number)
    if number is None:
        return form.shipped, _SHIPPED
    row = version_of_paper(ledger_session(), form.name, number) or abort(404)
    return row.content, f"第{row.number}版"


def _docx(content: bytes, title: str) -> Response:
    return send_file(BytesIO(content), DOCX, as_attachment=True, download_name=f"{file_name(title)}.docx", max_age=0)


def _current(form: PaperForm) -> str:
    used = newest_in_force(ledger_session(), moment().at).get(form.name)
    return f"第{used.number}版" if used else _SHIPPED


def _refused(form: PaperForm, problems: list[str]) -> None:
    detail = {"name": form.title, "problems": problems[:20]}
    record(ledger_session(), moment(), actor(), Act("template_rejected", detail=detail))


def _page(form: PaperForm, problems: list[str] | None = None, note: str = "") -> str:
    versions = versions_of_paper(ledger_session(), form.name)
    return render_template(
        "paper_designs/show.html",
        form=form,
        versions=[(row, _state(row)) for row in versions],
        problems=problems or [],
        note=note,
        may_bring=actor().holds(Role.SYSTEM_ADMIN),
        shipped=_SHIPPED,
        current=_current(form),
    )


def _state(row: PaperTemplate) -> str:
    if row.refused_at is not None:
        return "已退回"
    if row.in_force_at is None:
        return "等待复核" if is_waiting(ledger_session(), row, moment().real_at) else "已失效"
    return "已启用" if row.in_force_at <= moment().at else "即将启用"
