"""R3 月度更新: both tables confirmed, what is missing explained."""

from __future__ import annotations

import pytest

from forms.parsing import FormErrors
from handlers.monthly_update import COMPLETE, HANDLER
from ledger.vocabulary import RoundKind
from tests.handlers.rounds import decide, step

TICKS = {"ledger_confirmed": "true", "annex4_confirmed": "true"}


def test_r3_a_whole_ledger_is_confirmed() -> None:
    given = step("monthly_update", RoundKind.MONTHLY)
    assert HANDLER.show(given).display == {"gaps": COMPLETE}
    assert decide(HANDLER, given, **TICKS).summary == "已确认台账和统计表"
    with pytest.raises(FormErrors, match="统计表"):
        decide(HANDLER, given, ledger_confirmed="true")


def test_r3_gaps_ask_for_words() -> None:
    given = step("monthly_update", RoundKind.MONTHLY, gaps=("产业类型：2个项目没有填写",))
    with pytest.raises(FormErrors, match="未补充的原因"):
        decide(HANDLER, given, **TICKS)
    assert decide(HANDLER, given, explanation="正在调研", **TICKS).summary == "已确认台账和统计表，1处待补充"
