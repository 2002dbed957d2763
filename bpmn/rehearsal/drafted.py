"""A draft read as if it were a version, for what plays cases in it; nothing of it is written anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bpmn.drafting import bundle_of
from bpmn.engine import DiagramProblems
from bpmn.rehearsal.plays import Ground
from bpmn.rehearsal.pretended import county_of
from bpmn.rehearsal.scenarios import Coverage, Result, coverage, judge
from bpmn.versions import Version, unpublished
from ledger.procedure_drafts import ProcedureDraft
from ledger.procedures import Procedure
from ledger.rehearsals import scenarios_of
from ledger.working_days import load_calendar


class DraftUnreadable(ValueError):
    """草稿还有错误，改好后才能预演."""


def drafted(session: Session, draft: ProcedureDraft) -> Version:
    """Return a draft as a version with the newest of the processes it calls; raises DraftUnreadable."""
    try:
        bundle = bundle_of(session, draft)
        row = Procedure(diagram=bundle.diagram, decisions=dict(bundle.decisions), forms=dict(bundle.forms))
        return unpublished(session, row)
    except DiagramProblems as wrong:
        words = "；".join(each.message for each in wrong.problems[:3])
        raise DraftUnreadable(f"流程图还有错误，改好后才能预演：{words}") from wrong
    except ValueError as wrong:
        raise DraftUnreadable(f"表单或决策表还有错误，改好后才能预演：{wrong}") from wrong


def ground_of(session: Session, version: Version, began: datetime) -> Ground:
    """Return what plays of a draft stand on that begin at a moment."""
    return Ground(version, county_of(session, version), load_calendar(session), began)


@dataclass(frozen=True)
class Tried:
    """All scenarios of a process played in a draft, and how much of it they go through together."""

    results: tuple[Result, ...]
    coverage: Coverage

    @property
    def failed(self) -> tuple[Result, ...]:
        return tuple(each for each in self.results if not each.holds)

    @property
    def summary(self) -> str:
        """Say in one sentence how it went."""
        names = "、".join(each.scenario.name for each in self.failed)
        failed = f"，{len(self.failed)} 个没有通过：{names}" if names else "，全部通过"
        return f"场景 {len(self.results)} 个{failed}；走过环节 {self.coverage.elements_percent}%"


def try_scenarios(session: Session, draft: ProcedureDraft, now: datetime) -> Tried | None:
    """Play every scenario of its process in a draft; None where there is none. Raises DraftUnreadable."""
    scenarios = scenarios_of(session, draft.process_id)
    if not scenarios:
        return None
    ground = ground_of(session, drafted(session, draft), now)
    results = tuple(judge(ground, each) for each in scenarios)
    return Tried(results, coverage(ground.version.diagram, [each.course.passed for each in results]))
