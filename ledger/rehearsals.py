"""What a draft was tried on before anybody lives with it: runs over many cases, and scenarios for each deploy.

A run plays cases of the past or made-up ones in a draft's engine and keeps only what came of each; a scenario is a
way through a procedure that somebody has chosen once, with where it must lead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.cases import Case
from ledger.db import Base
from ledger.procedure_drafts import ProcedureDraft
from ledger.procedures import Procedure
from ledger.vocabulary import Term

PATIENCE = timedelta(minutes=2)
"""Without a word for so long a run is interrupted; a case takes a second at most."""


class RunKind(Term):
    """What kind of cases a draft is played on."""

    PAST = "past", "以往项目"
    MADE_UP = "made_up", "编的项目"


class Verdict(Term):
    """How a case goes in a draft, the worst first."""

    STOPPED = "stopped", "走不下去"
    FAULTY = "faulty", "表单有误"
    DIFFERS = "differs", "有不同"
    SAME = "same", "照常"


VERDICTS: Mapping[RunKind, tuple[Verdict, ...]] = {
    RunKind.PAST: (Verdict.STOPPED, Verdict.DIFFERS, Verdict.SAME),
    RunKind.MADE_UP: (Verdict.STOPPED, Verdict.FAULTY, Verdict.SAME),
}
"""How the cases of a kind can go: only what was once done can go differently, only made-up answers try every form."""


class RehearsalRun(Base):
    """One order to play many cases in a draft; `revision` is the diagram's when it was given, `seed` draws choices.

    Whoever carries a run writes `alive_at` (real time) with each case: a run whose process has stopped says nothing
    any more, and is then known as interrupted without anybody having to write that down.
    """

    __tablename__ = "rehearsal_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("procedure_draft.id"), index=True)
    kind: Mapped[str]  # RunKind
    whole_count: Mapped[int]
    seed: Mapped[int]
    revision: Mapped[int]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    which: Mapped[str | None]  # which cases were asked for; None of a run older than this column
    alive_at: Mapped[datetime | None]

    draft: Mapped[ProcedureDraft] = relationship()

    def interrupted(self, real_at: datetime) -> bool:
        """Say whether nobody carries this run any more though it has not ended."""
        return self.ended_at is None and (self.alive_at is None or real_at - self.alive_at > PATIENCE)


class RehearsalOutcome(Base):
    """How one case went: `element` is where it stopped, `notes` what differs, `passed` the elements it went through."""

    __tablename__ = "rehearsal_outcome"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("rehearsal_run.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))  # None for a made-up one
    name: Mapped[str]
    verdict: Mapped[str]  # Verdict
    element: Mapped[str]
    reason: Mapped[str]
    notes: Mapped[list[str]] = mapped_column(JSON)
    passed: Mapped[list[str]] = mapped_column(JSON)


class Scenario(Base):
    """A way through a procedure: `steps` as they were chosen, and what must come of them.

    It is played again from `began_at`, so that the dates that were answered still fit; an older one from now. A
    retired one is kept for what was published with it, and is played no more.
    """

    __tablename__ = "rehearsal_scenario"

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    visited: Mapped[list[str]] = mapped_column(JSON)  # the steps it must come through, in their order
    rests_at: Mapped[list[str]] = mapped_column(JSON)  # where it must stand in the end; none: the case has ended
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    retired_at: Mapped[datetime | None]
    began_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("process_id", "name"),)


def runs_of(session: Session, draft_id: int, limit: int) -> Sequence[RehearsalRun]:
    """Return a draft's runs, newest first."""
    wanted = select(RehearsalRun).where(RehearsalRun.draft_id == draft_id).order_by(RehearsalRun.id.desc())
    return session.scalars(wanted.limit(limit)).all()


def verdict_counts(session: Session, run_id: int) -> dict[str, int]:
    """Return how many cases of a run went which way, for those already played."""
    wanted = select(RehearsalOutcome.verdict, func.count()).where(RehearsalOutcome.run_id == run_id)
    return {each[0]: each[1] for each in session.execute(wanted.group_by(RehearsalOutcome.verdict))}


def outcomes_of(session: Session, run_id: int, verdict: Verdict | None, limit: int) -> Sequence[RehearsalOutcome]:
    """Return how a run's cases went, or those of one verdict, in the order they were played."""
    wanted = select(RehearsalOutcome).where(RehearsalOutcome.run_id == run_id).order_by(RehearsalOutcome.id)
    if verdict is not None:
        wanted = wanted.where(RehearsalOutcome.verdict == verdict)
    return session.scalars(wanted.limit(limit)).all()


def past_cases(session: Session, process_id: str, *, ended: bool | None, limit: int) -> Sequence[int]:
    """Return the newest cases of a process: those that have ended, those that have not, or both (None)."""
    wanted = select(Case.id).join(Case.procedure).where(Procedure.process_id == process_id)
    if ended is not None:
        wanted = wanted.where(Case.ended_at.is_not(None) if ended else Case.ended_at.is_(None))
    return session.scalars(wanted.order_by(Case.id.desc()).limit(limit)).all()


def cases_to_try(session: Session, process_id: str, limit: int) -> Sequence[Case]:
    """Return the newest cases of a process that are under way, with their projects."""
    wanted = select(Case).join(Case.procedure).where(Procedure.process_id == process_id, Case.ended_at.is_(None))
    return session.scalars(wanted.order_by(Case.id.desc()).limit(limit).options(joinedload(Case.project))).all()


def case_played(session: Session, case_id: int) -> Case:
    """Return a case with what a run asks of it."""
    wanted = select(Case).where(Case.id == case_id)
    return session.scalars(wanted.options(joinedload(Case.project), joinedload(Case.campaign))).one()


def scenarios_of(session: Session, process_id: str) -> Sequence[Scenario]:
    """Return the scenarios of a process that are played, in the order they were kept."""
    wanted = (Scenario.process_id == process_id, Scenario.retired_at.is_(None))
    return session.scalars(select(Scenario).where(*wanted).order_by(Scenario.id)).all()


def scenario_named(session: Session, process_id: str, name: str) -> Scenario | None:
    """Return a process's scenario of this name, a retired one too."""
    wanted = (Scenario.process_id == process_id, Scenario.name == name)
    return session.scalars(select(Scenario).where(*wanted)).one_or_none()
