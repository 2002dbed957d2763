"""周调度情况汇总 (R2, art. 22): the four points units report, the total of those that did, and each unit's line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from handlers.outcome import Print
from handlers.weekly_report import NO_MEASURES
from ledger.round_figures import Figures, lines_of, rates_of
from ledger.round_lists import Standing, answers_in, earlier_summary, standing_of
from ledger.rounds import RoundSummary, UnitRound
from ledger.statistics import rate_text
from ledger.vocabulary import Category, PaperKind

TEMPLATE = "weekly_summary"
_NONE = "无"
_RATES = {"停产闲置率": "停产闲置率", "经营困难率": "经营困难率", "未按约定联农带农率": "未联农带农率"}


def weekly_print(session: Session, summary: RoundSummary, rows: Sequence[UnitRound]) -> Print:
    """Return the bureau's paper on a closed week; it says of how many units its figures are."""
    handed_in = [row for row in rows if row.submitted_at is not None]
    last = earlier_summary(session, summary.county_id, summary.kind, summary.due_at)
    before = None if last is None else last.figures
    words = answers_in(session, [row.id for row in handed_in], "weekly_report")
    more = {
        "应报": str(len(rows)),
        "已报": str(len(handed_in)),
        "迟报": "、".join(summary.late) or _NONE,
        "未报": "、".join(summary.missing) or _NONE,
        "台账情况": _ledger_text(summary.figures, before),
        "措施合计": _measures_text(summary.figures),
        **_rates(summary.figures, before),
        "单位": [_line(row, standing_of(row, summary.closed_at)) for row in rows],
        "措施": _said(handed_in, words, "measures"),
        "其他": _said(handed_in, words, "other"),
        "数据说明": _said(handed_in, words, "remark"),
        "说明": summary.note,
    }
    return Print(PaperKind.ROUND_SUMMARY, f"{summary.title}情况汇总", template=TEMPLATE, more=more)


def _ledger_text(figures: Figures, before: Figures | None) -> str:
    classes = "、".join(f"{each.label}{figures[f'{each}_count']}个" for each in Category)
    text = f"在库项目{figures['project_count']}个，其中{classes}，待认定{figures['unclassified_count']}个"
    text += f"；已退出{figures['exited_count']}个；超期事项{figures['overdue_item_count']}个。"
    if before is None:
        return text
    changed = [(label, then, change) for label, then, _now, change in lines_of(figures, before) if change[:1] in "+-"]
    told = "、".join(f"{label}{change}（上期{then}）" for label, then, change in changed if "率" not in label)
    return f"{text}与上期相比：{told or '没有变化'}。"


def _measures_text(figures: Figures) -> str:
    parts = [
        f"{each.label}类项目{figures[f'{each}_count']}个，已动工{figures[f'{each}_begun_count']}个，"
        f"已完成{figures[f'{each}_done_count']}个"
        for each in (Category.REVIVE, Category.REBUILD)
    ]
    return "；".join(parts) + "。各单位报告如下："


def _rates(figures: Figures, before: Figures | None) -> dict[str, str]:
    lines = {label: (then, now) for label, then, now, _change in lines_of(figures, before) if label in _RATES}
    return {
        name: lines[label][1] if before is None else f"{lines[label][1]}（上期{lines[label][0]}）"
        for label, name in _RATES.items()
    }


def _line(row: UnitRound, standing: Standing) -> dict[str, str]:
    """Return a unit's line of the table; who has not reported has no figures."""
    if row.submitted_at is None:
        names = ("项目数", *(each.label for each in Category), "停产率", "困难率", "联农率")
        return {"名称": row.unit.short_name, "状态": standing.label, **dict.fromkeys(names, "—")}
    figures = row.figures or {}
    rates = rates_of(figures)
    return {
        "名称": row.unit.short_name,
        "状态": standing.label,
        "项目数": str(figures.get("project_count", 0)),
        **{each.label: str(figures.get(f"{each}_count", 0)) for each in Category},
        "停产率": rate_text(rates["stopped"]),
        "困难率": rate_text(rates["difficult"]),
        "联农率": rate_text(rates["weak_linkage"]),
    }


def _said(rows: Sequence[UnitRound], words: Mapping[int, Mapping[str, Any]], name: str) -> list[dict[str, str]]:
    """Return what units wrote under one point, each on one line; nothing of those who wrote nothing."""
    told = []
    for row in rows:
        lines = [line.strip() for line in str(words.get(row.id, {}).get(name) or "").splitlines() if line.strip()]
        if lines and lines != [NO_MEASURES]:
            told.append({"名称": row.unit.short_name, "内容": "；".join(line.rstrip("。；") for line in lines)})
    return told
