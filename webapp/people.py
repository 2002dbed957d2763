"""人员: the system administrator enters people; what they may do is asked for here and approved by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.approvals import ApprovalKind, ApprovalRefused, Wish, ask, waiting
from ledger.journal import Act
from ledger.people import User
from ledger.scope import units_below
from ledger.second_factors import drop_factor, factor_of
from ledger.sign_in_trail import open_sign_ins, sign_in_trail
from ledger.sign_ins import end_all_sign_ins, hash_password
from ledger.staff import (
    PAGE,
    PersonFacts,
    Place,
    StaffRefused,
    change_person,
    check_places,
    disable,
    enable,
    enter_person,
    last_of_role,
    mask,
    one_time_password,
    people_of,
    person_of,
    posts_text,
    reset_password,
)
from ledger.vocabulary import Role
from ledger.writing import record
from webapp.permissions import SECURITY, STAFFING, SYSTEM, allows
from webapp.request import actor, ledger_session, moment, number_asked

bp = Blueprint("people", __name__)
FIELDS = ("login", "name", "telephone", "email")


@bp.get("/people")
@allows(STAFFING)
def index() -> ResponseReturnValue:
    words, after = request.args.get("q", "")[:100], number_asked(request.args.get("after")) or 0
    found = list(people_of(ledger_session(), actor(), words, after))
    more = url_for(".index", q=words or None, after=found[PAGE - 1].id) if len(found) > PAGE else ""
    return render_template("people/index.html", people=found[:PAGE], words=words, older_url=more, may_edit=_system())


@bp.get("/people/new")
@allows(SYSTEM)
def new() -> ResponseReturnValue:
    return render_template("people/edit.html", person=None, typed={}, errors={})


@bp.post("/people/new")
@allows(SYSTEM)
def create() -> ResponseReturnValue:
    """Enter a person and show the one-time password this once."""
    password = one_time_password()
    try:
        user = enter_person(ledger_session(), _typed(), moment().real_at, hash_password(password))
    except StaffRefused as refused:
        return render_template("people/edit.html", person=None, typed=request.form, errors=refused.errors), 422
    _record("person_entered", user, new_person(user))
    return _page(user, told_password=password)


@bp.get("/people/<int:user_id>")
@allows(STAFFING)
def show(user_id: int) -> ResponseReturnValue:
    return _page(_person(user_id))


@bp.get("/people/<int:user_id>/edit")
@allows(SYSTEM)
def edit(user_id: int) -> ResponseReturnValue:
    person = _person(user_id)
    known = {name: getattr(person, name) or "" for name in FIELDS}
    return render_template("people/edit.html", person=person, typed=known, errors={})


@bp.post("/people/<int:user_id>/edit")
@allows(SYSTEM)
def change(user_id: int) -> ResponseReturnValue:
    person = _person(user_id)
    try:
        changes = change_person(person, _typed())
    except StaffRefused as refused:
        return render_template("people/edit.html", person=person, typed=request.form, errors=refused.errors), 422
    if changes:
        _record("person_changed", person, {"changes": changes})
        flash("已保存。")
    return redirect(url_for(".show", user_id=user_id), 303)


@bp.post("/people/<int:user_id>/reset")
@allows(SYSTEM)
def reset(user_id: int) -> ResponseReturnValue:
    """Give a one-time password to who forgot the own, shown this once; all sessions of the person end."""
    person = _person(user_id)
    if person.id == actor().user_id:
        abort(403)  # one's own password is changed where the old one is asked for
    if person.disabled_at is not None:
        return _page(person, wrong="账号已停用，启用后才能重置密码"), 422
    password = reset_password(ledger_session(), person, moment().real_at)
    _record("password_reset", person, {"changes": {"password": ["原密码", "一次性密码"]}})
    return _page(person, told_password=password)


@bp.post("/people/<int:user_id>/factor/drop")
@allows(SECURITY)
def drop_code(user_id: int) -> ResponseReturnValue:
    """Let who lost telephone and recovery codes set the one-time code up anew; nobody does this for themselves.

    The system administrator resets passwords and the security administrator this: no one can take an account alone.
    """
    person = _person(user_id)
    if person.id == actor().user_id:
        abort(403)
    drop_factor(ledger_session(), person.id)
    end_all_sign_ins(ledger_session(), person.id, moment().real_at)
    _record("second_factor_dropped", person, {"changes": {"second_factor": ["已绑定", "未绑定"]}})
    flash(f"已解除{person.name}的验证器，本人下次登录时重新绑定。")
    return redirect(url_for(".show", user_id=user_id), 303)


@bp.post("/people/<int:user_id>/disable")
@allows(SYSTEM)
def stop(user_id: int) -> ResponseReturnValue:
    person = _person(user_id)
    lonely = last_of_role(ledger_session(), person)
    if lonely:
        flash(f"{person.name}是唯一的{lonely}，停用后无人能担任，请先指定他人。", "wrong")
    elif person.disabled_at is None:
        disable(ledger_session(), person, moment().real_at)
        _record("person_disabled", person, {"changes": {"state": ["启用", "停用"]}})
        flash(f"{person.name}的账号已停用，正在使用的登录已全部结束。")
    return redirect(url_for(".show", user_id=user_id), 303)


@bp.post("/people/<int:user_id>/enable")
@allows(SYSTEM)
def resume(user_id: int) -> ResponseReturnValue:
    person = _person(user_id)
    if person.disabled_at is not None:
        enable(ledger_session(), person)
        _record("person_enabled", person, {"changes": {"state": ["停用", "启用"]}})
        flash(f"{person.name}的账号已重新启用。")
    return redirect(url_for(".show", user_id=user_id), 303)


@bp.post("/people/<int:user_id>/posts")
@allows(STAFFING)
def ask_posts(user_id: int) -> ResponseReturnValue:
    """Ask for other posts; a second administrator's approval makes them so."""
    person = _person(user_id)
    try:
        places = check_places(ledger_session(), actor(), _places())
        before = [Place(post.unit_id, Role(post.role)) for post in person.posts]
        if set(places) == set(before):
            raise StaffRefused({"posts": "岗位没有变化"})
        wanted = {
            "posts": [[place.unit_id, str(place.role)] for place in places],
            "before": posts_text(ledger_session(), sorted(before)),
            "after": posts_text(ledger_session(), places),
            "name": person.name,
            "login": person.login,
        }
        wish = Wish(ApprovalKind.POSTS, person.id, wanted, request.form.get("reason", ""))
        approval = ask(ledger_session(), wish, actor(), moment().real_at)
    except (StaffRefused, ApprovalRefused) as refused:
        return _page(person, wrong=str(refused)), 422
    detail = {"approval_id": approval.id, "before": wanted["before"], "after": wanted["after"]}
    _record("posts_asked", person, {**detail, "reason": approval.reason})
    flash("申请已提交，由另一名管理员复核后生效。")
    return redirect(url_for(".show", user_id=user_id), 303)


