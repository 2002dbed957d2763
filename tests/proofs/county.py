"""A whole county's year: every project of the export to its end, its printed tables counted again from bare SQL.

`PROJECTS=60` in the environment plays some of them. At its end 管理台账 is brought back as `round_trip` does. Told are
the rehearsal's own figures, the rate beside bare sqlite3 sending the same writes in the same transactions, processor
time by part of the house, and the most memory held.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

import openpyxl

from bpmn.rehearsal.county import Rehearsed, Stage, rehearse
from forms.sheets.national_export import read_export
from ledger.settings import Settings
from scheduler.sweep import Ground, sweep
from tests.benchmarks.figures import Place, place
from tests.benchmarks.parts import booked, shares
from tests.benchmarks.sent_again import recorded, sent_again
from tests.benchmarks.w4 import EXPORT
from tests.proofs.round_trip import brought_back
from webapp.rehearsing import write_results

YEAR = 2023
# as Annex 4 orders them: classes, causes, gaps (F4)
CLASSES = {"consolidate": "巩固", "upgrade": "提升", "revive": "盘活", "rebuild": "重建"}  # as Annex 5 calls them
CAUSES = (
    *("choice", "funds", "management", "labour", "materials"),
    *("technology", "prices", "facilities", "disaster", "other"),
)
GAPS = ("production", "jobs", "returns")
_PROJECTS = """
SELECT p.number, u.short_name, p.funding_total_yuan, p.category, p.operation, p.causes, p.linkage, p.linkage_gaps
FROM project p JOIN unit u ON u.id = p.responsible_unit_id
"""


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Play the year on SQLite as a county would run it (WAL, synchronous=FULL) and hold everything against SQL."""
    rows = read_export(EXPORT.read_bytes()).rows
    count = int(os.environ.get("PROJECTS", len(rows)))
    chosen = rows[:: max(len(rows) // count, 1)][:count]
    with place("sqlite") as at:
        worked = process_time()
        with booked() as looks, recorded(at) as recording:
            done = _played(at, chosen, seed)
        worked = process_time() - worked
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        write_results(at.sessions, Settings(data=at.folder), YEAR)
        counted = check_tables(at.folder)
        bare, files = sent_again(recording, at)
        ledger = brought_back(at.sessions, seed)
    assert done.problems == (), done.problems
    assert (done.cases_finished, counted["project_count"]) == (len(chosen), len(chosen))
    rate, floor = done.transactions / done.seconds, done.transactions / bare.wall
    with_files = done.transactions / (bare.wall + files.wall)
    yield {"seed": seed, **done.as_json(), **counted}
    yield {"ledger_brought_back": ledger}
    yield {"transactions_per_second": round(rate), "bare": round(floor), "ratio": round(rate / floor, 3)}
    yield {"bare_with_papers": round(with_files), "ratio": round(rate / with_files, 3)}
    each, bare_each = worked / done.transactions * 1000, bare.processor / done.transactions * 1000
    yield {"processor_ms_per_transaction": round(each, 2), "bare": round(bare_each, 3), "memory_mb": round(held)}
    yield {"processor_ms_by_part": shares(looks, each)}


def _played(at: Place, rows: Sequence[Any], seed: int) -> Rehearsed:
    ground = Ground(at.sessions, at.folder / "papers")
    stage = Stage(at.sessions, at.folder / "papers", lambda moment: sweep(ground, moment).fired)
    return rehearse(stage, rows, YEAR, seed, lambda _done, _all: None)


def check_tables(folder: Path) -> dict[str, object]:
    """Hold the written Annex 4 against a count of the bare rows, and Annex 5 against Annex 4, for every unit."""
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as bare:
        projects = bare.execute(_PROJECTS).fetchall()
    wanted: dict[str, Counter[str]] = {}
    for project in projects:
        for name in (project[1], "合计"):
            wanted.setdefault(name, Counter()).update(_counts(project))
    (annex4,), (annex5,) = folder.glob("*统计表.xlsx"), folder.glob("*管理台账.xlsx")
    printed = {str(row[1]): row[2:32] for row in _values(annex4) if isinstance(row[3], int | float)}
    kinds = {name for name in printed if name.endswith("小计")}
    assert printed.keys() - kinds == wanted.keys(), printed.keys() ^ wanted.keys()
    for name, count in wanted.items():
        found = (_fen(printed[name][0]), *(int(each or 0) for each in printed[name][1:]))
        assert found == tuple(count[column] for column in _columns()), name
    units = {project[0]: project[1] for project in projects}
    ledger: dict[str, Counter[str]] = {}
    for row in _values(annex5):
        if row[2] in units:
            mine = {"yuan": _fen(row[8]), "projects": 1, f"class {row[4]}": 1}
            ledger.setdefault(units[row[2]], Counter()).update(mine)
    for name, count in ledger.items():
        classes = [count[f"class {label}"] for label in CLASSES.values()]
        said = [_fen(printed[name][0]), *(int(each or 0) for each in printed[name][1:6])]
        assert [count["yuan"], count["projects"], *classes] == said, (name, count, said)
    assert ledger.keys() == wanted.keys() - {"合计"}
    whole = wanted["合计"]
    return {"units": len(ledger), "project_count": whole["projects"], "funding_fen": whole["yuan"]}


def _counts(project: Sequence[Any]) -> dict[str, int]:
    """Return what one project adds to its unit's line."""
    _number, _unit, fen, category, operation, causes, linkage, gaps = project
    found = {"yuan": fen, "projects": 1, f"class {category}": 1, f"state {operation}": 1}
    found |= {f"{operation} {cause}": 1 for cause in json.loads(causes)}
    return found | ({f"gap {gap}": 1 for gap in json.loads(gaps)} if linkage == "partial" else {})


def _columns() -> tuple[str, ...]:
    """Return the columns of Annex 4 after 序号 and 地区."""
    stopped, difficult = ([f"{state} {cause}" for cause in CAUSES] for state in ("stopped", "difficult"))
    classes, gaps = [f"class {each}" for each in CLASSES], [f"gap {each}" for each in GAPS]
    return "yuan", "projects", *classes, *stopped, "state difficult", *difficult, *gaps


def _values(path: Path) -> Iterator[tuple[Any, ...]]:
    yield from openpyxl.load_workbook(path, data_only=True).worksheets[0].values


def _fen(ten_thousands: Any) -> int:
    """Return an amount in 万元 as fen; the sheet's doubles hold six decimals exactly enough."""
    return round(Decimal(str(ten_thousands or 0)) * 1_000_000)
