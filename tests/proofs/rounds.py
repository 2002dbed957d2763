"""A year of rounds in 39 townships with 300 projects: each occurrence exactly once, each moment the oracle's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from bpmn.deployment import deploy
from bpmn.round_procedures import shipped_rounds
from ledger.db import open_ledger, transaction
from ledger.demonstration import BEGINS_AT, build_county, build_projects
from ledger.installation import found
from ledger.migrations import upgrade
from ledger.working_days import seed_calendar
from tests.conftest import KEYS
from tests.rounds_year import Year

PROJECTS = 300


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Play the year from the directive's day; every closing is compared too."""
    began = monotonic()
    with TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'ledger.sqlite'}"
        upgrade(url, KEYS)
        sessions = open_ledger(url, KEYS)
        with transaction(sessions) as session:
            found(session, BEGINS_AT, demonstration=True)
            seed_calendar(session)
            county = build_county(session, BEGINS_AT)
            build_projects(session, county, PROJECTS, BEGINS_AT)
            for bundle in shipped_rounds():
                deploy(session, bundle, "演练", BEGINS_AT)
        until = (BEGINS_AT + timedelta(days=366)).date()
        year = Year(sessions, folder / "papers", county, BEGINS_AT, until, seed)
        year.play()
        figures = year.check(date(2023, 11, 13))
        sessions.kw["bind"].dispose()
    yield {"seed": seed, "projects": PROJECTS, **figures, "seconds": round(monotonic() - began, 1)}
