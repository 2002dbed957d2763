"""期限计划 (T2): what does not fit in the directive's dates, counted by hand on the calendar of 2023."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.db import transaction
from ledger.deadline_plan import UnitLoad, conflicts, latest_decision, loads_of
from ledger.working_days import Calendar
from tests.walk import Ground

PLAIN = Calendar({}, frozenset({2023}))  # November and December 2023 know no holiday and no worked weekend
DIRECTIVE = {
    "plan": date(2023, 11, 13),
    "mobilise": date(2023, 11, 15),
    "survey": date(2023, 11, 21),
    "decision": date(2023, 11, 25),
    "disposal": date(2023, 11, 30),
    "first_results": date(2023, 12, 5),
    "report": date(2023, 12, 15),
}
FITTING = {
    "plan": date(2023, 11, 1),
    "mobilise": date(2023, 11, 3),
    "survey": date(2023, 11, 14),
    "decision": date(2023, 11, 17),
    "disposal": date(2023, 11, 24),
    "first_results": date(2023, 12, 5),
    "report": date(2023, 12, 15),
}


def sentences(dates: dict[str, date], **more: object) -> list[tuple[str, str]]:
    return [(each.moment, each.sentence) for each in conflicts(dates, PLAIN, **more)]  # type: ignore[arg-type]


def test_t2_the_directives_own_dates_do_not_fit() -> None:
    assert sentences(DIRECTIVE, begins_on=date(2023, 11, 6)) == [
        (
            "decision",
            "“领导小组审定”11月25日（星期六）不是工作日，任务期限按此前最后一个工作日11月24日（星期五）计算",
        ),
        (
            "disposal",
            "领导小组11月25日（星期六）审定，公告最早11月27日（星期一）张贴，5个工作日的公告期到12月4日（星期一）24:00期满，"
            "晚于“处置开始”11月30日（星期四）；审定须不晚于11月23日（星期四），或处置开始改为12月4日（星期一）",
        ),
        (
            "first_results",
            "11月30日到“阶段性成效”12月5日（星期二）只有3个工作日，少于所需的5个（处置方案5个）",
        ),
    ]


def test_t2_dates_that_fit_say_nothing() -> None:
    assert sentences(FITTING) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"mobilise": date(2023, 10, 31)}, ("mobilise", "“动员部署”不能早于“制定方案”")),
        (
            {"survey": date(2023, 11, 7)},
            ("survey", "11月1日到“调研分类”11月7日（星期二）只有4个工作日，少于所需的5个（签收2个、会审3个）"),
        ),
        (
            {"survey": date(2023, 11, 16)},
            ("decision", "11月16日到“领导小组审定”11月17日（星期五）只有1个工作日，少于所需的2个（材料审核2个）"),
        ),
        (
            {"report": date(2024, 1, 5)},
            ("report", "2024年的放假安排还没有录入，2024年的日期暂按周末推算，录入后请再核对一次"),
        ),
    ],
)
def test_t2_each_conflict_is_a_sentence(changed: dict[str, date], said: tuple[str, str]) -> None:
    assert sentences({**FITTING, **changed}) == [said]


def test_t2_work_that_cannot_be_done_in_time_is_named() -> None:
    # 2 to 14 November: nine working days, three projects a day for each handler
    loads = [
        UnitLoad("桑柘镇", 28, 1),
        UnitLoad("保家镇", 27, 1),
        UnitLoad("鹿角镇", 55, 2),
        UnitLoad("县林业局", 100, 0),
    ]
    assert sentences(FITTING, loads=loads) == [
        (
            "survey",
            "调研只有9个工作日，按每名经办人每天3个项目，桑柘镇（28个项目，1名经办人）、鹿角镇（55个项目，2名经办人）、"
            "县林业局（100个项目，0名经办人）的项目调研不完",
        ),
        ("decision", "调研分类到审定只有3个工作日，领导小组办公室每天须审核70个项目的材料"),
    ]


def test_t2_a_worked_saturday_is_a_day_to_decide_on() -> None:
    worked = Calendar({date(2023, 11, 25): True}, frozenset({2023}))
    told = [
        each.sentence
        for each in conflicts(DIRECTIVE, worked, begins_on=date(2023, 11, 6))
        if each.moment != "first_results"
    ]
    assert len(told) == 1
    assert "公告最早11月25日（星期六）张贴，5个工作日的公告期到12月1日（星期五）24:00期满" in told[0]


def test_t1_the_latest_decision_leaves_five_working_days() -> None:
    assert latest_decision(date(2023, 11, 30), PLAIN) == date(2023, 11, 23)
    holiday = Calendar({date(2023, 11, 28): False}, frozenset({2023}))
    assert latest_decision(date(2023, 11, 30), holiday) == date(2023, 11, 22)


def test_t2_loads_are_read_from_the_register(ground: Ground) -> None:
    with transaction(ground.sessions, writes=False) as session:
        loads = loads_of(session, ground.county.county.id)
    assert sum(load.project_count for load in loads) == len(ground.projects)
    assert {load.handler_count > 0 for load in loads} == {True}
