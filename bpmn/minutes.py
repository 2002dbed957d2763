"""会议纪要: what a meeting decided, written anew with every verdict; signed scans stand beside it (P4, P6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bpmn.casefile import Acting
from bpmn.prints import entered_by, issue_print
from forms.rendering import chinese_date
from handlers.outcome import Print
from ledger.meetings import Decision, Meeting, decisions_of
from ledger.numbers import Issue, draw_number
from ledger.papers import Place, withdraw_minutes
from ledger.vocabulary import Category, MeetingKind, PaperKind

KINDS = {MeetingKind.PARTY: PaperKind.PARTY_MINUTES, MeetingKind.GROUP: PaperKind.GROUP_MINUTES}
"""What the minutes of each kind of meeting are filed as."""
_WORDS = {"approve": "同意", "change": "调整后同意", "return": "退回研究", "on": "同意", "survey": "重新调研"}
_FOLLOWED = "议定结果逐项附后"


def write_minutes(acting: Acting, meeting: Meeting) -> None:
    """Write the minutes of `meeting` with all it decided so far; uploaded scans stand beside them."""
    kind = KINDS[MeetingKind(meeting.kind)]
    withdraw_minutes(acting.session, meeting.id, acting.now)
    title = f"{meeting.title}纪要"
    if not meeting.number:
        issue = Issue(meeting.unit, kind, title, meeting.held_on)
        meeting.number = draw_number(acting.session, issue, entered_by(acting))
    rows = [
        ("文号", meeting.number),
        ("会议名称", meeting.title),
        ("召开日期", chinese_date(meeting.held_on)),
        ("成文日期", chinese_date(meeting.held_on)),
        ("地点", meeting.place),
        ("主持人", meeting.chair),
        ("出席人员", "、".join(meeting.attendance)),
        ("列席人员", "、".join(meeting.observers or ())),
        ("缺席人员", "、".join(meeting.absent or ())),
        ("记录人", meeting.recorder),
        ("会议内容", meeting.minutes),
    ]
    decided = [_line(each) for each in decisions_of(acting.session, meeting.id)]
    printed = Print(kind, title, tuple(rows), str(kind), {"项目": decided})
    issue_print(acting, printed, Place(kind, meeting_id=meeting.id, written=True), meeting.unit, meeting.created_at)


def _line(decided: Decision) -> dict[str, str]:
    category = Category(decided.category).label if decided.category else ""
    word = _WORDS[decided.verdict] + (f"，认定为{category}类" if category else "")
    return {
        "名称": decided.name,
        "编号": decided.number,
        "分类": category,
        "决定": word,
        "措施": _sentence(decided.measures),
        "理由": _sentence(decided.reason),
    }


def _sentence(text: str) -> str:
    """End a text that says something with a full stop."""
    return f"{text.rstrip('。')}。" if text.strip() else ""


def minutes_text(meeting: Meeting, verdicts: Sequence[str], categories: Iterable[str | None]) -> str:
    """Put into words what a meeting dealt with, for minutes nobody wrote yet; a person may alter every word."""
    said = Counter(_WORDS[verdict] for verdict in verdicts)
    classes = Counter(categories)
    by_class = [f"{category.label}{classes[category]}个" for category in Category if classes[category]]
    counted = "、".join(f"{word}{count}个" for word, count in said.items())
    classed = f"；按类别分，{'、'.join(by_class)}" if by_class else ""
    return (
        f"{chinese_date(meeting.held_on)}，{meeting.chair}在{meeting.place}主持召开{meeting.title}，"
        f"研究经营性帮扶产业项目“四个一批”分类处置工作。会议逐个研究了{len(verdicts)}个项目：{counted}{classed}。"
        f"{_FOLLOWED}。"
    )
