"""消息文字: the words of every message, edited with a preview; one administrator is enough, every version stays.

A second person is not asked: the words can hold no address, no number and no variable beyond those listed, and each
change stands in the audit with what was before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.message_faults import faults_of
from ledger.message_texts import USUAL, TextChanged, keep_wording, versions_of, wordings_of
from ledger.message_words import FIELD_LABELS, KINDS, MEANINGS, MOST, TextGroup, TextKind, Wording, fill
from ledger.outbox import AT_ONCE, DIGEST, Line, Message
from scheduler.channels.shipped import signature_of
from scheduler.channels.sms import part_count
from scheduler.letters import SHORT_LIMIT, Addressee, Letter, Paper, letter_of
from webapp.permissions import SYSTEM, allows
from webapp.request import actor, ledger_session, moment, settings

bp = Blueprint("message_texts", __name__)
SPREAD = frozenset(
    {TextKind.URGE, TextKind.CHASE, TextKind.DELEGATED, TextKind.HANDED_BACK, TextKind.TEST, TextKind.AT_ONCE}
)
"""Told at once over every channel; the other single messages are read in the pages."""


@dataclass(frozen=True)
class Preview:
    """How a message would read with the samples; `mail` and `short` are empty where it does not leave the pages."""

    subject: str
    body: str
    mail: str = ""
    short: str = ""
    part_count: int = 0
    parameters: tuple[tuple[str, str], ...] = ()


@bp.get("/messages/texts")
@allows(SYSTEM)
def index() -> str:
    session = ledger_session()
    return render_template(
        "messaging/texts.html", groups=TextGroup, kinds=KINDS, wordings=wordings_of(session), usual=USUAL
    )


@bp.get("/messages/texts/<kind>")
@allows(SYSTEM)
def show(kind: str) -> str:
    asked = _kind(kind)
    return _page(asked, wordings_of(ledger_session())[asked], {})


@bp.post("/messages/texts/<kind>/preview")
@allows(SYSTEM)
def preview(kind: str) -> ResponseReturnValue:
    """Show how what was typed would read; nothing is kept."""
    asked, wording = _kind(kind), _posted(_kind(kind))
    faults = faults_of(asked, wording)
    return _page(asked, wording, faults), 422 if faults else 200


@bp.post("/messages/texts/<kind>")
@allows(SYSTEM)
def keep(kind: str) -> ResponseReturnValue:
    """Keep what was typed as a new version."""
    asked, wording = _kind(kind), _posted(_kind(kind))
    faults = faults_of(asked, wording)
    if faults:
        return _page(asked, wording, faults), 422
    return _kept(asked, wording)


@bp.post("/messages/texts/<kind>/restore")
@allows(SYSTEM)
def restore(kind: str) -> ResponseReturnValue:
    """Use the words of an earlier version again; number 0 are the usual ones."""
    asked, number = _kind(kind), request.form.get("number", "", type=str)
    earlier = {str(each.number): Wording(**each.wording) for each in versions_of(ledger_session(), asked)}
    wording = {**earlier, "0": USUAL[asked]}.get(number)
    if wording is None:
        abort(404)
    return _kept(asked, wording)


def _kept(kind: TextKind, wording: Wording) -> ResponseReturnValue:
    seen = request.form.get("seen", -1, type=int)
    try:
        new = keep_wording(ledger_session(), kind, wording, seen, actor(), moment())
    except TextChanged:
        return _page(kind, wording, {"": TextChanged.__doc__ or ""}), 409
    flash("消息文字已保存，从下一条消息起使用。" if new else "与正在使用的文字相同，没有改动。")
    return redirect(url_for("message_texts.show", kind=kind.value), 303)


def _kind(asked: str) -> TextKind:
    if asked not in set(TextKind):
        abort(404)
    return TextKind(asked)


def _posted(kind: TextKind) -> Wording:
    given = {
        name: request.form.get(name, "")[: 2 * MOST[name]].replace("\r\n", "\n").strip() for name in KINDS[kind].fields
    }
    return Wording(**given)


def _page(kind: TextKind, wording: Wording, faults: dict[str, str]) -> str:
    versions = versions_of(ledger_session(), kind)
    return render_template(
        "messaging/text.html",
        kind=kind,
        about=KINDS[kind],
        wording=wording.fields(),
        faults=faults,
        labels=FIELD_LABELS,
        meanings=MEANINGS,
        most=MOST,
        versions=versions,
        seen=versions[0].number if versions else 0,
        changed=wording != USUAL[kind],
        shown=None if set(faults) - {""} else previewed(kind, wording, moment().at),
        limit=SHORT_LIMIT,
        sends_template=_sends_template(wording),
    )


def _sends_template(wording: Wording) -> bool:
    """Say whether the provider of this installation is given a template's parameters instead of the text."""
    here = settings().channels
    yunmas = here.yunmas is not None and bool(wording.template or here.yunmas.template)
    return yunmas or here.aliyun is not None or here.tencent is not None


def previewed(kind: TextKind, wording: Wording, now: datetime) -> Preview:
    """Compose a message of a kind from the samples, as it would be sent."""
    about, texts = KINDS[kind], {**wordings_of(ledger_session()), kind: wording}
    paper = Paper(settings().public_url or about.samples.get("链接", ""), texts)
    if about.group is TextGroup.LINE or kind is TextKind.DIGEST:
        lines = [_sample_line(each, texts[each]) for each in _gathered(kind)]
        letter = letter_of(_message(DIGEST, "", "", now), lines, Addressee("", "张三"), paper)
        told = lines[0].text if about.group is TextGroup.LINE else "\n".join(line.text for line in lines)
        return _preview(letter, letter.subject, told)
    single = texts[TextKind.URGE] if kind is TextKind.AT_ONCE else wording
    samples = KINDS[TextKind.URGE].samples if kind is TextKind.AT_ONCE else about.samples
    subject, body = fill(single.subject, samples), fill(single.body, samples)
    if kind not in SPREAD:
        return Preview(subject, body)
    letter = letter_of(_message(AT_ONCE, subject, body, now), (), Addressee("", "张三"), paper)
    return _preview(letter, subject, body)


def _gathered(kind: TextKind) -> tuple[TextKind, ...]:
    return (TextKind.OVERDUE, TextKind.BEFORE, TextKind.NEW) if kind is TextKind.DIGEST else (kind,)


def _sample_line(kind: TextKind, wording: Wording) -> Line:
    samples = KINDS[kind].samples
    overdue = "超期" in samples.get("剩余", "")
    left = None if kind in (TextKind.NEW, TextKind.RETURNED) else (-1 if overdue else 1)
    return Line(0, fill(wording.body, samples), fill(wording.short, samples), left)


def _message(kind: str, subject: str, body: str, now: datetime) -> Message:
    written: dict[str, Any] = {"dedupe_key": "preview", "kind": kind, "subject": subject, "body": body}
    return Message(**written, created_at=now)


def _preview(letter: Letter, subject: str, body: str) -> Preview:
    parts = part_count(letter.short, signature_of(settings().channels))
    return Preview(subject, body, letter.text, letter.short, parts, letter.parameters)
