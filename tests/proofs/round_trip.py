"""管理台账 out and in again over a county: untouched it changes nothing, twenty typed cells are exactly those twenty.

1,086 drawn projects with texts of every awkward kind (`PROJECTS=60` for some); `county` does the same over the projects
of its rehearsed year. Every amount of the workbook is held against the bare rows, to the fen.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from random import Random
from time import perf_counter
from typing import Any

from openpyxl import Workbook, load_workbook
from sqlalchemy import true

from forms.sheets.annexes import Heading, annex5
from forms.sheets.returned_ledger import read_ledger
from ledger.db import SessionFactory, transaction
from ledger.demonstration import BEGINS_AT
from ledger.journal import Moment
from ledger.ledger_edits import Editor, Plan, plan_edits, take_edits
from ledger.scope import CLOCK
from ledger.statistics import annex5_rows, everything, projects_where
from tests.benchmarks.figures import place
from tests.drawn_projects import draw, enter
from tests.walk import lay_ground

PROJECTS, CELLS = 1086, 20
ANYBODY = Editor(true(), lambda _project: True, lambda project: project.telephone or "")
HEADING = Heading("彭水县", "", "甲", date(2023, 12, 5), "彭水自治县")
MONEY = {  # in 万元, by column of the printed annex
    **{"I": "funding_total_yuan", "J": "funding_earmarked_yuan", "K": "funding_other_yuan"},
    **{"O": "balance_yuan", "P": "receivable_yuan", "Q": "appraised_yuan", "R": "other_value_yuan"},
}
TEXTS = {"B": "name", "F": "responsible_body", "L": "construction", "AA": "progress", "AB": "remark"}
CHOICES = {
    "H": ("industry", "种植业", "养殖业"),
    "N": ("operating_mode", "自主经营", "委托经营"),
    "S": ("function", "正常", "损坏"),
    "T": ("use", "在用", "闲置"),
    "V": ("problems", "停产、亏损", "未足额分红"),
}
FOLLOWING = {"revision", "pinyin_initials"}  # what changes with others


@dataclass(frozen=True)
class Typed:
    """A cell somebody typed something into."""

    cell: str
    number: str  # 项目编号 of its row
    text: str
    columns: frozenset[str]  # of the register that have to change


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Draw a county's projects and bring their ledger back."""
    count = int(os.environ.get("PROJECTS", PROJECTS))
    with place("sqlite") as at:
        ground = lay_ground(at.sessions, at.folder / "papers")
        units = {unit.short_name: unit.id for unit in ground.county.townships.values()}
        with transaction(at.sessions) as session:
            enter(session, list(draw(seed, count, list(units))), units, ground.county.county.id, ground.now)
        yield {"seed": seed, **brought_back(at.sessions, seed)}


def brought_back(sessions: SessionFactory, seed: int) -> dict[str, object]:
    """Take Annex 5 of everything away and bring it back, untouched and with twenty cells typed anew."""
    began = perf_counter()
    content = taken_away(sessions)
    written = perf_counter() - began
    book = load_workbook(BytesIO(content))
    rows = {str(row[2].value): row[2].row for row in book.worksheets[0].iter_rows(min_row=5) if row[2].value}
    amounts = check_amounts(sessions, content)
    began = perf_counter()
    unchanged(sessions, content, len(rows))
    read = perf_counter() - began
    unchanged(sessions, saved(book), len(rows))  # as another program writes the same
    typed = type_in(book, rows, seed)
    file = saved(book)
    plan = planned(sessions, file)
    assert plan.errors == (), plan.errors
    told = {(each.cell, each.number, each.new) for each in plan.changes}
    assert told == {(each.cell, each.number, each.text) for each in typed}, told
    assert plan.unchanged_count == len(rows) - len({each.number for each in typed})
    before = register(sessions)
    with transaction(sessions) as session:
        moment = Moment(BEGINS_AT, BEGINS_AT)
        assert take_edits(session, plan_edits(session, read_ledger(file), ANYBODY), CLOCK, moment) == len(typed)
    assert changed(before, register(sessions)) == {(each.number, name) for each in typed for name in each.columns}
    for brought in (taken_away(sessions), file, content):  # an old download undoes nothing
        unchanged(sessions, brought, len(rows))
    check_amounts(sessions, taken_away(sessions))
    return {
        **{"ledger_rows": len(rows), "amounts": amounts, "cells_typed": len(typed), "changes": len(plan.changes)},
        **{"written_seconds": round(written, 2), "read_seconds": round(read, 2), "bytes": len(content)},
    }


