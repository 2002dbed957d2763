"""A board's figures made ready to be shown: numbers with the address of the projects behind them, and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import url_for

from bpmn.versions import version_of
from ledger.archive import LEDGER_NAMES, headings_of
from ledger.boards import (
    ArchiveCell,
    Branch,
    Light,
    Lights,
    all_lights,
    archive_meter,
    branches,
    disposal_progress,
    late_holders,
    lights,
    money_by_source,
    names_of,
    together,
    trend,
)
from ledger.db import day_of
from ledger.listing import bounds
from ledger.people import Unit
from ledger.process_map import MapFilter, StepFigures, step_figures, versions_of, worst_steps
from ledger.statistics import UNASSIGNED, Rates, rate_text, ten_thousands
from ledger.tallies import NOT_BEGUN
from ledger.vocabulary import CaseStatus, Category, FundingSource, Level, Linkage, Operation, RowStanding, UnitKind
from webapp.permissions import COUNTY_LEVEL
from webapp.procedure import MAIN
from webapp.process_map import Line, lines_of
from webapp.request import actor, ledger_session, moment

CLASSES = (*((str(each), each.label) for each in Category), ("none", "待认定"))
ARCHIVE_ROWS = 6  # of each level
CLASS_COLOURS = ("green", "blue", "orange", "red", "gray")
PROGRESS = (
    ((NOT_BEGUN, NOT_BEGUN), "未登记进展"),
    ((0, 2), "0—29%"),
    ((3, 5), "30—59%"),
    ((6, 8), "60—89%"),
    ((9, 9), "90—99%"),
    ((10, 10), "已完成"),
)
SOURCE_COLOURS = ("blue", "green", "orange", "violet", "gray")
RATES = (
    ("stopped", "停产闲置率", "red", {"operation": str(Operation.STOPPED)}),
    ("difficult", "经营困难率", "orange", {"operation": str(Operation.DIFFICULT)}),
    ("weak_linkage", "未按约定联农带农率", "blue", {"linkage": str(Linkage.PARTIAL)}),
)
_WEEK = timedelta(days=7)
_THURSDAY = 3
_MOST_POINTS = 40
_WORST, _LATEST = 5, 10


@dataclass(frozen=True)
class RateShown:
    """One of the three rates: what it is, how it changed within a week, and where its projects are."""

    label: str
    text: str
    count: int
    change: str  # "" when nothing is known of a week ago
    better: bool
    url: str


@dataclass(frozen=True)
class Row:
    """A part of the area, or the whole, as the table shows it."""

    name: str
    unit: Unit | None
    figures: Branch
    lights: Lights

    @property
    def money(self) -> Decimal:
        return ten_thousands(self.figures.money_yuan)

    def rate(self, name: str) -> str:
        return rate_text(getattr(self.figures.rates, name))


@dataclass(frozen=True)
class ArchiveShown:
    """A row of Annex 6: its number in the directive's 1–18, its counts with the projects behind each, who brings it."""

    number: int
    title: str
    cell: ArchiveCell
    urls: Mapping[str, str]  # by `RowStanding`
    brought: tuple[str, ...]


@dataclass(frozen=True)
class ArchiveLine:
    """The six rows of one level's Annex 6."""

    label: str
    rows: list[ArchiveShown]


@dataclass(frozen=True)
class Board:
    """Everything a board shows of one area."""

    area: Unit
    whole: Row
    rows: list[Row]
    rates: list[RateShown]
    history: list[tuple[date, Rates]]
    money: list[tuple[str, Decimal, str]]
    progress: list[tuple[str, int, str]]
    late: list[tuple[Unit, int]]
    phases: list[Line]
    steps: list[Line]  # each phase with its steps
    worst: list[tuple[str, str, StepFigures]]
    charts: dict[str, Any]
    archive: list[ArchiveLine]

    @property
    def late_count(self) -> int:
        return sum(count for _unit, count in self.late)


