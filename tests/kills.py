"""kill -9 at named points: a child process does an act and kills itself there; then the ledger is looked at.

Killed before its commit an act has changed no row; killed after it everything is there, and the same act again is
refused. Nothing is lost and nothing doubled, and the case is what its journal says. The points are found from outside
(`tests.points`); docs/decisions/kills.md lists them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from sqlalchemy import func, select

from bpmn.deployment import deploy, shipped_bundle
from bpmn.refusals import AlreadyDone, CaseClosed, ItemGone
from bpmn.runtime import start_cases
from bpmn.starting import PROCESS
from ledger.campaigns import Campaign
from ledger.db import Base, open_ledger, transaction
from ledger.papers import File, Place, attach
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.vocabulary import PaperKind, Role
from tests.conftest import KEYS
from tests.interleavings.scenes import (
    Ready,
    as_holder,
    at,
    complete,
    fire,
    objection,
    posted,
    prepared,
    publicity_over,
    send_back,
    sign,
    suspend,
)
from tests.points import COMMITTED, COMMITTING, JOURNALED, LOCKED, Point, Watch, listening
from tests.replay import assert_case
from tests.walk import PDF, Ground, Walk

NOT_REACHED = 3
"""The exit code of a child that came through without meeting its point."""


MAY_REPEAT = object()
"""A file may be attached twice: who uploaded it sees it there and takes one away."""


def insert(table: str, nth: int = 1) -> Point:
    return Point("after", f'INSERT INTO "?{table}"?', nth)


def update(table: str) -> Point:
    return Point("before", f'UPDATE "?{table}"?')


@dataclass(frozen=True)
class Act:
    """One act and where it is killed; `rows` are the rows it adds, `again` what it is told when it is done already."""

    name: str
    stage: Callable[[Walk], None]
    prepare: Callable[[Walk], Ready]
    points: tuple[Point, ...]
    rows: dict[str, int]
    again: type[Exception] | object

    @property
    def names(self) -> list[str]:
        return [f"{self.name}: {point}" for point in (*self.points, COMMITTING, COMMITTED)]


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
    for point in (*act.points, COMMITTING):
        killed_at(point, ready, walk.ground)
        assert counts(walk.ground) == before, f"{act.name}, killed {point}: half-written"
        check(walk)
    killed_at(COMMITTED, ready, walk.ground)
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
    return {name: count - before[name] for name, count in after.items() if count != before[name]}


# -- the acts


def push_three(walk: Walk) -> Ready:
    """Push the project of a walk that has no case, and the two after it."""
    ground = walk.ground
    first = next(n for n, project in enumerate(ground.projects) if project.id == walk.project.id)
    wanted = [project.id for project in islice(ground.projects, first, first + 3)]

    def ready() -> object:
        with walk.acting(Role.HANDLER, ground.county.bureau.id) as acting:
            projects = [acting.session.get_one(Project, number) for number in wanted]
            campaign = acting.session.get_one(Campaign, ground.county.campaign.id)
            return [case.project_id for case in start_cases(acting, projects, campaign)]

    return ready


def deploy_anew(walk: Walk) -> Ready:
    """Deploy the shipped bundle with a note of its own."""
    ground, bundle = walk.ground, shipped_bundle()
    note = f"<!-- {walk.project.id} {counts(ground)['procedure']} --></bpmn:definitions>"
    bundle = replace(bundle, diagram=bundle.diagram.replace("</bpmn:definitions>", note))
    with transaction(ground.sessions, writes=False) as session:
        number = len(session.scalars(select(Procedure.id).where(Procedure.process_id == PROCESS)).all()) + 1

    def ready() -> object:
        with transaction(ground.sessions) as session:
            return deploy(session, bundle, "测试", walk.now).number == number

    return ready


def upload(walk: Walk) -> Ready:
    """Attach a file to the item that waits."""
    item = walk.item("receive")
    place = Place(PaperKind.OTHER, case_id=walk.case_id, item_id=item.id, field="scan")
    content = PDF + str(walk.case_id).encode()

    def put(acting: Any) -> object:
        file = File("扫描件.pdf", "application/pdf", content)
        return bool(attach(acting.session, acting.papers, file, place, acting.actor, acting.now))

    return as_holder(walk, item, put)


def no_stage(walk: Walk) -> None:
    """Nothing has to happen first."""


DEPLOY = Act(
    "deploy",
    no_stage,
    deploy_anew,
    (insert("procedure"), insert("journal")),
    {"procedure": 1, "journal": 1},
    again=True,
)
PUSH = Act(
    "push three projects",
    no_stage,
    push_three,
    (insert("case"), insert("work_item"), JOURNALED),
    {"case": 3, "work_item": 3, "journal": 3},
    again=[],
)
COMPLETE = Act(
    "complete a task",
    at("receive"),
    complete("receive"),
    (LOCKED, update("work_item"), update("case"), insert("work_item"), JOURNALED),
    {"work_item": 1, "journal": 1},
    AlreadyDone,
)
DECIDE = Act(
    "decide at a meeting",
    at("decision"),
    complete("decision"),
    (insert("meeting_verdict"), insert("classification"), insert("paper"), insert("attachment"), JOURNALED),
    {"meeting_verdict": 1, "classification": 1, "paper": 1, "attachment": 1, "work_item": 1, "journal": 1},
    AlreadyDone,
)
REPLY = Act(
    "reply",
    at("reply"),
    complete("reply"),
    (insert("reply"), insert("reply_case"), insert("paper"), JOURNALED),
    {"reply": 1, "reply_case": 1, "paper": 1, "attachment": 1, "work_item": 2, "journal": 1},
    AlreadyDone,
)
SUBMIT = Act(
    "send a batch",
    at("submission"),
    complete("submission"),
    (insert("submission_batch"), insert("batch_case"), insert("attachment"), JOURNALED),
    {"submission_batch": 1, "batch_case": 1, "paper": 3, "attachment": 3, "work_item": 1, "journal": 1},
    AlreadyDone,
)
SEND_BACK = Act(
    "send back",
    at("field_survey"),
    send_back("field_survey", "receive"),
    (LOCKED, update("work_item"), JOURNALED),
    {"work_item": 1, "journal": 1},
    ItemGone,
)
SIGN = Act(
    "sign",
    prepared,
    sign("evaluation", approve=True),
    (LOCKED, insert("paper"), update("case"), JOURNALED),
    {"paper": 1, "attachment": 1, "work_item": 1, "journal": 1},
    AlreadyDone,
)
FIRE = Act(
    "fire a timer",
    publicity_over,
    fire,
    (LOCKED, insert("paper"), update("timer"), JOURNALED),
    {"paper": 1, "attachment": 1, "timer": 1, "journal": 1},
    again=False,
)
OBJECT = Act(
    "register an objection",
    posted,
    objection,
    (insert("objection"), insert("work_item"), JOURNALED),
    {"objection": 1, "work_item": 1, "journal": 1},
    MAY_REPEAT,
)
UPLOAD = Act(
    "upload",
    at("receive"),
    upload,
    (insert("paper"), insert("attachment")),
    {"paper": 1, "attachment": 1},
    MAY_REPEAT,
)
SUSPEND = Act("suspend", at("receive"), suspend, (LOCKED, JOURNALED), {"journal": 1}, CaseClosed)
ARCHIVE = Act(
    "archive",
    at("archiving"),
    complete("archiving"),
    (LOCKED, update("case"), JOURNALED),
    {"journal": 1},
    AlreadyDone,
)

QUICK = (COMPLETE, SEND_BACK, PUSH, DEPLOY, UPLOAD, SUSPEND)
"""Acts a case comes to soon: those `make test` kills."""
ACTS = (*QUICK, DECIDE, REPLY, SUBMIT, SIGN, FIRE, OBJECT, ARCHIVE)


def walk_for(act: Act, ground: Ground, project: Project) -> Walk:
    """Return a walk of a project; without a case where the act does not need one."""
    return Walk(ground, project, case_id=0 if act.stage is not no_stage else -1)


def projects_of(act: Act) -> int:
    """Return how many projects an act uses up."""
    return 3 if act is PUSH else 1
