"""Made-up projects by a seed, each as plain words and amounts: what tables count is counted again from these alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from ledger.projects import Project, set_funding

CLASSES = {"consolidate": "巩固", "upgrade": "提升", "revive": "盘活", "rebuild": "重建"}
# in Annex 4's own order, read off the printed annex
CAUSES = (
    *("choice", "funds", "management", "labour", "materials", "technology", "prices", "facilities", "disaster"),
    "other",
)
GAPS = ("production", "jobs", "returns")
WORTH = ("balance_yuan", "receivable_yuan", "appraised_yuan", "other_value_yuan")
_TEXTS = ("建大棚二十亩，配套冷库一座。", "=SUM(A1:A9)", "+1", "@甲", "<b>&", "𠮷园𬭊", "很长的话，" * 60, "一行\n两行")


@dataclass(frozen=True)
class Drawn:
    """One project as it was drawn."""

    unit: str
    fen: int  # 投资规模, in hundredths of a yuan
    category: str | None
    operation: str
    causes: tuple[str, ...]
    linkage: str
    gaps: tuple[str, ...]


def draw(seed: int, count: int, units: Sequence[str]) -> Iterator[Drawn]:
    """Yield `count` projects over `units`."""
    random = Random(seed)
    for _ in range(count):
        linkage = random.choice(("full", "partial"))
        operation = random.choice(("normal", "difficult", "stopped"))
        yield Drawn(
            random.choice(units),
            random.randrange(0, 1_000_000_000),
            random.choice((*CLASSES, None)),
            operation,
            tuple(random.sample(CAUSES, random.randrange(4))) if operation != "normal" else (),
            linkage,
            tuple(random.sample(GAPS, random.randrange(1, 4))) if linkage == "partial" else (),
        )


def enter(session: Session, drawn: Sequence[Drawn], units: dict[str, int], county_id: int, now: datetime) -> None:
    """Write drawn projects into a county, with texts of every awkward kind."""
    random, worth = Random(len(drawn)), Random(-len(drawn))
    for number, each in enumerate(drawn, 1):
        known: dict[str, Any] = {
            name: random.choice(_TEXTS)
            for name in ("construction", "measures", "progress", "remark", "responsible_body")
        }
        project = Project(
            **{"county_id": county_id, "number": f"D{number:06}", "name": random.choice(_TEXTS)[:200], **known},
            implementation_year=2019,
            responsible_unit_id=units[each.unit],
            created_at=now,
            responsible_person="冉某某",
            telephone="023-78840000",
            **{"industry": "planting", "operating_mode": "entrusted", "function": "normal", "use": "idle"},
            **{"category": each.category, "operation": each.operation, "causes": list(each.causes)},
            **{"linkage": each.linkage, "linkage_gaps": list(each.gaps)},
            **{name: Decimal(worth.randrange(100_000_000)) / 100 for name in WORTH if worth.random() < 0.8},
        )
        part = Decimal(each.fen // 3) / 100
        set_funding(project, {"earmarked": {"central": part}, "social": {"unsplit": Decimal(each.fen) / 100 - part}})
        session.add(project)
        if number % 500 == 0:
            session.flush()
            session.expunge_all()


def counted(drawn: Sequence[Drawn]) -> tuple[int, Counter[str]]:
    """Return the sum in fen and what Annex 4 counts, by column words of our own."""
    counts: Counter[str] = Counter(projects=len(drawn))
    for each in drawn:
        counts[f"class {each.category}"] += 1
        counts[f"state {each.operation}"] += 1
        counts.update(f"{each.operation} {cause}" for cause in each.causes)
        counts.update(f"gap {gap}" for gap in each.gaps)
    return sum(each.fen for each in drawn), counts


def annex4_columns(drawn: Sequence[Drawn]) -> tuple[int | Decimal, ...]:
    """Return columns 3 to 32 of a row of Annex 4 over drawn projects, as printed: 万元 first."""
    fen, counts = counted(drawn)
    return (
        Decimal(fen) / 1_000_000,
        counts["projects"],
        *(counts[f"class {each}"] for each in CLASSES),
        *(counts[f"stopped {cause}"] for cause in CAUSES),
        counts["state difficult"],
        *(counts[f"difficult {cause}"] for cause in CAUSES),
        *(counts[f"gap {gap}"] for gap in GAPS),
    )
