"""留言 on a case: words, files, and whose attention they ask for."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.case_views import is_only_asked, visible_case
from ledger.cases import Case
from ledger.comments import TEXT_LENGTH, CommentRefused, Said, circle, comment, comments_for, comments_of, field_of
from ledger.papers import Attachment, Place, attach, attachments_of_case
from ledger.vocabulary import PaperKind
from webapp.permissions import STAFF, allows
from webapp.request import actor, ledger_session, moment, row_number, settings
from webapp.uploads import FileRefused, sent_files, take

bp = Blueprint("comments", __name__)
_MOST_FILES = 5


@bp.post("/cases/<int:case_id>/comments")
@allows(STAFF)
def say(case_id: int) -> ResponseReturnValue:
    """Keep a remark with its files; what was typed is never lost."""
    case = visible_case(ledger_session(), actor(), case_id, asked=True) or abort(404)
    text = request.form.get("text", "")[: 2 * TEXT_LENGTH].replace("\0", "")
    try:
        with ledger_session().begin_nested():
            kept_id = _say(case, text)
    except (CommentRefused, FileRefused) as refused:
        return _refused(case, text, str(refused)), 422
    flash("留言已发出。")
    return redirect(url_for("cases.show", case_id=case_id, tab="comments", _anchor=f"comment-{kept_id}"), 303)


def _say(case: Case, text: str) -> int:
    uploads = sent_files(request.files.getlist("files"))
    if len(uploads) > _MOST_FILES:
        raise CommentRefused(f"一次最多附 {_MOST_FILES} 个文件")
    files = [take(upload) for upload in uploads]
    said = Said(text, frozenset(_chosen()), len(files))
    kept = comment(ledger_session(), actor(), case, said, moment())
    place = Place(PaperKind.OTHER, case_id=case.id, field=field_of(kept))
    for file in files:
        attach(ledger_session(), settings().papers, file, place, actor(), moment().at)
    return kept.id


def _chosen() -> list[int]:
    try:
        return [row_number(text) for text in request.form.getlist("mention")]
    except ValueError:
        raise CommentRefused("所选人员有误，请重新选择") from None


def _refused(case: Case, text: str, problem: str) -> str:
    parts = discussion(case)
    chosen = request.form.getlist("mention")
    return render_template("cases/comments.html", case=case, text=text, problem=problem, chosen=chosen, **parts)


def discussion(case: Case) -> dict[str, Any]:
    """Return what the tab 留言 shows of a case."""
    files: dict[str, list[Attachment]] = {}
    for paper in attachments_of_case(ledger_session(), case.id):
        files.setdefault(paper.field, []).append(paper)
    asked = is_only_asked(ledger_session(), actor(), case.project_id)
    known = comments_for(ledger_session(), actor(), case.id) if asked else comments_of(ledger_session(), case.id)
    remarks = [(one, files.get(field_of(one), ())) for one in known]
    people = [member for member in circle(ledger_session(), case) if member.user_id != actor().user_id]
    return {"remarks": remarks, "circle": people, "comment_length": TEXT_LENGTH, "only_asked": asked}
