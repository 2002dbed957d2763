"""异议核查 (P7): a finding on each open objection; the first upheld one ends the period."""

from datetime import date
from typing import Any

import pytest

from handlers.objection import HANDLER
from handlers.outcome import ObjectionFinding, OpenObjection
from tests.handlers.situations import refused, step, take

FIRST = OpenObjection(21, "王五", "大棚面积不实", date(2023, 11, 25))
SECOND = OpenObjection(22, "赵六", "分红没有到位", date(2023, 11, 25))
EXAMINED = {"examiners": "李四（桑柘镇）", "examined_on": "2023-11-27"}


def situation(*objections: OpenObjection) -> Any:
    return step("objection", objections=objections or (FIRST, SECOND))


def found(first: str, second: str) -> dict[str, str]:
    return {
        **EXAMINED,
        "objections.21.upheld": first,
        "objections.21.finding": "实测三亩",
        "objections.22.upheld": second,
        "objections.22.finding": "已查分红凭证",
    }


@pytest.mark.parametrize(
    ("first", "second", "upheld"), [("no", "no", False), ("yes", "no", True), ("no", "yes", True), ("yes", "yes", True)]
)
def test_p7_one_upheld_objection_is_enough(first: str, second: str, upheld: bool) -> None:
    outcome = take(HANDLER, situation(), found(first, second))
    assert outcome.variables == {"objection_upheld": upheld, "objection_open": False}
    assert outcome.findings == (
        ObjectionFinding(21, first == "yes", "实测三亩"),
        ObjectionFinding(22, second == "yes", "已查分红凭证"),
    )
    assert ("重新提请审定" in outcome.summary) is upheld


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"objections.22.finding": ""}, "objections.22.finding"),
        ({"objections.22.upheld": ""}, "objections.22.upheld"),
        ({"examined_on": "2023-11-28"}, "examined_on"),
        ({"examiners": ""}, "examiners"),
    ],
)
def test_p7_refused(changed: dict[str, str], field: str) -> None:
    assert field in refused(HANDLER, situation(), {**found("no", "no"), **changed})


def test_p7_an_objection_that_came_meanwhile_is_not_passed_over() -> None:
    posted = {name: value for name, value in found("no", "no").items() if not name.startswith("objections.22")}
    assert any("22" in name for name in refused(HANDLER, situation(), posted))


def test_p7_each_record_names_who_when_and_what() -> None:
    first, second = HANDLER.show(situation()).records["objections"]
    assert first == ("21", "王五（2023年11月25日）：大棚面积不实")
    assert second[0] == "22"
