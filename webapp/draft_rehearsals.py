"""成批预演和场景: a draft played on many cases in the background, scenarios kept, the walk's verdict drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bpmn.drafting import DraftGone
from bpmn.engine import Diagram
from bpmn.exploration import Exploration, explore
from bpmn.rehearsal.drafted import DraftUnreadable, drafted, ground_of, try_scenarios
from bpmn.rehearsal.keeping import Order, keep_scenario, order_run, retire_scenario
from bpmn.rehearsal.made_up_cases import play_made_up
from bpmn.rehearsal.moves import ScenarioRefused, read_moves
from bpmn.rehearsal.past_cases import Played, play_past
from ledger.db import SessionFactory, transaction
from ledger.installation import installation
from ledger.journal import Moment
from ledger.notices import Finished, tell_finished
from ledger.procedure_drafts import OPEN_STAGES, DraftStage, ProcedureDraft
from ledger.rehearsals import (
    VERDICTS,
    RehearsalOutcome,
    RehearsalRun,
    RunKind,
    Scenario,
    Verdict,
    outcomes_of,
    past_cases,
    runs_of,
    verdict_counts,
)
from webapp.background import after_the_answer
from webapp.design import DIAGRAM, draft_or_404, part_or_404
from webapp.permissions import DESIGN, SYSTEM, allows
from webapp.playing import read_beginning
from webapp.request import acting, actor, ledger_session, moment, moment_of, real_now, sessions

bp = Blueprint("rehearsals", __name__, url_prefix="/design")
COUNTS = (10, 50, 100, 300)
WHICH = (("ended", "以往项目（已办结）"), ("running", "在办项目"), ("made_up", "编的项目"))
_SHOWN = 300
_RUNS = 10


@bp.get("/drafts/<int:draft_id>/rehearsals")
@allows(DESIGN)
def index(draft_id: int) -> ResponseReturnValue:
    return _index(draft_or_404(draft_id), "")


def _index(draft: ProcedureDraft, wrong: str) -> str:
    session, tried = ledger_session(), None
    runs = runs_of(session, draft.id, _RUNS)
    try:
        tried = try_scenarios(session, draft, moment().at)
    except DraftUnreadable as unreadable:
        wrong = wrong or str(unreadable)
    return render_template(
        "design/rehearsals.html",
        draft=draft,
        stage=DraftStage(draft.stage),
        open=draft.stage in OPEN_STAGES,
        runs=[(run, RunKind(run.kind), verdict_counts(session, run.id), _interrupted(run)) for run in runs],
        verdicts=VERDICTS,
        tried=tried,
        which=WHICH,
        how_many=COUNTS,
        wrong=wrong,
        may_edit=SYSTEM.admits(actor()),
    )


@bp.post("/drafts/<int:draft_id>/rehearsals")
@allows(DESIGN)
def begin(draft_id: int) -> ResponseReturnValue:
    """Begin to play the draft on the newest cases of a kind, or on made-up ones."""
    draft, session = _open_draft(draft_id), ledger_session()
    which, count = request.form.get("which", ""), request.form.get("count", 0, type=int)
    if which not in dict(WHICH) or count not in COUNTS:
        abort(400)
    try:
        version = drafted(session, draft)
    except DraftUnreadable as wrong:
        return _index(draft, str(wrong)), 422
    made_up = which == "made_up"
    cases = [] if made_up else past_cases(session, draft.process_id, ended=which == "ended", limit=count)
    if not made_up and not cases:
        return _index(draft, "还没有这样的项目，可以先用编的项目预演。"), 422
    revision = part_or_404(draft_id, *DIAGRAM).revision
    kind = RunKind.MADE_UP if made_up else RunKind.PAST
    run = order_run(acting(), draft, Order(kind, which, count if made_up else len(cases), revision))
    factory = sessions()
    played: Callable[[], Iterable[Played]]
    if made_up:
        ground, seed = ground_of(session, version, moment().at), run.seed
        played = lambda: play_made_up(ground, count, seed)  # noqa: E731
    else:
        played = lambda: play_past(factory, version, cases)  # noqa: E731
    carrier, run_id = _Carrier(factory, actor().user_id), run.id
    after_the_answer(lambda: carrier.carry(run_id, played()))
    return redirect(url_for("rehearsals.show", run_id=run_id), 303)


@dataclass(frozen=True)
class _Carrier:
    """Carries a run on after the answer and tells who asked for it when it has ended."""

    sessions: SessionFactory
    user_id: int | None

    def carry(self, run_id: int, played: Iterable[Played]) -> None:
        """Write down how each case went as soon as it is played."""
        for each in played:
            with transaction(self.sessions) as session:
                session.add(_written(run_id, each))
                session.get_one(RehearsalRun, run_id).alive_at = real_now()
        with transaction(self.sessions) as session:
            run, now = session.get_one(RehearsalRun, run_id), _now(session).at
            run.ended_at = now
            words = "，".join(f"{label} {count} 个" for label, count in _counted(session, run))
            told = Finished("成批预演已完成", f"“{run.draft.name}”：{words}。", f"/design/rehearsals/{run_id}")
            tell_finished(session, self.user_id, told, now)


def _now(session: Session) -> Moment:
    return moment_of(installation(session), real_now())


def _counted(session: Session, run: RehearsalRun) -> list[tuple[str, int]]:
    counts = verdict_counts(session, run.id)
    return [(verdict.label, counts.get(verdict, 0)) for verdict in VERDICTS[RunKind(run.kind)]]


def _written(run_id: int, each: Played) -> RehearsalOutcome:
    return RehearsalOutcome(
        run_id=run_id,
        case_id=each.case_id,
        name=each.name,
        verdict=each.verdict,
        element=each.element,
        reason=each.reason,
        notes=list(each.notes),
        passed=list(dict.fromkeys(each.passed)),
    )


@bp.get("/rehearsals/<int:run_id>")
@allows(DESIGN)
def show(run_id: int) -> ResponseReturnValue:
    run = _run_or_404(run_id)
    asked = request.args.get("verdict", "")
    verdict = Verdict(asked) if asked in set(Verdict) else None
    return render_template(
        "design/rehearsal.html",
        draft=run.draft,
        stage=DraftStage(run.draft.stage),
        outcomes=outcomes_of(ledger_session(), run_id, verdict, _SHOWN),
        verdict=verdict,
        changed=part_or_404(run.draft_id, *DIAGRAM).revision != run.revision,
        **_progress(run),
    )


@bp.get("/rehearsals/<int:run_id>/progress")
@allows(DESIGN)
def progress(run_id: int) -> ResponseReturnValue:
    """Answer the block that shows how far a run is; once it has ended, the whole page is asked for again."""
    run = _run_or_404(run_id)
    headers = {"HX-Refresh": "true"} if run.ended_at is not None or _interrupted(run) else {}
    return render_template("design/rehearsal_progress.html", **_progress(run)), 200, headers


def _progress(run: RehearsalRun) -> dict[str, Any]:
    counts = verdict_counts(ledger_session(), run.id)
    return {
        "run": run,
        "kind": RunKind(run.kind),
        "verdicts": VERDICTS[RunKind(run.kind)],
        "verdict_counts": counts,
        "done": sum(counts.values()),
        "interrupted": _interrupted(run),
        "again": _again(run),
    }


def _interrupted(run: RehearsalRun) -> bool:
    return run.interrupted(moment().real_at)


def _again(run: RehearsalRun) -> tuple[str, int]:
    """Return what to order so that the same cases are played anew: which, and how many."""
    which = run.which or ("made_up" if run.kind == RunKind.MADE_UP else "ended")
    return which, next((each for each in COUNTS if each >= run.whole_count), COUNTS[-1])


@bp.get("/rehearsals/<int:run_id>/outcomes/<int:outcome_id>")
@allows(DESIGN)
def outcome(run_id: int, outcome_id: int) -> ResponseReturnValue:
    """Show one case's way on the draft's diagram."""
    run, found = _run_or_404(run_id), ledger_session().get(RehearsalOutcome, outcome_id)
    if found is None or found.run_id != run_id:
        abort(404)
    return render_template(
        "design/rehearsal_outcome.html",
        run=run,
        draft=run.draft,
        outcome=found,
        verdict=Verdict(found.verdict),
        shown=picture_of(found.passed, [found.element] if found.element else [], "停在这里"),
    )


def picture_of(passed: Sequence[str], stops: Sequence[str], words: str) -> str:
    """Return the viewer's state for a way through a diagram and where it stops."""
    notes = {each: {"text": words, "kind": "current"} for each in stops}
    done = [each for each in dict.fromkeys(passed) if each not in stops]
    return json.dumps({"done": done, "flows": done, "current": list(stops), "notes": notes}, ensure_ascii=False)


