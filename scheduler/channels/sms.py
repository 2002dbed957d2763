"""What all text messages share: how long they are, what they cost, which numbers they go to."""

from __future__ import annotations

import re

from scheduler.channels import ChannelFailed

NAME = "sms"
ONE_PART, MORE_PARTS = 70, 67  # UCS-2 characters a part holds: a longer message spends three on its numbering
_MOBILE = re.compile(r"1[3-9]\d{9}")


def part_count(text: str, signature: str = "") -> int:
    """Return how many parts a text is billed as; `signature` is what the provider sets before it in 【】."""
    length = len(text.encode("utf-16-le")) // 2 + (len(signature) + 2 if signature else 0)
    return 1 if length <= ONE_PART else -(-length // MORE_PARTS)


def mobile(address: str) -> str:
    """Return a mainland mobile number of 11 digits; ChannelFailed for anything else."""
    number = re.sub(r"[\s-]", "", address).removeprefix("+86")
    if not _MOBILE.fullmatch(number):
        raise ChannelFailed("不是手机号码", permanent=True)
    return number
