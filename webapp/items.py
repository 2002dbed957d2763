"""One item: its form to be filled, its files, the draft, the signature, and where it went after submitting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.coming import coming
from bpmn.previous import previous
from bpmn.runtime import (
    ActRefused,
    AlreadyDone,
    CaseClosed,
    Completed,
    ItemGone,
    NotYours,
    OpenItem,
    complete_item,
    hand_back,
    open_item,
    record_overdue,
    sign_item,
)
from forms.changes import Change, carried, changes, last_words, resumed, words_of
from forms.fields import Field, FieldType, Posted
from forms.parsing import FormErrors
from forms.rendering import shown
from handlers.outcome import StepRefused
from ledger.case_views import item_papers, waiting_items
from ledger.cases import Draft, DraftChanged, draft_of, drop_draft, item_of, keep_draft
from ledger.inbox import next_item
from ledger.journal import Act
from ledger.papers import Attachment, Place, attach, remove_attachment
from ledger.scope import Held, case_id_of_visible_item, hold_visible_item
from ledger.urges import urged
from ledger.vocabulary import ItemStatus, PaperKind
from ledger.writing import record
from webapp import kept
from webapp.case_parts import case_parts, pauses
from webapp.form_page import FormPage
from webapp.own_settings import offered
from webapp.permissions import ACTING, STAFF, allows
from webapp.request import acting, actor, ledger_session, moment, settings, typed
from webapp.suggesting import advice_on
from webapp.uploads import FileRefused, sent_files, take

bp = Blueprint("items", __name__)
_OPINION_LENGTH = 500
_TOO_LATE = (AlreadyDone, ItemGone, NotYours, CaseClosed, ActRefused)
_STATUS: Mapping[type[Exception], int] = {ItemGone: 404, NotYours: 403}


@bp.get("/items/<int:item_id>")
@allows(STAFF)
def show(item_id: int) -> ResponseReturnValue:
    case_id = _visible(item_id)
    opened = open_item(acting(), item_id)
    if not opened.mine:
        return redirect(url_for("cases.show", case_id=case_id), 302)
    if opened.item.status == ItemStatus.UNSIGNED:
        return _signature_page(opened, {})
    draft = draft_of(ledger_session(), item_id, actor().user_id or 0)
    anew = draft is None or request.args.get("answers") == "handed_back"
    begun = _started(opened)
    posted = begun if draft is None or anew else resumed(opened.form, draft.posted, begun, opened.asked)
    return _page(opened, posted, {}, draft=draft)


@bp.post("/items/<int:item_id>")
@allows(ACTING)
def submit(item_id: int) -> ResponseReturnValue:
    """Take files and then complete, keep as draft, or remove a file; what was typed is never lost."""
    held, posted, action = _held(item_id), typed(), request.form.get("_action", "")
    errors = _take_files(item_id, held.case_id)
    stays = bool(errors or request.form.get("_remove")) or action in ("draft", "upload")
    if stays or _draft_seen() not in (None, held.draft_revision):
        try:
            _keep(item_id, posted)
        except DraftChanged as changed:
            return _page(open_item(acting(), item_id), posted, errors, changed=changed), 409
    if request.form.get("_remove"):
        return _remove_file(item_id)
    if action in ("draft", "upload") and not errors:
        if not _is_mine(item_id):
            abort(404)
        flash("已暂存，可以随时回来继续填写。")
        return redirect(url_for("items.show", item_id=item_id), 303)
    if not errors:
        try:
            with ledger_session().begin_nested():  # a refusal leaves the files and the draft, and nothing else
                done = hand_back if action == "hand_back" else complete_item
                completed = done(acting(), item_id, _revision(), posted)
        except (FormErrors, StepRefused) as refused:
            errors = refused.errors
        except _TOO_LATE as late:
            return _too_late(item_id, posted, late)
        else:
            return _handed_back() if action == "hand_back" else _completed(item_id, completed)
    draft = _keep(item_id, posted)
    return _page(open_item(acting(), item_id), posted, errors, draft=draft), 422


@bp.post("/items/<int:item_id>/draft")
@allows(ACTING)
def draft(item_id: int) -> ResponseReturnValue:
    """Keep what was typed while the page is open; 409 when another window has saved something else since.

    410 when there is nothing left to keep it on: somebody else has completed the item.
    """
    _held(item_id)
    try:
        saved = _keep(item_id, typed())
        if saved is None:
            return _why_gone(item_id) or abort(404), 410, {"Content-Type": "text/plain; charset=utf-8"}
    except DraftChanged as changed:
        return "", 409, {"Draft-Revision": str(changed.revision), "Draft-Saved": changed.saved_at.isoformat()}
    ledger_session().flush()
    return "", 204, {"Draft-Revision": str(saved.revision)}


@bp.post("/items/<int:item_id>/signature")
@allows(ACTING)
def sign(item_id: int) -> ResponseReturnValue:
    """Sign what a colleague prepared, or give it back with an opinion."""
    _held(item_id)
    approve = request.form.get("_action") == "approve"
    opinion = request.form.get("opinion", "").replace("\r\n", "\n").strip()
    errors = _opinion_errors(opinion, approve)
    if not errors:
        try:
            with ledger_session().begin_nested():
                completed = sign_item(acting(), item_id, _revision(), approve, opinion)
        except (FormErrors, StepRefused) as refused:
            errors = {"": "；".join(refused.errors.values())}
        except _TOO_LATE as late:
            return _signature_too_late(item_id, opinion, late)
        else:
            if not approve:
                flash("已退回填写人修改。")
            return _completed(item_id, completed)
    return _signature_page(open_item(acting(), item_id), errors, opinion), 422


@bp.post("/items/<int:item_id>/overdue")
@allows(ACTING)
def overdue(item_id: int) -> ResponseReturnValue:
    """Record that a reviewing body gave no opinion in time."""
    case_id = _visible(item_id)
    record_overdue(acting(), item_id)
    flash("已记为逾期未反馈。")
    return redirect(url_for("cases.show", case_id=case_id), 303)


@bp.get("/items/<int:item_id>/sent")
@allows(STAFF)
def sent(item_id: int) -> ResponseReturnValue:
    """Say where the case went and to whom, and offer the next item."""
    case_id = _visible(item_id)
    item = item_of(ledger_session(), item_id) or abort(404)
    return render_template(
        "items/sent.html",
        item=item,
        case=item.case,
        calls_back=item.completed_by_id == actor().user_id and item.status == ItemStatus.DONE,
        waiting=waiting_items(ledger_session(), case_id),
        pauses=pauses(item.case),
        following=next_item(ledger_session(), actor(), moment().at),
    )


def _visible(item_id: int) -> int:
    return case_id_of_visible_item(ledger_session(), actor(), item_id) or abort(404)


def _held(item_id: int) -> Held:
    """Hold the item's case: nobody completes it while files and drafts are put beside it, and none stays behind."""
    return hold_visible_item(ledger_session(), actor(), item_id) or abort(404)


