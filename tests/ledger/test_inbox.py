"""待办 and 已办: who sees what, in which order, under which counter."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bpmn.runtime import start_cases
from ledger.campaigns import Campaign
from ledger.cases import WorkItem
from ledger.db import transaction
from ledger.inbox import RECEIPT, done_items, inbox, next_item, open_count, stems_open, under_way, units_waited_for
from ledger.listing import MOST_COUNTED, PAGE_SIZE, Filters, Limit, Order, PlaceRefused, bounds
from ledger.projects import Project
from ledger.scope import Actor
from ledger.vocabulary import Role
from tests.walk import Ground, Walk, local, person

NOON = local(2023, 11, 6, 12)  # a Monday


def push(ground: Ground) -> None:
    """Start a case for every project."""
    walk = Walk(ground, ground.projects[0])
    with walk.acting(Role.HANDLER, ground.county.bureau.id) as acting:
        projects = acting.session.scalars(select(Project).order_by(Project.id)).all()
        start_cases(acting, projects, acting.session.get_one(Campaign, ground.county.campaign.id))


def clerk(ground: Ground, town: str) -> Actor:
    with transaction(ground.sessions, writes=False) as session:
        return person(session, ground.county.townships[town].id, Role.HANDLER)


@pytest.mark.parametrize(
    ("due_at", "limit"),
    [
        (local(2023, 11, 6, 0), Limit.OVERDUE),  # 24:00 of Sunday
        (NOON, Limit.OVERDUE),  # the moment itself has come
        (local(2023, 11, 7, 0), Limit.TODAY),  # 24:00 of today
        (local(2023, 11, 8, 0), Limit.SOON),
        (local(2023, 11, 10, 0), Limit.SOON),  # 24:00 of Thursday, the third working day
        (local(2023, 11, 11, 0), Limit.LATER),
    ],
)
def test_the_four_counters_part_at_midnight(ground: Ground, due_at: object, limit: Limit) -> None:
    with transaction(ground.sessions) as session:
        limits = bounds(session, NOON)
        assert limits.limit_of(due_at) is limit  # type: ignore[arg-type]


def test_a_person_sees_the_items_of_the_own_posts_only(ground: Ground) -> None:
    push(ground)
    actor = clerk(ground, "桑柘镇")
    mine = {p.name for p in ground.projects if p.responsible_unit_id == ground.county.townships["桑柘镇"].id}
    with transaction(ground.sessions, writes=False) as session:
        page = inbox(session, actor, NOON, Filters())
        assert {row.project_name for row in page.rows} == mine
        assert open_count(session, actor) == len(mine) == sum(page.counts.values())
        signer = person(session, ground.county.townships["桑柘镇"].id, Role.SIGNER)
        for other in (signer, Actor(1, "无岗位"), person(session, ground.county.county.id, Role.SUPERVISOR)):
            assert inbox(session, other, NOON, Filters()).rows == ()
            assert open_count(session, other) == 0
        assert stems_open(session, actor) == [("receive", "签收项目", len(mine))]


def test_search_by_name_number_township_and_initials(ground: Ground) -> None:
    push(ground)
    actor = clerk(ground, "桑柘镇")
    with transaction(ground.sessions, writes=False) as session:
        every = inbox(session, actor, NOON, Filters()).rows
        one = every[0]
        project = session.get_one(Project, one.project_id)
        for text in (one.project_name[4:], one.project_number, project.pinyin_initials.upper()):
            assert one.item_id in {row.item_id for row in inbox(session, actor, NOON, Filters(text=text)).rows}
        assert inbox(session, actor, NOON, Filters(text="桑柘")).rows == every
        for nothing in ("%", "_", "汉葭", "'; --"):
            assert inbox(session, actor, NOON, Filters(text=nothing)).rows == ()
        assert inbox(session, actor, NOON, Filters(stem="decision")).rows == ()


def test_overdue_first_and_pages_do_not_overlap(ground: Ground) -> None:
    push(ground)
    actor = clerk(ground, "桑柘镇")
    with transaction(ground.sessions) as session:
        first = session.scalars(select(WorkItem).where(WorkItem.unit_id == ground.county.townships["桑柘镇"].id)).all()
        sample = first[0]
        for n in range(2 * PAGE_SIZE):
            copied = {
                c.key: getattr(sample, c.key) for c in WorkItem.__table__.columns if c.key not in ("id", "revision")
            }
            due_at = NOON + timedelta(hours=(n * 7) % 11 - 5)
            session.add(WorkItem(**{**copied, "token": f"x{n}", "due_at": due_at}))
        session.flush()
        seen, after = [], ""
        while True:
            page = inbox(session, actor, NOON, Filters(after=after))
            seen += page.rows
            after = page.next
            if not after:
                break
            assert len(page.rows) == PAGE_SIZE
        assert len(seen) == len({row.item_id for row in seen}) == 2 * PAGE_SIZE + len(first)
        assert [row.due_at for row in seen] == sorted(row.due_at for row in seen)
        overdue = inbox(session, actor, NOON, Filters(limit=Limit.OVERDUE))
        assert overdue.counts[Limit.OVERDUE] == sum(row.due_at <= NOON for row in seen)
        assert {row.limit for row in overdue.rows} == {Limit.OVERDUE}
        assert next_item(session, actor, NOON) == seen[0]
        with pytest.raises(PlaceRefused):
            inbox(session, actor, NOON, Filters(after="1;drop_table"))
        newest, after = [], ""
        while True:
            page = inbox(session, actor, NOON, Filters(order=Order.NEWEST, after=after), size=7)
            newest += page.rows
            after = page.next
            if not after:
                break
        assert [row.item_id for row in newest] == sorted((row.item_id for row in seen), reverse=True)


def test_what_is_done_is_listed_newest_first(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[1])
    walk.complete("receive")
    walk.now = local(2023, 11, 7)
    walk.complete("field_survey")
    unit_id = walk.items("receive")[0].unit_id
    with transaction(ground.sessions, writes=False) as session:
        actor = person(session, unit_id, Role.HANDLER)
        rows = [*done_items(session, actor, walk.now, Filters()).rows]
        oldest = Filters(order=Order.OLDEST)
        first = done_items(session, actor, walk.now, oldest, 1)
        rest = done_items(session, actor, walk.now, replace(oldest, after=first.next), 1)
        assert [*first.rows, *rest.rows] == rows[::-1]
    assert [(row.stem, row.completed_at) for row in rows] == [
        ("field_survey", local(2023, 11, 7)),
        ("receive", walk.items("receive")[0].completed_at),
    ]


def test_who_sees_the_county_sees_all_that_is_under_way(ground: Ground) -> None:
    push(ground)
    county = ground.county
    town_id = county.townships["桑柘镇"].id
    own = {project.id for project in ground.projects if project.township_id == town_id}
    run = {project.id for project in ground.projects if project.responsible_unit_id == town_id}
    with transaction(ground.sessions, writes=False) as session:
        for unit, role in (
            (county.bureau, Role.HANDLER),
            (county.office, Role.SIGNER),
            (county.county, Role.SUPERVISOR),
        ):
            page = under_way(session, person(session, unit.id, role), NOON, Filters())
            assert {row.project_id for row in page.rows} == {project.id for project in ground.projects}
            assert sum(page.counts.values()) == len(ground.projects)
        town = person(session, town_id, Role.HANDLER)
        assert {row.project_id for row in under_way(session, town, NOON, Filters()).rows} == own | run
        mixed = Actor(town.user_id, town.name, (*town.posts, *person(session, county.bureau.id, Role.HANDLER).posts))
        assert len(under_way(session, mixed, NOON, Filters()).rows) == len(ground.projects)
        assert under_way(session, Actor(1, "无岗位"), NOON, Filters()).rows == ()
        here = {project.id for project in ground.projects if project.responsible_unit_id == town_id}
        for actor in (mixed, person(session, county.county.id, Role.SUPERVISOR)):
            page = under_way(session, actor, NOON, Filters(unit_id=town_id))
            assert {row.project_id for row in page.rows} == here
            assert sum(page.counts.values()) == len(here) < len(ground.projects)
            waited_for = {unit.id for unit in units_waited_for(session, actor)}
            assert waited_for == {project.responsible_unit_id for project in ground.projects}
        assert units_waited_for(session, Actor(1, "无岗位")) == ()


def test_what_waits_to_be_taken_is_told_apart(ground: Ground) -> None:
    push(ground)
    actor = clerk(ground, "桑柘镇")
    walk = Walk(ground, ground.projects[0], case_id=1)
    walk.complete("receive")
    with transaction(ground.sessions, writes=False) as session:
        every = inbox(session, actor, NOON, Filters()).rows
        taken = inbox(session, actor, NOON, Filters(stem=RECEIPT)).rows
    assert {row.stem for row in every} == {"receive", "field_survey"}
    assert {row.item_id for row in taken} == {row.item_id for row in every if row.stem == "receive"}


def test_counting_stops_at_a_thousand(sqlite_ground: Ground) -> None:
    push(sqlite_ground)
    actor = clerk(sqlite_ground, "桑柘镇")
    with transaction(sqlite_ground.sessions) as session:
        sample = session.scalars(select(WorkItem).where(WorkItem.unit_id == actor.posts[0].unit_id)).first()
        assert sample is not None
        copied = {c.key: getattr(sample, c.key) for c in WorkItem.__table__.columns if c.key not in ("id", "revision")}
        many = [{**copied, "revision": 1, "token": f"x{n}", "due_at": NOON} for n in range(MOST_COUNTED + 5)]
        session.execute(WorkItem.__table__.insert(), many)  # type: ignore[attr-defined]  # a table, declared as a class
        assert inbox(session, actor, NOON, Filters()).counts[Limit.OVERDUE] == MOST_COUNTED
        assert open_count(session, actor) == MOST_COUNTED
