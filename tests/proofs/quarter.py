"""A quarter in 39 townships with 300 projects: every reminder on its day and slot, none twice, as the oracle says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic

from sqlalchemy import select

from ledger.cases import WorkItem
from ledger.db import open_ledger, transaction
from ledger.demonstration import TOWNSHIPS
from ledger.migrations import upgrade
from tests.conftest import KEYS
from tests.reminded_quarter import Quarter
from tests.walk import Walk, lay_ground, local

PROJECTS = 300
BEGINS_AT, UNTIL = local(2023, 11, 6, 9), date(2024, 2, 9)
_LONGEST_HOURS = 24 * 60  # a first step is done some hours or weeks after its push, by chance


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Play the quarter with cases and rounds, units in time, late or silent; then ask the oracle."""
    began, random = monotonic(), Random(seed)
    with TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'ledger.sqlite'}"
        upgrade(url, KEYS)
        sessions = open_ledger(url, KEYS)
        ground = lay_ground(sessions, folder / "papers", PROJECTS, BEGINS_AT, townships=TOWNSHIPS)
        for project in ground.projects:
            Walk(ground, project)
        with transaction(sessions, writes=False) as session:
            waiting = session.scalars(select(WorkItem.id).order_by(WorkItem.id)).all()
        waits = {item_id: timedelta(hours=random.randrange(3, _LONGEST_HOURS), minutes=7) for item_id in waiting}
        quarter = Quarter(sessions, ground.papers, ground.county, BEGINS_AT, UNTIL, seed, 20, 10, receive_after=waits)
        quarter.play()
        figures = quarter.compare()
        sessions.kw["bind"].dispose()
    yield {
        "seed": seed,
        "townships": len(TOWNSHIPS),
        "projects": PROJECTS,
        **figures,
        "seconds": round(monotonic() - began, 1),
    }
