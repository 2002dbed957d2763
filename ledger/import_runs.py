"""An import as the bureau sees it go on: what the check found, how far it is, who carries it; and learned headers (P1).

Progress is a row, not a thread's memory: a page in any process can show it, cancel it, and carry on what was
interrupted. Whoever carries it holds `owner`; another who takes over leaves the first one without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, defer, joinedload, mapped_column, relationship

from ledger.cases import Case, WorkItem
from ledger.db import Base
from ledger.papers import Attachment
from ledger.projects import Project
from ledger.scope import Actor
from ledger.vocabulary import ImportStage, ItemStatus

UNDER_WAY = (ImportStage.TAKING, ImportStage.PUSHING)


class ImportRun(Base):
    """One workbook on its way into the register, or one push of what lies ready there."""

    __tablename__ = "import_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    attachment_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id"))  # none for a push alone
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    stage: Mapped[str]  # ImportStage
    found: Mapped[dict[str, Any]] = mapped_column(default=dict)  # by the check
    outcome: Mapped[dict[str, Any]] = mapped_column(default=dict)  # so far
    done_count: Mapped[int] = mapped_column(default=0)  # of the present stage
    whole_count: Mapped[int] = mapped_column(default=0)
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    owner: Mapped[str] = mapped_column(default="")  # whoever carries it on
    message: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    beat_at: Mapped[datetime]  # real time of the last step forward
    revision: Mapped[int] = mapped_column()

    attachment: Mapped[Attachment | None] = relationship()

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012  # SQLAlchemy's own declaration


class ColumnMapping(Base):
    """What a person said a header of the county's exports means."""

    __tablename__ = "column_mapping"

    id: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    header: Mapped[str]
    field: Mapped[str]
    set_by: Mapped[str]
    set_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("county_id", "header"),)


def mappings_of(session: Session, county_id: int) -> dict[str, str]:
    """Return the county's learned headers: header → field."""
    wanted = select(ColumnMapping).where(ColumnMapping.county_id == county_id).order_by(ColumnMapping.header)
    return {each.header: each.field for each in session.scalars(wanted)}


def learn_mappings(session: Session, county_id: int, said: Mapping[str, str], actor: Actor, now: datetime) -> None:
    """Remember what headers mean; an empty field forgets a header."""
    known = {
        each.header: each for each in session.scalars(select(ColumnMapping).where(ColumnMapping.county_id == county_id))
    }
    for header, field in said.items():
        mapping = known.get(header)
        if not field:
            if mapping is not None:
                session.delete(mapping)
        elif mapping is None:
            session.add(ColumnMapping(county_id=county_id, header=header, field=field, set_by=actor.name, set_at=now))
        else:
            mapping.field, mapping.set_by, mapping.set_at = field, actor.name, now
    session.flush()


def run_of(session: Session, actor: Actor, run_id: int) -> ImportRun | None:
    """Return an import of the person's own, else None: unknown and foreign look the same."""
    wanted = select(ImportRun).where(ImportRun.id == run_id, ImportRun.user_id == actor.user_id)
    return session.scalars(wanted.options(joinedload(ImportRun.attachment))).one_or_none()


def runs_of(session: Session, actor: Actor, limit: int) -> Sequence[ImportRun]:
    """Return the person's imports, newest first."""
    wanted = select(ImportRun).where(ImportRun.user_id == actor.user_id).options(joinedload(ImportRun.attachment))
    return session.scalars(wanted.order_by(ImportRun.id.desc()).limit(limit)).all()


def begin(run: ImportRun, stage: ImportStage, campaign_id: int, now: datetime) -> str:
    """Let a run go on from `stage` under a new owner; return the owner's name."""
    run.stage, run.campaign_id, run.cancel_asked, run.message = stage, campaign_id, False, ""
    run.done_count = run.whole_count = 0
    return take_over(run, now)


def take_over(run: ImportRun, now: datetime) -> str:
    """Make somebody new carry a run on; whoever carried it stops at its next step."""
    run.owner, run.beat_at = token_hex(8), now
    return run.owner


def held_run(session: Session, run_id: int, owner: str) -> ImportRun | None:
    """Return a run that `owner` still carries, locked; None when it was taken over, cancelled or has ended."""
    wanted = select(ImportRun).where(ImportRun.id == run_id, ImportRun.owner == owner).with_for_update()
    spared = wanted.options(defer(ImportRun.found))  # every row of the workbook, for each of a hundred parts
    run = session.scalars(spared.execution_options(populate_existing=True)).one_or_none()
    return run if run is not None and run.stage in UNDER_WAY else None


def handed_back(session: Session, county_id: int) -> Sequence[tuple[WorkItem, Project, str]]:
    """Return the projects that units handed back to the bureau: the waiting item, the project and the reason."""
    rows = session.execute(
        select(WorkItem, Project)
        .join(Case, Case.id == WorkItem.case_id)
        .join(Project, Project.id == Case.project_id)
        .where(Project.county_id == county_id, WorkItem.stem == "reassign", WorkItem.status == ItemStatus.OPEN)
        .options(joinedload(WorkItem.unit))
        .order_by(WorkItem.id)
    ).all()
    cases = [item.case_id for item, _project in rows]
    received = select(WorkItem).where(WorkItem.case_id.in_(cases), WorkItem.stem == "receive").order_by(WorkItem.id)
    reasons = {each.case_id: str((each.answers or {}).get("reason", "")) for each in session.scalars(received)}
    return [(item, project, reasons.get(item.case_id, "")) for item, project in rows]
