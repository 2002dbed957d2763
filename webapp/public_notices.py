"""公告公开页: a notice for everybody, without signing in: what was decided, the days, and a form for objections.

The address holds 128 bits nobody guesses and is printed as a QR code on the notice; search engines are told to stay
away. Nothing on the page is personal data, and what comes in is limited by address and by notice, in the database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.casefile import Acting, CaseFile, take_case
from bpmn.objections import keep_with_objection, register_objection, tell_unit_of_objection
from bpmn.publicity_record import Publicity, PublicityState, publicities
from bpmn.runtime import OutsidePublicity
from forms.fields import Asked, Posted
from forms.parsing import FormErrors, parse
from ledger.cases import Objection
from ledger.meetings import verdict_before
from ledger.outside import TooMany, count_attempt, is_notice_token
from ledger.papers import File
from ledger.projects import masked
from ledger.scope import Actor
from webapp.form_page import FormPage
from webapp.own_forms import OUTSIDE_OBJECTION
from webapp.permissions import PUBLIC, allows
from webapp.request import ledger_session, moment, settings, typed
from webapp.uploads import FileRefused, sent_files, take

bp = Blueprint("public_notice", __name__, url_prefix="/gonggao/<int:case_id>/<token>")
_MOST_FILES = 3
_WHO = "公告公开页"
_NUMBER = re.compile(r"(?<!\d)(?:1\d{10}|\d{17}[\dXx])(?!\d)")  # mobile telephone, identity card


@bp.after_request
def keep_out_of_indexes(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


@bp.get("")
@allows(PUBLIC)
def show(case_id: int, token: str) -> ResponseReturnValue:
    """Show the newest publicity of a case; with a receipt number also what became of that objection."""
    return _page(_file(case_id, token), token)


@bp.post("")
@allows(PUBLIC)
def object_to(case_id: int, token: str) -> ResponseReturnValue:
    """Take an objection from outside, once its sender has not had more than their share."""
    file, posted = _file(case_id, token), typed()
    try:
        count_attempt(ledger_session(), request.remote_addr or "", case_id, moment().real_at)
        answers = parse(OUTSIDE_OBJECTION, posted, Asked())
        files = _files()
        objection = register_objection(
            file.acting, case_id, answers["raised_by"], answers["contact"], answers["content"]
        )
    except TooMany as refused:
        return _page(file, token, posted, {"": str(refused)}), 429
    except FormErrors as refused:
        return _page(file, token, posted, refused.errors), 422
    except (FileRefused, OutsidePublicity) as refused:
        return _page(file, token, posted, {"": str(refused)}), 422
    keep_with_objection(file.acting, objection, files)
    tell_unit_of_objection(file.acting, objection)
    return redirect(url_for("public_notice.show", case_id=case_id, token=token, receipt=objection.receipt), 303)


def _files() -> tuple[File, ...]:
    sent = sent_files(request.files.getlist("files"))
    if len(sent) > _MOST_FILES:
        raise FileRefused(f"最多上传 {_MOST_FILES} 个文件")
    return tuple(take(each) for each in sent)


def _file(case_id: int, token: str) -> CaseFile:
    """Return the case whose notice has this address; every other address is unknown alike."""
    if not is_notice_token(ledger_session(), case_id, token):
        abort(404)
    who = Actor(None, _WHO, address=request.remote_addr or "")
    return take_case(
        Acting(ledger_session(), who, moment(), settings().papers, settings().round_limit), case_id, lock=False
    )


def _page(file: CaseFile, token: str, posted: Posted | None = None, errors: Mapping[str, str] | None = None) -> str:
    found = publicities(file) or abort(404)
    present, project, asked = found[0], file.project, _asked(found)
    # what hangs says what was decided then; a later decision is nobody's to read before its own notice hangs
    posted_class = verdict_before(ledger_session(), file.case.id, present.began_at)
    return render_template(
        "publicity/public.html",
        case_id=file.case.id,
        token=token,
        project=project,
        unit=file.places.responsible,
        present=present,
        states=PublicityState,
        content=without_numbers(_said(present, "content")),
        category=(posted_class and posted_class.category) or project.category,
        measures=without_numbers((posted_class and posted_class.measures) or project.measures or ""),
        contact=without_numbers(_said(present, "contact")),
        place_of=lambda posting: without_numbers(posting.place),
        page=FormPage(OUTSIDE_OBJECTION, posted or {}, errors=errors or {}),
        receipt=request.args.get("receipt", "")[:40].strip().upper(),
        asked=asked,
        finding=without_numbers(asked.finding or "") if asked else "",
        most_files=_MOST_FILES,
    )


def _said(present: Publicity, name: str) -> str:
    """Return what the posted notice says; empty before it hangs."""
    return next((str(each.answers.get(name) or "") for each in present.postings if each.posted_on is not None), "")


def _asked(found: list[Publicity]) -> Objection | None:
    """Return the objection whose receipt number was given."""
    given = request.args.get("receipt", "")[:40].strip().upper()
    known = (each for publicity in found for each in publicity.objections)
    return next((each for each in known if given and each.receipt == given), None)


def without_numbers(text: str) -> str:
    """Mask telephone and identity numbers that somebody wrote into a text for everybody (M2)."""
    return _NUMBER.sub(lambda number: masked(number[0]) or "", text)
