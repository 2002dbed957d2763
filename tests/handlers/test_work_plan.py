"""R1 制定方案: a paper that is issued, not one that will be."""

from __future__ import annotations

import pytest

from forms.parsing import FormErrors
from handlers.outcome import StepRefused
from handlers.work_plan import HANDLER
from ledger.vocabulary import RoundKind
from tests.handlers.rounds import decide, step

PLAN = {"title": "清理处置意见", "issued_on": "2023-11-10", "responsible": "张三", "content": "分四步"}
STEP = step("work_plan", RoundKind.PLAN)


def test_r1_the_plan_is_recorded() -> None:
    assert decide(HANDLER, STEP, ("paper",), **PLAN).summary == "印发清理处置意见"


def test_r1_a_plan_needs_its_paper_and_a_day_that_has_come() -> None:
    with pytest.raises(FormErrors, match="文件正文"):
        decide(HANDLER, STEP, **PLAN)
    with pytest.raises(StepRefused, match="不能晚于今天"):
        decide(HANDLER, STEP, ("paper",), **{**PLAN, "issued_on": "2023-11-24"})