def board_of(area: Unit) -> Board:
    """Read the board of an area; about ten statements, each over sums."""
    session, now = ledger_session(), moment().at
    parts, shining = branches(session, area.id), lights(session, area.id, bounds(session, now))
    names = names_of(session, [part.branch_id for part in parts])
    rows = [_row(area, part, names, shining) for part in parts]
    whole = Row(area.short_name, area, together(parts), all_lights(shining))
    history = trend(session, area.id, day_of(now))
    money = money_by_source(session, area.id)
    far = disposal_progress(session, area.id)
    versions = versions_of(session, MAIN)
    counted = MapFilter(area.id, tuple(each.id for each in versions))
    figures = step_figures(session, counted, now)
    lines = list(lines_of(version_of(versions[0], versions[0].callees).diagram, figures))
    steps = {line.element: line.name for line in lines if not line.phase}
    board = Board(
        area=area,
        whole=whole,
        rows=rows,
        rates=_rates(area, whole.figures.rates, history),
        history=history,
        money=[
            (source_label(source), ten_thousands(yuan), projects_url(area, source=source) if yuan else "")
            for source, yuan in money.items()
        ],
        progress=_progress(area, far),
        late=late_holders(session, area, now),
        phases=[line for line in lines if not line.inside],
        steps=lines,
        worst=[(steps[step], step, figures[step]) for step in worst_steps(figures, steps, _WORST)],
        charts={},
        archive=_archive(area),
    )
    board.charts.update(_charts(board))
    return board


def projects_url(area: Unit, **asked: Any) -> str:
    """Return the address of the projects behind a figure."""
    return url_for("boards.projects", area=area.id, **asked)


def _row(area: Unit, part: Branch, names: dict[int, Unit], shining: dict[int, Lights]) -> Row:
    unit = names.get(part.branch_id)
    nowhere = UNASSIGNED if area.kind == UnitKind.COUNTY else "其他"
    own = area.short_name if area.kind == UnitKind.VILLAGE else nowhere
    return Row(unit.short_name if unit else own, unit, part, shining.get(part.branch_id, Lights()))


def _rates(area: Unit, rates: Rates, history: Sequence[tuple[date, Rates]]) -> list[RateShown]:
    today = history[-1][0] if history else None
    past = [each for on, each in history if today is not None and on <= today - _WEEK]
    shown = []
    for name, label, _colour, asked in RATES:
        rate: Decimal | None = getattr(rates, name)
        before: Decimal | None = getattr(past[-1], name) if past else None
        change = None if rate is None or before is None else (rate - before) * 100
        words = "" if change is None else _change(change)
        url = projects_url(area, staying=1, **asked)
        count: int = getattr(rates, f"{name}_count")
        shown.append(RateShown(label, rate_text(rate), count, words, change is not None and change < 0, url))
    return shown


def _change(points: Decimal) -> str:
    size = abs(points).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if not size:
        return "与一周前持平"
    return f"较一周前 {'▲' if points > 0 else '▼'}{size} 个百分点"


def _progress(area: Unit, far: dict[int, int]) -> list[tuple[str, int, str]]:
    return [
        (
            label,
            sum(far.get(step, 0) for step in range(first, last + 1)),
            projects_url(area, staying=1, progress=f"{first}_{last}"),
        )
        for (first, last), label in PROGRESS
    ]


def _archive(area: Unit) -> list[ArchiveLine]:
    """Read all 18 rows of Annex 6; a level without projects has noughts."""
    meter = archive_meter(ledger_session(), area.id)
    lines = []
    for number, (level, label) in enumerate(LEDGER_NAMES.items()):
        rows = [
            ArchiveShown(
                number * ARCHIVE_ROWS + each.row,
                each.title,
                meter.get((level, each.row), ArchiveCell()),
                {so: projects_url(area, archive=f"{level}-{each.row}-{so}") for so in RowStanding},
                each.brought,
            )
            for each in headings_of(level)
        ]
        lines.append(ArchiveLine(label, rows))
    return lines


def source_label(source: str) -> str:
    return FundingSource(source).label if source in set(FundingSource) else "未分来源"


