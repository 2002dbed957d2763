"""The acts that are killed, each with its points: whatever a person or the clock does to a case, one or many.

Points name statements (`tests.points`), so that an act written otherwise has its points looked at again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import select

from bpmn.agendas import decide_agenda, draw_up, fill_in
from bpmn.deployment import deploy
from bpmn.refusals import ActRefused, AlreadyDone, CaseClosed, ItemGone, NotYours
from bpmn.retries import Site, retry_incident
from bpmn.runtime import start_cases
from bpmn.supervision import resume
from ledger.campaigns import Campaign
from ledger.db import transaction
from ledger.journal import Moment
from ledger.papers import File, Place, attach
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.vocabulary import PaperKind, Role
from tests.bpmn.test_agendas import APPROVE, Gathering
from tests.bpmn.test_called_processes import SURVEY, bundle, process
from tests.bpmn.test_retries import actor_in, failed_completion
from tests.interleavings.scenes import (
    WHY,
    Ready,
    another_version,
    as_holder,
    ask_fewer,
    ask_more,
    at,
    bureau,
    call_back,
    claim,
    complete,
    fire,
    former_version,
    leave,
    move,
    moved_over,
    objection,
    posted,
    prepared,
    publicity_over,
    send_back,
    set_date,
    sign,
    suspend,
    taken,
    terminate,
    transfer,
    with_a_fourth_part,
)
from tests.kills import MAY_REPEAT, Act, counts, no_stage
from tests.points import JOURNALED, LOCKED, Point
from tests.walk import PDF, Walk


def insert(table: str, nth: int = 1) -> Point:
    return Point("after", f'INSERT INTO "?{table}"?', nth)


def update(table: str) -> Point:
    return Point("before", f'UPDATE "?{table}"?')


def on_an_item(
    name: str, stage: Callable[[Walk], None], prepare: Callable[[Walk], Ready], again: type[Exception], new: int = 0
) -> Act:
    """An act that changes an item, makes `new` ones and writes its journal row."""
    made = {"work_item": new} if new else {}
    return Act(name, stage, prepare, (LOCKED, update("work_item"), JOURNALED), {**made, "journal": 1}, again)


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
    """Deploy a small procedure with a note of its own: what is killed is the writing, not the exploring."""
    ground, known = walk.ground, counts(walk.ground)["procedure"]
    note = f"<!-- {walk.project.id} {known} --></bpmn:definitions>"
    small = bundle(process("survey", SURVEY).replace("</bpmn:definitions>", note))
    with transaction(ground.sessions, writes=False) as session:
        number = len(session.scalars(select(Procedure.id).where(Procedure.process_id == "survey")).all()) + 1

    def ready() -> object:
        with transaction(ground.sessions) as session:
            return deploy(session, small, "测试", walk.now).number == number

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


def resuming(walk: Walk) -> Ready:
    return bureau(walk, lambda acting: resume(acting, walk.case_id, WHY))


def standing_still(walk: Walk) -> None:
    walk.to("receive")
    suspend(walk)()
    walk.pass_days(1)


def decide_all(walk: Walk) -> Ready:
    """Decide the agenda of a meeting that has the walk's project on it, and the one after it."""
    ground = walk.ground
    here = next(n for n, project in enumerate(ground.projects) if project.id == walk.project.id)
    other = Walk(ground, ground.projects[here + 1], now=walk.now)
    other.to("decision")
    gathering = Gathering(ground, [walk, other])
    items = gathering.items
    gathering.act(lambda acting, meeting: draw_up(acting, meeting, items))
    gathering.act(lambda acting, meeting: fill_in(acting, meeting, items, APPROVE))
    return lambda: [done.happened for done in gathering.act(decide_agenda)]