def _keep(item_id: int, posted: Posted) -> Draft | None:
    """Keep what was typed on an item that waits for this person; DraftChanged when another window was there since."""
    if not _is_mine(item_id):
        return None
    return keep_draft(ledger_session(), item_id, actor().user_id or 0, posted, moment().at, seen=_draft_seen())


def _is_mine(item_id: int) -> bool:
    item = item_of(ledger_session(), item_id)
    return item is not None and item.status == ItemStatus.OPEN and (item.unit_id, item.role) in actor().places


def _revision() -> int:
    return request.form.get("_revision", default=-1, type=int)


def _revision_of(shown: Draft | DraftChanged | None) -> int:
    return 0 if shown is None else shown.revision


def _draft_seen() -> int | None:
    """Return the draft's revision the window began with; a page that sends none does not ask."""
    return request.form.get("_draft", type=int)


def _too_late(item_id: int, posted: Posted, late: Exception) -> ResponseReturnValue:
    """Say why it was not taken, and lose nothing: an item that still waits keeps the words as its draft.

    Where somebody else was quicker there is nothing left to fill in, and the words stand on the page alone.
    """
    status, opened = _STATUS.get(type(late), 409), open_item(acting(), item_id)
    if _is_mine(item_id):
        return _page(opened, posted, {}, draft=_keep(item_id, posted), late=str(late)), status
    drop_draft(ledger_session(), item_id, actor().user_id or 0)
    return kept.too_late(str(late), {each.name: each.label for _section, each in opened.form.fields()}, status)


def _signature_too_late(item_id: int, opinion: str, late: Exception) -> ResponseReturnValue:
    status, opened = _STATUS.get(type(late), 409), open_item(acting(), item_id)
    if opened.mine and opened.item.status == ItemStatus.UNSIGNED:
        return _signature_page(opened, {"": f"{late}，您的意见还在下面。"}, opinion), status
    return kept.too_late(str(late), {"opinion": "审核意见"}, status)


def _why_gone(item_id: int) -> str:
    """Say why nothing can be kept on an item any more; nothing for one that waits, and never was this person's."""
    item = item_of(ledger_session(), item_id)
    if item is None or item.status == ItemStatus.OPEN:
        return ""
    if item.status == ItemStatus.DONE and item.completed_by is not None:
        return str(AlreadyDone(item.name, item.completed_by.name, item.completed_at or moment().at))
    return "该任务已提交签字或随流程的变动取消"


def _handed_back() -> ResponseReturnValue:
    flash("已交回委托人，由其核对后提交。")
    return redirect(url_for("inbox.following"), 303)


def _completed(item_id: int, completed: Completed) -> ResponseReturnValue:
    if completed.remains and not completed.next:
        flash("已登记。任务仍在办理中，可以继续登记。")
        return redirect(url_for("items.show", item_id=item_id), 303)
    return redirect(url_for("items.sent", item_id=item_id), 303)