def _charts(board: Board) -> dict[str, Any]:
    area, rows = board.area, [row for row in board.rows if row.figures.project_count]
    classes = [
        {
            "name": label,
            "colour": CLASS_COLOURS[n],
            "values": [row.figures.classes[n] for row in rows],
            "urls": [projects_url(area, branch=row.figures.branch_id, category=key) for row in rows],
        }
        for n, (key, label) in enumerate(CLASSES)
    ]
    return {
        "classes": {"kind": "stack", "unit": "个", "names": [row.name for row in rows], "series": classes},
        "trend": _trend(area, board.history),
        "money": {
            "kind": "ring",
            "unit": "万元",
            "names": [label for label, amount, _url in board.money if amount],
            "series": [
                {
                    "values": [float(amount) for _label, amount, _url in board.money if amount],
                    "urls": [url for _label, amount, url in board.money if amount],
                    "colours": [c for c, (_l, amount, _u) in zip(SOURCE_COLOURS, board.money, strict=True) if amount],
                }
            ],
        },
        "progress": _bars([(label, count, url) for label, count, url in board.progress], "teal"),
        "phases": _bars([(p.name, p.figures.case_count, _step_url(area, p)) for p in board.phases], "blue"),
        "late": _bars([(u.short_name, n, _late_url(area, u)) for u, n in board.late[:_LATEST]], "red"),
    }


def _bars(bars: Sequence[tuple[str, int, str]], colour: str) -> dict[str, Any]:
    names, values, urls = ([bar[n] for bar in bars] for n in range(3))
    one = {"name": "数量", "colour": colour, "values": values, "urls": urls}
    return {"kind": "bars", "unit": "个", "names": names, "series": [one]}


def _step_url(area: Unit, line: Line) -> str:
    return url_for("process_map.step", element=line.element, area=area.id)


def _late_url(area: Unit, unit: Unit) -> str:
    return url_for("boards.late", area=area.id, holder=unit.id)


def _trend(area: Unit, history: Sequence[tuple[date, Rates]]) -> dict[str, Any]:
    """Draw every day of a short history, of a long one its Thursdays and today."""
    long = len(history) > _MOST_POINTS
    points = [each for each in history if not long or each[0].weekday() == _THURSDAY or each is history[-1]]
    today = history[-1][0] if history else None
    series = [
        {
            "name": label,
            "colour": colour,
            "values": [_percent(getattr(rates, name)) for _on, rates in points],
            "urls": [day_url(area, None if on == today else on, asked) for on, _ in points],
        }
        for name, label, colour, asked in RATES
    ]
    return {"kind": "lines", "unit": "%", "names": [on.strftime("%m-%d") for on, _ in points], "series": series}


def day_url(area: Unit, on: date | None, asked: dict[str, str]) -> str:
    """Return where a past day's rate leads: to the county's ledger of that day, for who may see it; else to today's."""
    if on is not None and area.kind == UnitKind.COUNTY and COUNTY_LEVEL.admits(actor()):
        return url_for("snapshots.state", county=area.id, on=on.isoformat())
    return projects_url(area, staying=1, **asked)


def _percent(rate: Decimal | None) -> float | None:
    return None if rate is None else float((rate * 100).quantize(Decimal("0.01"), ROUND_HALF_UP))


def title_of(asked: dict[str, Any]) -> str:
    """Say what the projects behind a figure have in common."""
    words = [
        dict(CLASSES).get(asked.get("category", ""), ""),
        Operation(asked["operation"]).label if asked.get("operation") else "",
        "联农带农不充分" if asked.get("linkage") == Linkage.PARTIAL else "",
        Light(asked["light"]).label if asked.get("light") else "",
        CaseStatus(asked["status"]).label if asked.get("status") else "",
        "已退出" if asked.get("exited") else "",
        _archive_words(asked.get("archive")),
        f"有{source_label(asked['source'])}的" if asked.get("source") else "",
        next((f"处置进展{label}" for span, label in PROGRESS if span == asked.get("progress")), ""),
    ]
    return "、".join(word for word in words if word) + "项目" if any(words) else "全部项目"


def _archive_words(asked: tuple[str, int, RowStanding] | None) -> str:
    if asked is None:
        return ""
    level, row, standing = asked
    title = next(each.title for each in headings_of(level) if each.row == row)
    return f"{LEDGER_NAMES[Level(level)].removesuffix('台账')}{standing.label}《{title}》"
