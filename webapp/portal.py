"""统一身份认证: sign in through the county's portal, where there is one, beside the password that always works.

The portal tells who somebody is; whether they may come in is ours to say: an account of that name that exists here and
is neither disabled nor locked. Nobody is entered by it, and an administrator still gives a one-time code. The portal is
asked while no transaction is open.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, Protocol
from urllib.parse import urljoin

import structlog
from flask import Blueprint, Flask, abort, current_app, flash, redirect, render_template, request, url_for
from flask import session as form_session
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from ledger.journal import Act
from ledger.people import User
from ledger.scope import Actor
from ledger.settings import Settings
from ledger.sign_ins import account_named, is_locked
from ledger.writing import record
from webapp import proofs
from webapp.opening import local_address, open_session
from webapp.permissions import PUBLIC, allows
from webapp.request import in_transaction, ledger_session, moment, real_now, settings

bp = Blueprint("portal", __name__)
BY_THEMSELVES = frozenset({"portal.begin", "portal.enter", "portal.leave"})
"""Views that ask the portal, and open a transaction of their own afterwards when they need one."""
_DOOR = "sigeyipi_portal"
_ERRAND, _LEAVING = "portal", "leaving"
_WAITS = timedelta(minutes=10)
_LONGEST_TOKEN = 2_400  # characters that a cookie has room for
_BROUGHT = ("code", "state", "iss", "error")
_LONGEST_BROUGHT = 4_000  # characters
_REASON = re.compile(r"[a-z_]{1,40}")  # what the portal may give as its reason (RFC 6749)
_AWAY = "统一身份认证暂时连不上，请稍后再试，或用用户名和密码登录。"
_DISTRUSTED = "统一身份认证没有通过，请重新登录；仍不行时请用用户名和密码登录。"
_NOBODY = "您的统一身份认证账号不能登录本系统：没有对应的账号，或者账号已停用、暂时锁定。请联系系统管理员。"
_STAYS = "已退出本系统；统一身份认证暂时连不上，没有一起退出，用完请关闭浏览器。"
_log = structlog.get_logger(__name__)


class PortalUnusable(RuntimeError):
    """统一身份认证不能使用：请先安装 sigeyipi[oidc]."""


class PortalAway(Exception):
    """统一身份认证暂时连不上."""


class PortalDistrusted(Exception):
    """统一身份认证的答复没有通过检查; the argument is a word that says which check."""


@dataclass(frozen=True)
class Errand:
    """What is remembered while somebody is at the portal: its state, the token's nonce, the secret behind PKCE."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Vouched:
    """Whom the portal vouched for, by the configured claim, and the ID token in which it did."""

    name: str
    token: str


class Door(Protocol):
    """What the views ask of `webapp.portal_door.PortalDoor`, which only an installation with a portal can load."""

    def begin(self, now: datetime) -> tuple[str, Errand]: ...

    def finish(self, code: str, errand: Errand, now: datetime) -> Vouched: ...

    def leaving(self, token: str, after: str, now: datetime) -> str | None: ...

    def issued(self, issuer: str) -> bool: ...


def register(app: Flask, here: Settings) -> None:
    """Open the way to the portal where one is configured; PortalUnusable when the extra is not installed."""
    app.extensions[_DOOR] = None
    if here.portal is not None:
        try:
            # an extra: who has no portal need not install what talks to one
            from webapp.portal_door import PortalDoor
        except ModuleNotFoundError as missing:
            raise PortalUnusable("设了 portal（统一身份认证），但没有安装 sigeyipi[oidc]") from missing
        app.extensions[_DOOR] = PortalDoor(here.portal, urljoin(here.public_url, "/login/portal/back"))
    app.jinja_env.globals["portal_offered"] = here.portal is not None


def leads_out() -> bool:
    """Say whether there is a portal to sign out of."""
    return current_app.extensions[_DOOR] is not None


def leave_too(portal_token: str) -> Response:
    """Lead somebody who signed out here on to where the portal's own session ends."""
    form_session[_LEAVING] = portal_token
    return redirect(url_for("portal.leave"), 303)


@bp.get("/login/portal")
@allows(PUBLIC)
def begin() -> ResponseReturnValue:
    """Send the browser to the portal; what it brings back must fit what the browser keeps meanwhile."""
    now, following = real_now(), local_address(request.args.get("next"))
    try:
        address, errand = _door().begin(now)
    except PortalAway as away:
        return _stay(away, following)
    form_session[_ERRAND] = {**asdict(errand), "at": int(now.timestamp()), "next": following}
    return redirect(address, 303)


