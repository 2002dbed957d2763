"""Follows a case by its journal alone, act by act, and compares where that leads with what is saved.

A case is whole when the replayed run is the saved one to the byte, each journaled trail is what the diagram gives
again, the inbox holds the run's ready tasks and the timer table its timers, and every row carries its MAC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from bpmn.casefile import Acting, CaseFile, surroundings_of, take_up
from bpmn.correspondence import wishes_for
from bpmn.engine import Run, carry
from bpmn.moving_on import scalars
from bpmn.position import MOVED, MOVED_BACK
from bpmn.steps import OBJECTION
from bpmn.surroundings import CaseSurroundings
from bpmn.versions import Version, version_of
from ledger.cases import WAITING, Timer, WorkItem
from ledger.db import SessionFactory, transaction
from ledger.journal import Entry, Moment, history
from ledger.procedures import procedure_by_hash
from ledger.scope import CLOCK
from ledger.taking import case_by_id
from ledger.vocabulary import CaseStatus
from ledger.writing import mac_of
from tests.conftest import KEYS, REPOSITORY

ANY_KEY = b"only to compare two states......"
QUIET = frozenset(
    {
        *("prepare", "unsigned", "transfer", "urge", "claim", "release", "delegate", "hand_back", "suspend"),
        *("upload", "remove_paper", "hand_over", "retry"),
    }
)
"""Acts that move no token."""

Detail = Mapping[str, Any]


def complete(run: Run, detail: Detail) -> None:
    run.complete(detail["token"], detail.get("variables", {}))
    if "moved" in detail:  # straight back to who had sent it
        run.move(detail["moved"], detail["target"])


def learn(run: Run, detail: Detail) -> None:
    run.variables.update(detail.get("variables", {}))


def move(run: Run, detail: Detail) -> None:
    run.move(detail["token"], detail["target"])


def fire(run: Run, detail: Detail) -> None:
    run.fire(detail["token"])


def set_timers(run: Run, detail: Detail) -> None:
    learn(run, detail)
    for token, due_at in detail.get("timers", {}).items():
        run.reschedule(token, datetime.fromisoformat(due_at))


def ask_more(run: Run, detail: Detail) -> None:
    run.add_instance(detail["token"], detail["added"])
    learn(run, detail)


def ask_fewer(run: Run, detail: Detail) -> None:
    run.drop_instance(detail["token"])
    learn(run, detail)


def give_up(run: Run, _detail: Detail) -> None:
    run.abandon()


def object_to(run: Run, detail: Detail) -> None:
    """Only the first objection of an examination opens it; the others join."""
    if detail["sent_to"]:
        run.variables["objection_open"] = True
        assert run.deliver(OBJECTION)


MOVES: Mapping[str, Callable[[Run, Detail], None]] = {
    **dict.fromkeys(("complete", "sign", "overdue", "skip"), complete),
    **dict.fromkeys(("send_back", "call_back", "move"), move),
    **dict.fromkeys(("resume", "change_timer", "recount", "replan", "repost"), set_timers),
    "entry": learn,
    "timer": fire,
    "objection": object_to,
    "add_reviewer": ask_more,
    "drop_reviewer": ask_fewer,
    "terminate": give_up,
}


@dataclass
class Course:
    """A case followed row by row: its run, the version it is on, and how it stood before each move to another one."""

    file: CaseFile
    version: Version
    run: Run
    left: list[tuple[Version, bytes]] = field(default_factory=list)

    @classmethod
    def begin(cls, file: CaseFile, row: Entry) -> Course:
        """Start the run as the first row says; nothing is taken from the case's own row."""
        detail = orjson.loads(row.detail)
        assert row.act == "start"
        version = version_named(file.session, detail)
        return cls(file, version, Run.start(version.diagram, detail["variables"], around(file, row, version)))

    def follow(self, row: Entry) -> None:
        """Do what a row says; every row's trail must come out again."""
        detail = orjson.loads(row.detail)
        if row.act == MOVED:
            self.move_over(row, detail)
        elif row.act == MOVED_BACK:
            self.version, state = self.left.pop()
            self.take_up(row, state)
        else:
            self.take_up(row, self.run.dump(ANY_KEY))
            if row.act not in QUIET:
                MOVES[row.act](self.run, detail)
        assert_trail(self.run, row, detail)

    def take_up(self, row: Entry, state: bytes) -> None:
        here = around(self.file, row, self.version)
        self.run = Run.load(self.version.diagram, state, ANY_KEY, here)
        here.counting.variables = self.run.variables

    def move_over(self, row: Entry, detail: Detail) -> None:
        """Carry the run over to the version the row names, as the person who moved it asked."""
        self.left.append((self.version, self.run.dump(ANY_KEY)))
        given, fresh = detail.get("mapping", {}), detail["timers"] == "fresh"
        goal = version_named(self.file.session, detail)
        wishes = wishes_for(self.version.diagram, goal.diagram, given, fresh_timers=fresh)
        here = around(self.file, row, goal)
        here.counting.variables = self.run.variables
        carried = carry(self.run, goal.diagram, wishes, here).run
        assert carried is not None, f"{row.id} {row.act}: cannot be carried again"
        self.version, self.run = goal, carried


