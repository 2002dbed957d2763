"""Open a session for somebody who has proved enough: its row, its cookie, and where they wanted to go."""

from __future__ import annotations

from secrets import token_urlsafe
from urllib.parse import urlsplit

from flask import redirect, request, url_for
from flask import session as form_session
from flask.typing import ResponseReturnValue

from ledger.journal import Act
from ledger.people import User
from ledger.scope import Actor, actor_of
from ledger.sign_ins import Arrival, begin_sign_in
from ledger.writing import record
from webapp.permissions import ACTING, AUDIT, SECURITY, STAFF, SYSTEM
from webapp.request import cookie_name, ledger_session, moment, settings

_FIRST = (
    (ACTING, "inbox.index"),
    (STAFF, "boards.show"),
    (SYSTEM, "design.index"),
    (SECURITY, "approvals.index"),
    (AUDIT, "auditing.index"),
)


def open_session(user: User, following: str | None, portal_token: str | None = None) -> ResponseReturnValue:
    """Sign `user` in and answer with the cookie; `following` is a path of this site.

    `portal_token` is the ID token of the portal that vouched for the person; none where a password was given.
    """
    session, now, address = ledger_session(), moment(), request.remote_addr or ""
    token = begin_sign_in(session, user, now.real_at, Arrival(address, request.user_agent.string, portal_token))
    detail = {} if portal_token is None else {"by": "portal"}
    person = actor_of(user, address)
    record(session, now, person, Act("sign_in", detail=detail))
    form_session.clear()  # the form token of before the sign-in is worth nothing after it
    form_session["seed"] = token_urlsafe(8)
    response = redirect(following or first_page(person), 303)
    https = settings().https
    response.set_cookie(cookie_name(https), token, path="/", secure=https, httponly=True, samesite="Lax")
    return response


def first_page(person: Actor) -> str:
    """Return where somebody's work begins: the inbox of who acts, the board of who looks on, administrators' own."""
    return url_for(next((endpoint for permission, endpoint in _FIRST if permission.admits(person)), "procedure.show"))


def local_address(wanted: str | None) -> str | None:
    """Return `wanted` when it is a path of this site, else None: no one is sent elsewhere after signing in."""
    if not wanted or not wanted.startswith("/") or wanted.startswith("//"):
        return None
    if "\\" in wanted or any(character < " " for character in wanted):
        return None
    parts = urlsplit(wanted)
    return wanted if not parts.scheme and not parts.netloc else None
