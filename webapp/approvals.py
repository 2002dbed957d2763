"""双人复核: what one administrator asked for and another has to approve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from forms.holiday_notice import NoticeRefused
from ledger.approvals import Approval, ApprovalKind, ApprovalRefused, decide, decided, waiting
from ledger.journal import Act
from ledger.paper_templates import settle_template
from ledger.personal import purge
from ledger.staff import Place, StaffRefused, give_posts, user_with_posts
from ledger.vocabulary import Role
from ledger.writing import record
from webapp.permissions import STAFFING, allows
from webapp.request import acting, actor, ledger_session, moment, number_asked
from webapp.working_calendar import enter_notice

bp = Blueprint("approvals", __name__)


@bp.get("/approvals")
@allows(STAFFING)
def index() -> ResponseReturnValue:
    return render_template(
        "approvals/index.html",
        waiting=waiting(ledger_session(), moment().real_at),
        decided=decided(ledger_session()),
        kinds={str(kind): kind.label for kind in ApprovalKind},
        me=actor().user_id,
        may_ask=actor().holds(Role.SYSTEM_ADMIN),
    )


@bp.post("/approvals")
@allows(STAFFING)
def settle() -> ResponseReturnValue:
    """Approve or refuse what was ticked; each by itself, and what cannot be is said."""
    approved, done = request.form.get("verdict") == "approve", 0
    numbers = sorted({number for text in request.form.getlist("approval") if (number := number_asked(text))})
    if not numbers:
        flash("请先勾选要处理的申请。", "wrong")
    for approval_id in numbers:
        try:
            with ledger_session().begin_nested():
                _settle(decide(ledger_session(), approval_id, actor(), moment().real_at, approved=approved))
            done += 1
        except (ApprovalRefused, StaffRefused, NoticeRefused) as refused:
            flash(f"第 {approval_id} 号申请：{refused}", "wrong")
    if done:
        flash(f"已{'通过' if approved else '退回'} {done} 项申请。")
    return redirect(url_for(".index"), 303)


_REFUSED = {"approval": ["等待复核", "退回"]}


def _settle(approval: Approval) -> None:
    """Carry an approved wish out, and write down what became of it."""
    work = _WORK[ApprovalKind(approval.kind)]
    name, detail = work(approval)
    told = {"approval_id": approval.id, "kind": approval.kind, **detail}
    record(ledger_session(), moment(), actor(), Act(name, detail=told))
    ledger_session().flush()


def _change_posts(approval: Approval) -> tuple[str, dict[str, Any]]:
    detail: dict[str, Any] = {"user_id": approval.subject_id}
    if not approval.approved:
        return "posts_refused", {**detail, "changes": _REFUSED}
    places = [Place(unit_id, Role(role)) for unit_id, role in approval.wanted["posts"]]
    user = user_with_posts(ledger_session(), approval.subject_id)
    give_posts(ledger_session(), user, places, moment().real_at)
    told = {name: approval.wanted[name] for name in ("before", "after")}
    return "posts_changed", {**detail, **told, "name": user.name}


def _purge(approval: Approval) -> tuple[str, dict[str, Any]]:
    if not approval.approved:
        return "purge_refused", {"changes": _REFUSED}
    done = purge(ledger_session(), datetime.fromisoformat(approval.wanted["before_at"]))
    return "purged", {"projects": done.project_count, "people": done.person_count}


def _use_template(approval: Approval) -> tuple[str, dict[str, Any]]:
    row = settle_template(ledger_session(), approval.subject_id, moment().at, approved=bool(approval.approved))
    detail = {"name": approval.wanted["name"], "version": row.number, "sha256": row.sha256}
    if not approval.approved:
        return "template_refused", {**detail, "changes": _REFUSED}
    used = [str(next(iter(approval.wanted[side]), "")) for side in ("before", "after")]
    return "template_approved", {**detail, "changes": {"version": used}}


def _enter_calendar(approval: Approval) -> tuple[str, dict[str, Any]]:
    """Enter a year as it was asked for; open dates are counted again as they stand now."""
    year, source = approval.subject_id, approval.wanted["login"]
    told = {"year": year, "source": source}
    if not approval.approved:
        return "calendar_refused", {**told, "changes": _REFUSED}
    done = enter_notice(acting(), year, approval.wanted["text"], write=True, source=source)
    return "calendar_entered", {**told, "days": len(done.days), "moved": len(done.moved), "changes": done.changes}


_WORK: Mapping[ApprovalKind, Callable[[Approval], tuple[str, dict[str, Any]]]] = {
    ApprovalKind.POSTS: _change_posts,
    ApprovalKind.PURGE: _purge,
    ApprovalKind.TEMPLATE: _use_template,
    ApprovalKind.CALENDAR: _enter_calendar,
}
