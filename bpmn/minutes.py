"""会议纪要: what a meeting decided, written anew with every verdict until its signed scan is there (P4, P6)."""

from __future__ import annotations

from bpmn.casefile import CaseFile
from bpmn.prints import write_print
from forms.rendering import chinese_date
from handlers.outcome import Print
from ledger.meetings import Meeting, MeetingVerdict, verdicts_with_projects
from ledger.papers import Place, withdraw_minutes
from ledger.projects import Project
from ledger.vocabulary import Category, MeetingKind, PaperKind

_KINDS = {MeetingKind.PARTY: PaperKind.PARTY_MINUTES, MeetingKind.GROUP: PaperKind.GROUP_MINUTES}
_WORDS = {"approve": "同意", "change": "调整后同意", "return": "退回研究", "on": "同意", "survey": "重新调研"}


def write_minutes(file: CaseFile, meeting: Meeting) -> None:
    """Write the minutes of `meeting` with all it decided so far; uploaded scans stand beside them."""
    kind = _KINDS[MeetingKind(meeting.kind)]
    withdraw_minutes(file.session, meeting.id, file.now)
    rows = (
        ("会议名称", meeting.title),
        ("召开日期", chinese_date(meeting.held_on)),
        ("成文日期", chinese_date(meeting.held_on)),
        ("地点", meeting.place),
        ("主持人", meeting.chair),
        ("出席人员", "、".join(meeting.attendance)),
        ("会议内容", meeting.minutes),
    )
    decided = [_line(verdict, project) for verdict, project in verdicts_with_projects(file.session, meeting.id)]
    printed = Print(kind, f"{meeting.title}纪要", rows, str(kind), {"项目": decided})
    write_print(file, printed, Place(kind, meeting_id=meeting.id, written=True), meeting.unit)


def _line(verdict: MeetingVerdict, project: Project) -> dict[str, str]:
    category = Category(verdict.category).label if verdict.category else ""
    word = _WORDS[verdict.verdict] + (f"，认定为{category}类" if category else "")
    return {
        "名称": project.name,
        "编号": project.number,
        "分类": category,
        "决定": word,
        "措施": _sentence(verdict.measures),
        "理由": _sentence(verdict.reason),
    }


def _sentence(text: str) -> str:
    """End a text that says something with a full stop."""
    return f"{text.rstrip('。')}。" if text.strip() else ""
