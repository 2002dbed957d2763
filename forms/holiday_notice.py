"""The State Council's notice on a year's holidays, as pasted text: which days are free and which weekends are worked.

Weekdays in brackets and the stated number of days are checked against the dates, so that a notice pasted under the
wrong year is found out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_DATE = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日(?:[（(]([^）)]*)[）)])?")
_SHORT = re.compile(r"(?:至|到|—|–|-|~)\s*(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日(?:[（(]([^）)]*)[）)])?")
_COUNT = re.compile(r"共(\d{1,2})天|放假(\d{1,2})天")
_HEADING = re.compile(r"[一二三四五六七八九十]+、([^：:。]{1,20})[：:]")
_WEEKDAY = re.compile(r"(?:周|星期)([一二三四五六日天])")
_WEEKDAYS = "一二三四五六日"
_LONGEST = timedelta(days=20)
_MOST_TEXT = 5_000


class NoticeRefused(ValueError):
    """What was pasted is not this year's notice; `problems` says in Chinese what is wrong, all at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class SpecialDayRead:
    """A day that differs from its weekday, and the holiday it belongs to."""

    day: date
    working: bool
    name: str


def read_notice(text: str, year: int) -> tuple[SpecialDayRead, ...]:
    """Return the days of `year`'s notice that differ from their weekday, in order; NoticeRefused with every problem."""
    if len(text) > _MOST_TEXT:
        raise NoticeRefused([f"内容超过{_MOST_TEXT}个字，不是放假安排通知"])
    problems: list[str] = []
    named = {day: (working, name) for day, working, name in _days(re.sub(r"\s+", "", text), year, problems)}
    if not named and not problems:
        problems.append("没有找到放假日期，请粘贴国务院办公厅放假安排通知的正文")
    if named and not any(day.year == year for day in named):
        problems.append(f"没有{year}年的日期")
    if problems:
        raise NoticeRefused(problems)
    return tuple(
        SpecialDayRead(day, working, name)
        for day, (working, name) in sorted(named.items())
        if working != (day.weekday() < 5)
    )


def _days(text: str, year: int, problems: list[str]) -> Iterator[tuple[date, bool, str]]:
    headings = list(_HEADING.finditer(text))
    if not headings:
        return
    for heading, following in zip(headings, [*headings[1:], None], strict=True):
        name = heading[1]
        part = text[heading.end() : following.start() if following else len(text)]
        for sentence in part.split("。"):
            if "上班" in sentence:
                yield from ((day, True, name) for day in _worked(sentence, year, name, problems))
            elif "放假" in sentence:
                yield from ((day, False, name) for day in _free(sentence, year, name, problems))


def _worked(sentence: str, year: int, name: str, problems: list[str]) -> Iterator[date]:
    for found in _DATE.finditer(sentence):
        day = _day(found[1], found[2], found[3], year, name, problems)
        if day is not None and _fits(day, found[4], name, problems):
            yield day


def _free(sentence: str, year: int, name: str, problems: list[str]) -> Iterator[date]:
    begin = _DATE.search(sentence)
    if begin is None:
        problems.append(f"{name}：没有读到放假日期")
        return
    first = _day(begin[1], begin[2], begin[3], year, name, problems)
    if first is None or not _fits(first, begin[4], name, problems):
        return
    last = first
    until = _SHORT.match(sentence, begin.end())
    if until is not None:
        # a range may end in the next month, or the next year, without saying so twice
        month = until[2] or str(first.month)
        closing = _day(until[1], month, until[3], first.year, name, problems)
        if closing is None or not _fits(closing, until[4], name, problems):
            return
        last = closing
    if not timedelta(0) <= last - first <= _LONGEST:
        problems.append(f"{name}：{first}至{last}不是一段假期")
        return
    count = _COUNT.search(sentence)
    days = (last - first).days + 1
    if count is not None and int(count[1] or count[2]) != days:
        problems.append(f"{name}：写明{count[1] or count[2]}天，{first}至{last}是{days}天")
    yield from (first + timedelta(days=n) for n in range(days))


def _day(stated: str | None, month: str, day: str, year: int, name: str, problems: list[str]) -> date | None:
    try:
        return date(int(stated) if stated else year, int(month), int(day))
    except ValueError:
        problems.append(f"{name}：没有{month}月{day}日")
        return None


def _fits(day: date, remark: str | None, name: str, problems: list[str]) -> bool:
    """Say whether a day is the weekday that the notice states in brackets."""
    stated = _WEEKDAY.search(remark or "")
    if stated is None or _WEEKDAYS[day.weekday()] == stated[1].replace("天", "日"):
        return True
    problems.append(f"{name}：{day}是周{_WEEKDAYS[day.weekday()]}，通知写的是周{stated[1]}，请核对年份")
    return False
