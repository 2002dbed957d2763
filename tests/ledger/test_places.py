"""The places of the invented exports, and that every unit they name is one of them (P1)."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

import ledger
from ledger.units_text import unit_key

PLACES = json.loads((Path(ledger.__file__).parent / "places.json").read_text(encoding="utf-8"))
DATA = Path(__file__).parents[1] / "data"
TOWNSHIP, VILLAGE, UNIT, LEVEL = 3, 4, 19, 20


def projects(kind: str) -> Iterator[tuple[str, ...]]:
    rows = openpyxl.load_workbook(DATA / f"export-{kind}-1086.xlsx").worksheets[0].iter_rows(values_only=True)
    return (tuple(map(str, row)) for row in rows if isinstance(row[0], int))


@pytest.mark.parametrize(("kind", "lost"), [("plain", 0), ("stacked", 0), ("dirty", 13)])
def test_p1_every_unit_the_workbooks_name_is_found_by_its_key(kind: str, lost: int) -> None:
    names = [*PLACES["townships"], *PLACES["departments"]]
    by_key = {unit_key(name): name for name in names}
    assert len(by_key) == len(names)
    missed = []
    for row in projects(kind):
        found = by_key.get(unit_key(row[UNIT]))
        if found is None:
            missed.append(row[UNIT])
        else:
            assert found == (row[UNIT] if row[LEVEL] == "部门" else row[TOWNSHIP])
    assert missed == ["不存在镇人民政府"] * lost


def test_places_are_those_of_the_workbook() -> None:
    villages, departments = defaultdict(set), set()
    for row in projects("plain"):
        villages[row[TOWNSHIP]].add(row[VILLAGE])
        if row[LEVEL] == "部门":
            departments.add(row[UNIT])
    assert len(PLACES["townships"]) == 39
    assert set(PLACES["townships"]) == set(PLACES["villages"])
    assert set(PLACES["departments"]) == departments
    assert {township: set(names) for township, names in PLACES["villages"].items()} == villages
