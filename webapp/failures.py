"""What a request that failed leaves behind: an incident, and with it what the person had posted (engine rule 2).

The request's own transaction is rolled back; this is the second one. A completion that failed is tried again by the
clock as it was posted; files that came with it are gone with the transaction, so such a one waits for the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app, g, request

from bpmn.engine import StateRefused
from bpmn.incidents import BROKEN_CASE, note_failure
from bpmn.retries import COMPLETE, SIGN
from ledger.cases import item_of, keep_draft
from ledger.db import DatabaseBusy, transaction
from ledger.installation import installation
from ledger.scope import Actor
from ledger.vocabulary import IncidentKind
from webapp.request import moment_of, real_now, sessions, typed

_ACTS = {"items.submit": COMPLETE, "items.sign": SIGN}


def written_down(error: Exception) -> tuple[str, ...]:
    """Write the incident of a failed request; returns what to tell the person, nothing where there is none."""
    if isinstance(error, DatabaseBusy):
        return ()  # the database is away: nothing can be written, and the clock tries its own work again anyway
    completing = _attempt() if not isinstance(error, StateRefused) else None
    if completing is None and not isinstance(error, BROKEN_CASE):
        return ()
    try:
        return _write(error, completing)
    except Exception:  # the page that says that something failed must not fail itself
        current_app.logger.exception("the incident could not be written")
        return ()


def _write(error: Exception, completing: Mapping[str, Any] | None) -> tuple[str, ...]:
    given = request.view_args or {}
    person: Actor | None = g.get("actor")
    with transaction(sessions()) as session:
        now = moment_of(installation(session), real_now()).at
        item = item_of(session, given["item_id"]) if "item_id" in given else None
        case_id = item.case_id if item is not None else given.get("case_id")
        if item is not None and person is not None and completing is not None and completing["act"] == COMPLETE:
            keep_draft(session, item.id, person.user_id or 0, completing["posted"], now)
    about = {"case_id": case_id, "subject_id": None if completing is None else given["item_id"]}
    kind = IncidentKind.STATE if completing is None else IncidentKind.ITEM
    with_files = any(file.filename for file in request.files.values())
    attempt = None if with_files else completing
    number = note_failure(sessions(), kind, error, now, **about, attempt=attempt)
    told = (f"项目仍在原来的环节，已登记为第{number}号异常。",)
    if completing is None:
        return (*told, "请把异常编号告诉县乡村振兴局，处理后再办理。")
    if with_files:
        return (*told, "填写的内容已暂存，随表上传的文件没有保存，请稍后重新上传并提交。")
    return (*told, "填写的内容已暂存，系统会自动重试；任务从待办中消失即已办成，不用重复提交。")


def _attempt() -> dict[str, Any] | None:
    """Return what the request asked for when it was a completion or a signature, to be asked again."""
    act, person = _ACTS.get(request.endpoint or ""), g.get("actor")
    if (
        act is None
        or person is None
        or request.form.get("_action") in ("draft", "upload", "hand_back")
        or "_remove" in request.form
    ):
        return None
    return {
        "act": act,
        "item_id": (request.view_args or {})["item_id"],
        "revision": request.form.get("_revision", default=-1, type=int),
        "posted": typed(),
        "user_id": person.user_id,
        "approve": request.form.get("_action") == "approve",
        "opinion": request.form.get("opinion", "").strip(),
    }
