"""R2–R4 核收: taken in, or sent back with a reason."""

from __future__ import annotations

import pytest

from forms.parsing import FormErrors
from handlers.round_check import HANDLER
from ledger.vocabulary import RoundKind
from tests.handlers.rounds import decide, step

WEEK = step("round_check", RoundKind.WEEKLY, {"weekly_report": {"measures": "冷库已进场", "other": "培训一次"}})


def test_r2_what_was_reported_is_shown_and_taken_in() -> None:
    assert HANDLER.show(WEEK).display == {"submitted": "冷库已进场\n培训一次"}
    done = decide(HANDLER, WEEK, verdict="accept")
    assert (done.variables, done.summary) == ({"verdict": "accept"}, "已收下")


def test_r2_it_is_sent_back_with_a_reason() -> None:
    with pytest.raises(FormErrors, match="退回理由"):
        decide(HANDLER, WEEK, verdict="back")
    done = decide(HANDLER, WEEK, verdict="back", reason="进展没有写明")
    assert (done.variables, done.summary) == ({"verdict": "back"}, "退回补正：进展没有写明")
