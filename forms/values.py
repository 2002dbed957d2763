"""One typed word at a time: what a person wrote in a box becomes a clean value, or a sentence saying what is wrong.

Invisible characters are refused, not dropped: two names that look the same must not differ in the register, and a
silent repair would hide where the text came from.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal

_HALF_WIDTH = str.maketrans("０１２３４５６７８９．，－／％", "0123456789.,-/%")
_GROUPED = re.compile(r"(?!-0)-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)")
_AMOUNT = re.compile(r"([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{1,2})?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_YEAR = re.compile(r"[0-9]{4}")
_MOST_DIGITS = 12  # before the point: 9,999 亿元; whole 分 still fit a 64-bit column
_MOST_CHARACTERS = 50_000  # of one box, before anything is looked at
_CENT = Decimal("0.01")


class Refused(ValueError):
    """What was typed cannot be this value; the message follows the field's label."""


def read_line(typed: str, *, lines: bool = False) -> str:
    """Return the text in NFC and trimmed; with `lines`, line ends become \\n. Refused for unprintable characters."""
    if len(typed) > _MOST_CHARACTERS:
        raise Refused(f"太长，最多 {_MOST_CHARACTERS} 字")
    text = typed.replace("\r\n", "\n").replace("\r", "\n") if lines else typed
    text = text.strip()
    if not (text.replace("\n", "").replace("\t", "") if lines else text).isprintable():
        # slow, and hardly ever needed: spaces of other scripts are not printable either, and may stand
        allowed = "\n\t" if lines else ""
        for place, character in enumerate(text, 1):
            if character not in allowed and _unprintable(character):
                raise Refused(_complaint(place, character))
    return unicodedata.normalize("NFC", text)


def _unprintable(character: str) -> bool:
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return True
    point = ord(character)
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF  # noncharacters: no office file may hold them


def _complaint(place: int, character: str) -> str:
    if character in "\r\n":
        return "只能写一行，不能换行"
    if unicodedata.category(character) == "Cs":
        return f"第 {place} 个字符不完整，无法保存，请删去后重新输入"
    return f"第 {place} 个字符是看不见的控制字符（U+{ord(character):04X}），请删去"


def read_money(typed: str) -> Decimal:
    """Return an exact amount in 元, ≥ 0, at most two decimals; separators and full-width digits are understood."""
    text = _figures(typed).removesuffix("元").strip()
    if "万" in text:
        raise Refused("应以元为单位，请把万元换算成元")
    if text.startswith("-") and _AMOUNT.fullmatch(text[1:]):
        raise Refused("不能小于 0")
    if not _AMOUNT.fullmatch(text):
        raise Refused("应为金额（元），最多两位小数")
    amount = Decimal(text.replace(",", ""))
    if amount >= 10**_MOST_DIGITS:
        raise Refused(f"整数部分最多 {_MOST_DIGITS} 位")
    return amount.quantize(_CENT)


def read_integer(typed: str) -> int:
    text = _figures(typed)
    if not _GROUPED.fullmatch(text) or len(text) > _MOST_DIGITS:
        raise Refused("应为整数")
    return int(text.replace(",", ""))


def read_percent(typed: str) -> int:
    text = _figures(typed).removesuffix("%")
    if not _GROUPED.fullmatch(text) or len(text) > _MOST_DIGITS:
        raise Refused("应为 0 到 100 的整数")
    return int(text.replace(",", ""))


def read_year(typed: str) -> int:
    text = _figures(typed).removesuffix("年")
    if not _YEAR.fullmatch(text):
        raise Refused("应为四位数的年份")
    return int(text)


def read_date(typed: str) -> date:
    """Return the day written as 2023-11-25."""
    match = _DATE.fullmatch(_figures(typed))
    if match is None:
        raise Refused("应为日期，如 2023-11-25")
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        raise Refused("这一天不存在，请核对日期") from None


def read_tick(typed: str) -> bool:
    if typed in ("", "false"):
        return False
    if typed in ("true", "on", "1"):
        return True
    raise Refused("只能勾选或不勾选")


def _figures(typed: str) -> str:
    return read_line(typed).translate(_HALF_WIDTH)
