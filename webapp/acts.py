"""What one may do with an item besides filling its form: 退回, 撤回, 转办, 催办, 领取, 委托, 加签 and the like.

One page offers what is to be had, each act a plain form; the runtime checks all of it again under the lock.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.offers import offers
from bpmn.runtime import (
    add_reviewer,
    call_back,
    claim,
    delegate,
    drop_reviewer,
    release,
    send_back,
    skip,
    transfer,
    urge,
)
from ledger.cases import item_of
from ledger.scope import case_id_of_visible_item
from ledger.urges import urged
from ledger.vocabulary import ItemStatus
from webapp.permissions import ACTING, STAFF, allows
from webapp.refusals import NOTHING, Refusal, told_on
from webapp.request import acting, actor, ledger_session

bp = Blueprint("acts", __name__, url_prefix="/items/<int:item_id>")


@bp.get("/acts")
@allows(STAFF)
def show(item_id: int) -> ResponseReturnValue:
    """Offer what the person may do with an item."""
    return _page(item_id)


def _page(item_id: int, refused: Refusal = NOTHING) -> str:
    return render_template(
        "acts/item.html",
        case_id=_visible(item_id),
        offers=offers(acting(), item_id),
        urged=urged(ledger_session(), item_id),
        refused=refused,
    )


@bp.post("/send-back")
@allows(ACTING)
@told_on(_page)
def return_case(item_id: int) -> ResponseReturnValue:
    case_id = _visible(item_id)
    target, straight = request.form.get("target", ""), bool(request.form.get("straight_back"))
    done = send_back(acting(), item_id, _revision(), target, _reason(), straight_back=straight)
    flash(f"已退回到{'、'.join(f'{name}（{unit}）' for name, unit, _due in done.next)}。")
    return _onwards(case_id)


@bp.post("/call-back")
@allows(ACTING)
@told_on(_page)
def take_back(item_id: int) -> ResponseReturnValue:
    _visible(item_id)
    call_back(acting(), item_id, _reason())
    flash("已撤回，可以修改后重新提交。")
    return _to_item(item_id)


@bp.post("/transfer")
@allows(ACTING)
@told_on(_page)
def hand_over(item_id: int) -> ResponseReturnValue:
    case_id = _visible(item_id)
    done = transfer(acting(), item_id, _revision(), _chosen("unit"), _reason())
    flash(f"已转办给{done.next[0][1]}，期限不变。")
    return _onwards(case_id)


@bp.post("/urge")
@allows(STAFF)
@told_on(_page)
def press(item_id: int) -> ResponseReturnValue:
    case_id = _visible(item_id)
    told = urge(acting(), item_id, request.form.get("words", ""))
    flash(f"已催办，通知了{told}人。")
    return _to_case(case_id)


@bp.post("/claim")
@allows(ACTING)
@told_on(_page)
def take(item_id: int) -> ResponseReturnValue:
    _visible(item_id)
    claim(acting(), item_id, _revision())
    flash("已领取，由您办理。")
    return _to_item(item_id)


@bp.post("/release")
@allows(ACTING)
@told_on(_page)
def put_back(item_id: int) -> ResponseReturnValue:
    _visible(item_id)
    release(acting(), item_id, _revision(), _reason())
    flash("已放回。")
    return _to_item(item_id)


@bp.post("/delegate")
@allows(ACTING)
@told_on(_page)
def ask_colleague(item_id: int) -> ResponseReturnValue:
    case_id = _visible(item_id)
    delegate(acting(), item_id, _revision(), _chosen("person"), _reason())
    flash("已委托，填好后会交回给您。")
    return _onwards(case_id)


@bp.post("/reviewers")
@allows(ACTING)
@told_on(_page)
def ask_more(item_id: int) -> ResponseReturnValue:
    case_id = _visible(item_id)
    done = add_reviewer(acting(), item_id, _chosen("unit"), _reason())
    flash(f"已加签{done.next[0][1]}。")
    return _to_case(case_id)


@bp.post("/reviewers/drop")
@allows(ACTING)
@told_on(_page)
def ask_fewer(item_id: int) -> ResponseReturnValue:
    case_id = _visible(item_id)
    drop_reviewer(acting(), item_id, _reason())
    flash("已减签。")
    return _to_case(case_id)


@bp.post("/skip")
@allows(ACTING)
@told_on(_page)
def leave_out(item_id: int) -> ResponseReturnValue:
    case_id = _visible(item_id)
    skip(acting(), item_id, _revision(), _reason())
    flash("已跳过该环节。")
    return _to_case(case_id)


def _visible(item_id: int) -> int:
    return case_id_of_visible_item(ledger_session(), actor(), item_id) or abort(404)


def _revision() -> int:
    return request.form.get("_revision", default=-1, type=int)


def _reason() -> str:
    return request.form.get("reason", "")


def _chosen(name: str) -> int:
    return request.form.get(name, default=0, type=int)


def _to_case(case_id: int) -> ResponseReturnValue:
    return redirect(url_for("cases.show", case_id=case_id), 303)


def _onwards(case_id: int) -> ResponseReturnValue:
    """Go to the next item: this one has gone elsewhere."""
    return redirect(url_for("inbox.following", case=case_id), 303)


def _to_item(item_id: int) -> ResponseReturnValue:
    """Go back to the item's page where it is the person's, else to its case."""
    item = item_of(ledger_session(), item_id)
    mine = item is not None and item.status == ItemStatus.OPEN and (item.unit_id, item.role) in actor().places
    if item is not None and not mine:
        return _to_case(item.case_id)
    return redirect(url_for("items.show", item_id=item_id), 303)
