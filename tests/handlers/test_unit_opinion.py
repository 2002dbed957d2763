"""单位意见 (P4, F3): the form signed with the opinions on it, or sent back."""

from typing import Any

import pytest

from handlers.unit_opinion import HANDLER
from tests.handlers.situations import refused, step, take

VILLAGE_SAID = {"verdict": "on", "opinion": "同意上报", "opinion_on": "2023-11-26"}


def situation(level: str) -> Any:
    answers = {"application": {"measures": "建冷库"}, "village_opinion": VILLAGE_SAID}
    return step("unit_opinion", {"level": level}, variables={"category": "upgrade", "level": level}, answers=answers)


NOBODY = {"内容": "/", "签字": "", "日期": ""}
VILLAGE = {"内容": "同意上报", "签字": "", "日期": "2023年11月26日"}
SIGNED = {"内容": "同意。", "签字": "桑柘镇人民政府 李四　", "日期": "2023年11月27日"}


@pytest.mark.parametrize(
    ("level", "village", "township"),
    [("village", VILLAGE, SIGNED), ("township", NOBODY, SIGNED), ("department", NOBODY, NOBODY)],
    ids=["F1", "F2", "F3"],
)
def test_p4_the_signed_form_carries_the_opinions_of_its_level(
    level: str, village: dict[str, str], township: dict[str, str]
) -> None:
    outcome = take(HANDLER, situation(level), {"verdict": "on", "opinion": "同意。"})
    assert outcome.variables == {"verdict": "on"}
    assert outcome.summary == "签署：同意。"
    facts = outcome.prints[0].more
    assert facts["村委会意见"] == village
    assert facts["乡镇意见"] == township
    assert facts["领导小组意见"]["内容"] == ""
    assert facts["处置措施"] == "建冷库"


def test_p4_the_signer_sends_it_back_with_a_reason() -> None:
    outcome = take(HANDLER, situation("village"), {"verdict": "back", "reason": "措施太空", "opinion": "同意。"})
    assert outcome.variables == {"verdict": "back"}
    assert outcome.prints == ()
    assert outcome.summary == "退回修改：措施太空"


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"verdict": "on", "opinion": " "}, "opinion"),
        ({"verdict": "on", "opinion": "字" * 101}, "opinion"),
        ({"verdict": "back"}, "reason"),
        ({}, "verdict"),
    ],
    ids=["none", "over 100", "no reason", "no verdict"],
)
def test_p4_refused(posted: dict[str, Any], field: str) -> None:
    assert set(refused(HANDLER, situation("village"), posted)) == {field}
