"""How often one person, one program or one address may ask: more than anybody's work needs, less than a flood."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from ledger.settings import Settings
from webapp.request import counted_by, is_uncounted

ATTEMPTS = "30 per minute"  # to sign in, per address, before the account's own lock-out counts

BY_ADDRESS = {
    "auth.sign_in": ATTEMPTS,
    "proofs.check": ATTEMPTS,
    "portal.begin": ATTEMPTS,
    "portal.enter": ATTEMPTS,
    "public_notice.show": "60 per minute",  # a notice board's readers may share one address
    "public_notice.object_to": ATTEMPTS,  # before the count in the database
}
"""What anybody may ask without having signed in."""


def register(app: Flask, settings: Settings) -> None:
    """Count requests in this process's memory; what a request costs the database comes after the count.

    Whoever is signed in is counted by the session, a program by its token, everybody else by the address: an office of
    twenty people behind one address shares nothing but the sign-in page.
    """
    every = settings.requests_per_minute
    limiter = Limiter(
        counted_by(settings.https),
        app=app,
        default_limits=[f"{every} per minute"] if every else [],
        storage_uri="memory://",
        headers_enabled=True,
        retry_after="delta-seconds",
    )
    limiter.request_filter(is_uncounted)
    for endpoint, limit in BY_ADDRESS.items():
        limited: Any = limiter.limit(limit, key_func=get_remote_address)(app.view_functions[endpoint])
        app.view_functions[endpoint] = limited
