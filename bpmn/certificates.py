"""公告期满证明: where the notices hung, which working days were counted, what was objected, when it ended (T1)."""

from __future__ import annotations

from datetime import date

from bpmn.casefile import CaseFile
from bpmn.prints import file_print
from bpmn.publicity_record import POSTED_ON, SITE, UNIT, Publicity, changes_of, publicities
from handlers.outcome import Print
from ledger.vocabulary import PaperKind
from ledger.working_days import Period

WEEKDAYS = "一二三四五六日"


def file_certificate(file: CaseFile, period: Period) -> str:
    """File the certificate of a publicity period that ended; returns its line for 流转记录."""
    found = publicities(file)
    rows = (
        ("项目名称", file.project.name),
        ("项目编号", file.project.number),
        ("实施年度", str(file.project.implementation_year or "")),
        ("责任单位", file.project.responsible_body or ""),
        ("主管单位张贴", _posted(file, found, UNIT)),
        ("实施地张贴", _posted(file, found, SITE)),
        ("起算日期", chinese_day(period.begins_after)),
        ("天数", str(len(period.days))),
        ("期满日期", chinese_day(period.end)),
        ("日历", _calendar_words(period)),
        ("异议情况", _objection_words(found)),
        ("变动情况", "；".join(each.words for each in changes_of(file, found[0])) if found else ""),
    )
    days = [{"序号": str(number), "日期": chinese_day(day)} for number, day in enumerate(period.days, 1)]
    printed = Print(PaperKind.NOTICE_CERTIFICATE, "公告期满证明", rows, "notice_certificate", {"工作日": days})
    file_print(file, printed, None)
    return f"公告期满，共{len(period.days)}个工作日，至{period.end.month}月{period.end.day}日24时"


def _posted(file: CaseFile, found: list[Publicity], stem: str) -> str:
    """Say when a notice went up and where; the day counts that stands in the case after it was posted again."""
    day = chinese_day(date.fromisoformat(str(file.run.variables[POSTED_ON[stem]])))
    posted = [each for each in (found[0].postings if found else ()) if each.item.stem == stem]
    return f"{day}张贴于{posted[0].place}" if posted and posted[0].place else f"{day}张贴"


def _objection_words(found: list[Publicity]) -> str:
    count = len(found[0].objections) if found else 0
    return f"公告期内收到异议{count}条，经核查均不成立，已答复" if count else "公告期内没有收到异议"


def _calendar_words(period: Period) -> str:
    if period.provisional:
        return "放假安排尚未公布，工作日暂按周末推算"
    return "工作日按国务院办公厅公布的放假安排计算"


def chinese_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）"
