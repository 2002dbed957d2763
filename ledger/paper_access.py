"""Which papers a person may download: those of visible cases, and of the meetings and batches that moved them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from ledger.cases import Case, WorkItem
from ledger.comments import COMMENT_FIELD
from ledger.meetings import BatchCase, Meeting, MeetingVerdict, SubmissionBatch
from ledger.papers import Attachment
from ledger.projects import Project
from ledger.round_lists import visible_rounds
from ledger.rounds import RoundItem, RoundSummary, UnitRound
from ledger.scope import ASKED_OPINIONS, BUSINESS, COUNTY_WIDE, Actor, visible_projects
from ledger.spot_checks import SpotCheckProject, visible_drawn
from ledger.vocabulary import PaperKind

ASKED_KINDS = (PaperKind.SURVEY_REPORT, PaperKind.PHOTO, PaperKind.CONTRACT, PaperKind.ASSESSMENT)
"""The materials an opinion is asked on (art. 10, 12)."""


def visible_attachment(session: Session, actor: Actor, attachment_id: int) -> Attachment | None:
    """Return the attachment when `actor` may see it, else None: unknown and foreign look the same."""
    own = {post.unit_id for post in actor.posts}
    seen = select(Case.id).join(Project, Project.id == Case.project_id).where(visible_projects(actor, wholly=True))
    decided = exists().where(MeetingVerdict.meeting_id == Attachment.meeting_id, MeetingVerdict.case_id.in_(seen))
    sent = exists().where(BatchCase.batch_id == Attachment.batch_id, BatchCase.case_id.in_(seen))
    held = exists().where(Meeting.id == Attachment.meeting_id, Meeting.unit_id.in_(own))
    made = exists().where(SubmissionBatch.id == Attachment.batch_id, SubmissionBatch.unit_id.in_(own))
    checked = Attachment.spot_check_project_id.in_(select(SpotCheckProject.id).where(visible_drawn(actor)))
    return session.scalars(
        select(Attachment)
        .where(Attachment.id == attachment_id, Attachment.removed_at.is_(None))
        .where(or_(Attachment.case_id.in_(seen), decided, sent, held, made, checked, *_of_rounds(actor), _asked(actor)))
        .options(joinedload(Attachment.paper))
    ).one_or_none()


def is_shown_to_asked(paper: Attachment, own_items: Collection[int]) -> bool:
    """Say whether a unit asked for its opinion alone is shown a paper: what the opinion is about, and its own."""
    of_comment = paper.field.startswith(f"{COMMENT_FIELD}:")
    return paper.kind in ASKED_KINDS or paper.item_id in own_items or of_comment


def _asked(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on what a unit asked for its opinion may download; the same as `is_shown_to_asked`."""
    own = {post.unit_id for post in actor.posts if post.role in BUSINESS}
    asked = (WorkItem.unit_id.in_(own), WorkItem.stem.in_(ASKED_OPINIONS))
    shown = or_(Attachment.kind.in_(ASKED_KINDS), Attachment.field.startswith(f"{COMMENT_FIELD}:"))
    about = Attachment.case_id.in_(select(WorkItem.case_id).where(*asked)) & shown
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