@bp.get("/login/portal/back")
@allows(PUBLIC)
def back() -> ResponseReturnValue:
    """Show what was brought back as a form that sends itself: opening an address signs nobody in."""
    _door()
    brought = {name: request.args.get(name, "")[:_LONGEST_BROUGHT] for name in _BROUGHT}
    return render_template("auth/portal.html", brought=brought)


@bp.post("/login/portal/back")
@allows(PUBLIC)
def enter() -> ResponseReturnValue:
    """Ask the portal who it was, then sign them in here."""
    door, kept = _door(), form_session.pop(_ERRAND, None)
    try:
        vouched = _vouched(door, kept, real_now())
    except PortalAway as away:
        return _stay(away, None)
    except PortalDistrusted as wrong:
        _log.warning("portal_distrusted", reason=str(wrong), cause=str(wrong.__cause__))
        return in_transaction(_refuse, PUBLIC)(reason=str(wrong))
    return in_transaction(_open, PUBLIC)(vouched=vouched, following=kept["next"])


@bp.get("/logout/portal")
@allows(PUBLIC)
def leave() -> ResponseReturnValue:
    """Lead on to the portal's own way out; to the sign-in page where it has none."""
    token, address = form_session.pop(_LEAVING, None), None
    try:
        if token is not None:
            address = _door().leaving(token, urljoin(settings().public_url, url_for("auth.login")), real_now())
    except PortalAway:
        flash(_STAYS, "wrong")
    if address is None:
        return redirect(url_for("auth.login"), 303)
    return render_template("auth/left.html", address=address)


def _door() -> Door:
    found: Door | None = current_app.extensions[_DOOR]
    if found is None:
        abort(404)
    return found


def _vouched(door: Door, kept: dict[str, Any] | None, now: datetime) -> Vouched:
    """Return whom the portal vouches for; raises PortalAway, and PortalDistrusted for what does not fit together."""
    brought = {name: request.form.get(name, "")[:_LONGEST_BROUGHT] for name in _BROUGHT}
    if kept is None or now.timestamp() - kept["at"] > _WAITS.total_seconds():
        raise PortalDistrusted("late")
    if not compare_digest(brought["state"].encode(), kept["state"].encode()):
        raise PortalDistrusted("state")
    if not door.issued(brought["iss"]):
        raise PortalDistrusted("issuer")
    if brought["error"] or not brought["code"]:
        raise PortalDistrusted(brought["error"] if _REASON.fullmatch(brought["error"]) else "no_code")
    return door.finish(brought["code"], Errand(kept["state"], kept["nonce"], kept["verifier"]), now)


def _stay(away: PortalAway, following: str | None) -> ResponseReturnValue:
    """Leave the password as the way in."""
    _log.warning("portal_away", cause=str(away.__cause__))
    return render_template("auth/login.html", login="", wrong=_AWAY, following=following), 503


def _refuse(reason: str) -> ResponseReturnValue:
    return _refused(None, reason, _DISTRUSTED)


def _open(vouched: Vouched, following: str | None) -> ResponseReturnValue:
    """Sign in whom the portal vouched for, if they have an account here that is open."""
    session, now = ledger_session(), moment()
    user = account_named(session, vouched.name)
    if user is None:
        return _refused(None, "unknown", _NOBODY)
    if user.disabled_at is not None or is_locked(user, now.real_at):
        return _refused(user, "disabled" if user.disabled_at is not None else "locked", _NOBODY)
    token = vouched.token if len(vouched.token) <= _LONGEST_TOKEN else ""
    if proofs.is_asked(session, user):
        proofs.begin(session, user, following, now.real_at, token)
        return redirect(url_for("proofs.show"), 303)
    return open_session(user, following, token)


def _refused(user: User | None, reason: str, sentence: str) -> ResponseReturnValue:
    """Record why nobody came in; whom the portal named is not kept where nobody here has the name."""
    address, detail = request.remote_addr or "", {"by": "portal", "reason": reason}
    who, act = Actor(None, "未知", address=address), "sign_in_failed"
    if user is not None:
        who, act = Actor(user.id, user.name, address=address), "sign_in_refused"
    record(ledger_session(), moment(), who, Act(act, detail=detail))
    return render_template("auth/login.html", login="", wrong=sentence, following=None), 422
