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


def test_r1_a_title_and_today_are_proposed() -> None:
    proposed = {"title": "桑柘镇经营性帮扶产业项目“四个一批”清理处置意见", "issued_on": "2023-11-23"}
    assert HANDLER.prepare(STEP) == proposed


def test_r1_the_plan_is_recorded() -> None:
    assert decide(HANDLER, STEP, ("paper",), **PLAN).summary == "印发清理处置意见"


def test_r1_a_plan_needs_its_content_and_a_day_that_has_come() -> None:
    with pytest.raises(FormErrors, match="主要内容"):
        decide(HANDLER, STEP, **{**PLAN, "content": ""})
    with pytest.raises(StepRefused, match="不能晚于今天"):
        decide(HANDLER, STEP, ("paper",), **{**PLAN, "issued_on": "2023-11-24"})
