"""Workbooks made for one test, and the shared ones."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

TESTS = Path(__file__).parents[2]
CASES = TESTS / "cases" / "xlsx"
DATA = TESTS / "data"


def case(name: str) -> bytes:
    """Return one of the hostile and edge workbooks."""
    return (CASES / name).read_bytes()


def export(kind: str) -> bytes:
    """Return one of the three exports of 1,086 projects."""
    return (DATA / f"export-{kind}-1086.xlsx").read_bytes()


def workbook(*rows: Sequence[object], change: Callable[[Worksheet], object] | None = None) -> bytes:
    """Return an .xlsx of one sheet; `change` may merge, hide or add to it before it is saved."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    if change:
        change(sheet)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    """Return the bytes of an openpyxl workbook."""
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def with_parts(data: bytes, parts: Mapping[str, bytes | None]) -> bytes:
    """Return the package with some parts replaced or added, or, where None, taken away."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename not in parts:
                new.writestr(entry, old.read(entry))
        for name, content in parts.items():
            if content is not None:
                new.writestr(name, content)
    return target.getvalue()


def part(data: bytes, name: str) -> bytes:
    """Return one part of a package."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read(name)
