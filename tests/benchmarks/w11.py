"""W11: Annex 4 and 5 out of the database, 1,086 projects and 10,000: seconds and the memory a process of its own needs.

Limits: 5 s each for 1,086, 30 s and 300 MB for 10,000 together. What Annex 4 says is held against the drawn projects.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from resource import RUSAGE_SELF, getrusage
from typing import Any

from openpyxl import load_workbook

from forms.sheets.annexes import Heading, annex4, annex5
from ledger.db import open_ledger, transaction
from ledger.demonstration import BEGINS_AT
from ledger.statistics import annex4_of, annex5_rows, everything, projects_where
from tests.benchmarks.crowd import timed
from tests.benchmarks.figures import DATABASES, KEYS, Figure, place
from tests.drawn_projects import annex4_columns, draw, enter
from tests.walk import lay_ground

SIZES = (1_086, 10_000)
LIMITS = {1_086: (5.0, 5.0), 10_000: (30.0, 30.0)}  # seconds for Annex 4 and Annex 5
MEGABYTES = 300.0
SEED = 20231105


def measure() -> Iterator[Figure]:
    for database in DATABASES:
        for size in SIZES:
            with place(database) as here:
                ground = lay_ground(here.sessions, here.folder, 0)
                county = ground.county
                units = {
                    unit.short_name: unit.id for unit in (*county.townships.values(), *county.departments.values())
                }
                with transaction(here.sessions) as session:
                    enter(session, list(draw(SEED, size, list(units))), units, county.county.id, BEGINS_AT)
                told = _in_a_process_of_its_own(here.url)
            assert _is_right(told["annex4"], size, list(units)), "Annex 4 is not what was drawn"
            for name, limit in zip(("annex4", "annex5"), LIMITS[size], strict=True):
                yield Figure(f"w11 {name}, {size} rows", database, 1, told[f"{name}_seconds"], "s", limit)
                used = told[f"{name}_processor"]
                yield Figure(f"w11 {name}, {size} rows, processor", database, 1, used, "s", limit)
            yield Figure(f"w11 both, {size} rows", database, 1, told["megabytes"], "MB", MEGABYTES)


def _in_a_process_of_its_own(url: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.w11", url], capture_output=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _write(url: str) -> None:
    """Write both tables over every project as a request would, each reading the projects anew; tells what it took.

    The peak is at least that of the process that began this one: Linux hands it down.
    """
    sessions, heading = open_ledger(url, KEYS), Heading("彭水县", "", "甲", date(2023, 12, 5), "彭水自治县")
    taken, used = {}, {}

    with timed() as took, transaction(sessions, writes=False) as session:
        content = annex4(annex4_of(projects_where(session, everything())), heading)
    taken["annex4"], used["annex4"] = took.wall, took.processor
    with timed() as took, transaction(sessions, writes=False) as session:
        annex5(annex5_rows(projects_where(session, everything())), heading)
    taken["annex5"], used["annex5"] = took.wall, took.processor
    peak = getrusage(RUSAGE_SELF).ru_maxrss
    told = {f"{name}_seconds": seconds for name, seconds in taken.items()}
    told |= {f"{name}_processor": seconds for name, seconds in used.items()}
    sys.stdout.write(json.dumps({**told, "annex4": content.hex(), "megabytes": peak / 1024}))


def _is_right(written: str, size: int, units: list[str]) -> bool:
    sheet = load_workbook(BytesIO(bytes.fromhex(written))).worksheets[0]
    rows = {row[1]: row[3:32] for row in sheet.iter_rows(min_row=5, values_only=True)}
    drawn = list(draw(SEED, size, units))
    return all(tuple(rows[unit]) == annex4_columns([e for e in drawn if e.unit == unit])[1:] for unit in units)


if __name__ == "__main__":
    _write(sys.argv[1])
