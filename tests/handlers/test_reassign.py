"""重新分派 (P1): another unit, or out of the procedure."""

from typing import Any

import pytest

from handlers.outcome import Outcome
from handlers.reassign import HANDLER
from tests.handlers.situations import refused, step, take


def test_p1_another_unit_runs_the_case() -> None:
    assert take(HANDLER, step("reassign"), {"verdict": "unit", "unit": "52", "reason": "由农业农村委主管"}) == Outcome(
        variables={"verdict": "unit"}, responsible_unit_id=52, summary="改派：由农业农村委主管"
    )


def test_p1_what_is_no_operating_project_is_withdrawn() -> None:
    outcome = take(HANDLER, step("reassign"), {"verdict": "withdraw", "unit": "52", "reason": "是公益设施"})
    assert outcome == Outcome(variables={"verdict": "withdraw"}, summary="撤销：是公益设施")


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"verdict": "unit", "reason": "x"}, "unit"),
        ({"verdict": "unit", "unit": "31", "reason": "x"}, "unit"),  # the unit that just handed it back
        ({"verdict": "unit", "unit": "99", "reason": "x"}, "unit"),
        ({"verdict": "withdraw"}, "reason"),
    ],
    ids=str,
)
def test_p1_refused(posted: dict[str, Any], field: str) -> None:
    assert set(refused(HANDLER, step("reassign"), posted)) == {field}


def test_p1_the_bureau_reads_why_it_came_back() -> None:
    situation = step("reassign", {"responsible_unit": "桑柘镇"}, answers={"receive": {"reason": "属县林业局主管"}})
    display = HANDLER.show(situation).display
    assert display["returned"] == "属县林业局主管"
    assert display["former_unit"] == "桑柘镇"
