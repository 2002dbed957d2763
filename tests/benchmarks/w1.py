"""W1, a case's lifecycle: completions a second through `bpmn.runtime`, beside the same rows written bare.

Clients are threads of one process, as `serve` runs them. All cases of a round go through each step together, and what
is timed is the transactions alone: looking up what waits is nobody's. Rounds of ours and of the floor alternate, so
that what else the machine does meets both alike.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import event, select

from ledger.cases import Case, Timer, WorkItem
from ledger.db import transaction
from ledger.vocabulary import ItemStatus
from tests.benchmarks.figures import DATABASES, Figure, Place, place
from tests.benchmarks.floor import BareFloor, CoreFloor, Floor
from tests.benchmarks.lifecycle import STEPS, Bench, complete, fire, lay, start

ROUNDS = int(os.environ.get("ROUNDS", "6"))
CASES = {1: 10, 8: 24}  # a round


def measure() -> Iterator[Figure]:
    """Yield completions a second, statements and commits of one completion, and the bytes of a state."""
    for database in DATABASES:
        with place(database) as here:
            bench = lay(here, projects=2 + 2 * (ROUNDS + 1) * sum(CASES.values()))
            rest = iter(bench.projects)
            floor: Floor = BareFloor(here) if database == "sqlite" else CoreFloor(here)
            floor.record(acts_of(bench, next(rest).id))
            for clients, count in CASES.items():
                groups = [[next(rest).id for _ in range(count)] for _ in range(2 * ROUNDS + 2)]
                yield throughput(bench, floor, clients, groups)
            yield from costs(bench)


def acts_of(bench: Bench, project_id: int) -> Iterator[Callable[[], Any]]:
    """Yield the acts of one case in order; each is to be done before the next is asked for."""
    project = next(each for each in bench.projects if each.id == project_id)
    case: list[int] = []
    yield lambda: case.append(start(bench, project))
    for step in STEPS:
        (item,) = waiting(bench.place, case)
        yield lambda item=item: complete(bench, *item)
        if step == "step_5":
            (timer_id,) = timers(bench.place, case)
            yield lambda timer_id=timer_id: fire(bench, timer_id)


def waiting(here: Place, cases: Sequence[int]) -> list[tuple[int, int]]:
    """Return the open items of some cases and the units they lie with."""
    wanted = select(WorkItem.id, WorkItem.unit_id).where(
        WorkItem.case_id.in_(cases), WorkItem.status == ItemStatus.OPEN
    )
    with transaction(here.sessions, writes=False) as session:
        return [(item_id, unit_id) for item_id, unit_id in session.execute(wanted.order_by(WorkItem.id))]


def timers(here: Place, cases: Sequence[int]) -> list[int]:
    with transaction(here.sessions, writes=False) as session:
        return list(session.scalars(select(Timer.id).where(Timer.case_id.in_(cases), Timer.ended_at.is_(None))))


def throughput(bench: Bench, floor: Floor, clients: int, groups: list[list[int]]) -> Figure:
    """Alternate rounds of ours and of the floor; the first of each warms up and is not counted."""
    ours = bare = 0.0
    with ThreadPoolExecutor(clients) as pool:
        for number in range(0, len(groups), 2):
            took = _ours(bench, pool, groups[number]), _floor(floor, pool, groups[number + 1])
            if number:
                ours, bare = ours + took[0], bare + took[1]
    completions = len(groups[0]) * len(STEPS) * ROUNDS
    return Figure("w1", bench.place.database, clients, completions / ours, "completions/s", completions / bare)


def _together(pool: ThreadPoolExecutor, acts: Sequence[Callable[[], Any]]) -> tuple[float, list[Any]]:
    """Do some acts on all clients; return the seconds it took and what they gave."""
    begun = time.perf_counter()
    done = list(pool.map(lambda act: act(), acts))
    return time.perf_counter() - begun, done


def _ours(bench: Bench, pool: ThreadPoolExecutor, group: list[int]) -> float:
    projects = {project.id: project for project in bench.projects}
    took, cases = _together(pool, [lambda each=each: start(bench, projects[each]) for each in group])
    for step in STEPS:
        items = waiting(bench.place, cases)
        assert len(items) == len(cases), step
        took += _together(pool, [lambda item=item: complete(bench, *item) for item in items])[0]
        if step == "step_5":
            due = timers(bench.place, cases)
            took += _together(pool, [lambda each=each: fire(bench, each) for each in due])[0]
    return took


def _floor(floor: Floor, pool: ThreadPoolExecutor, group: list[int]) -> float:
    names: dict[int, dict[tuple[str, int], int]] = {project: {} for project in group}
    return sum(
        _together(pool, [lambda each=each, deed=deed: floor.replay(deed, names[each], each) for each in group])[0]
        for deed in floor.deeds
    )


def costs(bench: Bench) -> Iterator[Figure]:
    """Count what one completion asks of the database, and the bytes of the state it leaves."""
    statements: list[str] = []
    commits: list[int] = []
    engine = bench.place.sessions.kw["bind"]
    (item_id, unit_id), *_ = _one_more(bench)

    def sent(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            statements.append(statement)

    def committed(_connection: Any) -> None:
        commits.append(1)

    event.listen(engine, "before_cursor_execute", sent)
    event.listen(engine, "commit", committed)
    complete(bench, item_id, unit_id)
    event.remove(engine, "before_cursor_execute", sent)
    event.remove(engine, "commit", committed)
    with transaction(bench.place.sessions, writes=False) as session:
        largest = max(len(state) for state in session.scalars(select(Case.state)))
    database = bench.place.database
    yield Figure("w1 statements of a completion", database, 1, len(statements), "statements", 8)
    yield Figure("w1 commits of a completion", database, 1, len(commits), "commits", 1)
    yield Figure("w1 state", database, 1, largest, "bytes", 1024)


def _one_more(bench: Bench) -> list[tuple[int, int]]:
    return waiting(bench.place, [start(bench, bench.projects[-1])])
