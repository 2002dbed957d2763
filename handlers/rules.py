"""What several steps hold to: meetings with minutes, days in order, 重建 with its report, answers that agree."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from forms.rendering import chinese_date
from handlers.outcome import Answers, Step, StepRefused
from ledger.vocabulary import Category, Term

SUMMARY_LENGTH = 40
NO_ASSESSMENT = "认定为重建须先有项目评估报告（第十条）"
# the article that defines each class (art. 3–6): what a dated decision on 四个一批 stands on
CLASS_ARTICLES = {Category.CONSOLIDATE: "3", Category.UPGRADE: "4", Category.REVIVE: "5", Category.REBUILD: "6"}


def refuse_if(errors: Mapping[str, str]) -> None:
    """Raise StepRefused with every error at once, when there is one."""
    if errors:
        raise StepRefused(errors)


def short(text: str) -> str:
    """Cut `text` to one line of 流转记录."""
    line = " ".join(text.split())
    return line if len(line) <= SUMMARY_LENGTH else line[: SUMMARY_LENGTH - 1] + "…"


def day_in(answers: Answers, name: str) -> date | None:
    """Return the date answered in `name`."""
    text = answers.get(name)
    return date.fromisoformat(text) if text else None


def amount_in(answers: Answers, name: str) -> Decimal:
    """Return the 元 answered in `name`; nothing answered is 0."""
    return Decimal(answers.get(name) or 0)


def label_of(terms: type[Term], identifier: Any) -> str:
    """Return what people read for `identifier`; nothing for nothing."""
    return terms(identifier).label if identifier else ""


def labels_of(terms: type[Term], identifiers: Collection[str]) -> str:
    return "；".join(terms(identifier).label for identifier in identifiers)


def meeting_errors(step: Step) -> dict[str, str]:
    """Name what a meeting that decides must have: it was held, and its minutes are there (P4, P6)."""
    meeting = step.meeting
    if meeting is None:
        return {"meeting": "请选择会议；会议还没有登记的，请先登记"}
    if meeting.held_on > step.today:
        return {"meeting": f"会议日期{chinese_date(meeting.held_on)}还没有到，不能登记结果"}
    if not meeting.has_minutes:
        return {"meeting": "这次会议还没有会议纪要，请先填写或上传会议纪要"}
    if meeting.signed:
        return {"meeting": "这次会议签字的纪要已经上传，不能再登记别的项目，请选择另一次会议"}
    return {}


def project_rows(step: Step) -> tuple[tuple[str, str], ...]:
    """Name the project at the head of a printed paper."""
    project = step.project
    return (
        ("项目名称", str(project["name"])),
        ("项目编号", str(project["number"])),
        ("实施年度", str(project["implementation_year"])),
        ("责任单位", project.get("responsible_body") or step.unit_name),
    )
