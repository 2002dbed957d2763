"""R2 周调度: begun from the data, confirmed by a person."""

from __future__ import annotations

import pytest

from forms.parsing import FormErrors
from handlers.weekly_report import HANDLER, NO_MEASURES
from ledger.vocabulary import RoundKind
from tests.handlers.rounds import decide, step


def test_r2_it_begins_with_how_each_project_goes_on() -> None:
    lines = ("盘活　冷库：60%，已进场", "重建　茶园：0%")
    assert HANDLER.prepare(step("weekly_report", RoundKind.WEEKLY, progress=lines)) == {"measures": "\n".join(lines)}
    assert HANDLER.prepare(step("weekly_report", RoundKind.WEEKLY)) == {"measures": NO_MEASURES}


def test_r2_a_person_confirms() -> None:
    given = step("weekly_report", RoundKind.WEEKLY)
    assert decide(HANDLER, given, measures="有进展", confirmed="true").summary == "已核对，项目8个"
    with pytest.raises(FormErrors, match="同意上报"):
        decide(HANDLER, given, measures="有进展")
