"""The parameters in force: what the installation was started with, and over it what administrators have changed.

Every process reads the changes about once a minute, with a page that is looked at: an act costs no statement for it.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ledger.parameters import BY_NAME, changed_parameters

EVERY = timedelta(minutes=1)
SETTINGS = "sigeyipi_settings"
STARTED_WITH, LAID_OVER, READ_AT = "sigeyipi_started_with", "sigeyipi_laid_over", "sigeyipi_parameters_at"


def renew_parameters(extensions: MutableMapping[str, Any], session: Session, real_at: datetime) -> None:
    """Read the changed parameters when they were last read a minute ago."""
    read_at: datetime | None = extensions.get(READ_AT)
    if read_at is not None and abs(real_at - read_at) < EVERY:
        return
    started = started_with(extensions)
    changed = {each.name: each.value for each in changed_parameters(session) if each.name in BY_NAME}
    laid_over = {*changed, *extensions.get(LAID_OVER, ())}
    if laid_over:
        update = {name: changed.get(name, started[name]) for name in laid_over}
        extensions[SETTINGS] = extensions[SETTINGS].model_copy(update=update)
    extensions[LAID_OVER] = frozenset(changed)
    extensions[READ_AT] = real_at


def started_with(extensions: MutableMapping[str, Any]) -> dict[str, int]:
    """Return what the parameters were when this process started."""
    if STARTED_WITH not in extensions:
        extensions[STARTED_WITH] = {name: getattr(extensions[SETTINGS], name) for name in BY_NAME}
    found: dict[str, int] = extensions[STARTED_WITH]
    return found


def forget_parameters(extensions: MutableMapping[str, Any]) -> None:
    """Let the next page read them anew."""
    extensions[READ_AT] = None
