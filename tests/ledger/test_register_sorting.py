"""项目台账 sorted by a column, page by page: every project once, whatever is alike (issue 5 item 1)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from handlers import HANDLERS
from ledger.db import transaction
from ledger.listing import PlaceRefused
from ledger.projects import Project
from ledger.register import ProjectFilter
from ledger.register_sorting import STEMS, Column, Part, RegisterRow, Sorting, read_sorting, sorted_page
from ledger.scope import Actor
from ledger.vocabulary import Category, Role
from tests.walk import Ground, Walk, person

AMOUNTS = ("100.00", "100.00", "99999999.99", "0.50", "9.00")
CLASSES = (Category.REBUILD, None, Category.CONSOLIDATE, None, Category.REVIVE)


@pytest.fixture
def bureau(ground: Ground) -> Iterator[tuple[Session, Actor]]:
    """The county's five projects, two of them under way, with amounts and classes of which some are alike."""
    late, early = Walk(ground, ground.projects[3]), Walk(ground, ground.projects[1])
    early.to("decision")
    late.to("field_survey")
    with transaction(ground.sessions) as session:
        for each, amount, category in zip(ground.projects, AMOUNTS, CLASSES, strict=True):
            project = session.get_one(Project, each.id)
            project.funding_total_yuan, project.category = Decimal(amount), category
    with transaction(ground.sessions, writes=False) as session:
        yield session, person(session, ground.county.bureau.id, Role.HANDLER)


def read(session: Session, actor: Actor, sorting: Sorting, size: int = 2) -> list[RegisterRow]:
    """Read the whole register in pages."""
    rows: list[RegisterRow] = []
    after = ""
    while True:
        page = sorted_page(session, actor, ProjectFilter(), Part(size, sorting, after))
        rows += page.rows
        after = page.next
        if not after:
            assert page.total == len(rows)
            return rows


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", Column)
def test_pages_of_two_are_the_whole_list(bureau: tuple[Session, Actor], column: Column, descending: bool) -> None:
    session, actor = bureau
    sorting = Sorting(column, descending)
    whole = [row.project.id for row in read(session, actor, sorting, 50)]
    assert [row.project.id for row in read(session, actor, sorting)] == whole
    assert len(set(whole)) == len(whole)
    other = [row.project.id for row in read(session, actor, Sorting(column, not descending), 50)]
    assert other == whole[::-1]


def test_each_column_sorts_by_what_it_shows(ground: Ground, bureau: tuple[Session, Actor]) -> None:
    session, actor = bureau

    def order(column: Column, *, descending: bool = False) -> list[RegisterRow]:
        return read(session, actor, Sorting(column, descending))

    amounts = [row.project.funding_total_yuan for row in order(Column.MONEY, descending=True)]
    assert amounts == sorted(map(Decimal, AMOUNTS), reverse=True)
    classes = [row.project.category for row in order(Column.CLASS)]
    assert classes == [Category.CONSOLIDATE, Category.REVIVE, Category.REBUILD, None, None]
    assert [row.project.number for row in order(Column.NUMBER)] == sorted(each.number for each in ground.projects)
    initials = [row.project.pinyin_initials for row in order(Column.NAME)]
    assert initials == sorted(initials)
    steps = [row.steps for row in order(Column.STEP)]
    assert steps == [(), (), (), ("实地调研",), ("领导小组审定",)]
    first = order(Column.CHANGED, descending=True)
    assert [row.project.id for row in first[:2]] == [ground.projects[3].id, ground.projects[1].id]
    assert [row.changed_at is not None for row in first] == [True, True, False, False, False]
    units = [row.project.responsible_unit_id or 0 for row in order(Column.UNIT)]
    assert units == sorted(units)


def test_the_steps_are_those_of_the_procedure() -> None:
    assert set(STEMS) <= set(HANDLERS)
    assert len(set(STEMS)) == len(STEMS)


def test_what_is_no_sorting_and_no_place() -> None:
    assert read_sorting("-money") == Sorting(Column.MONEY, descending=True)
    assert str(read_sorting("-money")) == "-money"
    assert [read_sorting(text) for text in ("", "--money", "id; drop", "-")] == [Sorting()] * 4


@pytest.mark.parametrize(
    ("column", "after"),
    [
        *((Column.MONEY, place) for place in ("1~NaN", "1~x", "x~1", "1", f"{2**40}~1")),
        *((Column.STEP, place) for place in ("1~x", "-1~1", "~")),
    ],
)
def test_a_place_that_is_none_is_refused(sqlite_ground: Ground, column: Column, after: str) -> None:
    with transaction(sqlite_ground.sessions, writes=False) as session:
        actor = person(session, sqlite_ground.county.bureau.id, Role.HANDLER)
        with pytest.raises(PlaceRefused):
            sorted_page(session, actor, ProjectFilter(), Part(2, Sorting(column), after))
