"""归档 (P13): refused while a row of Annex 6 is empty, with the list."""

from typing import Any

import pytest

from handlers.archiving import HANDLER
from tests.handlers.situations import refused, step, take

POSTED = {"place": "镇档案室3柜", "keeper": "周七", "truthful": "true"}
MISSING = (
    "第4项《“四个一批”分类及处置措施会议纪要》缺：党组（委）会议纪要",
    "第5项《项目协议书或合同书》缺：项目协议书或合同书",
)


def situation(missing: tuple[str, ...] = ()) -> Any:
    return step("archiving", missing_papers=missing)


def test_p13_a_complete_case_is_archived() -> None:
    outcome = take(HANDLER, situation(), POSTED)
    assert outcome.summary == "已归档，存放于镇档案室3柜"
    assert not outcome.remains
    assert HANDLER.show(situation()).display["missing"] == "归档目录各项材料齐全"


def test_p13_every_missing_row_is_named() -> None:
    (sentence,) = refused(HANDLER, situation(MISSING), POSTED).values()
    assert all(row in sentence for row in MISSING)
    assert HANDLER.show(situation(MISSING)).display["missing"] == "\n".join(MISSING)


@pytest.mark.parametrize("field", ["place", "keeper", "truthful"])
def test_p13_refused(field: str) -> None:
    assert set(refused(HANDLER, situation(), {**POSTED, field: ""})) == {field}
