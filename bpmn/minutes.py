"""会议纪要: what a meeting decided, written anew with every verdict until its signed scan is there (P4, P6)."""

from __future__ import annotations

from bpmn.casefile import CaseFile
from bpmn.prints import write_print
from forms.rendering import chinese_date
from handlers.outcome import Print
from ledger.meetings import Meeting, verdicts_with_projects
from ledger.papers import Place, withdraw_minutes
from ledger.vocabulary import Category, MeetingKind, PaperKind

_KINDS = {MeetingKind.PARTY: PaperKind.PARTY_MINUTES, MeetingKind.GROUP: PaperKind.GROUP_MINUTES}
_WORDS = {"approve": "同意", "change": "调整后同意", "return": "退回研究", "on": "同意", "survey": "重新调研"}


def write_minutes(file: CaseFile, meeting: Meeting) -> None:
    """Write the minutes of `meeting` with all it decided so far; uploaded scans stand beside them."""
    kind = _KINDS[MeetingKind(meeting.kind)]
    withdraw_minutes(file.session, meeting.id, file.now)
    rows = [
        ("会议名称", meeting.title),
        ("召开日期", chinese_date(meeting.held_on)),
        ("地点", meeting.place),
        ("主持人", meeting.chair),
        ("出席人员", "、".join(meeting.attendance)),
        ("会议内容", meeting.minutes),
    ]
    for number, (verdict, project) in enumerate(verdicts_with_projects(file.session, meeting.id), 1):
        category = f"，{Category(verdict.category).label}类" if verdict.category else ""
        rest = "；".join(part for part in (verdict.measures, verdict.reason) if part)
        rows.append((f"{number}. {project.name}", f"{_WORDS[verdict.verdict]}{category}。{rest}"))
    printed = Print(kind, f"{meeting.title}纪要", tuple((label, text) for label, text in rows if text))
    write_print(file, printed, Place(kind, meeting_id=meeting.id, written=True), meeting.unit)
