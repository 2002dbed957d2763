"""One request, one transaction, one `now`; the one check before every view: who asks, and may they.

The view runs inside the transaction: when it returns, everything is committed, when it raises, nothing is.
The system clock is read here and in `scheduler.clock` only. The cookie carries a random id whose hash is a row of
`sign_in`; Flask-Login only asks us who that is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from flask import Flask, Request, Response, abort, current_app, g, make_response, request
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.routing import IntegerConverter, Map

from bpmn.casefile import Acting
from ledger.api_tokens import user_of_token
from ledger.db import DatabaseBusy, SessionFactory, transaction
from ledger.installation import Installation, installation
from ledger.journal import Moment
from ledger.people import User
from ledger.scope import Actor, Patience, PostView, actor_of, clock_ahead, who_asks
from ledger.settings import Settings
from ledger.vocabulary import Role, UnitKind
from webapp.in_force import renew_parameters

READING = frozenset({"GET", "HEAD", "OPTIONS"})
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_BUILT = frozenset({200, 206, 304})  # a file that is missing now may be there after the upgrade
_FORCED = frozenset({"auth.password", "auth.change_password", "auth.logout"})
_INTERFACE = "api"
_COUNTS = "lists.counts"
_STRANGERS_BYTES = 30 * 1024 * 1024  # a page that needs no signing in takes three photos, not a film
_FORM_BYTES = 2_000_000  # typed text of the largest form, far below what a file may have
_FORM_PARTS = 4_000
_LARGEST_ROW = 2**31 - 1


@dataclass(frozen=True)
class Permission:
    """One line of the permission table: `roles` in units of `kinds`; no roles means every signed-in person."""

    label: str
    roles: frozenset[Role] = frozenset()
    kinds: frozenset[UnitKind] = frozenset(UnitKind)
    public: bool = False

    def admits(self, actor: Actor | None) -> bool:
        """Say whether `actor` (None: nobody signed in) may use the route."""
        if actor is None or self.public:
            return self.public
        return not self.roles or any(self.admits_post(post) for post in actor.posts)

    def admits_post(self, post: PostView) -> bool:
        """Say whether this one post is enough."""
        return post.role in self.roles and post.unit_kind in self.kinds


class SignedIn:
    """What Flask-Login holds for one request."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, actor: Actor, must_change_password: bool, ends_at: datetime | None = None) -> None:
        self.actor = actor
        self.must_change_password = must_change_password
        self.ends_at = ends_at  # None for a program, which has no session

    def get_id(self) -> str:
        return str(self.actor.user_id)

    @property
    def user(self) -> User:
        """The person's row, read when a page asks for it."""
        return ledger_session().get_one(User, self.actor.user_id)


class NotSignedIn(Exception):
    """请先登录."""


class PasswordDue(Exception):
    """请先修改初始密码."""


def settings() -> Settings:
    found = current_app.extensions["sigeyipi_settings"]
    assert isinstance(found, Settings)
    return found


def sessions() -> SessionFactory:
    found: SessionFactory = current_app.extensions["sigeyipi_ledger"]
    return found


def real_now() -> datetime:
    """Read the clock: once per request, and once per pass of a command."""
    return datetime.now(UTC)


def moment_of(here: Installation, real_at: datetime) -> Moment:
    """Return both times of a transaction; only the demonstration's clock can be ahead."""
    return Moment(real_at + clock_ahead(here.demonstration, here.clock_offset_seconds), real_at)


def ledger_session() -> Session:
    found: Session = g.session
    return found


def moment() -> Moment:
    found: Moment = g.moment
    return found


def here() -> Installation:
    """Return the installation; read for pages, which show what it is."""
    if "installation" not in g:
        g.installation = installation(ledger_session())
    found: Installation = g.installation
    return found


def actor() -> Actor:
    """Return who is signed in; only for routes that are not public."""
    found: Actor = g.actor
    return found


def acting() -> Acting:
    """Return who acts, when, and where files lie: what `bpmn.runtime` asks for."""
    return Acting(ledger_session(), actor(), moment(), settings().papers, settings().round_limit)


def in_transaction(view: Callable[..., Any], permission: Permission | None) -> Callable[..., Response]:
    """Wrap `view` in the request's transaction; who asks is refused unless `permission` admits them."""

    @wraps(view)
    def answer(**arguments: Any) -> Response:
        if request.method not in READING:
            return attempt(arguments, writes=True)
        try:
            return attempt(arguments, writes=False)
        except DatabaseBusy:
            # a page notes once a minute that its sign-in is in use; when another writer was quicker, ask for the lock
            return attempt(arguments, writes=True)

    def attempt(arguments: dict[str, Any], *, writes: bool) -> Response:
        with transaction(sessions(), writes=writes) as session:
            _forget_person()
            g.session = session
            real_at = real_now()
            if request.method in READING:
                renew_parameters(current_app.extensions, session, real_at)
            _admit(permission, real_at)
            return make_response(view(**arguments))

    return answer


