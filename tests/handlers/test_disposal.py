"""处置落实 (P8): entries until all is done with a photo; where linkage cannot be built, an exit (art. 2)."""

from typing import Any

import pytest

from handlers.disposal import HANDLER
from tests.handlers.situations import refused, step, take

ENTRY = {"action": "progress", "percent": "40", "text": "冷库主体完工", "linkage_progress": "务工12人"}
DONE = {**ENTRY, "action": "done", "percent": "100", "text": "全部投产"}
EXIT = {"action": "exit", "exit_reason": "农户全部外出", "exit_recover_yuan": "50000"}
WITH_PHOTO = ({"action": "progress", "percent": 40, "text": "冷库主体完工", "photos": [8], "spent_yuan": "1200.50"},)


def situation(entries: tuple[Any, ...] = ()) -> Any:
    return step("disposal", entries=entries)


def test_p8_an_entry_leaves_the_item_open() -> None:
    outcome = take(HANDLER, situation(), {**ENTRY, "first_results": "true"}, {"photos": [8]})
    assert outcome.remains
    assert outcome.project == {"progress": "冷库主体完工", "progress_percent": 40}
    assert outcome.variables == {}
    assert "阶段性成效" in outcome.summary


@pytest.mark.parametrize(("entries", "files"), [(WITH_PHOTO, {}), ((), {"photos": [9]})])
def test_p8_done_with_a_photo_of_now_or_earlier(entries: tuple[Any, ...], files: dict[str, list[int]]) -> None:
    outcome = take(HANDLER, situation(entries), DONE, files)
    assert not outcome.remains
    assert outcome.variables == {"exit_proposed": False}
    assert outcome.project == {"progress": "全部投产", "progress_percent": 100}


def test_p8_an_exit_is_proposed_and_progress_is_left_alone() -> None:
    outcome = take(HANDLER, situation(WITH_PHOTO), EXIT)
    assert outcome.variables == {"exit_proposed": True}
    assert outcome.project == {}
    assert not outcome.remains


@pytest.mark.parametrize(
    ("entries", "posted", "field"),
    [
        (WITH_PHOTO, {**DONE, "percent": "99"}, "percent"),
        ((), DONE, "photos"),
        (({"percent": 40, "text": "开工"},), DONE, "photos"),  # an entry, but no photo
        ((), {**ENTRY, "percent": "101"}, "percent"),
        ((), {**ENTRY, "text": ""}, "text"),
        ((), {**ENTRY, "linkage_progress": ""}, "linkage_progress"),
        ((), {**EXIT, "exit_reason": ""}, "exit_reason"),
        ((), {}, "action"),
    ],
)
def test_p8_refused(entries: tuple[Any, ...], posted: dict[str, str], field: str) -> None:
    assert field in refused(HANDLER, situation(entries), posted)


def test_p8_earlier_entries_are_shown() -> None:
    assert HANDLER.show(situation(WITH_PHOTO)).display["earlier"] == "40%：冷库主体完工\n累计投入1,200.50 元"
    assert HANDLER.show(situation()).display["earlier"] == "还没有登记"
