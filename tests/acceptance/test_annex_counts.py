"""Annex 4 as written is what drawn projects come to by unit, cause and gap, and agrees with Annex 5 (F4, F5)."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from forms.sheets.annexes import Heading, annex4, annex5
from ledger.db import transaction
from ledger.statistics import annex4_of, annex5_rows, everything, projects_where
from tests.drawn_projects import CLASSES, annex4_columns, draw, enter
from tests.proofs.round_trip import brought_back
from tests.walk import Ground

HEADING = Heading("彭水县", "", "甲", date(2023, 12, 5), "彭水自治县")


def sheet_of(content: bytes) -> Worksheet:
    return load_workbook(BytesIO(content)).worksheets[0]


def amount(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.000001"))


def test_f4_every_unit_cause_and_gap_is_counted_as_it_was_drawn(sqlite_ground: Ground) -> None:
    county = sqlite_ground.county
    units = {unit.short_name: unit.id for unit in (*county.townships.values(), *list(county.departments.values())[:2])}
    drawn = list(draw(20231105, 300, list(units)))
    with transaction(sqlite_ground.sessions) as session:
        before = {project.id for project in projects_where(session, everything())}
        enter(session, drawn, units, county.county.id, sqlite_ground.now)
    with transaction(sqlite_ground.sessions, writes=False) as session:
        projects = [each for each in projects_where(session, everything()) if each.id not in before]
        counts, ledger = annex4(annex4_of(projects), HEADING), annex5(annex5_rows(projects), HEADING)
    printed = {row[1].value: row[2:32] for row in sheet_of(counts).iter_rows(min_row=5)}
    for unit in units:
        own = [each for each in drawn if each.unit == unit]
        cells = [cell.value for cell in printed[unit]]
        wanted = annex4_columns(own)
        assert amount(cells[0]) == amount(wanted[0])
        assert tuple(cells[1:]) == wanted[1:], unit
    rows = [row for row in sheet_of(ledger).iter_rows(min_row=5) if row[2].value]
    assert len(rows) == len(drawn)
    for unit in units:  # Annex 5 agrees in 项目数, the classes and 投入; 元 and 万元 agree to the fen
        own, lines = [e for e in drawn if e.unit == unit], [r for r in rows if r[2].value in _numbers(drawn, unit)]
        classes = Counter(row[4].value or "" for row in lines)
        assert len(lines) == len(own)
        assert [classes[label] for label in CLASSES.values()] == list(annex4_columns(own)[2:6])
        invested = sum(amount(row[9].value) + amount(row[10].value) for row in lines)
        assert invested == amount(annex4_columns(own)[0])


def test_f5_what_comes_back_changes_what_was_typed_and_nothing_else(sqlite_ground: Ground) -> None:
    """Sixty drawn projects as `make prove NAME=round_trip` does it with a county's 1,086, amounts to the fen (M1)."""
    county = sqlite_ground.county
    units = {unit.short_name: unit.id for unit in county.townships.values()}
    with transaction(sqlite_ground.sessions) as session:
        enter(session, list(draw(20231106, 60, list(units))), units, county.county.id, sqlite_ground.now)
    found = brought_back(sqlite_ground.sessions, 7)
    assert (found["ledger_rows"], found["changes"]) == (60 + len(sqlite_ground.projects), 20)


def _numbers(drawn: list[Any], unit: str) -> set[str]:
    return {f"D{number:06}" for number, each in enumerate(drawn, 1) if each.unit == unit}
