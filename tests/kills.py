"""kill -9 at named points: a child process does an act and kills itself there; then the ledger is looked at.

Killed before its commit an act has changed no row; killed after it everything is there, and the same act again is
refused. Nothing is lost and nothing doubled, and the case is what its journal says. The points are found from outside
(`tests.points`); docs/decisions/kills.md lists them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select

from ledger.db import Base, open_ledger, transaction
from ledger.projects import Project
from tests.conftest import KEYS
from tests.interleavings.scenes import Ready
from tests.points import COMMIT, Point, Watch, listening
from tests.replay import assert_case
from tests.walk import Ground, Walk

NOT_REACHED = 3
"""The exit code of a child that came through without meeting its point."""


ONCE = frozenset({"number_series"})
"""Tables whose row is made by the first act that needs it and counted on by those after it."""
MAY_REPEAT = object()
"""A file may be attached twice: who uploaded it sees it there and takes one away."""


@dataclass(frozen=True)
class Act:
    """One act and where it is killed; `rows` are the rows it adds, `again` what it is told when it is done already."""

    name: str
    stage: Callable[[Walk], None]
    prepare: Callable[[Walk], Ready]
    points: tuple[Point, ...]
    rows: dict[str, int]
    again: type[Exception] | object
    commits: int = 1  # how many transactions it takes; the last one is its own
    project_count: int = 1  # that it uses up

    @property
    def names(self) -> list[str]:
        return [f"{self.name}: {point}" for point in (*self.points, self.committing, self.committed)]

    @property
    def committing(self) -> Point:
        return Point("before", COMMIT, self.commits)

    @property
    def committed(self) -> Point:
        return Point("after", COMMIT, self.commits)


@dataclass(frozen=True)
class Killed:
    """How many kills an act survived."""

    kills: int
    lost: int = 0
    doubled: int = 0


def survive(act: Act, walk: Walk) -> Killed:
    """Kill an act at each of its points, then once after its commit; AssertionError for what is not as it was."""
    act.stage(walk)
    ready, before = act.prepare(walk), counts(walk.ground)
    for point in (*act.points, act.committing):
        killed_at(point, ready, walk.ground)
        assert counts(walk.ground) == before, f"{act.name}, killed {point}: half-written"
        check(walk)
    killed_at(act.committed, ready, walk.ground)
    done = counts(walk.ground)
    assert changes(before, done) == act.rows, f"{act.name}, lost or doubled: {changes(before, done)}"
    check(walk)
    assert_refused(act, ready)
    assert counts(walk.ground) == done, f"{act.name}: done twice"
    return Killed(len(act.points) + 2)


def check(walk: Walk) -> None:
    if walk.case_id > 0:
        assert_case(walk.ground.sessions, walk.case_id)


def assert_refused(act: Act, ready: Ready) -> None:
    """Do a committed act once more: it says that it is done, or does nothing."""
    if act.again is MAY_REPEAT:
        return
    if not isinstance(act.again, type):
        assert ready() == act.again, act.name
        return
    try:
        ready()
    except act.again:
        return
    raise AssertionError(f"{act.name} was done twice")


def killed_at(point: Point, ready: Ready, ground: Ground) -> None:
    """Do an act in a child process that dies at the point."""
    engine = ground.sessions.kw["bind"]
    engine.dispose()  # a connection must not be shared with a child
    child = os.fork()
    if not child:
        _do_and_die(point, ready, ground)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed, f"never came to {point}: {os.waitstatus_to_exitcode(status)}"


def _do_and_die(point: Point, ready: Ready, ground: Ground) -> None:
    """Never returns: the parent's tests are not to be gone on with here."""
    code = NOT_REACHED
    try:
        address = ground.sessions.kw["bind"].url
        ground.sessions = open_ledger(address, KEYS)
        watch = Watch(point, lambda: os.kill(os.getpid(), signal.SIGKILL))
        with listening(ground.sessions, watch):
            ready()
    except BaseException as error:  # told by the exit code: there is nobody to raise it to
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        code = NOT_REACHED + 1
    finally:
        os._exit(code)


def counts(ground: Ground) -> dict[str, int]:
    """Count the rows of every table."""
    with transaction(ground.sessions, writes=False) as session:
        tables = Base.metadata.sorted_tables
        wanted = select(*(select(func.count()).select_from(table).scalar_subquery() for table in tables))
        return dict(zip((table.name for table in tables), session.execute(wanted).one(), strict=True))


def changes(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    more = {name: count - before[name] for name, count in after.items() if count != before[name]}
    return {name: count for name, count in more.items() if name not in ONCE}


def no_stage(walk: Walk) -> None:
    """Nothing has to happen first."""


def walk_for(act: Act, ground: Ground, project: Project) -> Walk:
    """Return a walk of a project; without a case where the act does not need one."""
    return Walk(ground, project, case_id=0 if act.stage is not no_stage else -1)
