"""A case taken in one statement is the session's like any other row (issue 3: what a completion costs)."""

from __future__ import annotations

import pytest
from sqlalchemy import event, func, select, update

from ledger.cases import Case, Timer, WorkItem
from ledger.db import RowChanged, transaction
from ledger.journal import Act, Entry, Moment
from ledger.people import Unit
from ledger.projects import Project
from ledger.scope import CLOCK
from ledger.taking import add_row, case_by_id, case_of_item, case_of_timer, first_of_kind, unit_by_id
from ledger.vocabulary import ItemStatus, UnitKind
from ledger.working_days import dates_of
from ledger.writing import record, write_rows
from tests.walk import Ground, Walk


def statements_of(ground: Ground) -> list[str]:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            sent.append(statement)

    event.listen(ground.sessions.kw["bind"], "before_cursor_execute", note)
    return sent


def test_an_item_comes_with_everything_a_step_asks_for_at_once(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[0])
    item_id = walk.item("receive").id
    sent = statements_of(ground)
    with transaction(ground.sessions) as session:
        taken = case_of_item(session, item_id, lock=True)
        assert taken is not None
        names = (taken.item.name, taken.item.unit.short_name, taken.case.project.name, taken.case.procedure.process_id)
        assert names == ("签收项目", taken.item.unit.short_name, walk.project.name, "four_batches")
        assert dates_of(taken.case.campaign) == dates_of(ground.county.campaign)
        assert taken.case.project.responsible_unit_id in {each["id"] for each in taken.units}
        assert len([each for each in sent if "work_item" in each]) == 1
        before = len(sent)
        assert taken.case.ended_at is None  # was not read with it, and is read now
        assert len(sent) == before + 1
        assert case_of_item(session, 10**6, lock=True) is None
        assert case_of_timer(session, 10**6, lock=True) is None
        assert case_by_id(session, 10**6, lock=True) is None


def test_what_is_taken_again_shows_the_newest_values(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[0])
    with transaction(ground.sessions) as session:
        found = case_by_id(session, walk.case_id, lock=True)
        assert found is not None
        session.connection().execute(update(Project.__table__).values(name="改名后"))
        again = case_by_id(session, walk.case_id, lock=True)
        assert again is not None
        assert again[0] is found[0]
        assert found[0].project.name == "改名后"


def test_units_are_found_once_and_by_kind(ground: Ground) -> None:
    county = ground.county
    sent = statements_of(ground)
    with transaction(ground.sessions, writes=False) as session:
        bureau = first_of_kind(session, county.county.id, UnitKind.BUREAU)
        assert bureau is not None
        assert bureau.id == county.bureau.id
        count = len(sent)
        assert unit_by_id(session, bureau.id) is bureau
        assert len(sent) == count
        assert unit_by_id(session, 10**6) is None
        assert first_of_kind(session, bureau.id, UnitKind.BUREAU) is None


def test_the_rows_of_a_case_are_written_together(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[0])
    item_id = walk.item("receive").id
    with transaction(ground.sessions) as session:
        taken = case_of_item(session, item_id, lock=True)
        assert taken is not None
        case, item = taken.case, taken.item
        case.round, item.status, item.answers = 2, ItemStatus.DONE, {"verdict": "taken"}
        columns = {"case_id": case.id, "element": "e", "due_at": walk.now, "created_at": walk.now}
        timer, later = (add_row(session, Timer, {**columns, "token": token}) for token in ("9", "10"))
        entry = record(session, Moment(walk.now, walk.now), CLOCK, Act("test", case_id=case.id))
        sent = statements_of(ground)
        write_rows(session)
        assert len(sent) == (1 if session.get_bind().dialect.name == "postgresql" else 4)
        assert (case.revision, item.revision) == (2, 2)
        assert not session.dirty
        assert not session.new
        assert session.get(Timer, timer.id) is timer
        assert later.id == timer.id + 1
        assert entry.id == session.scalar(select(func.max(Entry.id)))
    with transaction(ground.sessions, writes=False) as session:
        stored = session.get_one(WorkItem, item_id)
        assert (stored.status, stored.answers, stored.revision) == (ItemStatus.DONE, {"verdict": "taken"}, 2)
        assert (session.get_one(Case, walk.case_id).round, session.get_one(Timer, timer.id).fired) == (2, False)
        assert (session.get_one(Timer, timer.id).token, session.get_one(Timer, later.id).token) == ("9", "10")


def test_a_row_changed_meanwhile_is_not_written_over(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[0])
    with transaction(ground.sessions) as session:
        taken = case_of_item(session, walk.item("receive").id, lock=True)
        assert taken is not None
        table = WorkItem.__table__
        session.connection().execute(update(table).where(table.c.id == taken.item.id).values(revision=7))
        taken.item.status = ItemStatus.DONE
        with pytest.raises(RowChanged, match="work_item"):
            write_rows(session)
        session.rollback()
    assert walk.item("receive").status == ItemStatus.OPEN


def test_a_row_undone_with_its_savepoint_may_be_written_again(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[0])

    def timer() -> Timer:
        return Timer(case_id=walk.case_id, token="9", element="e", due_at=walk.now, created_at=walk.now)

    with transaction(ground.sessions) as session:
        undone, kept = timer(), timer()
        nested = session.begin_nested()
        session.add(undone)
        write_rows(session)
        nested.rollback()
        session.add(kept)
        write_rows(session)
        assert session.get(Timer, kept.id) is kept
    with transaction(ground.sessions, writes=False) as session:
        assert session.scalars(select(Timer.id)).all() == [kept.id]


def test_other_rows_are_left_to_the_session(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    with transaction(sqlite_ground.sessions) as session:
        taken = case_of_item(session, walk.item("receive").id, lock=True)
        assert taken is not None
        taken.item.unit = session.get_one(Unit, sqlite_ground.county.bureau.id)
        taken.case.project.name = "改名后"
        write_rows(session)
    with transaction(sqlite_ground.sessions, writes=False) as session:
        item = session.get_one(WorkItem, taken.item.id)
        assert (item.unit_id, item.case.project.name) == (sqlite_ground.county.bureau.id, "改名后")
