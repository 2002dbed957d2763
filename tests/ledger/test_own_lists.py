"""我发起的, 草稿 and the numbers beside the menu."""

from __future__ import annotations

from datetime import timedelta

from ledger.cases import WorkItem, keep_draft
from ledger.db import transaction
from ledger.inbox import inbox
from ledger.listing import Filters, Order
from ledger.own_lists import drafts_of, menu_counts, started_cases
from ledger.vocabulary import Role
from tests.ledger.test_inbox import push
from tests.walk import Ground, Walk, person


def test_who_pushed_sees_where_each_case_is_now(ground: Ground) -> None:
    push(ground)
    with transaction(ground.sessions, writes=False) as session:
        bureau = person(session, ground.county.bureau.id, Role.HANDLER)
        first = started_cases(session, bureau, Filters(), size=3)
        rest = started_cases(session, bureau, Filters(after=first.next), size=3)
        seen = [case.project.name for case in (*first.rows, *rest.rows)]
        assert sorted(seen) == sorted(project.name for project in ground.projects)
        assert (len(first.rows), len(rest.rows), rest.next) == (3, 2, "")
        assert {item.stem for items in first.waits.values() for item in items} == {"receive"}
        town = person(session, ground.county.townships["桑柘镇"].id, Role.HANDLER)
        assert started_cases(session, town, Filters()).rows == []
        one = ground.projects[2]
        assert [case.project_id for case in started_cases(session, bureau, Filters(text=one.number)).rows] == [one.id]


def test_a_draft_is_listed_until_its_item_is_done(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[0])
    item = walk.item("receive")
    with transaction(ground.sessions) as session:
        clerk = person(session, item.unit_id, Role.HANDLER)
        keep_draft(session, item.id, clerk.user_id or 0, {"taken": ["yes"]}, walk.now)
    with transaction(ground.sessions, writes=False) as session:
        assert [row[1].id for row in drafts_of(session, clerk, Filters()).rows] == [item.id]
        counts = {"open": 1, "receipt": 1, "copies": 0, "drafts": 1, "notices": 0, "rounds": 0}
        assert menu_counts(session, clerk) == counts
        signer = person(session, item.unit_id, Role.SIGNER)
        assert drafts_of(session, signer, Filters()).rows == []
    walk.complete("receive")
    with transaction(ground.sessions, writes=False) as session:
        assert drafts_of(session, clerk, Filters()).rows == []
        assert menu_counts(session, clerk)["receipt"] == 0


def test_each_list_is_turned_round_and_drafts_are_sorted_by_their_limits(sqlite_ground: Ground) -> None:
    """Interface 6: whichever way it is sorted, its pages are the whole list once."""
    push(sqlite_ground)
    with transaction(sqlite_ground.sessions) as session:
        bureau = person(session, sqlite_ground.county.bureau.id, Role.HANDLER)
        town = person(session, sqlite_ground.county.townships["桑柘镇"].id, Role.HANDLER)
        items = [*inbox(session, town, sqlite_ground.now, Filters(), 2).rows]
        for number, (item, hours) in enumerate(zip(items, (1, 3), strict=True)):
            saved_at = sqlite_ground.now + timedelta(hours=hours)
            keep_draft(session, item.item_id, town.user_id or 0, {"taken": ["yes"]}, saved_at)
            session.get_one(WorkItem, item.item_id).due_at = saved_at - timedelta(days=number)
        first, second = (item.item_id for item in items)

        def drafts(order: Order | None) -> list[int]:
            page = drafts_of(session, town, Filters(order=order), size=1)
            rest = drafts_of(session, town, Filters(order=order, after=page.next), size=1)
            assert rest.next == ""
            return [row[1].id for row in (*page.rows, *rest.rows)]

        assert [drafts(order) for order in (None, Order.OLDEST, Order.DUE)] == [
            [second, first],
            [first, second],
            [second, first],
        ]
        newest = [case.id for case in started_cases(session, bureau, Filters()).rows]
        page = started_cases(session, bureau, Filters(order=Order.OLDEST), size=3)
        rest = started_cases(session, bureau, Filters(order=Order.OLDEST, after=page.next), size=3)
        assert [case.id for case in (*page.rows, *rest.rows)] == newest[::-1] == sorted(newest)
