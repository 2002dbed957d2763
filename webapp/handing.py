"""离岗移交: the unit's 审核人, or the system administrator, hands over what a leaver had taken."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.handing import Leaving, hand_over, may_hand_over, receivers
from bpmn.runtime import ActRefused
from ledger.api_tokens import revoke_all_tokens
from ledger.holdings import held_counts, held_items, member, members
from ledger.journal import Act
from ledger.people import User
from ledger.sign_ins import end_all_sign_ins
from ledger.staff import person_of
from ledger.substitutes import units_led
from ledger.vocabulary import Role
from ledger.writing import record
from webapp.permissions import LEADING, allows
from webapp.request import acting, actor, ledger_session, moment, row_number

bp = Blueprint("handing", __name__, url_prefix="/handovers")


@bp.get("")
@allows(LEADING)
def index() -> str:
    """List the people of the units one leads, and how much each of them has taken."""
    people = [user for user in members(ledger_session(), units_led(actor())) if user.id != actor().user_id]
    counts = held_counts(ledger_session(), [user.id for user in people])
    return render_template("handing/index.html", people=people, taken=counts)


@bp.get("/<int:user_id>")
@allows(LEADING)
def show(user_id: int) -> str:
    return _page(_leaver(user_id), "")


@bp.post("/<int:user_id>")
@allows(LEADING)
def carry_out(user_id: int) -> ResponseReturnValue:
    """Hand all of it over in one act, and end what sessions and tokens are left behind; all of it or nothing."""
    leaver = _leaver(user_id)
    try:
        with ledger_session().begin_nested():
            chosen = row_number(request.form.get("receiver", "0") or "0")
            done = hand_over(acting(), leaver, Leaving(user_id, chosen or None, request.form.get("reason", "")))
            end_all_sign_ins(ledger_session(), leaver.id, moment().real_at)
            revoke_all_tokens(ledger_session(), leaver.id, moment().real_at)
            counts = {"items": done.item_count, "drafts": done.draft_count, "ended": done.ended_count}
            receiver = member(ledger_session(), chosen) if chosen else None
            holder = [leaver.name, receiver.name if receiver is not None else "本单位同岗位的人"]
            detail = {"user_id": leaver.id, "name": leaver.name, **counts, "changes": {"holder": holder}}
            record(ledger_session(), moment(), actor(), Act("handed_over", detail=detail))
    except ActRefused as refused:
        return _page(leaver, str(refused)), 422
    except ValueError:
        abort(404)
    flash(f"已移交 {done.item_count} 件任务，结束代办安排 {done.ended_count} 项；本人的登录和接口令牌已全部结束。")
    if actor().holds(Role.SYSTEM_ADMIN):
        return redirect(url_for("people.show", user_id=user_id), 303)
    return redirect(url_for("handing.index"), 303)


def _leaver(user_id: int) -> User:
    """Return whom one may hand over; unknown and foreign look the same."""
    found = member(ledger_session(), user_id)
    if found is None or not may_hand_over(actor(), found):
        abort(404)
    if actor().holds(Role.SYSTEM_ADMIN) and person_of(ledger_session(), actor(), user_id) is None:
        abort(404)
    return found


def _page(leaver: User, problem: str) -> str:
    return render_template(
        "handing/show.html",
        leaver=leaver,
        held=held_items(ledger_session(), leaver.id),
        receivers=receivers(ledger_session(), leaver),
        system=actor().holds(Role.SYSTEM_ADMIN),  # who sees how much there is, and of no project what
        reason=request.form.get("reason", ""),
        receiver=request.form.get("receiver", ""),
        problem=problem,
    )