def try_again(walk: Walk) -> Ready:
    """Retry a completion whose handler failed, as the bureau."""
    number, ground = failed_completion(walk), walk.ground
    person = actor_in(walk, ground.county.bureau.id)
    later = Moment(walk.now + timedelta(minutes=1), walk.now + timedelta(minutes=1))
    return lambda: retry_incident(Site(ground.sessions, ground.papers), person, later, number, WHY).sentence


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
    project_count=3,
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
    {
        **{"meeting_verdict": 1, "classification": 1, "issued_number": 1},
        **{"paper": 1, "attachment": 1, "work_item": 1, "journal": 1},
    },
    AlreadyDone,
)
REPLY = Act(
    "reply",
    at("reply"),
    complete("reply"),
    (insert("reply"), insert("reply_case"), insert("paper"), JOURNALED),
    {
        **{"reply": 1, "reply_case": 1, "issued_number": 1},
        **{"paper": 2, "attachment": 2, "work_item": 2, "journal": 1},
    },
    AlreadyDone,
)
SUBMIT = Act(
    "send a batch",
    at("submission"),
    complete("submission"),
    (insert("submission_batch"), insert("batch_case"), insert("attachment"), JOURNALED),
    {
        **{"submission_batch": 1, "batch_case": 1, "issued_number": 1},
        **{"paper": 3, "attachment": 3, "work_item": 1, "journal": 1},
    },
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

CLAIM = on_an_item("claim", at("receive"), claim("receive"), AlreadyDone)
TRANSFER = on_an_item("transfer", at("field_survey"), transfer("field_survey"), NotYours)
CALL_BACK = on_an_item("call back", at("field_survey"), call_back("receive"), ActRefused)
MOVE = on_an_item("move a token", at("field_survey"), move("field_survey", "receive"), ActRefused, new=1)
ASK_MORE = Act(
    "ask one more body",
    at("joint_review"),
    ask_more(),
    (LOCKED, update("case"), insert("work_item"), JOURNALED),
    {"work_item": 1, "journal": 1},
    ActRefused,
)
ASK_FEWER = on_an_item("ask one body fewer", with_a_fourth_part, ask_fewer(3), ItemGone)
RESUME = Act("resume", standing_still, resuming, (LOCKED, update("case"), JOURNALED), {"journal": 1}, ActRefused)
TERMINATE = on_an_item("terminate", at("receive"), terminate, ActRefused)
SET_DATE = Act("change a date", posted, set_date, (LOCKED, update("timer"), JOURNALED), {"journal": 1}, ActRefused)
LEAVE = Act(
    "hand over", taken("receive"), leave("receive"), (LOCKED, update("work_item"), JOURNALED), {"journal": 1}, 0
)
MIGRATE = Act(
    "another version",
    at("receive"),
    another_version,
    (LOCKED, update("work_item"), update("case"), insert("journal"), insert("case_move")),
    {"case_move": 1, "journal": 1},
    ActRefused,
)
MOVE_BACK = Act(
    "the former version",
    moved_over("receive"),
    former_version,
    (LOCKED, update("work_item"), update("case"), update("case_move"), insert("journal")),
    {"journal": 1},
    ActRefused,
)
AGENDA = Act(
    "decide an agenda",
    at("decision"),
    decide_all,
    (LOCKED, insert("meeting_verdict"), insert("classification"), insert("journal"), insert("paper")),
    {
        **{"meeting_verdict": 2, "classification": 2, "issued_number": 1},
        **{"paper": 1, "attachment": 1, "work_item": 2, "journal": 2},
    },
    ActRefused,
    project_count=2,
)
RETRY = Act(
    "retry an incident",
    at("receive"),
    try_again,
    (LOCKED, update("work_item"), insert("work_item"), update("incident"), insert("journal")),
    {"work_item": 1, "journal": 2},
    "该异常已经处理",
    commits=2,
)

QUICK = (COMPLETE, SEND_BACK, PUSH, DEPLOY, UPLOAD, SUSPEND)
"""Acts a case comes to soon: those `make test` kills."""
ACTS = (  # who leaves hands over all that was claimed: before anybody claims something else
    *QUICK,
    *(DECIDE, REPLY, SUBMIT, SIGN, FIRE, OBJECT, ARCHIVE),
    *(LEAVE, CLAIM, TRANSFER, CALL_BACK, MOVE, ASK_MORE, ASK_FEWER, RESUME, TERMINATE, SET_DATE),
    *(MIGRATE, MOVE_BACK, AGENDA, RETRY),
)
