"""Which papers a person may download: those of visible cases, of the meetings that moved them, of own batches.

What goes out with a 报送批次 lists all the unit's projects: it is for who sees that unit, not for who sees one of its
cases. A filed 管理台账 holds whole telephone numbers: it is for who handles it, the unit and the county's offices (M2).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Select, exists, false, or_, select
from sqlalchemy.orm import Session, joinedload

from ledger.archive import ArchiveRow
from ledger.cases import Case, WorkItem
from ledger.comments import COMMENT_FIELD, comments_for, field_of
from ledger.journal import Entry
from ledger.meetings import Meeting, MeetingVerdict, SubmissionBatch
from ledger.papers import Attachment
from ledger.people import Unit
from ledger.projects import Project
from ledger.round_lists import visible_rounds
from ledger.rounds import RoundItem, RoundSummary, UnitRound
from ledger.scope import ASKED_OPINIONS, BUSINESS, COUNTY_WIDE, Actor, reach_of, visible_projects
from ledger.spot_checks import SpotCheckProject, visible_drawn
from ledger.vocabulary import PaperKind, Role, UnitKind

HANDING_IN = ("complete", "sign", "prepare", "entry")
"""Acts with which what lies on an item is handed in."""
ASKED_KINDS = (PaperKind.SURVEY_REPORT, PaperKind.PHOTO, PaperKind.CONTRACT, PaperKind.ASSESSMENT)
"""The materials an opinion is asked on (art. 10, 12)."""
_HANDLING = frozenset({Role.HANDLER, Role.SIGNER})
_OFFICES = frozenset({UnitKind.BUREAU, UnitKind.AGRICULTURE, UnitKind.OFFICE})  # whom a ledger is sent to (art. 2)


def visible_attachment(session: Session, actor: Actor, attachment_id: int) -> Attachment | None:
    """Return the attachment when `actor` may see it, else None: unknown and foreign look the same."""
    own = {post.unit_id for post in actor.posts}
    seen = select(Case.id).join(Project, Project.id == Case.project_id).where(visible_projects(actor, wholly=True))
    decided = exists().where(MeetingVerdict.meeting_id == Attachment.meeting_id, MeetingVerdict.case_id.in_(seen))
    held = exists().where(Meeting.id == Attachment.meeting_id, Meeting.unit_id.in_(own))
    sent = Attachment.batch_id.in_(_batches(_below(actor)))
    checked = Attachment.spot_check_project_id.in_(select(SpotCheckProject.id).where(visible_drawn(actor)))
    there = (Attachment.id == attachment_id, or_(Attachment.removed_at.is_(None), _handed_in()))
    found = session.scalars(
        select(Attachment)
        .where(*there)
        .where(or_(Attachment.case_id.in_(seen), decided, sent, held, checked, *_of_rounds(actor), _asked(actor)))
        .where(_numbers_allowed(actor))
        .options(joinedload(Attachment.paper))
    ).one_or_none()
    return found or _of_remark(session, actor, there)


def _of_remark(session: Session, actor: Actor, there: Sequence[ColumnElement[bool]]) -> Attachment | None:
    """Return a file of a remark that a unit asked for its opinion alone may read."""
    own = {post.unit_id for post in actor.posts if post.role in BUSINESS}
    asked = select(WorkItem.case_id).where(WorkItem.unit_id.in_(own), WorkItem.stem.in_(ASKED_OPINIONS))
    of_remark = Attachment.field.startswith(f"{COMMENT_FIELD}:")
    wanted = select(Attachment).where(*there, of_remark, Attachment.case_id.in_(asked))
    found = session.scalars(wanted.options(joinedload(Attachment.paper))).one_or_none()
    if found is None or found.case_id is None:
        return None
    return found if found.field in {field_of(one) for one in comments_for(session, actor, found.case_id)} else None


def readable(session: Session, actor: Actor, papers: Sequence[Attachment]) -> list[Attachment]:
    """Return those papers of a case that `actor` sees which the person may also open."""
    guarded = {each.id for each in papers if each.batch_id is not None or each.kind == PaperKind.ANNEX5}
    if not guarded:
        return list(papers)
    within = or_(Attachment.batch_id.is_(None), Attachment.batch_id.in_(_batches(_below(actor))))
    wanted = select(Attachment.id).where(Attachment.id.in_(guarded), within, _numbers_allowed(actor))
    shut = guarded.difference(session.scalars(wanted))
    return [each for each in papers if each.id not in shut]


def readable_rows(session: Session, actor: Actor, rows: Sequence[ArchiveRow]) -> tuple[ArchiveRow, ...]:
    """Return Annex 6 of a case with what `actor` may open; what is there and is for others is only named."""
    opened = {each.id for each in readable(session, actor, [paper for row in rows for paper in row.attachments])}
    return tuple(
        replace(
            row,
            attachments=tuple(paper for paper in row.attachments if paper.id in opened),
            withheld=tuple(paper for paper in row.attachments if paper.id not in opened),
        )
        for row in rows
    )


def _below(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `Unit` that holds for those whose whole business `actor` sees."""
    reaches = {reach_of(post) for post in actor.posts if post.role in BUSINESS}
    return or_(false(), *(Unit.path.startswith(reach, autoescape=True) for reach in reaches))