def _forget_person() -> None:
    """Let a second attempt look the person up in its own transaction."""
    for name in ("_login_user", "actor", "calendar", "installation"):
        g.pop(name, None)


def _admit(permission: Permission | None, real_at: datetime) -> None:
    """Refuse the request unless its permission admits who asks; puts actor and moment where views find them."""
    g.moment = Moment(real_at, real_at)  # until it is known how far the demonstration's clock is ahead
    person = current_user if current_user.is_authenticated else None
    if person is None:
        g.moment = moment_of(here(), real_at)
    g.actor = person.actor if person else None
    if permission is not None and permission.public:
        return
    if person is None:
        raise NotSignedIn
    if person.must_change_password and request.endpoint not in _FORCED:
        raise PasswordDue
    if permission is None or not permission.admits(person.actor):
        abort(403)


def signed_in(asking: Request) -> SignedIn | None:
    """Return who holds the request's cookie, or None; for the interface who holds its token, and no cookie counts."""
    if asking.blueprint == _INTERFACE:
        return _by_token(asking)
    here = settings()
    token = asking.cookies.get(cookie_name(here.https))
    if not token:
        return None
    patience = Patience(timedelta(minutes=here.idle_minutes), timedelta(hours=here.absolute_hours))
    lives = asking.endpoint != _COUNTS  # an open page that asks for its numbers is not a person at work
    real_at = moment().real_at
    found = who_asks(ledger_session(), token, real_at, patience, asking.remote_addr or "", touch=lives)
    if found is None:
        return None
    g.moment = Moment(real_at + found.clock_ahead, real_at)
    return SignedIn(found.actor, found.must_change_password, found.ends_at)


def _by_token(asking: Request) -> SignedIn | None:
    given = asking.authorization
    if given is None or given.type != "bearer" or not given.token:
        return None
    g.moment = moment_of(here(), moment().real_at)
    user = user_of_token(ledger_session(), given.token, moment().real_at)
    return SignedIn(actor_of(user, asking.remote_addr or ""), user.must_change_password) if user is not None else None


def cookie_name(https: bool) -> str:
    return "__Host-sigeyipi" if https else "sigeyipi"


def counted_by(https: bool) -> Callable[[], str]:
    """Return what tells who is asking before the ledger is asked: the session, a program's token, else the address."""
    cookie = cookie_name(https)
    return lambda: request.cookies.get(cookie) or request.headers.get("Authorization") or request.remote_addr or ""


def is_uncounted() -> bool:
    """Tell whether a request costs nothing worth counting."""
    return request.endpoint in ("static", "health.healthz")


def typed() -> dict[str, list[str]]:
    """Return what was typed into a form, without the page's own values."""
    sent = request.form.to_dict(flat=False)
    return {name: values for name, values in sent.items() if name != "csrf_token" and not name.startswith("_")}


class RowNumber(IntegerConverter):
    """`<int:…>` in an address: no row has a larger number, and the databases refuse to look for one."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=_LARGEST_ROW)


def row_number(text: str) -> int:
    """Read the number of a row from a query; ValueError for what no row can have."""
    number = int(text)
    if not 0 <= number <= _LARGEST_ROW:
        raise ValueError(text)
    return number


def number_asked(text: str | None) -> int | None:
    """Read a row's number from an address; None for nothing and for what no row can have."""
    try:
        return row_number(text) if text else None
    except ValueError:
        return None


def register(app: Flask, limit_mb: int, https: bool) -> None:
    """Limit what a request may carry and put the security headers on every answer."""
    app.url_map.converters["int"] = RowNumber
    app.config.update(
        MAX_CONTENT_LENGTH=10 * limit_mb * 1024 * 1024,  # several files in one form
        MAX_FORM_MEMORY_SIZE=_FORM_BYTES,
        MAX_FORM_PARTS=_FORM_PARTS,
    )

    @app.before_request
    def limit_what_is_sent() -> None:
        # a form without files is parsed whole: the limit for files would let 200 MB of text through
        if request.mimetype == "application/x-www-form-urlencoded":
            request.max_content_length = _FORM_BYTES
        elif (permission := app.extensions["sigeyipi_permissions"].get(request.endpoint)) and permission.public:
            request.max_content_length = _STRANGERS_BYTES  # whoever sends it has not signed in

    @app.before_request
    def refuse_nul() -> None:
        # PostgreSQL stores no NUL: a query that asks for one would fail there and find nothing on SQLite
        if "\0" in request.path or any("\0" in text for pair in request.args.items(multi=True) for text in pair):
            abort(400)

    @app.after_request
    def protect(response: Response) -> Response:
        _protect(response)
        if https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return response


def _protect(response: Response) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static" and response.status_code in _BUILT:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif "no-store" not in response.headers["Cache-Control"]:  # what sends a file asks for less
        response.headers["Cache-Control"] = "private, no-store"
