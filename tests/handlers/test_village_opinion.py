"""村级意见 (P4): given by the village, or by its township with the signed scan."""

from typing import Any

import pytest

from handlers.outcome import Outcome
from handlers.village_opinion import HANDLER
from tests.handlers.situations import refused, step, take

POSTED = {"verdict": "on", "opinion": "同意", "opinion_on": "2023-11-27"}
ITSELF = {"by_township": "no"}
BY_TOWNSHIP = {"by_township": "yes"}


@pytest.mark.parametrize(
    ("verdict", "opinion", "summary"),
    [("on", "同意上报", "同意：同意上报"), ("back", "面积不对", "退回修改：面积不对")],
)
def test_p4_the_village_passes_the_form_on_or_back(verdict: str, opinion: str, summary: str) -> None:
    outcome = take(HANDLER, step("village_opinion"), {**POSTED, "verdict": verdict, "opinion": opinion}, context=ITSELF)
    assert outcome == Outcome(variables={"verdict": verdict}, summary=summary)


def test_p4_the_township_enters_it_only_with_the_signed_scan() -> None:
    at = step("village_opinion")
    assert set(refused(HANDLER, at, POSTED, context=BY_TOWNSHIP)) == {"signed_scan"}
    assert take(HANDLER, at, POSTED, {"signed_scan": [3]}, BY_TOWNSHIP).variables == {"verdict": "on"}


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({**POSTED, "opinion": ""}, "opinion"),
        ({**POSTED, "opinion": "字" * 101}, "opinion"),
        ({**POSTED, "opinion_on": ""}, "opinion_on"),
        ({**POSTED, "opinion_on": "2023-11-28"}, "opinion_on"),
        ({**POSTED, "verdict": ""}, "verdict"),
    ],
    ids=["none", "over 100", "no date", "tomorrow", "no verdict"],
)
def test_p4_refused(posted: dict[str, Any], field: str) -> None:
    assert set(refused(HANDLER, step("village_opinion"), posted, context=ITSELF)) == {field}


def test_p4_the_village_sees_what_it_signs() -> None:
    at = step("village_opinion", answers={"application": {"measures": "建冷库"}})
    display = HANDLER.show(at).display
    assert display["category"] == "提升"
    assert display["measures"] == "建冷库"
    assert HANDLER.prepare(at) == {"opinion_on": "2023-11-27"}
