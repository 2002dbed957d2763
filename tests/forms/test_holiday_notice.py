"""The State Council's notice as pasted text, held against the published calendar of chinesecalendar (T1)."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest

from forms.holiday_notice import NoticeRefused, read_notice

Y2025 = """
一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。
"""
Y2023 = """一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。
二、春节：1月21日至27日放假调休，共7天。1月28日（星期六）、1月29日（星期日）上班。
三、清明节：4月5日放假，共1天。 四、劳动节：4月29日至5月3日放假调休，共5天。4月23日（星期日）、5月6日（星期六）上班。
五、端午节：6月22日至24日放假调休，共3天。6月25日（星期日）上班。
六、中秋节、国庆节：9月29日至10月6日放假调休，共8天。10月7日（星期六）、10月8日（星期日）上班。"""


@pytest.mark.parametrize(("text", "year"), [(Y2025, 2025), (Y2023, 2023)])
def test_t1_a_notice_gives_the_published_years_working_days(text: str, year: int) -> None:
    special = {each.day: each.working for each in read_notice(text, year)}
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    read = {day: special.get(day, day.weekday() < 5) for day in days}
    assert read == {day: chinese_calendar.is_workday(day) for day in days}


def test_t1_a_day_of_the_year_before_belongs_to_the_notice_that_names_it() -> None:
    text = "一、元旦：2028年12月29日至2029年1月1日放假调休，共4天。1月6日上班。"
    assert [(each.day, each.working) for each in read_notice(text, 2029)] == [
        (date(2028, 12, 29), False),  # a Friday; the weekend after it is free anyway
        (date(2029, 1, 1), False),
        (date(2029, 1, 6), True),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "没有找到放假日期"),
        ("今年放假的安排另行通知。", "没有找到放假日期"),
        ("一、元旦：1月1日（周五）放假1天。", "2025-01-01是周三，通知写的是周五，请核对年份"),
        ("一、春节：1月28日至2月4日放假调休，共7天。", "写明7天，2025-01-28至2025-02-04是8天"),
        ("一、元旦：2月30日放假1天。", "没有2月30日"),
        ("一、元旦：1月9日至1日放假，共3天。", "不是一段假期"),
        ("一、元旦：2024年1月1日（周一）放假1天。", "没有2025年的日期"),
        ("一、元旦：" + "放" * 6000, "超过5000个字"),
    ],
)
def test_t1_what_is_no_notice_of_that_year_is_refused_in_words(text: str, problem: str) -> None:
    with pytest.raises(NoticeRefused, match=problem):
        read_notice(text, 2025)


def test_every_problem_is_told_at_once() -> None:
    text = "一、元旦：1月1日（周五）放假1天。二、春节：1月28日至2月4日放假调休，共7天。"
    with pytest.raises(NoticeRefused) as refused:
        read_notice(text, 2025)
    assert len(refused.value.problems) == 2
