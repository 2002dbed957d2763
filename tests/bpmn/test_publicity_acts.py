"""A running publicity is extended or posted again, and read back whole (P7, T1); never shorter than five days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from bpmn.casefile import Acting, take_case
from bpmn.publicity_record import Publicity, changes_of, publicities
from bpmn.runtime import ActRefused, NotYours, OutsidePublicity, Repost, extend_publicity, register_objection, repost
from ledger.cases import objections_of, timers_of
from ledger.db import SHANGHAI
from ledger.papers import File
from ledger.scope import CLOCK
from ledger.vocabulary import Role
from tests.replay import assert_whole
from tests.walk import PDF, Ground, Walk, local

pytestmark = pytest.mark.usefixtures("quick_prints")
PHOTO = (File("张贴.pdf", "application/pdf", PDF),)
FIFTH = date(2023, 12, 4)  # posted on Monday, 27 November 2023: 28, 29, 30 November, 1 and 4 December
EIGHTH = date(2023, 12, 7)


def posted(ground: Ground) -> Walk:
    walk = Walk(ground, ground.projects[1])
    walk.to("notice_unit")
    walk.now = local(2023, 11, 27)
    walk.complete("notice_unit")
    walk.complete("notice_site")
    return walk


def as_unit(walk: Walk, act: Callable[..., Any], *given: Any) -> Any:
    with walk.acting(Role.HANDLER, walk.project.responsible_unit_id or 0) as acting:
        return act(acting, walk.case_id, *given)


def last_days(walk: Walk) -> list[Any]:
    with walk.session() as session:
        return [timer.due_at.astimezone(SHANGHAI) for timer in timers_of(session, walk.case_id)]


def read(walk: Walk) -> list[Publicity]:
    with walk.session() as session:
        file = take_case(Acting(session, CLOCK, walk.moment, walk.ground.papers), walk.case_id, lock=False)
        return publicities(file)


def told(walk: Walk) -> list[str]:
    with walk.session() as session:
        file = take_case(Acting(session, CLOCK, walk.moment, walk.ground.papers), walk.case_id, lock=False)
        return [each.words for each in changes_of(file, publicities(file)[0])]


def dismiss(walk: Walk, upheld: str = "no") -> None:
    with walk.session() as session:
        keys = [each.id for each in objections_of(session, walk.case_id, open_only=True)]
    rows = [{"key": str(key), "upheld": upheld, "finding": "经核查，情况如上"} for key in keys]
    walk.complete("objection", objections=rows)


def test_t1_an_extension_outlives_a_dismissed_objection(ground: Ground) -> None:
    walk = posted(ground)
    as_unit(walk, extend_publicity, date(2023, 12, 7), "群众外出多，延长听取意见")
    assert last_days(walk) == [local(2023, 12, 8, 0)]
    as_unit(walk, register_objection, "村民甲", "", "面积不对")
    assert last_days(walk) == []
    dismiss(walk)
    assert last_days(walk) == [local(2023, 12, 8, 0)]
    (present,) = read(walk)
    assert present.period is not None
    assert (present.period.end, len(present.period.days)) == (EIGHTH, 8)
    assert told(walk) == ["公告期由2023-12-04延长到2023-12-07：群众外出多，延长听取意见"]
    with walk.session() as session:
        assert_whole(session, walk.case_id)
    walk.now = local(2023, 12, 8, 0)
    assert walk.fire() == 1
    (over,) = read(walk)
    assert (over.state, over.hears_objections) == ("over", False)
    assert over.certificate is not None


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        (date(2023, 12, 4), "只能延长到以后的工作日"),
        (date(2023, 12, 9), "工作日期满"),
    ],
)
def test_t1_an_extension_only_extends(sqlite_ground: Ground, last: date, sentence: str) -> None:
    with pytest.raises(ActRefused, match=sentence):
        as_unit(posted(sqlite_ground), extend_publicity, last, "延长")


def test_t1_a_notice_posted_again_counts_anew_in_full(ground: Ground) -> None:
    walk = posted(ground)
    as_unit(walk, extend_publicity, date(2023, 12, 7), "延长听取意见")
    walk.now = local(2023, 12, 1)
    again = Repost(("notice_site",), date(2023, 12, 1), "被风雨损毁", {"notice_site": PHOTO})
    as_unit(walk, repost, again)
    assert last_days(walk) == [local(2023, 12, 9, 0)]  # 4, 5, 6, 7 and 8 December; the extension is gone with the old
    (present,) = read(walk)
    assert [each.posted_on for each in present.postings] == [date(2023, 11, 27), date(2023, 12, 1)]
    assert [len(each.photos) for each in present.postings] == [1, 2]
    assert told(walk)[-1] == "实施地2023-12-01重新张贴，公告期重新计至2023-12-08：被风雨损毁"
    with walk.session() as session:
        assert_whole(session, walk.case_id)


@pytest.mark.parametrize(
    ("places", "day", "sentence"),
    [
        ((), 28, "请勾选"),
        (("notice_unit",), 27, "不能早于或等于"),
        (("notice_unit",), 29, "不能晚于今天"),
    ],
)
def test_a_repost_names_place_day_and_photograph(
    sqlite_ground: Ground, places: tuple[str, ...], day: int, sentence: str
) -> None:
    walk = posted(sqlite_ground)
    walk.now = local(2023, 11, 28)
    with pytest.raises(ActRefused, match=sentence):
        as_unit(walk, repost, Repost(places, date(2023, 11, day), "被撕下", dict.fromkeys(places, PHOTO)))
    with pytest.raises(ActRefused, match="照片"):
        as_unit(walk, repost, Repost(("notice_site",), date(2023, 11, 28), "被撕下", {}))


def test_others_leave_a_publicity_alone_and_there_must_be_one(sqlite_ground: Ground) -> None:
    walk = posted(sqlite_ground)
    other = sqlite_ground.county.townships["鹿角镇"].id
    with pytest.raises(NotYours), walk.acting(Role.HANDLER, other) as acting:
        extend_publicity(acting, walk.case_id, date(2023, 12, 7), "延长")
    walk.now = local(2023, 12, 5)
    assert walk.fire() == 1
    with pytest.raises(ActRefused, match="不在公告期内"):
        as_unit(walk, extend_publicity, date(2023, 12, 7), "延长")


def test_p7_an_upheld_objection_ends_a_publicity_and_another_follows(sqlite_ground: Ground) -> None:
    walk = posted(sqlite_ground)
    as_unit(walk, register_objection, "村民甲", "", "面积不对")
    (present,) = read(walk)
    assert (present.state, present.open_count, present.hears_objections) == ("running", 1, True)
    dismiss(walk, "yes")
    walk.pass_days(1)
    walk.to("notice_unit")
    found = read(walk)
    assert [(each.number, each.state, len(each.objections)) for each in found] == [(2, "posting", 0), (1, "upheld", 1)]
    assert [each.posted_on for each in found[1].postings] == [date(2023, 11, 27)] * 2


def test_p7_nothing_is_heard_after_the_last_day_while_an_objection_is_examined(sqlite_ground: Ground) -> None:
    walk = posted(sqlite_ground)
    first = as_unit(walk, register_objection, "村民甲", "", "面积不对")
    second = as_unit(walk, register_objection, "村民乙", "", "措施不对")
    assert first.receipt != second.receipt
    assert first.receipt.startswith("20231127-")
    walk.now = local(2023, 12, 5)
    with pytest.raises(OutsidePublicity, match="公告期已满"):
        as_unit(walk, register_objection, "村民丙", "", "迟到的异议")
    with pytest.raises(ActRefused, match="公告期已满"):
        as_unit(walk, extend_publicity, date(2023, 12, 7), "延长")
