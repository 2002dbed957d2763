"""文号 (issue 6, GB/T 9704-2012): by unit, kind and year, without gaps or doubles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import select

from ledger.db import transaction
from ledger.number_starts import Start, gaps_of, start_series
from ledger.numbers import (
    Entered,
    Issue,
    IssuedNumber,
    NumberRefused,
    Sought,
    draw_number,
    enter_number,
    register_of,
)
from ledger.vocabulary import PaperKind, Role
from tests.walk import Ground, person

DAY = date(2023, 11, 25)


def reply(ground: Ground, unit: str = "桑柘镇", kind: PaperKind = PaperKind.REQUEST, on: date = DAY) -> Issue:
    return Issue(ground.county.townships[unit], kind, "请示", on)


def drawn(ground: Ground, issue: Issue) -> str:
    with transaction(ground.sessions) as session:
        return draw_number(session, issue, Entered("甲", ground.now))


def entered(ground: Ground, issue: Issue, text: str) -> str:
    with transaction(ground.sessions) as session:
        return enter_number(session, issue, text, Entered("甲", ground.now))


def started(ground: Ground, word: str, number: int, reason: str = "") -> str:
    start = Start(ground.county.townships["桑柘镇"], PaperKind.REQUEST, 2023, word, number, reason)
    with transaction(ground.sessions) as session:
        return start_series(session, start, Entered("甲", ground.now)).after


def gaps(ground: Ground, post: int | None = None) -> list[tuple[str, str]]:
    with transaction(ground.sessions, writes=False) as session:
        actor = person(session, post or ground.county.townships["桑柘镇"].id, Role.HANDLER)
        return [(each.text, each.reason) for each in gaps_of(session, actor, Sought(2023))]


def numbers(ground: Ground) -> list[str]:
    with transaction(ground.sessions, writes=False) as session:
        return sorted(session.scalars(select(IssuedNumber.text)))


def test_two_at_once_wait_and_what_is_rolled_back_leaves_no_gap(ground: Ground) -> None:
    """Eight people draw ten times each, every third act fails after its number: 1 … n, each once, on both databases."""
    issue, start = reply(ground), Barrier(4)

    class Failed(Exception):
        pass

    def draw(who: int) -> list[str]:
        start.wait()
        taken = []
        for nth in range(10):
            try:
                with transaction(ground.sessions) as session:
                    text = draw_number(session, issue, Entered(str(who), ground.now))
                    if (who + nth) % 3 == 0:
                        raise Failed
            except Failed:
                continue
            taken.append(text)
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [text for part in pool.map(draw, range(4)) for text in part]
    count = len([1 for who in range(4) for nth in range(10) if (who + nth) % 3])
    assert sorted(taken) == sorted(f"桑柘镇请〔2023〕{n}号" for n in range(1, count + 1)) == numbers(ground)


def test_units_kinds_and_years_are_numbered_apart(sqlite_ground: Ground) -> None:
    ground = sqlite_ground
    issues = [
        reply(ground),
        reply(ground, "保家镇"),
        reply(ground, kind=PaperKind.YEARLY_REPORT),
        reply(ground, on=date(2024, 1, 2)),
        reply(ground),
    ]
    assert [drawn(ground, each) for each in issues] == [
        "桑柘镇请〔2023〕1号",
        "保家镇请〔2023〕1号",
        "桑柘镇报〔2023〕1号",
        "桑柘镇请〔2024〕1号",
        "桑柘镇请〔2023〕2号",
    ]


def test_numbers_given_by_hand_in_word_days_are_gone_on_from(sqlite_ground: Ground) -> None:
    ground = sqlite_ground
    assert started(ground, "桑柘府文", 13) == "桑柘府文〔2023〕13号"
    assert drawn(ground, reply(ground)) == "桑柘府文〔2023〕13号"
    assert drawn(ground, reply(ground, on=date(2024, 1, 2))) == "桑柘府文〔2024〕1号"  # the word stays
    with pytest.raises(NumberRefused, match="跳号须写明理由"):
        started(ground, "桑柘府文", 20)
    assert started(ground, "桑柘府文", 20, "14至19号作废重发") == "桑柘府文〔2023〕20号"
    assert gaps(ground) == [
        ("桑柘府文〔2023〕1—12号", "启用前已手工编号"),
        ("桑柘府文〔2023〕14—19号", "14至19号作废重发"),
    ]
    assert gaps(ground, ground.county.townships["保家镇"].id) == []
    for word, number, why in (("桑柘府文", 13, "已编到 19 号"), ("桑府", 20, "代字不能再改")):
        with pytest.raises(NumberRefused, match=why):
            started(ground, word, number)


def test_a_start_corrected_before_it_was_used_leaves_one_gap(sqlite_ground: Ground) -> None:
    started(sqlite_ground, "桑柘府文", 13)
    started(sqlite_ground, "桑柘府", 3)
    assert gaps(sqlite_ground) == [("桑柘府〔2023〕1—2号", "启用前已手工编号")]
    started(sqlite_ground, "桑柘府", 1)
    assert gaps(sqlite_ground) == []


def test_no_unit_enters_a_number_of_another_unit_or_of_another_kind(ground: Ground) -> None:
    started(ground, "桑柘府文", 5)
    other = reply(ground, "保家镇")
    assert entered(ground, reply(ground), "彭巩固专办发〔2023〕3号") == "彭巩固专办发〔2023〕3号"
    for issue, text, why in (
        (reply(ground), "保家镇请〔2023〕1号", "别的单位"),  # not yet begun
        (other, "桑柘府文〔2023〕2号", "别的单位"),
        (other, "保家镇复〔2023〕1号", "别的文种"),
        (other, "彭巩固专办发〔2023〕3号", "桑柘镇已经用过"),
    ):
        with pytest.raises(NumberRefused, match=why):
            entered(ground, issue, text)
    assert entered(ground, other, "保家镇请〔2023〕1号") == "保家镇请〔2023〕1号"


@pytest.mark.parametrize("word", ["", "桑柘府〔2023〕", "府 文", "字" * 31, "保家镇请", "桑柘镇复"])
def test_a_word_is_one_series_own(sqlite_ground: Ground, word: str) -> None:
    with pytest.raises(NumberRefused, match="代字"):
        started(sqlite_ground, word, 1)


def test_a_number_given_by_a_person_neither_repeats_nor_skips(sqlite_ground: Ground) -> None:
    ground, issue = sqlite_ground, reply(sqlite_ground)
    started(ground, "桑柘府文", 5)
    assert entered(ground, issue, "桑柘府文〔2023〕5号") == "桑柘府文〔2023〕5号"  # the next one: taken
    assert drawn(ground, issue) == "桑柘府文〔2023〕6号"
    assert entered(ground, issue, "桑柘府文〔2023〕3号") == "桑柘府文〔2023〕3号"  # from Word days
    assert entered(ground, issue, "彭巩固专办发〔2023〕3号") == "彭巩固专办发〔2023〕3号"  # words of its own
    for text, why in (
        ("桑柘府文〔2023〕6号", "已经用过"),
        ("桑柘府文〔2023〕9号", "不能跳号"),
        ("桑柘府文〔2022〕7号", "年份"),
        ("彭巩固专办发〔2023〕3号", "已经用过"),
    ):
        with pytest.raises(NumberRefused, match=why):
            entered(ground, issue, text)
    assert drawn(ground, issue) == "桑柘府文〔2023〕7号"


def test_the_register_is_seen_in_ones_own_scope(sqlite_ground: Ground) -> None:
    ground = sqlite_ground
    for town in ("桑柘镇", "保家镇"):
        drawn(ground, reply(ground, town))
    county = ground.county
    with transaction(ground.sessions, writes=False) as session:

        def seen(post: int, **wanted: object) -> list[str]:
            actor = person(session, post, Role.HANDLER)
            return [line.text for line in register_of(session, actor, replace(Sought(2023), **wanted), 10)]

        assert seen(county.townships["桑柘镇"].id) == ["桑柘镇请〔2023〕1号"]
        assert seen(county.bureau.id) == ["保家镇请〔2023〕1号", "桑柘镇请〔2023〕1号"]
        assert seen(county.bureau.id, unit_id=county.townships["保家镇"].id) == ["保家镇请〔2023〕1号"]
        assert seen(county.bureau.id, kind=PaperKind.REPLY) == seen(county.bureau.id, year=2022) == []
