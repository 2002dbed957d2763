"""在办项目换版: what moving each running case would change, one on trial, many with progress, and undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bpmn.casefile import Acting
from bpmn.engine import GIVEN_UP, Diagram, Weight, read_diagram
from bpmn.migration import Order, Outcome, Plan, move_case, move_cases, move_cases_back, plan_cases
from bpmn.refusals import ActRefused
from ledger.case_moves import moves_to, running_cases
from ledger.db import transaction
from ledger.installation import installation
from ledger.journal import Act
from ledger.move_runs import MoveOutcome, MoveRun, outcomes_of, run_counts, running_by_version, runs_to
from ledger.notices import Finished, tell_finished
from ledger.procedures import Procedure
from ledger.writing import record
from webapp.background import after_the_answer
from webapp.design import version_or_404
from webapp.permissions import DESIGN, SYSTEM, allows
from webapp.request import acting, actor, ledger_session, moment, moment_of, real_now, sessions, settings

bp = Blueprint("moving", __name__, url_prefix="/design")
_PLANNED = 500  # cases looked at on the plan's page; a move looks at every one again
_SHOWN = 200
_RUNS = 20
_NOWHERE = "-"  # in the page's forms: a vanished element that nothing follows
GROUPS = ((Weight.AUTO, "可以直接换版"), (Weight.CHECK, "换版前须看一看"), (Weight.REFUSE, "不能换版"))


@dataclass(frozen=True)
class Group:
    """The cases of one kind: moved by itself, to be looked at, or not movable."""

    weight: Weight
    label: str
    plans: Sequence[Plan]


@bp.get("/versions/<int:procedure_id>/moving")
@allows(DESIGN)
def plan(procedure_id: int) -> ResponseReturnValue:
    return _plan_page(version_or_404(procedure_id), "")


@bp.post("/versions/<int:procedure_id>/moving/trial")
@allows(SYSTEM)
def trial(procedure_id: int) -> ResponseReturnValue:
    """Move one case and tell what it changed; it can be undone like any other."""
    procedure, case_id = version_or_404(procedure_id), request.form.get("case", 0, type=int)
    try:
        done = move_case(acting(), case_id, _order(procedure))
    except ActRefused as refused:
        return _plan_page(procedure, f"“{case_id}”没有换版：{refused}"), 409
    run = _run(procedure, 1, back=False)
    run.ended_at = moment().at
    reason = "".join(change.sentence for change in done.changes)
    ledger_session().add(MoveOutcome(run_id=run.id, case_id=case_id, moved=True, reason=reason))
    flash(f"“{done.project}”已换到第{procedure.number}版。")
    return redirect(url_for("moving.show", run_id=run.id), 303)


@bp.post("/versions/<int:procedure_id>/moving")
@allows(SYSTEM)
def move(procedure_id: int) -> ResponseReturnValue:
    """Begin to move every running case, each by itself; those to be looked at only when that is ticked."""
    procedure = version_or_404(procedure_id)
    try:
        order = _order(procedure)
    except ActRefused as refused:
        return _plan_page(procedure, str(refused)), 422
    cases = running_cases(ledger_session(), procedure.process_id, but=procedure.id)
    run = _run(procedure, len(cases), back=False)
    accept = Weight.CHECK if run.checked else Weight.AUTO
    carrier = _carrier()
    after_the_answer(lambda: carrier.carry(run_id, move_cases(carrier.sessions, carrier.begin, cases, order, accept)))
    run_id = run.id
    return redirect(url_for("moving.show", run_id=run_id), 303)


@bp.post("/versions/<int:procedure_id>/moving/undo")
@allows(SYSTEM)
def undo(procedure_id: int) -> ResponseReturnValue:
    """Begin to move back what was moved to the version, or the one case named; whoever went on meanwhile stays."""
    procedure, only = version_or_404(procedure_id), request.form.get("case", type=int)
    moved = [each for each in moves_to(ledger_session(), procedure.id) if only in (None, each)]
    run = _run(procedure, len(moved), back=True)
    run_id, carrier = run.id, _carrier()
    after_the_answer(lambda: carrier.carry(run_id, move_cases_back(carrier.sessions, carrier.begin, moved)))
    return redirect(url_for("moving.show", run_id=run_id), 303)


@bp.get("/moves/<int:run_id>")
@allows(DESIGN)
def show(run_id: int) -> ResponseReturnValue:
    run = _run_or_404(run_id)
    outcomes = outcomes_of(ledger_session(), run_id, _SHOWN)
    return render_template("design/moves.html", outcomes=outcomes, may_move=SYSTEM.admits(actor()), **_progress(run))


@bp.get("/moves/<int:run_id>/progress")
@allows(DESIGN)
def progress(run_id: int) -> ResponseReturnValue:
    """Answer the block that shows how far a run is; once it has ended, the whole page is asked for again."""
    run = _run_or_404(run_id)
    headers = {"HX-Refresh": "true"} if run.ended_at is not None else {}
    return render_template("design/moves_progress.html", **_progress(run)), 200, headers


def _progress(run: MoveRun) -> dict[str, Any]:
    moved, stayed = run_counts(ledger_session(), run.id)
    return {"run": run, "moved": moved, "stayed": stayed, "done": moved + stayed}


@dataclass(frozen=True)
class Carrier:
    """Carries a run on after the answer, with the person who asked for it."""

    sessions: Any
    begin: Any
    now: Any
    user_id: int | None

    def carry(self, run_id: int, outcomes: Any) -> None:
        """Write down what became of each case as it is done."""
        for each in outcomes:
            with transaction(self.sessions) as session:
                session.add(_written(run_id, each))
        with transaction(self.sessions) as session:
            run, now = session.get_one(MoveRun, run_id), self.now(session).at
            run.ended_at = now
            moved, stayed = run_counts(session, run_id)
            told = Finished("批量换版已完成", f"已换 {moved} 件，没有换 {stayed} 件。", f"/design/moves/{run_id}")
            tell_finished(session, self.user_id, told, now)


def _written(run_id: int, outcome: Outcome) -> MoveOutcome:
    return MoveOutcome(run_id=run_id, case_id=outcome.case_id, moved=outcome.moved, reason=outcome.reason)


def _carrier() -> Carrier:
    who, papers, factory = actor(), settings().papers, sessions()

    def begin(session: Session) -> Acting:
        return Acting(session, who, moment_of(installation(session), real_now()), papers)

    return Carrier(factory, begin, lambda session: moment_of(installation(session), real_now()), who.user_id)


def _run(procedure: Procedure, count: int, *, back: bool) -> MoveRun:
    run = MoveRun(
        procedure_id=procedure.id,
        back=back,
        mapping=_given(),
        fresh_timers=request.form.get("fresh") == "1",
        checked=request.form.get("checked") == "1",
        whole_count=count,
        asked_at=moment().at,
        asked_by=actor().name,
    )
    ledger_session().add(run)
    ledger_session().flush()
    detail = {"run": run.id, "procedure": procedure.sha256, "count": count, "back": back, "mapping": run.mapping}
    record(ledger_session(), moment(), actor(), Act("move_run", detail=detail))
    return run


def _given() -> dict[str, str]:
    """Return where vanished elements went, as chosen on the page."""
    chosen = {key.removeprefix("map:"): value for key, value in request.values.items() if key.startswith("map:")}
    return {element: GIVEN_UP if target == _NOWHERE else target for element, target in chosen.items() if target}


def _order(procedure: Procedure) -> Order:
    return Order(procedure.id, _given(), request.values.get("fresh") == "1")


def _run_or_404(run_id: int) -> MoveRun:
    found = ledger_session().get(MoveRun, run_id)
    if found is None:
        abort(404)
    return found


def _plan_page(procedure: Procedure, wrong: str) -> str:
    session = ledger_session()
    cases = running_cases(session, procedure.process_id, but=procedure.id)
    plans: list[Plan] = []
    try:
        plans = list(plan_cases(acting(), cases[:_PLANNED], _order(procedure)))
    except ActRefused as refused:
        wrong = wrong or str(refused)
    new = read_diagram(procedure.diagram.encode())
    return render_template(
        "design/moving.html",
        procedure=procedure,
        groups=[Group(weight, label, [p for p in plans if p.weight is weight]) for weight, label in GROUPS],
        versions=running_by_version(session, procedure.process_id),
        whole_count=len(cases),
        planned=len(plans),
        shown=_SHOWN,
        vanished=_vanished(session, procedure, new),
        steps=[each for each in new.elements.values() if each.kind.endswith("Task")],
        given={key: value for key, value in request.values.items() if key.startswith("map:") and value},
        nowhere=_NOWHERE,
        fresh=request.values.get("fresh") == "1",
        runs=runs_to(session, procedure.id, _RUNS),
        moved_count=len(moves_to(session, procedure.id)),
        wrong=wrong,
        may_move=SYSTEM.admits(actor()),
    )


def _vanished(session: Session, procedure: Procedure, new: Diagram) -> list[tuple[str, str]]:
    """Return id and name of the steps that versions with running cases have and this one has not."""
    found: dict[str, str] = {}
    for version_id, _number, _count in running_by_version(session, procedure.process_id):
        old = read_diagram(session.get_one(Procedure, version_id).diagram.encode())
        for each in old.elements.values():
            if each.kind.endswith(("Task", "Activity", "Event")) and each.id not in new.elements:
                found[each.id] = each.name or each.id
    return list(found.items())