def _batches(of: ColumnElement[bool]) -> Select[int]:
    return select(SubmissionBatch.id).join(Unit, Unit.id == SubmissionBatch.unit_id).where(of)


def _numbers_allowed(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on papers that hold no list of telephone numbers, or one that `actor` works with."""
    posts = [post for post in actor.posts if post.role in _HANDLING]
    own = {post.unit_id for post in posts}
    counties = {post.county_id for post in posts if post.unit_kind in _OFFICES}
    handled = or_(Unit.id.in_(own), Unit.county_id.in_(counties))
    rounds = select(RoundItem.id).join(UnitRound, UnitRound.id == RoundItem.round_id)
    cases = select(Case.id).join(Project, Project.id == Case.project_id)
    return or_(
        Attachment.kind != PaperKind.ANNEX5,
        Attachment.batch_id.in_(_batches(handled)),
        Attachment.round_item_id.in_(rounds.join(Unit, Unit.id == UnitRound.unit_id).where(handled)),
        Attachment.case_id.in_(cases.join(Unit, Unit.id == Project.responsible_unit_id).where(handled)),
    )


def _handed_in() -> ColumnElement[bool]:
    """Return the condition on what was taken off after it had been part of an act: the trail still leads to it.

    What the software wrote always was; what a person put on an item by mistake and took off again never.
    """
    given = exists().where(
        *(Entry.case_id == Attachment.case_id, Entry.item_id == Attachment.item_id, Entry.act.in_(HANDING_IN)),
        *(Entry.at >= Attachment.attached_at, Entry.at < Attachment.removed_at),
    )
    return or_(Attachment.written, given)


def is_shown_to_asked(paper: Attachment, own_items: Collection[int], own_comments: Collection[str]) -> bool:
    """Say whether a unit asked for its opinion alone is shown a paper: what the opinion is about, and its own.

    `own_comments` are the fields of the remarks it may read.
    """
    return paper.kind in ASKED_KINDS or paper.item_id in own_items or paper.field in own_comments


def _asked(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on what a unit asked for its opinion may download; the same as `is_shown_to_asked`."""
    own = {post.unit_id for post in actor.posts if post.role in BUSINESS}
    asked = (WorkItem.unit_id.in_(own), WorkItem.stem.in_(ASKED_OPINIONS))
    about = Attachment.case_id.in_(select(WorkItem.case_id).where(*asked)) & Attachment.kind.in_(ASKED_KINDS)
    return or_(about, Attachment.item_id.in_(select(WorkItem.id).where(*asked)))


def _of_rounds(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on papers of rounds: a unit's own, and the summaries of who sees a county."""
    rounds = select(RoundItem.id).join(UnitRound, UnitRound.id == RoundItem.round_id).where(visible_rounds(actor))
    whole = {post.county_id for post in actor.posts if post.role in BUSINESS and post.unit_kind in COUNTY_WIDE}
    closed = select(RoundSummary.id).where(RoundSummary.county_id.in_(whole))
    return Attachment.round_item_id.in_(rounds), Attachment.round_summary_id.in_(closed)


def workbook_of(session: Session, actor: Actor, attachment_id: int, field: str) -> Attachment | None:
    """Return a workbook that `actor` uploaded for `field` and that still waits; nobody else's."""
    own = (Attachment.attached_by_id == actor.user_id, Attachment.field == field, Attachment.case_id.is_(None))
    waiting = Attachment.removed_at.is_(None)
    return session.scalars(select(Attachment).where(Attachment.id == attachment_id, waiting, *own)).one_or_none()
