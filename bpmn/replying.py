"""批复: one per meeting and unit, numbered, listing the unit's projects; each of its cases holds the newest (P6)."""

from __future__ import annotations

from collections.abc import Sequence

from bpmn.casefile import CaseFile
from bpmn.prints import entered_by, write_print
from bpmn.shared_papers import write_shared
from forms.rendering import chinese_date, class_counts
from handlers.outcome import Print, ReplyIssued, StepRefused
from handlers.rules import label_of
from ledger.cases import WorkItem
from ledger.db import day_of
from ledger.meetings import Meeting, Reply, ReplyCase, decisions_for_unit, issue_reply, reply_of
from ledger.numbers import Issue, NumberRefused, draw_number, enter_number
from ledger.papers import Place, attach_again, renew_reply
from ledger.people import Unit
from ledger.taking import add_row
from ledger.vocabulary import Category, PaperKind
from ledger.writing import write_rows

COPIED = "县乡村振兴局、县农业农村委"


def answer_case(file: CaseFile, item: WorkItem, issued: ReplyIssued) -> None:
    """Answer the case with the one 批复 of its meeting and unit; the first case to need it gives it its number.

    Raises StepRefused for another number than the reply has, and for one that is taken.
    """
    unit = file.places.responsible
    reply = reply_of(file.session, issued.meeting_id, unit.id)
    if reply is not None and issued.number not in ("", reply.number):
        raise StepRefused({"number": f"这次会议给本单位的批复已编为“{reply.number}”，请沿用这个文号"})
    if reply is None:
        reply = _new(file, item, issued, unit)
    add_row(file.session, ReplyCase, {"reply_id": reply.id, "case_id": file.case.id, "item_id": item.id})
    write_rows(file.session)
    if not issued.brought:
        write_shared(file, item, ("reply", reply.id), lambda rows: _write(rows, issued, reply))


def _new(file: CaseFile, item: WorkItem, issued: ReplyIssued, unit: Unit) -> Reply:
    issued_on = issued.issued_on or day_of(file.now)
    issue, entered = Issue(item.unit, PaperKind.REPLY, title_for(unit), issued_on), entered_by(file.acting)
    try:
        number = issued.number or draw_number(file.session, issue, entered)
        reply = Reply(meeting_id=issued.meeting_id, unit_id=unit.id, number=number, issued_on=issued_on)
        if not issue_reply(file.session, reply):
            raise NumberRefused(f"文号“{number}”已经用过，请核对")
        if issued.number:
            enter_number(file.session, issue, number, entered)
    except NumberRefused as refused:
        raise StepRefused({"number": str(refused)}) from refused
    return reply


def title_for(unit: Unit) -> str:
    """Return what a unit's 批复 is called."""
    return f"关于{unit.short_name}经营性帮扶产业项目“四个一批”分类及处置措施的批复"


def _write(answered: Sequence[tuple[CaseFile, WorkItem]], issued: ReplyIssued, reply: Reply) -> None:
    """Write the paper with all the meeting decided for the unit, for these cases and in place of what others hold."""
    file, item = answered[0]
    unit, meeting = file.places.responsible, file.meeting
    decided = decisions_for_unit(file.session, reply.meeting_id, unit.id)
    listed = [
        {
            "名称": each.name,
            "编号": each.number,
            "分类": label_of(Category, each.category),
            "措施": each.measures if each.exited_on is None else f"退出追偿。{each.measures}",
        }
        for each in decided
    ]
    rows = (
        ("文号", reply.number),
        ("主送", unit.name),
        ("抄送", COPIED),
        ("成文日期", chinese_date(reply.issued_on)),
        ("来文", "你单位报送的经营性帮扶产业项目“四个一批”分类及处置措施请示收悉。"),
        ("项目数", str(len(decided))),
        ("分类情况", class_counts(each.category for each in decided)),
        *_held(meeting),
        ("批复要求", issued.request),
    )
    printed = Print(PaperKind.REPLY, title_for(unit), rows, "reply", {"项目": listed})
    places = [Place(PaperKind.REPLY, case_id=f.case.id, item_id=i.id, written=True) for f, i in answered]
    written = write_print(file, printed, places[0], item.unit)
    for place in places[1:]:
        attach_again(file.session, written, place)
    renew_reply(file.session, reply.id, written)


def _held(meeting: Meeting | None) -> tuple[tuple[str, str], ...]:
    if meeting is None:
        return ()
    return ("会议名称", meeting.title), ("会议日期", chinese_date(meeting.held_on))
