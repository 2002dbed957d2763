"""R1 动员部署 with 业务培训: both held, and the training on record."""

from __future__ import annotations

import pytest

from forms.parsing import FormErrors
from handlers.mobilisation import HANDLER
from handlers.outcome import StepRefused
from ledger.vocabulary import RoundKind
from tests.handlers.rounds import decide, step

HELD = {
    **{"held_on": "2023-11-14", "place": "会议室", "chair": "李四", "attendee_count": "60", "content": "部署清理"},
    **{"trained_on": "2023-11-15", "trainer": "王五", "trainee_count": "40", "subjects": "分类标准"},
}
STEP = step("mobilisation", RoundKind.MOBILISATION)


def test_r1_meeting_and_training_are_recorded() -> None:
    assert decide(HANDLER, STEP, ("record",), **HELD).summary == "2023-11-14动员部署，2023-11-15培训40人"


def test_r1_a_training_without_record_or_yet_to_come_is_none() -> None:
    with pytest.raises(FormErrors, match="培训记录"):
        decide(HANDLER, STEP, **HELD)
    with pytest.raises(StepRefused) as refused:
        decide(HANDLER, STEP, ("record",), **{**HELD, "held_on": "2023-11-24", "trained_on": "2023-11-25"})
    assert set(refused.value.errors) == {"held_on", "trained_on"}
