"""Rarer values of one box: whole numbers, percentages, years, ticks; text, amounts and days are in `forms.fields`."""

from __future__ import annotations

import re

from forms.fields import MOST_DIGITS, Refused, figures

_GROUPED = re.compile(r"(?!-0)-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)")
_YEAR = re.compile(r"[0-9]{4}")


def read_integer(typed: str) -> int:
    text = figures(typed)
    if not _GROUPED.fullmatch(text) or len(text) > MOST_DIGITS:
        raise Refused("应为整数")
    return int(text.replace(",", ""))


def read_percent(typed: str) -> int:
    text = figures(typed).removesuffix("%")
    if not _GROUPED.fullmatch(text) or len(text) > MOST_DIGITS:
        raise Refused("应为 0 到 100 的整数")
    return int(text.replace(",", ""))


def read_year(typed: str) -> int:
    text = figures(typed).removesuffix("年")
    if not _YEAR.fullmatch(text):
        raise Refused("应为四位数的年份")
    return int(text)


def read_tick(typed: str) -> bool:
    if typed in ("", "false"):
        return False
    if typed in ("true", "on", "1"):
        return True
    raise Refused("只能勾选或不勾选")