def version_named(session: Session, detail: Detail) -> Version:
    """Return the version a row names, with the called processes it pins."""
    procedure = procedure_by_hash(session, detail["procedure"])
    assert procedure is not None
    return version_of(procedure, detail.get("callees"))


def replayed(file: CaseFile, rows: list[Entry]) -> Run:
    """Follow the journal of a case from its first row to its last."""
    course = Course.begin(file, rows[0])
    assert_trail(course.run, rows[0], orjson.loads(rows[0].detail))
    for row in rows[1:]:
        course.follow(row)
    return course.run


def around(file: CaseFile, row: Entry, version: Version) -> CaseSurroundings:
    """Return what a diagram could ask at the moment of a row."""
    acting = replace(file.acting, moment=Moment(row.at, row.at))
    return surroundings_of(acting, file.case, file.calendar, version)


def assert_trail(run: Run, row: Entry, detail: Detail) -> None:
    elements = run.diagram.elements
    passed = [each for each in run.trail if elements[each].kind != "sequenceFlow"]
    flows = [each for each in run.trail if elements[each].kind == "sequenceFlow"]
    assert (passed, flows) == (detail.get("elements", []), detail.get("flows", [])), f"{row.id} {row.act} {row.element}"


def assert_whole(session: Session, case_id: int) -> list[str]:
    """Check a case against its journal, its inbox and its timers; returns the acts of its journal."""
    found = case_by_id(session, case_id, lock=False)
    rows = list(history(session, case_id))
    assert found is not None
    moment = Moment(rows[-1].at, rows[-1].at)
    file = take_up(Acting(session, CLOCK, moment, REPOSITORY / "build"), *found)
    assert all(row.mac == mac_of(row, KEYS) for row in rows)
    assert comparable(replayed(file, rows)) == comparable(file.run), f"case {case_id}: {[row.act for row in rows]}"
    assert_rows(file)
    return [row.act for row in rows]


def comparable(run: Run) -> bytes:
    """Return a run's state with exact numbers as the journal writes them."""
    run.variables.update(scalars(run.variables))
    return run.dump(ANY_KEY)


def assert_rows(file: CaseFile) -> None:
    """The inbox holds the ready tasks, the timer table the timers, and the case ends with its last token."""
    wanted = select(WorkItem.token, WorkItem.element).where(WorkItem.case_id == file.case.id)
    waiting = [tuple(row) for row in file.session.execute(wanted.where(WorkItem.status.in_(WAITING)))]
    assert sorted(waiting) == sorted((task.token, task.element) for task in file.run.ready)
    timers = select(Timer.token, Timer.due_at).where(Timer.case_id == file.case.id, Timer.ended_at.is_(None))
    assert sorted(tuple(row) for row in file.session.execute(timers)) == sorted(
        (timer.token, timer.due_at) for timer in file.run.timers
    )
    ended = file.case.status not in (CaseStatus.RUNNING, CaseStatus.SUSPENDED)
    assert file.run.finished == ended == (file.case.ended_at is not None)


def assert_case(sessions: SessionFactory, case_id: int) -> list[str]:
    """Check one case in a transaction of its own; returns the acts of its journal."""
    with transaction(sessions, writes=False) as session:
        return assert_whole(session, case_id)