def _run_or_404(run_id: int) -> RehearsalRun:
    found = ledger_session().get(RehearsalRun, run_id)
    if found is None:
        abort(404)
    return found


@bp.post("/drafts/<int:draft_id>/scenarios")
@allows(SYSTEM)
def keep(draft_id: int) -> ResponseReturnValue:
    """Keep what was played step by step as a scenario."""
    draft, session = _open_draft(draft_id), ledger_session()
    try:
        moves = read_moves(json.loads(request.form.get("moves", "")))
        began = read_beginning(request.form.get("began", ""))
        ground = ground_of(session, drafted(session, draft), began)
        kept = keep_scenario(acting(), draft, ground, request.form.get("name", ""), moves)
    except (ScenarioRefused, DraftUnreadable) as refused:
        return _index(draft, str(refused)), 422
    except ValueError:  # a page that nobody was given
        return _index(draft, "场景的步骤有误，请重新走一遍。"), 422
    flash(f"已保存场景“{kept.name}”，以后每次发布前都会重走一遍。")
    return redirect(url_for("rehearsals.index", draft_id=draft_id), 303)


@bp.post("/drafts/<int:draft_id>/scenarios/<int:scenario_id>/retire")
@allows(SYSTEM)
def retire(draft_id: int, scenario_id: int) -> ResponseReturnValue:
    draft, found = _open_draft(draft_id), ledger_session().get(Scenario, scenario_id)
    if found is None or found.process_id != draft.process_id:
        abort(404)
    retire_scenario(acting(), found)
    flash(f"已停用场景“{found.name}”。")
    return redirect(url_for("rehearsals.index", draft_id=draft_id), 303)


