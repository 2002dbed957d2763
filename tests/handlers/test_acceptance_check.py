"""材料审核 (P6): accepted, or sent back to the step that mends it."""

from typing import Any

import pytest

from handlers.acceptance_check import HANDLER
from handlers.outcome import Outcome
from tests.handlers.situations import refused, step, take


@pytest.mark.parametrize(
    ("posted", "summary"),
    [
        ({"verdict": "accept"}, "材料符合要求，提请领导小组审定"),
        ({"verdict": "application", "reason": "缺盖章"}, "退回修改申请表：缺盖章"),
        ({"verdict": "survey", "reason": "估值无依据"}, "退回重新调研：估值无依据"),
    ],
    ids=str,
)
def test_p6_the_office_accepts_or_sends_back(posted: dict[str, Any], summary: str) -> None:
    assert take(HANDLER, step("acceptance_check"), posted) == Outcome(
        variables={"verdict": posted["verdict"]}, summary=summary
    )


@pytest.mark.parametrize(
    ("posted", "missing", "field"),
    [
        ({}, (), "verdict"),
        ({"verdict": "application"}, (), "reason"),
        ({"verdict": "survey", "reason": " "}, (), "reason"),
        ({"verdict": "accept"}, ("会议纪要",), "verdict"),
    ],
    ids=["no verdict", "no reason", "a blank reason", "P5 incomplete"],
)
def test_p6_refused(posted: dict[str, Any], missing: tuple[str, ...], field: str) -> None:
    assert set(refused(HANDLER, step("acceptance_check", missing_papers=missing), posted)) == {field}


def test_p6_an_incomplete_package_can_be_sent_back() -> None:
    at = step("acceptance_check", missing_papers=("会议纪要",))
    assert take(HANDLER, at, {"verdict": "application", "reason": "缺会议纪要"}).variables == {"verdict": "application"}


def test_p6_the_office_reads_the_unit_s_opinion() -> None:
    display = HANDLER.show(step("acceptance_check", answers={"unit_opinion": {"opinion": "同意上报"}})).display
    assert display["unit"] == "同意上报"
    assert display["category"] == "提升"
    assert display["measures"] == "建冷库，上分拣线"