def _page(person: User, told_password: str = "", wrong: str = "") -> str:
    session, real_at = ledger_session(), moment().real_at
    asked = [each for each in waiting(session, real_at) if each.kind == ApprovalKind.POSTS]
    return render_template(
        "people/show.html",
        person=person,
        password=told_password,
        wrong=wrong,
        telephone=mask(person.telephone) if person.telephone else "",
        email=mask(person.email) if person.email else "",
        units=units_below(session, actor()),
        roles=list(Role),
        asked=next((each for each in asked if each.subject_id == person.id), None),
        open_sessions=open_sign_ins(session, person.id, real_at),
        trail=sign_in_trail(session, person.id),
        may_edit=_system(),
        may_drop=actor().holds(Role.SECURITY_ADMIN) and factor_of(session, person.id) is not None,
        locked=person.locked_until_at is not None and real_at < person.locked_until_at,
        myself=person.id == actor().user_id,
    )


def _person(user_id: int) -> User:
    return person_of(ledger_session(), actor(), user_id) or abort(404)


def _typed() -> PersonFacts:
    return PersonFacts(*(request.form.get(name, "")[:200] for name in FIELDS))


def _places() -> list[Place]:
    """Read the posts left ticked, and the one chosen to be added."""
    found: list[tuple[str, str]] = []
    for text in request.form.getlist("post"):
        unit, _, role = text.partition(":")
        found.append((unit, role))
    found.append((request.form.get("unit", ""), request.form.get("role", "")))
    known = {str(each) for each in Role}
    read = ((number_asked(unit), role) for unit, role in found if role in known)
    return [Place(unit_id, Role(role)) for unit_id, role in read if unit_id is not None]


def new_person(person: User) -> dict[str, Any]:
    """Return what the trail keeps of somebody who is new."""
    return {"login": person.login, "changes": {"login": ["", person.login], "name": ["", person.name]}}


def _record(name: str, person: User, more: Mapping[str, Any] | None = None) -> None:
    detail = {"user_id": person.id, "name": person.name, **(more or {})}
    record(ledger_session(), moment(), actor(), Act(name, detail=detail))


def _system() -> bool:
    return actor().holds(Role.SYSTEM_ADMIN)
