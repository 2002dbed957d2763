"""What is ended, disabled, revoked, settled or given up stays so, whatever is asked of it (safety 5, issue 10)."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from ledger.db import open_ledger
from tests.audited import EVERYBODY, Stage
from tests.audited.proving import CHANNELS
from tests.closed import contents, taken_back
from tests.closed_things import THINGS
from tests.conftest import KEYS
from tests.walk import lay_ground
from tests.webapp.conftest import site_over


@pytest.fixture(scope="module")
def stage(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One county for all things."""
    folder = tmp_path_factory.mktemp("closed")
    shutil.copy(migrated_sqlite, folder / "ledger.sqlite")
    sessions = open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}", KEYS)
    site = site_over(lay_ground(sessions, folder / "papers", projects=12), datetime.now().astimezone())
    known = site.app.extensions["sigeyipi_settings"]
    site.app.extensions["sigeyipi_settings"] = known.model_copy(update={"channels": CHANNELS})
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as outside:
        made = Stage(site, outside)
        for login in EVERYBODY:
            made.person(login).token()  # signing in is an act of its own
        yield made
    sessions.kw["bind"].dispose()


@pytest.mark.parametrize("name", THINGS)
def test_a_closed_thing_stays_closed(stage: Stage, name: str) -> None:
    thing = THINGS[name](stage)
    for ask in thing.asks:
        with taken_back(stage.site) as met:
            ask.send() if ask.act else None
        assert ask.act in ("", *met), f"{name}: the question is not well put"
    thing.close()
    before = contents(stage.site)
    for ask in thing.asks:
        answer = ask.send()
        assert isinstance(answer, TestResponse)
        assert answer.status_code in ask.closed, (name, ask.act, answer.status_code)
        after = contents(stage.site)
        assert [each for each in after if after[each] != before[each]] == [], (name, ask.act)