def _open_draft(draft_id: int) -> ProcedureDraft:
    """Return a draft on its way to a version: what was given up or published is tried out no more (DraftGone)."""
    draft = draft_or_404(draft_id)
    if draft.stage not in OPEN_STAGES:
        raise DraftGone
    return draft


@bp.get("/drafts/<int:draft_id>/walk")
@allows(DESIGN)
def walk(draft_id: int) -> ResponseReturnValue:
    """Walk through all choices of a draft: the verdict, and each fault with a way to it on the diagram."""
    draft = draft_or_404(draft_id)
    try:
        diagram = drafted(ledger_session(), draft).diagram
    except DraftUnreadable as wrong:
        return _walked(draft, None, None, str(wrong))
    return _walked(draft, diagram, explore(diagram), "")


def _walked(draft: ProcedureDraft, diagram: Diagram | None, found: Exploration | None, wrong: str) -> str:
    number = request.args.get("fault", 1, type=int)
    faults = found.findings if found is not None else ()
    fault = faults[number - 1] if 0 < number <= len(faults) else None
    path = [diagram.elements[each] for each in fault.path if each in diagram.elements] if fault and diagram else []
    stops = [fault.element] if fault is not None else []
    return render_template(
        "design/walk.html",
        draft=draft,
        stage=DraftStage(draft.stage),
        found=found,
        faults=faults,
        fault=fault,
        path=path,
        wrong=wrong,
        shown=picture_of([each.id for each in path], stops, "问题在这里"),
    )
