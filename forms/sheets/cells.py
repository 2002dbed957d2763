"""Read one cell of an export as what it means: a text, an exact amount in 元, a year, a telephone, a number.

Every function raises `Unreadable` with a Chinese reason that fits behind the column's name.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from forms.sheets.grid import Cell

FEN: Final = Decimal("0.01")
WAN: Final = Decimal(10_000)
AMOUNT_END_YUAN: Final = Decimal(10) ** 12
NUMBER_LENGTH: Final = 64
# Excel keeps 15 digits of a number cell; what came after is gone for good.
EXACT_DIGIT_COUNT: Final = 15

_AMOUNT = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?")
_TELEPHONE = re.compile(r"1\d{10}|(?:0\d{2,3})?[2-9]\d{6,7}(?:-\d{1,6})?|400\d{7}")
_MISSING_VALUES = frozenset({"nan", "null", "none", "n/a", "#n/a", "undefined", "inf", "-inf"})


class Unreadable(Exception):
    """The cell cannot be understood; the text is the reason, in Chinese."""


@dataclass(frozen=True)
class Amount:
    """Money in 元 to the fen; `rounded` when the cell was finer than that."""

    yuan: Decimal
    rounded: bool


def plain_text(cell: Cell) -> str:
    """Return a cell as the text a person sees, uncleaned; whole numbers without a decimal point."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return format(exact(cell), "f")
    return cell


def exact(number: float) -> Decimal:
    """Return a cell's number by its shortest decimal text: 460.47500000000002 as stored is 460.475."""
    decimal = Decimal(repr(number))
    return decimal.to_integral_value() if decimal == decimal.to_integral_value() else decimal


def has_invisible(text: str) -> bool:
    """Tell whether the text holds control, zero-width or direction characters other than white space."""
    return any(unicodedata.category(mark) in ("Cc", "Cf", "Cs") and mark not in "\t\r\n" for mark in text)


def clean_text(text: str) -> str:
    """Return the text in NFC without invisible characters, outer or doubled spaces and line breaks.

    A line broken between Chinese characters is joined, one broken between Latin words keeps a space.
    """
    if text.isprintable() and unicodedata.is_normalized("NFC", text):  # nearly every cell
        return " ".join(text.split()) if " " in text else text
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    if not text.isprintable():
        text = "".join(mark for mark in text if mark in "\n\t" or unicodedata.category(mark) not in ("Cc", "Cf", "Cs"))
    lines = [" ".join(line.split()) for line in text.split("\n")]
    joined = ""
    for line in lines:
        joined += (" " if joined and line and joined[-1].isascii() and line[0].isascii() else "") + line
    return joined


def read_text(cell: Cell, limit: int) -> str:
    """Return a cleaned text of at most `limit` characters."""
    text = clean_text(plain_text(cell))
    if text.lower() in _MISSING_VALUES:
        raise Unreadable(f"内容是“{text}”（导出程序的空值），请改为实际内容或清空")
    if len(text) > limit:
        raise Unreadable(f"超过 {limit} 字（现有 {len(text)} 字）")
    return text


def read_number(cell: Cell) -> str:
    """Return a 项目编号 with full-width characters made plain; raise Unreadable where it may have been damaged."""
    if isinstance(cell, float):
        decimal = exact(cell)
        digits = format(decimal, "f")
        if decimal != decimal.to_integral_value() or decimal < 0:
            raise Unreadable(f"编号成了小数或负数 {digits[:30]}，请改为文本格式后重填")
        if len(digits) > EXACT_DIGIT_COUNT:
            raise Unreadable("编号存成了数字，超过 15 位的尾数已丢失（科学记数法），请改为文本格式后重填")
        return digits
    text = unicodedata.normalize("NFKC", cell or "").strip()
    if text.lower() in _MISSING_VALUES:
        raise Unreadable(f"内容是“{text}”（导出程序的空值）")
    if has_invisible(text):
        raise Unreadable("编号含有不可见字符（如零宽空格），请删去后重填")
    if re.fullmatch(r"\d\.\d+[eE]\+?\d+|\d+[eE]\+\d+", text):
        raise Unreadable(f"编号成了科学记数法 {text[:30]}，请改为文本格式后重填")
    if re.search(r"\s", text):
        raise Unreadable("编号中间有空格或换行")
    if len(text) > NUMBER_LENGTH:
        raise Unreadable(f"编号超过 {NUMBER_LENGTH} 字")
    return text


def read_amount(cell: Cell, unit: Decimal) -> Amount | None:
    """Return an amount in 元, None for an empty cell; `unit` is what 1 stands for unless the cell says 元 or 万元."""
    if isinstance(cell, float):
        return _amount(exact(cell) * unit)
    text = unicodedata.normalize("NFKC", cell or "")
    text = re.sub(r"\s", "", clean_text(text)).lstrip("¥￥").removeprefix("RMB").removeprefix("人民币")
    if text in ("", "-", "—", "--", "/", "无"):
        return None
    for suffix, worth in (("亿元", WAN * WAN), ("万元", WAN), ("万", WAN), ("元", Decimal(1))):
        if text.endswith(suffix):
            text, unit = text.removesuffix(suffix), worth
            break
    if not _AMOUNT.fullmatch(text) or not any(mark.isdigit() for mark in text.partition("e")[0]):
        raise Unreadable(f"“{plain_text(cell)[:30]}”不是金额")
    return _amount(Decimal(text.replace(",", "")) * unit)


def _amount(yuan: Decimal) -> Amount:
    if yuan < 0:
        raise Unreadable("金额为负数")
    if yuan >= AMOUNT_END_YUAN:
        raise Unreadable("金额过大（一万亿元以上）")
    rounded = yuan.quantize(FEN, ROUND_HALF_UP)
    return Amount(rounded, rounded != yuan)


def read_year(cell: Cell) -> int | None:
    """Return a year from 1980 to 2100, None for an empty cell; a date gives its year."""
    text = re.sub(r"\s", "", clean_text(unicodedata.normalize("NFKC", plain_text(cell))))
    if not text:
        return None
    match = re.fullmatch(r"(\d{4})(?:年度?|-\d\d-\d\d(?:\d\d:\d\d:\d\d)?)?", text)
    if match is None or not 1980 <= int(match[1]) <= 2100:
        raise Unreadable(f"“{plain_text(cell)[:30]}”不是年份")
    return int(match[1])


def read_telephone(cell: Cell) -> str:
    """Return one or several telephone numbers joined by 、 (the area code without a dash)."""
    text = clean_text(unicodedata.normalize("NFKC", plain_text(cell)))
    numbers = []
    for part in re.split(r"[、,;/]|\s{2,}|(?<=\d{7})\s+(?=\d{7})", text):
        bare = re.sub(r"^\+?86(?=1\d{10}$)", "", re.sub(r"[\s()]", "", part))
        bare = re.sub(r"^(0\d{2,3})-", r"\1", bare)
        if bare and not _TELEPHONE.fullmatch(bare):
            raise Unreadable("不是电话号码（只能是手机号或区号加座机号）")
        if bare:
            numbers.append(bare)
    return "、".join(numbers)
