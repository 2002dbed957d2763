"""报送 (P5): complete, attested, in a batch."""

from typing import Any

import pytest

from handlers.outcome import BatchJoined, Outcome
from handlers.submission import HANDLER
from tests.handlers.situations import refused, step, take

NEW = {"into": "new", "title": "关于报送“四个一批”的请示", "number": "桑柘府文〔2023〕12号", "truth": "true"}


def test_p5_a_new_batch_with_title_and_number() -> None:
    assert take(HANDLER, step("submission"), NEW) == Outcome(
        batch=BatchJoined(None, "关于报送“四个一批”的请示", "桑柘府文〔2023〕12号"),
        summary="报送（桑柘府文〔2023〕12号），已承诺数据真实",
    )


def test_p5_an_existing_batch_is_joined() -> None:
    outcome = take(HANDLER, step("submission"), {"into": "existing", "batch": "9", "truth": "true", "title": "x"})
    assert outcome.batch == BatchJoined(9)


def test_p5_refused_with_the_list_of_what_is_missing() -> None:
    at = step("submission", missing_papers=("实地调研情况报告", "党组（委）会议纪要"))
    assert refused(HANDLER, at, NEW) == {"": "材料不齐，不能报送。还缺：实地调研情况报告、党组（委）会议纪要"}
    assert HANDLER.show(at).display["missing"] == "还缺：实地调研情况报告、党组（委）会议纪要"
    assert HANDLER.show(step("submission")).display["missing"] == "材料齐全"


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({**NEW, "truth": ""}, "truth"),
        ({**NEW, "title": ""}, "title"),
        ({"into": "existing", "truth": "true"}, "batch"),
        ({"into": "existing", "truth": "true", "batch": "10"}, "batch"),
        ({"truth": "true"}, "into"),
    ],
    ids=["R2 untrue", "no title", "no batch", "another's batch", "neither"],
)
def test_p5_refused(posted: dict[str, Any], field: str) -> None:
    assert set(refused(HANDLER, step("submission"), posted)) == {field}


@pytest.mark.parametrize(("exits", "words"), [(True, "审定退出追偿"), (False, "审定分类及处置措施")])
def test_p5_what_the_leading_group_is_asked(exits: bool, words: str) -> None:
    assert HANDLER.show(step("submission", variables={"exit_proposed": exits})).display["proposal"] == words
