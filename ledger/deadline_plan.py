"""期限计划: what does not fit in a campaign's seven dates, each conflict a sentence, before anybody works by them (T2).

The directive's own dates of 2023 do not fit: the decision is on a Saturday, a notice posted on the Monday after it
ends on 4 December, and disposal should have begun after 30 November.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.people import Post, Unit
from ledger.projects import Project
from ledger.vocabulary import Role
from ledger.working_days import MOMENTS, Calendar

MOMENT_NAMES: Mapping[str, str] = dict(
    zip(
        MOMENTS, ("制定方案", "动员部署", "调研分类", "领导小组审定", "处置开始", "阶段性成效", "年度报告"), strict=True
    )
)
PUBLICITY_DAYS = 5  # T1
RECEIPT_DAYS, REVIEW_DAYS, CHECK_DAYS, PLAN_DAYS = 2, 3, 2, 5  # due rules of 签收, 会审, 材料审核, 处置方案
SURVEYS_A_DAY = 3  # one handler on site, filling every field of the annex, with photographs
CHECKS_A_DAY = 60  # the leading group's office, one project after another
_WEEKDAYS = "一二三四五六日"
_NAMED = 5  # units named in the sentence about capacity


@dataclass(frozen=True)
class Conflict:
    """One thing that does not fit: the date it is about (a name of MOMENTS) and a sentence."""

    moment: str
    sentence: str


class UnitLoad(NamedTuple):
    """What a unit has before it: its projects, and the 经办人 who handle them."""

    name: str
    project_count: int
    handler_count: int


def order_conflicts(dates: Mapping[str, date]) -> list[Conflict]:
    """Return what makes the dates no plan at all: one before the one that it follows."""
    return [
        Conflict(later, f"“{MOMENT_NAMES[later]}”不能早于“{MOMENT_NAMES[earlier]}”")
        for earlier, later in pairwise(MOMENTS)
        if dates[later] < dates[earlier]
    ]


def conflicts(
    dates: Mapping[str, date], calendar: Calendar, loads: Sequence[UnitLoad] = (), begins_on: date | None = None
) -> list[Conflict]:
    """Return everything that does not fit, in the order of the dates; `begins_on` is the day the projects are pushed.

    Without `begins_on` the survey's time is counted from the date of the plan.
    """
    found = [
        *order_conflicts(dates),
        *_free_days(dates, calendar),
        *_unknown_years(dates, calendar),
        *_short_spans(dates, calendar, begins_on or dates["plan"]),
        *_publicity(dates, calendar),
        *_capacity(dates, calendar, loads, begins_on or dates["plan"]),
    ]
    return sorted(found, key=lambda each: MOMENTS.index(each.moment))


def _free_days(dates: Mapping[str, date], calendar: Calendar) -> Iterator[Conflict]:
    for moment, day in dates.items():
        if not calendar.is_working(day):
            last = calendar.last_working_day(day)
            yield Conflict(
                moment, f"“{MOMENT_NAMES[moment]}”{told(day)}不是工作日，任务期限按此前最后一个工作日{told(last)}计算"
            )


def _unknown_years(dates: Mapping[str, date], calendar: Calendar) -> Iterator[Conflict]:
    for year in sorted({day.year for day in dates.values()} - calendar.years):
        moment = next(name for name in MOMENTS if dates[name].year == year)
        yield Conflict(moment, f"{year}年的放假安排还没有录入，{year}年的日期暂按周末推算，录入后请再核对一次")


def _short_spans(dates: Mapping[str, date], calendar: Calendar, begins_on: date) -> Iterator[Conflict]:
    spans = (
        ("survey", begins_on, RECEIPT_DAYS + REVIEW_DAYS, f"签收{RECEIPT_DAYS}个、会审{REVIEW_DAYS}个"),
        ("decision", dates["survey"], CHECK_DAYS, f"材料审核{CHECK_DAYS}个"),
        ("first_results", dates["disposal"], PLAN_DAYS, f"处置方案{PLAN_DAYS}个"),
    )
    for moment, start, wanted, what in spans:
        days = calendar.count(start, dates[moment])
        if start <= dates[moment] and days < wanted:
            sentence = f"{short(start)}到“{MOMENT_NAMES[moment]}”{told(dates[moment])}只有{days}个工作日"
            yield Conflict(moment, f"{sentence}，少于所需的{wanted}个（{what}）")


def _publicity(dates: Mapping[str, date], calendar: Calendar) -> Iterator[Conflict]:
    """Say when disposal can really begin, if the notice posted after the decision ends later than planned (art. 14)."""
    decided = dates["decision"]
    posted = decided if calendar.is_working(decided) else next(calendar.after(decided))
    end = calendar.period(posted, PUBLICITY_DAYS).end
    if end <= dates["disposal"]:
        return
    latest = latest_decision(dates["disposal"], calendar)
    yield Conflict(
        "disposal",
        f"领导小组{told(decided)}审定，公告最早{told(posted)}张贴，{PUBLICITY_DAYS}个工作日的公告期到{told(end)}24:00"
        f"期满，晚于“处置开始”{told(dates['disposal'])}；审定须不晚于{told(latest)}，或处置开始改为{told(end)}",
    )


def latest_decision(disposal_on: date, calendar: Calendar) -> date:
    """Return the last working day on which a decision posted at once still ends its publicity by `disposal_on`."""
    day = calendar.last_working_day(disposal_on)
    while calendar.period(day, PUBLICITY_DAYS).end > disposal_on:
        day = calendar.last_working_day(day - timedelta(days=1))
    return day


def _capacity(
    dates: Mapping[str, date], calendar: Calendar, loads: Sequence[UnitLoad], begins_on: date
) -> Iterator[Conflict]:
    days = calendar.count(begins_on, dates["survey"])
    crowded = [
        load for load in loads if days > 0 and load.project_count > SURVEYS_A_DAY * days * max(1, load.handler_count)
    ]
    if crowded:
        named = "、".join(
            f"{load.name}（{load.project_count}个项目，{load.handler_count}名经办人）" for load in crowded[:_NAMED]
        )
        rest = f"等{len(crowded)}个单位" if len(crowded) > _NAMED else ""
        yield Conflict(
            "survey", f"调研只有{days}个工作日，按每名经办人每天{SURVEYS_A_DAY}个项目，{named}{rest}的项目调研不完"
        )
    total = sum(load.project_count for load in loads)
    checking = calendar.count(dates["survey"], dates["decision"])
    if checking > 0 and total > CHECKS_A_DAY * checking:
        yield Conflict(
            "decision",
            f"调研分类到审定只有{checking}个工作日，领导小组办公室每天须审核{-(-total // checking)}个项目的材料",
        )


def loads_of(session: Session, county_id: int) -> list[UnitLoad]:
    """Return what each responsible unit of a county has to survey; projects that exited are left out."""
    handlers = (
        select(func.count(Post.user_id.distinct()))
        .where(Post.unit_id == Unit.id, Post.role == str(Role.HANDLER))
        .scalar_subquery()
    )
    counted = (
        select(Unit.short_name, func.count(Project.id), handlers)
        .join(Project, Project.responsible_unit_id == Unit.id)
        .where(Project.county_id == county_id, Project.exited_on.is_(None))
        .group_by(Unit.id, Unit.short_name)
        .order_by(Unit.id)
    )
    return [UnitLoad(*row) for row in session.execute(counted)]


def told(day: date) -> str:
    """Write a day as people check it: 11月25日（星期六）."""
    return f"{short(day)}（星期{_WEEKDAYS[day.weekday()]}）"


def short(day: date) -> str:
    return f"{day.month}月{day.day}日"
