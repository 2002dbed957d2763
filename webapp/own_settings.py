"""我的设置: what a person arranges for oneself: 常用意见 and 大字版."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from ledger.people import User
from ledger.phrases import PHRASE_LENGTH, PhraseRefused, drop_phrase, keep_phrase, phrases_of
from ledger.vocabulary import Role
from webapp.opening import local_address
from webapp.permissions import ACTING, SIGNED_IN, STAFF, allows
from webapp.request import actor, ledger_session, moment

bp = Blueprint("own_settings", __name__)
USUAL = ("同意。", "情况属实，同意上报。", "已核实，符合要求。", "请补充材料后重新报送。")
"""Offered to everybody, until a person has sentences of one's own."""


@bp.get("/settings/own")
@allows(SIGNED_IN)
def index() -> str:
    return _page("", "")


@bp.post("/settings/own/phrases")
@allows(STAFF)
def keep() -> ResponseReturnValue:
    """Keep a sentence; what was typed is never lost."""
    text, shared = request.form.get("text", "")[: 2 * PHRASE_LENGTH].replace("\0", ""), request.form.get("shared")
    try:
        keep_phrase(ledger_session(), actor(), text, shared == "1", moment().real_at)
    except PhraseRefused as refused:
        return _page(text, str(refused)), 422
    flash("已保存，填写意见时可以直接选用。")
    return redirect(url_for("own_settings.index"), 303)


@bp.post("/settings/own/phrases/<int:phrase_id>/drop")
@allows(STAFF)
def drop(phrase_id: int) -> ResponseReturnValue:
    drop_phrase(ledger_session(), actor(), phrase_id)
    return redirect(url_for("own_settings.index"), 303)


@bp.post("/settings/own/type")
@allows(SIGNED_IN)
def type_size() -> ResponseReturnValue:
    """Switch 大字版 for a person, on whatever machine they sign in."""
    user: User = current_user.user
    user.large_type = request.form.get("big") == "1"
    return redirect(local_address(request.form.get("back")) or "/", 303)


def offered() -> list[str]:
    """Return the sentences a person may choose from while writing an opinion."""
    return list(dict.fromkeys(phrase.text for phrase in phrases_of(ledger_session(), actor()))) or list(USUAL)


def _page(text: str, problem: str) -> str:
    return render_template(
        "own_settings/index.html",
        phrases=phrases_of(ledger_session(), actor()),
        led={post.unit_id for post in actor().posts if post.role is Role.SIGNER},
        person_id=actor().user_id,
        works=STAFF.admits(actor()),
        lends=ACTING.admits(actor()),
        text=text,
        problem=problem,
        most=PHRASE_LENGTH,
    )
