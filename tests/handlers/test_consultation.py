"""征求意见 (P8, art. 10): township, village and farmers, each heard before a 重建 plan."""

from typing import Any

import pytest

from handlers.consultation import HANDLER
from tests.handlers.situations import refused, step, take

POSTED = {
    "heard_on": "2023-11-27",
    "how": "meeting",
    "speakers": "王五（村民代表）",
    "opinion": "remarks",
    "text": "改种茶叶要先修路",
}
FARMERS = {**POSTED, "farmer_count": "12", "poor_farmer_count": "5"}


def situation(party: str) -> Any:
    return step("consultation", instance=party)


@pytest.mark.parametrize(
    ("party", "posted", "words"),
    [
        ("township", POSTED, "乡镇（街道）有意见：改种茶叶要先修路"),
        ("village", POSTED, "村（居）有意见：改种茶叶要先修路"),
        ("farmers", FARMERS, "农户代表有意见：改种茶叶要先修路"),
    ],
)
def test_p8_each_party_is_heard(party: str, posted: dict[str, str], words: str) -> None:
    assert take(HANDLER, situation(party), posted).summary == words


@pytest.mark.parametrize(
    ("party", "changed", "context", "field"),
    [
        ("village", {"opinion": ""}, {}, "opinion"),
        ("village", {"text": ""}, {}, "text"),
        ("village", {"heard_on": "2023-11-28"}, {}, "heard_on"),
        ("village", {}, {"by_township": "yes"}, "signed_scan"),  # the township enters it only with the signed scan
        ("farmers", {"farmer_count": ""}, {}, "farmer_count"),
        ("farmers", {"farmer_count": "0"}, {}, "farmer_count"),
        ("farmers", {"poor_farmer_count": "13"}, {}, "poor_farmer_count"),
    ],
)
def test_p8_refused(party: str, changed: dict[str, str], context: dict[str, str], field: str) -> None:
    posted = {**(FARMERS if party == "farmers" else POSTED), **changed}
    assert field in refused(HANDLER, situation(party), posted, context=context)


def test_p8_the_township_enters_it_with_the_signed_scan() -> None:
    outcome = take(HANDLER, situation("village"), POSTED, {"signed_scan": [3]}, {"by_township": "yes"})
    assert outcome.summary.startswith("村（居）")
