"""Telling units by name: 彭水县桑柘镇人民政府, 桑柘镇政府 and 桑柘镇 are one."""

from __future__ import annotations

import re
import unicodedata

_COUNTY = re.compile(r"^(重庆市)?(彭水(苗族土家族)?自治县|彭水县|彭水)?")
_OFFICE = re.compile(r"(人民政府|政府|街道办事处|街道办|办事处|村民委员会|居民委员会|村委会|居委会)$")
_SPACE = re.compile(r"\s+")


def unit_key(name: str) -> str:
    """Return what remains of a unit's name once city, county and kind of office are left out.

    街道 stays: 汉葭街道办事处 and 汉葭街道 are one, while 保家镇 and 保家村 are not.
    """
    text = _SPACE.sub("", unicodedata.normalize("NFKC", name))
    text = _COUNTY.sub("", text, count=1) or text
    short = _OFFICE.sub("", text)
    if text.endswith(("街道办事处", "街道办")):
        short += "街道"
    if text.endswith(("村民委员会", "村委会")) and not short.endswith("村"):
        short += "村"
    if short.endswith("委员会"):
        short = short.removesuffix("员会").replace("和", "")  # 发展和改革委员会 calls itself 发展改革委
    return short.removeprefix("县") or text