def _take_files(item_id: int, case_id: int) -> dict[str, str]:
    """Attach what was sent to the fields of the form; return what is wrong, by field."""
    sent = {name: sent_files(request.files.getlist(name)) for name in request.files}
    if not any(sent.values()):
        return {}
    opened = open_item(acting(), item_id)
    if not opened.mine or opened.item.status != ItemStatus.OPEN:
        return {}  # completing will say who was quicker
    fields = {each.name: each for _section, each in opened.form.fields() if each.type == FieldType.FILE}
    errors: dict[str, str] = {}
    for name, uploads in sent.items():
        for upload in uploads:
            try:
                _take_file(fields.get(name), case_id, item_id, upload)
            except FileRefused as refused:
                errors[name] = str(refused)
    return errors


def _take_file(field: Field | None, case_id: int, item_id: int, upload: object) -> None:
    if field is None:
        raise FileRefused("表单里没有这个上传项")
    file = take(upload)  # type: ignore[arg-type]  # werkzeug's FileStorage
    place = Place(PaperKind(field.kind), case_id=case_id, item_id=item_id, field=field.name)
    attach(ledger_session(), settings().papers, file, place, actor(), moment().at)
    _record("upload", case_id, item_id, file.name)


def _remove_file(item_id: int) -> ResponseReturnValue:
    wanted = request.form.get("_remove", type=int)
    found = next((a for a in item_papers(ledger_session(), item_id) if a.id == wanted), None)
    if found is None or not found.field or not _is_mine(item_id):
        abort(404)
    remove_attachment(found, moment().at)
    _record("remove_paper", found.case_id, item_id, found.name)
    flash(f"已移除“{found.name}”。")
    return redirect(url_for("items.show", item_id=item_id), 303)


def _record(act: str, case_id: int | None, item_id: int, name: str) -> None:
    record(ledger_session(), moment(), actor(), Act(act, case_id=case_id, item_id=item_id, detail={"file": name}))


def _opinion_errors(opinion: str, approve: bool) -> dict[str, str]:
    if not approve and not opinion:
        return {"opinion": "退回修改须写明理由"}
    if len(opinion) > _OPINION_LENGTH:
        return {"opinion": f"意见最多 {_OPINION_LENGTH} 字"}
    if any(not (character.isprintable() or character in "\n\t") for character in opinion):
        return {"opinion": "意见里有看不见的控制字符，请删去后重新输入"}
    return {}


def _papers_by_field(item_id: int) -> dict[str, list[Attachment]]:
    by_field: dict[str, list[Attachment]] = {}
    for attachment in item_papers(ledger_session(), item_id):
        by_field.setdefault(attachment.field, []).append(attachment)
    return by_field


def _page(
    opened: OpenItem,
    posted: Posted,
    errors: Mapping[str, str],
    *,
    draft: Draft | None = None,
    changed: DraftChanged | None = None,
    late: str = "",
) -> str:
    last = previous(ledger_session(), opened.item, opened.form)
    form_page = FormPage(
        opened.form,
        posted,
        opened.asked,
        errors,
        _papers_by_field(opened.item.id),
        removable=opened.mine,
        last=last_words(opened.form, last.answers, opened.asked) if last else {},
        now=words_of(opened.form, posted, opened.asked) if last else {},
        advice=advice_on(opened.item.id, opened.form, opened.step, posted) if opened.mine else None,
    )
    return render_template(
        "items/show.html",
        page=form_page,
        draft=draft,
        changed=changed,
        late=late,
        last=last,
        draft_revision=_revision_of(changed or draft),
        phrases=offered(),
        person_id=actor().user_id,
        names={actor().user_id, *(post.for_id for post in actor().posts)} - {None},
        **_beside(opened),
    )


def _beside(opened: OpenItem) -> dict[str, Any]:
    """Return what stands around a form and around a signature: the case, what follows, how often it was urged."""
    item = opened.item
    return {
        "opened": opened,
        "item": item,
        "following": coming(opened.file, item),
        "urged": urged(ledger_session(), item.id),
        "lent": actor().stands_in(item.unit_id, item.role, item.claimed_by_id),
        **case_parts(opened.case),
    }


def _started(opened: OpenItem) -> Posted:
    """Return what an untouched form begins with; where its step was done before, with what was written then."""
    last = previous(ledger_session(), opened.item, opened.form)
    return opened.initial_posted if last is None else carried(opened.form, last.answers, opened.initial_posted)


def _signature_page(opened: OpenItem, errors: Mapping[str, str], opinion: str = "") -> str:
    return render_template(
        "items/signature.html",
        sections=shown(opened.form, opened.item.answers or {}, opened.asked),
        papers=item_papers(ledger_session(), opened.item.id),
        errors=errors,
        opinion=opinion,
        changes=_changes(opened),
        phrases=offered(),
        **_beside(opened),
    )


def _changes(opened: OpenItem) -> tuple[Change, ...]:
    """Return what the prepared answers say differently from the last time; nothing the first time."""
    last = previous(ledger_session(), opened.item, opened.form)
    return changes(opened.form, last.answers, opened.item.answers or {}) if last else ()
