"""我发起的, 草稿 and the numbers beside the menu."""

from __future__ import annotations

from ledger.cases import keep_draft
from ledger.db import transaction
from ledger.listing import Filters
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
