"""A case's publicities whole (P7, T1): the postings, the days counted, objections, changes, how each ended.

Nothing of it is kept twice: a publicity is read from its items, the timer, the objections and the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from bpmn.casefile import CaseFile
from bpmn.counting import NotPosted, ends_publicity
from bpmn.engine import Element
from bpmn.steps import OBJECTION
from ledger.cases import WAITING, Objection, WorkItem, objections_of
from ledger.db import ONE_DAY, end_of_day
from ledger.journal import Entry, history
from ledger.papers import Attachment, attachments_of_case
from ledger.vocabulary import ItemStatus, PaperKind, Term
from ledger.working_days import Period

UNIT, SITE = "notice_unit", "notice_site"
POSTED_ON = {UNIT: "unit_posted_on", SITE: "site_posted_on"}
"""The variable that holds each posting's day."""
REPOST = "repost"
AGAIN = "photo_again"
"""Where a photograph of a notice posted anew lies until it is entered that it hangs."""
_CHANGES = frozenset({REPOST, "change_timer", "suspend", "resume"})


class PublicityState(Term):
    """How a publicity stands."""

    POSTING = "posting", "正在张贴"
    RUNNING = "running", "公告期内"
    INTERRUPTED = "interrupted", "公告中止"
    UPHELD = "upheld", "异议成立，公告终止"
    OVER = "over", "公告期满"
    LEFT = "left", "没有完成"


@dataclass(frozen=True)
class Posting:
    """A notice at one of its two places; `posted_on` is None until it hangs."""

    item: WorkItem
    posted_on: date | None
    place: str
    photos: tuple[Attachment, ...]
    again: tuple[Attachment, ...] = ()  # photographs of it posted anew, before that is entered

    @property
    def answers(self) -> dict[str, Any]:
        return self.item.answers or {}


@dataclass(frozen=True)
class PublicityChange:
    """An extension, a repost or an interruption: when, by whom, in words."""

    at: datetime
    who: str
    words: str


@dataclass(frozen=True)
class Publicity:
    """One publicity; `number` counts a case's publicities from 1, `period` is known while its postings hold."""

    number: int
    state: PublicityState
    postings: tuple[Posting, ...]
    period: Period | None
    objections: tuple[Objection, ...]
    began_at: datetime
    certificate: Attachment | None
    hears_objections: bool

    @property
    def open_count(self) -> int:
        """Return how many objections wait for their finding."""
        return sum(each.settled_at is None for each in self.objections)


def publicities(file: CaseFile) -> list[Publicity]:
    """Return a case's publicities, the newest first; none before the first notice is to be posted."""
    rounds = _rounds(file.items)
    objections = objections_of(file.session, file.case.id)
    papers = attachments_of_case(file.session, file.case.id)
    begins = [each[0].created_at for each in rounds]
    found = []
    for number, (items, began_at) in enumerate(zip(rounds, begins, strict=True), 1):
        present = number == len(begins)
        ends_at = file.now + ONE_DAY if present else begins[number]
        heard = tuple(each for each in objections if began_at <= each.entered_at < ends_at)
        certificates = (paper for paper in papers if paper.kind == PaperKind.NOTICE_CERTIFICATE)
        certificate = next((paper for paper in certificates if began_at <= paper.attached_at < ends_at), None)
        postings = tuple(_posting(file, item, papers, present=present) for item in items)
        period = period_of(file) if present and all(each.posted_on for each in postings) else None
        state = _settled(heard, certificate) or (_state(file, postings) if present else PublicityState.LEFT)
        hears = state is PublicityState.RUNNING and period is not None and file.now < end_of_day(period.end)
        found.append(Publicity(number, state, postings, period, heard, began_at, certificate, hears))
    return found[::-1]


def _rounds(items: Sequence[WorkItem]) -> list[list[WorkItem]]:
    """Return the notices that hung, or are to hang, together: a step in between begins another publicity."""
    rounds: list[dict[str, WorkItem]] = []
    closed = True
    for item in items:
        if item.stem in POSTED_ON and item.status != ItemStatus.CANCELLED:
            if closed:
                rounds.append({})
            rounds[-1][item.stem], closed = item, False
        elif item.stem != OBJECTION and item.status != ItemStatus.CANCELLED:
            closed = True
    return [[each[stem] for stem in POSTED_ON if stem in each] for each in rounds]


def _posting(file: CaseFile, item: WorkItem, papers: Sequence[Attachment], *, present: bool) -> Posting:
    answers = item.answers if item.status == ItemStatus.DONE else None
    # a notice posted again hangs since another day than was entered at first
    known = file.run.variables.get(POSTED_ON[item.stem]) if present and answers else (answers or {}).get("posted_on")
    photos = tuple(paper for paper in papers if paper.item_id == item.id and paper.field == "photo")
    again = tuple(paper for paper in papers if paper.item_id == item.id and paper.field == AGAIN)
    posted_on = date.fromisoformat(str(known)) if known else None
    return Posting(item, posted_on, (answers or {}).get("place", ""), photos, again)


def timer_element(file: CaseFile) -> Element | None:
    """Return the timer event of the case's diagram that ends its publicity period."""
    return next((each for each in file.version.diagram.elements.values() if ends_publicity(each)), None)


def period_of(file: CaseFile) -> Period | None:
    """Return the period that the present postings make, extended as far as it was; None without both."""
    element = timer_element(file)
    try:
        return None if element is None else file.counting.publicity_of(element)
    except NotPosted:
        return None


def _settled(objections: Sequence[Objection], certificate: Attachment | None) -> PublicityState | None:
    """Return how a publicity ended, None while it has not."""
    if any(each.upheld for each in objections):
        return PublicityState.UPHELD
    return PublicityState.OVER if certificate is not None else None


def _state(file: CaseFile, postings: Sequence[Posting]) -> PublicityState:
    if file.case.publicity_interrupted_at is not None:
        return PublicityState.INTERRUPTED
    if runs(file):
        return PublicityState.RUNNING
    waits = any(each.item.status in WAITING for each in postings)
    return PublicityState.POSTING if waits else PublicityState.LEFT


def runs(file: CaseFile) -> bool:
    """Say whether the period runs: its timer waits, or an objection is examined before its last day is over."""
    if file.case.ended_at is not None:
        return False
    if any(ends_publicity(file.element(timer.element)) for timer in file.run.timers):
        return True
    return any(file.element(task.element).attributes.get("handler") == OBJECTION for task in file.run.ready)


def changes_of(file: CaseFile, publicity: Publicity) -> tuple[PublicityChange, ...]:
    """Return how a publicity was extended, interrupted or posted again, with reason and who, oldest first."""
    rows = [row for row in history(file.session, file.case.id) if row.act in _CHANGES and row.at >= publicity.began_at]
    element = timer_element(file)
    read = [(row, orjson.loads(row.detail)) for row in rows]
    return tuple(
        PublicityChange(row.at, f"{row.unit} {row.who}".strip(), str(detail.get("summary", "")))
        for row, detail in read
        if _concerns(row, detail, "" if element is None else element.id)
    )


def _concerns(row: Entry, detail: dict[str, Any], element: str) -> bool:
    """Say whether an act on the case touched its publicity; a pause without interruption does not."""
    if row.act == "change_timer":
        return row.element == element
    return row.act == REPOST or bool(detail.get("variables")) or bool(detail.get("interrupts"))
