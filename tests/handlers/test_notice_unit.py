"""主管单位公告 (P7, T1): place, day and photo; the day lies between the reply and today."""

from typing import Any

import pytest

from handlers.notice_unit import HANDLER
from tests.handlers.situations import refused, step, take

POSTED = {
    "place": "公示栏左侧",
    "posted_on": "2023-11-27",
    "content": "现将“四个一批”分类及处置措施公告如下",
    "contact": "桑柘镇乡村振兴办公室 78500000",
}
PHOTO = {"photo": [11]}


def situation() -> Any:
    reply = {"number": "彭乡振组复〔2023〕12号", "issued_on": "2023-11-26"}
    return step("notice_unit", answers={"reply": reply, "decision": {"exit": "none"}})


def test_p7_the_posting_is_registered_for_the_period() -> None:
    outcome = take(HANDLER, situation(), POSTED, PHOTO)
    assert outcome.variables == {"unit_posted_on": "2023-11-27"}
    (printed,) = outcome.prints
    assert printed.kind == "notice"
    rows = dict(printed.rows)
    assert rows["公告内容"] == POSTED["content"]
    assert rows["张贴地点"] == "公示栏左侧"
    assert rows["张贴日期"] == "2023年11月27日"
    assert rows["公告处"] == "项目实施主管单位（桑柘镇人民政府）"
    assert rows["项目地点"] == "桑柘镇太坪村"
    assert printed.more["标题"] == "关于高山蔬菜大棚“四个一批”分类及处置措施的公告"
    assert printed.title == "高山蔬菜大棚“四个一批”分类及处置措施公告（项目实施主管单位）"


def test_p7_posted_on_the_day_of_the_reply_is_in_order() -> None:
    outcome = take(HANDLER, situation(), {**POSTED, "posted_on": "2023-11-26"}, PHOTO)
    assert outcome.variables["unit_posted_on"] == "2023-11-26"


@pytest.mark.parametrize(
    ("changed", "files", "field"),
    [
        ({"posted_on": "2023-11-28"}, PHOTO, "posted_on"),  # tomorrow
        ({"posted_on": "2023-11-25"}, PHOTO, "posted_on"),  # before the reply
        ({"posted_on": ""}, PHOTO, "posted_on"),
        ({"place": ""}, PHOTO, "place"),
        ({"content": ""}, PHOTO, "content"),
        ({}, {}, "photo"),
    ],
)
def test_p7_refused(changed: dict[str, str], files: dict[str, list[int]], field: str) -> None:
    assert set(refused(HANDLER, situation(), {**POSTED, **changed}, files)) == {field}


def test_p7_the_notice_s_words_are_prepared() -> None:
    content = HANDLER.prepare(situation())["content"]
    for words in (
        "高山蔬菜大棚",
        "PS2023-1007",
        "彭乡振组复〔2023〕12号",
        "提升类",
        "建冷库，上分拣线。公告期",
        "5个工作日",
    ):
        assert words in content
