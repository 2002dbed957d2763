"""抄送 (requirement P, “any step”): who can be told of a case, what they are told, and that it opens no door."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ledger.case_views import visible_case
from ledger.copies import Copy, CopyRefused, copies_to, copy_units, mark_copies_read, send_copies
from ledger.db import transaction
from ledger.journal import Entry
from ledger.listing import Filters, Order
from ledger.outbox import Message
from ledger.own_lists import menu_counts
from ledger.scope import Actor
from ledger.vocabulary import Role
from tests.walk import Ground, Walk, person


def actor_in(ground: Ground, unit_id: int, role: Role = Role.HANDLER) -> Actor:
    with transaction(ground.sessions, writes=False) as session:
        return person(session, unit_id, role)


def test_only_units_that_see_the_case_can_be_told_of_it(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[0])
    with transaction(ground.sessions, writes=False) as session:
        town = person(session, ground.county.townships["桑柘镇"].id, Role.HANDLER)
        case = visible_case(session, town, walk.case_id)
        assert case is not None
        units = copy_units(session, case)
        names = {unit.short_name for unit in units}
        for unit in units:
            role = Role.SUPERVISOR if unit.id == ground.county.county.id else Role.HANDLER
            assert visible_case(session, person(session, unit.id, role), case.id) is not None, unit.short_name
    assert {"桑柘镇", "县乡村振兴局", "县农业农村委", "领导小组办公室"} <= names
    assert not names & {"保家镇", "鹿角镇", "县林业局", "县财政局"}


def test_a_copy_is_listed_counted_told_and_written_down(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[0])
    town, bureau = actor_in(ground, ground.county.townships["桑柘镇"].id), actor_in(ground, ground.county.bureau.id)
    with transaction(ground.sessions) as session:
        case = visible_case(session, town, walk.case_id)
        assert case is not None
        assert send_copies(session, town, case, [ground.county.bureau.id], " 请  知悉 ", walk.moment) == 2
    with transaction(ground.sessions) as session:
        page = copies_to(session, bureau, Filters())
        assert [(row.case_id, row.note, row.sent_by) for row in page.rows] == [
            (walk.case_id, "请 知悉", "桑柘镇经办甲")
        ]
        assert menu_counts(session, bureau)["copies"] == 1
        assert copies_to(session, town, Filters()).rows == []
        subjects = session.scalars(select(Message.subject).where(Message.user_id == bureau.user_id)).all()
        assert f"抄送：{walk.project.name}" in subjects
        assert session.scalars(select(Entry.act).order_by(Entry.id.desc()).limit(1)).one() == "copy"
        mark_copies_read(session, town, walk.now, page.rows[0].id)  # not theirs
        assert menu_counts(session, bureau)["copies"] == 1
        mark_copies_read(session, bureau, walk.now, page.rows[0].id)
        assert menu_counts(session, bureau)["copies"] == 0


def test_what_cannot_be_copied_is_refused_whole(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    county = sqlite_ground.county
    town = actor_in(sqlite_ground, county.townships["桑柘镇"].id)
    with transaction(sqlite_ground.sessions) as session:
        case = visible_case(session, town, walk.case_id)
        assert case is not None
        for units, note in (
            ([], ""),
            ([county.bureau.id, county.townships["保家镇"].id], ""),
            ([98765], ""),
            ([county.bureau.id], "长" * 201),
        ):
            with pytest.raises(CopyRefused):
                send_copies(session, town, case, units, note, walk.moment)
        assert session.scalars(select(Copy)).all() == []


def test_copies_come_a_page_at_a_time_newest_first(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    county = sqlite_ground.county
    town, bureau = actor_in(sqlite_ground, county.townships["桑柘镇"].id), actor_in(sqlite_ground, county.bureau.id)
    with transaction(sqlite_ground.sessions) as session:
        case = visible_case(session, town, walk.case_id)
        assert case is not None
        for number in range(5):
            send_copies(session, town, case, [county.bureau.id], f"第{number}次", walk.moment)
        seen, after = [], ""
        while True:
            page = copies_to(session, bureau, Filters(after=after), size=2)
            seen += [row.note for row in page.rows]
            after = page.next
            if not after:
                break
        page = copies_to(session, bureau, Filters(order=Order.OLDEST), size=3)
        rest = copies_to(session, bureau, Filters(order=Order.OLDEST, after=page.next), size=3)
        assert [row.note for row in (*page.rows, *rest.rows)] == seen[::-1]
    assert seen == ["第4次", "第3次", "第2次", "第1次", "第0次"]
