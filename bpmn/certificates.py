"""公告期满证明: when the notices went up, which working days were counted, when the period ended (T1)."""

from __future__ import annotations

from datetime import date

from bpmn.casefile import CaseFile
from bpmn.prints import file_print
from handlers.outcome import Print
from ledger.vocabulary import PaperKind
from ledger.working_days import Period

WEEKDAYS = "一二三四五六日"


def file_certificate(file: CaseFile, period: Period) -> str:
    """File the certificate of a publicity period that ended; returns its line for 流转记录."""
    variables = file.run.variables
    unit_posted_on, site_posted_on = (
        date.fromisoformat(str(variables[name])) for name in ("unit_posted_on", "site_posted_on")
    )
    rows = (
        ("项目名称", file.project.name),
        ("项目编号", file.project.number),
        ("主管单位公告张贴日期", chinese_day(unit_posted_on)),
        ("项目实施地公告张贴日期", chinese_day(site_posted_on)),
        ("起算", f"以后张贴的一处为准，{chinese_day(period.begins_after)}当日不计"),
        *((f"第{number}个工作日", chinese_day(day)) for number, day in enumerate(period.days, 1)),
        ("期满", f"{chinese_day(period.end)}24时"),
        ("日历", "暂按周末推算，国务院安排公布后以公布为准" if period.provisional else "国务院办公厅公布的工作日安排"),
        ("异议", "公告期内无未处理的异议"),
    )
    file_print(file, Print(PaperKind.NOTICE_CERTIFICATE, "公告期满证明", rows), None)
    return f"公告期满，共{len(period.days)}个工作日，至{period.end.month}月{period.end.day}日24时"


def chinese_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）"
