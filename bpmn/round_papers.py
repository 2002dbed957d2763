"""Papers on a round: what the software writes for a unit's report, Annex 4 and 5 as they stood, a period's summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bpmn.casefile import Acting
from bpmn.prints import entered_by, issue_print
from bpmn.tables import write_tables
from bpmn.weekly_summary import weekly_print
from handlers.outcome import Print, StepRefused
from ledger.db import day_of
from ledger.numbers import WORDS, Issue, NumberRefused, draw_number, enter_number
from ledger.papers import Place
from ledger.people import Unit
from ledger.round_figures import lines_of
from ledger.round_lists import earlier_summary
from ledger.rounds import RoundItem, RoundSummary, UnitRound
from ledger.statistics import of_unit
from ledger.vocabulary import PaperKind, RoundKind


def file_written(acting: Acting, printed: Print, item: RoundItem, signed: Unit) -> None:
    """Write a unit's paper, numbered where its kind is, and file it on a step; StepRefused for a used number."""
    if printed.kind in WORDS:
        printed = replace(printed, more={**printed.more, "文号": _number(acting, printed, signed)})
    place = Place(PaperKind(printed.kind), round_item_id=item.id, written=True)
    issue_print(acting, printed, place, signed, item.round.opened_at)


def _number(acting: Acting, printed: Print, signed: Unit) -> str:
    issue = Issue(signed, PaperKind(printed.kind), printed.title, day_of(acting.now))
    given = str(printed.more.get("文号") or "")
    try:
        entered = entered_by(acting)
        return (
            enter_number(acting.session, issue, given, entered)
            if given
            else draw_number(acting.session, issue, entered)
        )
    except NumberRefused as refused:
        raise StepRefused({"": f"{refused}，请退回修改"}) from refused


def file_tables_of(acting: Acting, item: RoundItem, unit: Unit) -> None:
    """File Annex 4 and 5 over a unit's projects as they stand now (R3, R4)."""
    place = Place(PaperKind.ANNEX4, round_item_id=item.id, written=True)
    write_tables(acting, of_unit(unit.id), place, unit)


def file_summary(acting: Acting, summary: RoundSummary, rows: Sequence[UnitRound], signed: Unit) -> None:
    """Write a period's summary: who reported, was late or is missing, and the county's total beside the last.

    That of a week says the four points of art. 22 with the units' own words.
    """
    weekly = summary.kind == RoundKind.WEEKLY
    printed = weekly_print(acting.session, summary, rows) if weekly else _listed(acting, summary, len(rows))
    place = Place(PaperKind.ROUND_SUMMARY, round_summary_id=summary.id, written=True)
    issue_print(acting, printed, place, signed, acting.now)


def _listed(acting: Acting, summary: RoundSummary, unit_count: int) -> Print:
    reported = unit_count - len(summary.missing)
    late, missing = "、".join(summary.late) or "无", "、".join(summary.missing) or "无"
    head = [
        ("上报情况", f"应报{unit_count}个单位，已报{reported}个，以下为已报单位的合计"),
        ("迟报单位", late),
        ("未报单位", missing),
    ]
    last = earlier_summary(acting.session, summary.county_id, summary.kind, summary.due_at)
    lines = [
        (label, now if last is None else f"{now}（上期{then}，变化{change}）")
        for label, then, now, change in lines_of(summary.figures, None if last is None else last.figures)
    ]
    note = [("情况说明", summary.note)] if summary.note else []
    return Print(PaperKind.ROUND_SUMMARY, f"{summary.title}情况汇总", (*head, *lines, *note))
