"""代办安排: who does one's work while one is away, and what was done meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.db import day_of
from ledger.substitutes import (
    REASON_LENGTH,
    SubstitutionRefused,
    Wanted,
    arrange,
    done_for,
    end,
    lendable,
    substitutions_of,
    units_led,
)
from ledger.vocabulary import Role
from webapp.permissions import ACTING, allows
from webapp.request import actor, ledger_session, moment, row_number

bp = Blueprint("substitutes", __name__, url_prefix="/settings/own/substitutes")
_SHOWN = 20


@bp.get("")
@allows(ACTING)
def index() -> str:
    return _page({}, "")


@bp.post("")
@allows(ACTING)
def create() -> ResponseReturnValue:
    """Arrange a substitute; what was chosen is never lost."""
    try:
        with ledger_session().begin_nested():
            arrange(ledger_session(), actor(), _wanted(), moment())
    except SubstitutionRefused as refused:
        return _page(request.form, str(refused)), 422
    flash("已安排代办，双方都收到了消息。")
    return redirect(url_for("substitutes.index"), 303)


@bp.post("/<int:substitution_id>/end")
@allows(ACTING)
def finish(substitution_id: int) -> ResponseReturnValue:
    """End an arrangement early; from now on the substitute sees and does nothing by it."""
    end(ledger_session(), actor(), substitution_id, moment()) or abort(404)
    flash("代办已结束。")
    return redirect(url_for("substitutes.index"), 303)


def _wanted() -> Wanted:
    """Read the form: the post is written as person:unit:role."""
    try:
        person, unit, role = request.form.get("post", "").split(":")
        place = (row_number(person), row_number(unit), Role(role))
    except ValueError:
        raise SubstitutionRefused("请选择由谁的岗位需要代办") from None
    try:
        substitute = row_number(request.form.get("substitute", ""))
    except ValueError:
        raise SubstitutionRefused("请选择代办人") from None
    try:
        days = [date.fromisoformat(request.form.get(name, "")) for name in ("first_on", "last_on")]
    except ValueError:
        raise SubstitutionRefused("请填写开始和结束日期，如 2023-11-25") from None
    return Wanted(place[0], substitute, place[1], place[2], days[0], days[1], request.form.get("reason", ""))


def _page(typed: Mapping[str, str], problem: str) -> str:
    session, me, today = ledger_session(), actor(), day_of(moment().at)
    posts = lendable(session, me)
    return render_template(
        "substitutes/index.html",
        posts=posts,
        candidates={user.id: user for each in posts for user in each.candidates}.values(),
        standing=substitutions_of(session, me, today),
        done=done_for(session, me, _SHOWN),
        today=today,
        led=units_led(me),
        person_id=me.user_id,
        typed=typed,
        problem=problem,
        most=REASON_LENGTH,
    )
