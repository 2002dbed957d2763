"""One case sent back over and over through the runtime and its rows; what each return costs is measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter

from sqlalchemy import event

from bpmn.acts import send_back
from bpmn.runtime import complete_item, open_item
from ledger.cases import Case
from ledger.db import day_of
from tests.walk import Walk, fill

NO_LIMIT = 1_000_000  # rounds: the county's own limit would call a person long before


@dataclass(frozen=True)
class Step:
    """What one act cost: seconds without commit, SQL statements, bytes of state after it."""

    seconds: float
    statements: int
    state_bytes: int


@contextmanager
def counted(walk: Walk) -> Iterator[list[str]]:
    """Collect the statements sent meanwhile."""
    seen: list[str] = []
    engine = walk.ground.sessions.kw["bind"]

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def beside(old: Walk, fresh: Walk, times: int) -> Iterator[tuple[tuple[Step, Step], tuple[Step, Step]]]:
    """Go round with two cases by turns, so that whatever else the machine does slows both alike."""
    yield from zip(go_round(old, times), go_round(fresh, times), strict=True)


def go_round(walk: Walk, times: int) -> Iterator[tuple[Step, Step]]:
    """Send a case back from 实地调研 to 接收 and complete that again, so many times; yields both acts' costs."""
    walk.to("field_survey")
    for _ in range(times):
        yield _send_back(walk), _complete(walk)


def _send_back(walk: Walk) -> Step:
    item = walk.item("field_survey")
    with walk.acting(item.role, item.unit_id) as acting, counted(walk) as seen:
        began = perf_counter()
        send_back(replace(acting, round_limit=NO_LIMIT), item.id, item.revision, "receive", "数据不全")
        return Step(perf_counter() - began, len(seen), len(acting.session.get_one(Case, walk.case_id).state))


def _complete(walk: Walk) -> Step:
    item = walk.item("receive")
    with walk.acting(item.role, item.unit_id) as acting:
        shown = open_item(acting, item.id)
        posted = fill(shown, walk.answers_for(shown), day_of(walk.now))
    with walk.acting(item.role, item.unit_id) as acting, counted(walk) as seen:
        began = perf_counter()
        complete_item(acting, item.id, item.revision, posted)
        return Step(perf_counter() - began, len(seen), len(acting.session.get_one(Case, walk.case_id).state))


def compared(old: list[Step], fresh: list[Step]) -> dict[str, float]:
    """Compare the medians of an old case's steps with a fresh one's."""
    before, after = (median(step.seconds for step in part) * 1000 for part in (fresh, old))
    return {
        "fresh_ms": round(before, 3),
        "old_ms": round(after, 3),
        "ratio": round(after / before, 3),
        "fresh_statements": median(step.statements for step in fresh),
        "old_statements": median(step.statements for step in old),
        "fresh_bytes": median(step.state_bytes for step in fresh),
        "old_bytes": median(step.state_bytes for step in old),
    }