def taken_away(sessions: SessionFactory) -> bytes:
    with transaction(sessions, writes=False) as session:
        return annex5(annex5_rows(projects_where(session, everything()), ANYBODY.telephone), HEADING)


def saved(book: Workbook) -> bytes:
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def planned(sessions: SessionFactory, file: bytes) -> Plan:
    with transaction(sessions, writes=False) as session:
        return plan_edits(session, read_ledger(file), ANYBODY)


def unchanged(sessions: SessionFactory, file: bytes, count: int) -> None:
    plan = planned(sessions, file)
    assert (plan.changes, plan.errors, plan.left_out, plan.unchanged_count) == ((), (), (), count), plan


def register(sessions: SessionFactory) -> dict[str, dict[str, Any]]:
    """Return every project's bare row by its number."""
    with closing(sqlite3.connect(sessions.kw["bind"].url.database)) as bare:
        found = bare.execute("SELECT * FROM project")
        names = [column[0] for column in found.description]
        return {str(row[names.index("number")]): dict(zip(names, row, strict=True)) for row in found}


def changed(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Return number and column of everything that is not as it was."""
    assert before.keys() == after.keys()
    return {
        (n, name) for n, row in after.items() for name in row if name not in FOLLOWING and row[name] != before[n][name]
    }


def check_amounts(sessions: SessionFactory, content: bytes) -> int:
    """Hold every amount in 万元 against the bare rows in 分, and each sum below; returns how many there are."""
    sheet, known, count = load_workbook(BytesIO(content), data_only=True).worksheets[0], register(sessions), 0
    sums = dict.fromkeys(MONEY, 0)
    for row in range(5, sheet.max_row + 1):
        number = sheet[f"C{row}"].value
        for letter, column in MONEY.items():
            cell = sheet[f"{letter}{row}"].value
            if number is not None:
                assert _fen(cell) == known[number][column], (number, column, cell)
                sums[letter] += known[number][column] or 0
                count += cell is not None
            elif sheet[f"B{row}"].value == "合计":
                assert _fen(cell) == sums[letter], (column, cell)
    return count


def _fen(ten_thousands: Any) -> int | None:
    return None if ten_thousands is None else round(Decimal(str(ten_thousands)) * 1_000_000)


def type_in(book: Workbook, rows: Mapping[str, int], seed: int) -> list[Typed]:
    """Type something else into twenty cells of different projects, every column that a person may change among them."""
    random, sheet = Random(seed), book.worksheets[0]
    letters = [*TEXTS, *CHOICES, *("D", "G", "M", "O", "P", "Q", "R")]
    letters += random.choices(letters, k=CELLS - len(letters))
    typed = []
    for n, (letter, number) in enumerate(zip(letters, random.sample(sorted(rows), CELLS), strict=True)):
        cell = sheet[f"{letter}{rows[number]}"]
        cell.value, columns = _other(letter, n, cell.value)
        typed.append(Typed(cell.coordinate, number, str(cell.value), frozenset(columns)))
    return typed


def _other(letter: str, n: int, now: object) -> tuple[object, Sequence[str]]:
    """Return what is typed in place of `now`, and the columns of the register it reaches."""
    if letter in TEXTS:
        return f"第{n}处改动", (TEXTS[letter],)
    if letter in CHOICES:
        column, *words = CHOICES[letter]
        return next(word for word in words if word != now), (column,)
    if letter in MONEY:
        return Decimal(f"{n + 1}.234567"), (MONEY[letter],)
    if letter == "D":
        return 1990 + n, ("implementation_year",)
    if letter == "G":
        return f"谭改某 139000000{n:02}", ("responsible_person", "telephone")
    return f"改名镇第{n}村", ("township_text", "village_text")
