"""What comes to a case from outside its items: an objection (P7), a joint review that got no answer in time."""

from __future__ import annotations

from secrets import choice
from string import digits

from bpmn.casefile import Acting, CaseFile, take_item, take_up
from bpmn.completed import Completed
from bpmn.counting import ends_publicity
from bpmn.demands import require_running
from bpmn.moving_on import Sender, journal, move_on, save
from bpmn.refusals import ItemGone, NotYours, OutsidePublicity
from bpmn.steps import OBJECTION
from ledger.cases import WAITING, Objection, WorkItem
from ledger.db import day_of, end_of_day
from ledger.outbox import Telling, post_to_unit
from ledger.papers import Attachment, File, Place, attach
from ledger.taking import case_by_id
from ledger.vocabulary import PaperKind, ReviewOpinion, Role
from ledger.writing import write_rows

JOINT_REVIEW = "joint_review"
_RECEIPT_LENGTH = 10  # digits alone: they are typed on any telephone


def register_objection(acting: Acting, case_id: int, raised_by: str, contact: str, content: str) -> Objection:
    """Enter an objection while the publicity period runs; the first opens 异议核查, further ones join it (P7).

    Raises OutsidePublicity before both postings are up and after the period has ended.
    """
    found = case_by_id(acting.session, case_id, lock=True)
    if found is None:
        raise ItemGone("该项目的流程不存在")
    file = take_up(acting, *found)
    objection = Objection(
        case_id=case_id,
        raised_by=raised_by,
        contact=contact,
        content=content,
        entered_at=acting.now,
        entered_by=acting.signature,
        receipt=f"{day_of(acting.now):%Y%m%d}-{''.join(choice(digits) for _ in range(_RECEIPT_LENGTH))}",
    )
    examining = next((item for item in file.waiting if item.stem == OBJECTION), None)
    new: list[WorkItem] = []
    if examining is None:
        new = _open_objection(file)
    else:
        _require_time_left(file)
    acting.session.add(objection)
    acting.session.flush()
    journal(file, "objection", {"summary": f"登记异议，回执号{objection.receipt}"}, item=examining or new[0], new=new)
    write_rows(acting.session)
    return objection


def keep_with_objection(acting: Acting, objection: Objection, files: tuple[File, ...]) -> list[Attachment]:
    """File what somebody handed in with an objection; each file came through the one door."""
    place = Place(PaperKind.OBJECTION, case_id=objection.case_id, objection_id=objection.id)
    return [attach(acting.session, acting.papers, file, place, acting.actor, acting.now) for file in files]


def tell_unit_of_objection(acting: Acting, objection: Objection) -> None:
    """Tell the responsible unit of an objection from outside; who raised it and what it says stays in the case."""
    found = case_by_id(acting.session, objection.case_id, lock=False)
    assert found is not None  # the objection was entered on it
    project = found[0].project
    if project.responsible_unit_id is not None:
        body = f"公告公开页收到一条异议（回执号{objection.receipt}），请在“异议核查”中办理。"
        telling = Telling(f"objection:{objection.id}", f"收到公告异议：{project.name}", body)
        post_to_unit(acting.session, project.responsible_unit_id, telling, acting.now)


def _open_objection(file: CaseFile) -> list[WorkItem]:
    waiting = any(message.name == OBJECTION for message in file.run.messages)
    interrupted = file.case.publicity_interrupted_at is not None
    if not waiting or interrupted or any(timer.due_at <= file.now for timer in file.run.timers):
        raise OutsidePublicity("不在公告期内，不能登记异议")
    file.run.variables["objection_open"] = True
    file.run.deliver(OBJECTION)
    return save(file, Sender(file.acting.signature))


def _require_time_left(file: CaseFile) -> None:
    """Refuse what comes after the last day while earlier objections are still examined: the timer stands still then."""
    elements = file.version.diagram.elements.values()
    periods = [file.counting.publicity_of(each) for each in elements if ends_publicity(each)]
    if any(period is not None and end_of_day(period.end) <= file.now for period in periods):
        raise OutsidePublicity("公告期已满，不能再登记异议")


def record_overdue(acting: Acting, item_id: int) -> Completed:
    """Record that a reviewing body gave no opinion in time (逾期未反馈); by the responsible unit, after the date."""
    file, item = take_item(acting, item_id)
    if item.stem != JOINT_REVIEW or item.status not in WAITING:
        raise ItemGone("该会审任务已办理或已取消")
    if not acting.actor.holds(Role.HANDLER, file.places.responsible.id):
        raise NotYours("逾期未反馈由项目的责任单位登记")
    if item.due_at > acting.now:
        raise NotYours("会审还没有到期，不能登记逾期未反馈")
    require_running(file)
    item.answers = {"opinion": str(ReviewOpinion.OVERDUE)}
    new = move_on(file, item, {}, ReviewOpinion.OVERDUE.label)
    journal(file, "overdue", {"token": item.token, "summary": ReviewOpinion.OVERDUE.label}, item=item, new=new)
    write_rows(acting.session)
    coming = tuple((each.name, each.unit.short_name, each.due_at) for each in new)
    return Completed(file.case.id, item.id, False, file.run.finished, coming)
