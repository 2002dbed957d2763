"""One request, one transaction, one `now`; and the headers of every answer.

The view runs inside the transaction: when it returns, everything is committed, when it raises, nothing is.
The system clock is read here and in `scheduler.clock` only.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from flask import Flask, Response, abort, current_app, g, make_response, request
from sqlalchemy.orm import Session
from werkzeug.routing import IntegerConverter, Map

from bpmn.casefile import Acting
from ledger.db import DatabaseBusy, SessionFactory, transaction
from ledger.installation import Installation, installation
from ledger.journal import Moment
from ledger.people import Actor
from ledger.settings import Settings

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
_FORM_BYTES = 2_000_000  # typed text of the largest form, far below what a file may have
_FORM_PARTS = 4_000
_LARGEST_ROW = 2**31 - 1


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
    ahead = timedelta(seconds=here.clock_offset_seconds if here.demonstration else 0)
    return Moment(real_at + ahead, real_at)


def ledger_session() -> Session:
    found: Session = g.session
    return found


def moment() -> Moment:
    found: Moment = g.moment
    return found


def here() -> Installation:
    found: Installation = g.installation
    return found


def actor() -> Actor:
    """Return who is signed in; only for routes that are not public."""
    found: Actor = g.actor
    return found


def acting() -> Acting:
    """Return who acts, when, and where files lie: what `bpmn.runtime` asks for."""
    return Acting(ledger_session(), actor(), moment(), settings().papers, settings().round_limit)


def in_transaction(view: Callable[..., Any], admit: Callable[[Callable[..., Any]], None]) -> Callable[..., Response]:
    """Wrap `view` in the request's transaction; `admit` says who asks and refuses who may not."""

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
            g.installation = installation(session)
            g.moment = moment_of(g.installation, real_now())
            admit(view)
            return make_response(view(**arguments))

    return answer


def _forget_person() -> None:
    """Let a second attempt look the person up in its own transaction."""
    for name in ("_login_user", "actor", "calendar"):
        g.pop(name, None)


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


def register(app: Flask, limit_mb: int, https: bool) -> None:
    """Limit what a request may carry and put the security headers on every answer."""
    app.url_map.converters["int"] = RowNumber
    app.config.update(
        MAX_CONTENT_LENGTH=10 * limit_mb * 1024 * 1024,  # several files in one form
        MAX_FORM_MEMORY_SIZE=_FORM_BYTES,
        MAX_FORM_PARTS=_FORM_PARTS,
    )

    @app.before_request
    def limit_typed_text() -> None:
        # a form without files is parsed whole: the limit for files would let 200 MB of text through
        if request.mimetype == "application/x-www-form-urlencoded":
            request.max_content_length = _FORM_BYTES

    @app.before_request
    def refuse_nul() -> None:
        # PostgreSQL stores no NUL: a query that asks for one would fail there and find nothing on SQLite
        if "\0" in request.path or any("\0" in text for pair in request.args.items(multi=True) for text in pair):
            abort(400)

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint == "static":
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        if https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response
