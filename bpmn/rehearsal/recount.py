"""Count Annex 4 again from the projects' bare columns, and hold both tables against it, unit by unit.

Written apart from `ledger.statistics` on purpose: two ways to the same number, so that a wrong one is seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from ledger.projects import bare_columns
from ledger.statistics import (
    TOTAL,
    Cell,
    annex4_rows,
    annex5_rows,
    everything,
    of_unit,
    projects_where,
)
from ledger.vocabulary import Category

_CLASSES = ("consolidate", "upgrade", "revive", "rebuild")
# as the printed table orders them
_CAUSES = (
    *("choice", "funds", "management", "labour", "materials"),
    *("technology", "prices", "facilities", "disaster", "other"),
)
_GAPS = ("production", "jobs", "returns")
_YUAN_IN_TEN_THOUSAND = 10_000


@dataclass
class Count:
    """What one unit's projects come to."""

    yuan: Decimal = Decimal(0)
    projects: int = 0
    tallied: Counter[str] = field(default_factory=Counter)

    def add(self, project: dict[str, Any]) -> None:
        self.yuan += project["funding_total_yuan"]
        self.projects += 1
        self.tallied[f"class {project['category']}"] += 1
        self.tallied[f"state {project['operation']}"] += 1
        for cause in project["causes"]:
            self.tallied[f"{project['operation']} {cause}"] += 1
        if project["linkage"] == "partial":
            self.tallied.update(f"gap {gap}" for gap in project["linkage_gaps"])

    def cells(self) -> tuple[Cell, ...]:
        """Return the cells of Annex 4 after 序号 and 地区."""
        return (
            self.yuan / _YUAN_IN_TEN_THOUSAND,
            self.projects,
            *(self.tallied[f"class {each}"] for each in _CLASSES),
            *(self.tallied[f"stopped {cause}"] for cause in _CAUSES),
            self.tallied["state difficult"],
            *(self.tallied[f"difficult {cause}"] for cause in _CAUSES),
            *(self.tallied[f"gap {gap}"] for gap in _GAPS),
        )


def disagreements(session: Session) -> list[str]:
    """Return a Chinese line for every unit whose printed counts are not those of its projects."""
    counts: dict[int | None, Count] = {}
    names: dict[int | None, str] = {}
    total = Count()
    for project in bare_columns(session):
        counts.setdefault(project["responsible_unit_id"], Count()).add(project)
        names[project["responsible_unit_id"]] = project["unit_name"]
        total.add(project)
    printed = {str(row[1]): row[2:] for row in annex4_rows(projects_where(session, everything()))}
    wanted = {names[unit_id]: count.cells() for unit_id, count in counts.items()} | {TOTAL: total.cells()}
    lines = [f"统计表“{name}”与逐项目计数不一致" for name, cells in wanted.items() if printed.get(name) != cells]
    lines += [f"统计表多出“{name}”" for name in printed if name not in wanted]
    return [*lines, *_between_tables(session, counts, names)]


def _between_tables(session: Session, counts: dict[int | None, Count], names: dict[int | None, str]) -> Iterator[str]:
    """Name the units whose 台账 does not add up to 统计表 in 项目数, classes and 项目实际投入."""
    for unit_id, count in counts.items():
        if unit_id is not None and _ledger(annex5_rows(projects_where(session, of_unit(unit_id)))) != (
            count.yuan / _YUAN_IN_TEN_THOUSAND,
            count.projects,
            [count.tallied[f"class {each}"] for each in _CLASSES],
        ):
            yield f"台账与统计表“{names[unit_id]}”不一致"


def _ledger(rows: Sequence[Sequence[Cell]]) -> tuple[Decimal, int, list[int]]:
    money = sum((Decimal(str(row[8])) for row in rows), Decimal(0))
    classes = Counter(row[4] for row in rows)
    return money, len(rows), [classes[Category(each).label] for each in _CLASSES]
