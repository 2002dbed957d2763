"""Scenarios kept and retired by people, and runs ordered: each in its transaction with its row in the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bpmn.casefile import Acting
from bpmn.rehearsal.moves import Move, ScenarioRefused
from bpmn.rehearsal.plays import Ground
from bpmn.rehearsal.scenarios import play_scenario
from ledger.journal import Act
from ledger.procedure_drafts import ProcedureDraft
from ledger.rehearsals import RehearsalRun, RunKind, Scenario, scenario_named
from ledger.writing import record

NAME_LENGTH = 40


def keep_scenario(acting: Acting, draft: ProcedureDraft, ground: Ground, name: str, moves: Sequence[Move]) -> Scenario:
    """Keep what was just played as what must come of it; one of the same name is written over.

    Raises ScenarioRefused without a name or a move, and for moves that do not lead anywhere in the draft.
    """
    wanted = " ".join(name.split())[:NAME_LENGTH]
    if not wanted or not moves:
        raise ScenarioRefused("请先走几步，并填写场景的名称")
    course = play_scenario(ground, moves)
    if course.wrong:
        raise ScenarioRefused(f"场景走不通，没有保存：{course.wrong}")
    kept = scenario_named(acting.session, draft.process_id, wanted)
    told = "改存" if kept is not None else "保存"
    if kept is None:
        kept = Scenario(process_id=draft.process_id, name=wanted)
        acting.session.add(kept)
    kept.steps, kept.began_at = [each.as_json() for each in moves], ground.began
    kept.visited, kept.rests_at = list(course.visited), list(course.rests_at)
    kept.created_at, kept.created_by, kept.retired_at = acting.now, acting.actor.name, None
    acting.session.flush()
    _journal(acting, "scenario_keep", draft.process_id, f"{told}场景“{wanted}”，{len(moves)} 步")
    return kept


def retire_scenario(acting: Acting, scenario: Scenario) -> None:
    """Play a scenario no more."""
    scenario.retired_at = acting.now
    _journal(acting, "scenario_retire", scenario.process_id, f"停用场景“{scenario.name}”")


@dataclass(frozen=True)
class Order:
    """Which cases a draft is to be played on: `which` as it was asked for, how many, in which of its revisions."""

    kind: RunKind
    which: str
    count: int
    revision: int


def order_run(acting: Acting, draft: ProcedureDraft, order: Order) -> RehearsalRun:
    """Write down that a draft is to be played on many cases; the run's own number draws the made-up choices."""
    run = RehearsalRun(draft_id=draft.id, kind=order.kind, whole_count=order.count, seed=0, revision=order.revision)
    run.which, run.alive_at = order.which, acting.moment.real_at
    run.asked_at, run.asked_by = acting.now, acting.actor.name
    acting.session.add(run)
    acting.session.flush()
    run.seed = run.id
    words = f"用{order.kind.label} {order.count} 个预演草稿“{draft.name}”"
    _journal(acting, "rehearsal_run", draft.process_id, words)
    return run


def _journal(acting: Acting, act: str, process_id: str, summary: str) -> None:
    record(acting.session, acting.moment, acting.actor, Act(act, detail={"process": process_id, "summary": summary}))
