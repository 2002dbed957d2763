"""预演: play a draft step by step on a virtual clock, with what each step decides chosen by hand."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from bpmn.deployment import deployed_diagrams
from bpmn.engine import Diagram, DiagramProblems, NotReady, Run, RunawayDiagram, StateRefused, StepFailed, read_diagram
from bpmn.gate import linked_with
from bpmn.playing import LABEL, around, first_variables, take_place, waiting
from bpmn.rehearsal.scenarios import MOST_STEPS, Step, read_steps, step_of
from ledger.db import Keys, day_of
from ledger.procedure_drafts import DraftStage, PartKind
from webapp.design import draft_or_404, part_or_404
from webapp.layout import calendar
from webapp.permissions import DESIGN, SYSTEM, allows
from webapp.request import actor, ledger_session, moment

bp = Blueprint("playing", __name__, url_prefix="/design/drafts/<int:draft_id>/play")
_STEPS_SHOWN = 200


@bp.get("")
@allows(DESIGN)
def begin(draft_id: int) -> ResponseReturnValue:
    """Begin a made-up case; a draft with errors cannot be played."""
    try:
        diagram = _diagram(draft_id)
        now = moment().at
        run = _started(diagram, now)
    except (DiagramProblems, StepFailed, RunawayDiagram) as wrong:
        return _page(draft_id, None, now=moment().at, began=day_of(moment().at), trail=[], wrong=_why(wrong))
    return _page(draft_id, run, now=now, began=day_of(now), trail=list(run.trail), wrong="")


@bp.post("")
@allows(DESIGN)
def go_on(draft_id: int) -> ResponseReturnValue:
    """Let one thing happen, or a day pass; nothing is kept but in the page."""
    now, began = datetime.fromisoformat(request.form["now"]), date.fromisoformat(request.form["began"])
    trail: list[str] = json.loads(request.form["trail"])
    wrong, steps = "", list[Step]()
    try:
        steps = read_steps(json.loads(request.form.get("steps", "[]")))
        diagram = _diagram(draft_id)
        saved = base64.b64decode(request.form["state"])
        days = request.form.get("days", 0, type=int)
        if 0 < days <= _STEPS_SHOWN:
            now += timedelta(days=days)
        counting, surroundings = around(calendar(), began, now)
        run = Run.load(diagram, saved, _key(draft_id), surroundings)
        counting.variables = run.variables
        if "token" in request.form:
            values = {key.removeprefix("var:"): value for key, value in request.form.items() if key.startswith("var:")}
            step = step_of(run, request.form["token"], values, (day_of(now) - began).days)
            take_place(run, request.form["token"], values, now)
            trail += run.trail
            steps += [step] if step is not None else []
    except (StateRefused, ValueError, DiagramProblems):
        return _page(draft_id, None, now=now, began=began, trail=[], wrong="草稿改过了，请重新开始预演。"), 409
    except (NotReady, StepFailed, RunawayDiagram) as refused:
        wrong = _why(refused)
        run = Run.load(diagram, saved, _key(draft_id), surroundings)
    return _page(draft_id, run, now=now, began=began, trail=trail[-_STEPS_SHOWN:], wrong=wrong, steps=steps)


def _diagram(draft_id: int) -> Diagram:
    draft_or_404(draft_id)
    written = part_or_404(draft_id, PartKind.DIAGRAM, "").content.encode()
    return linked_with(read_diagram(written), deployed_diagrams(ledger_session()))


def _started(diagram: Diagram, now: datetime) -> Run:
    counting, surroundings = around(calendar(), day_of(now), now)
    counting.variables = first_variables(now)
    return Run.start(diagram, first_variables(now), surroundings)


def _key(draft_id: int) -> bytes:
    keys: Keys = ledger_session().info["keys"]
    return hmac.digest(keys.mac, LABEL + b" %d" % draft_id, "sha256")


def _why(wrong: Exception) -> str:
    if isinstance(wrong, DiagramProblems):
        return "流程图还有错误，改好后才能预演：" + "；".join(each.message for each in wrong.problems[:3])
    return str(wrong)


def _page(
    draft_id: int,
    run: Run | None,
    *,
    now: datetime,
    began: date,
    trail: Sequence[str],
    wrong: str,
    steps: Sequence[Step] = (),
) -> str:
    draft = draft_or_404(draft_id)
    shown: dict[str, Any] = {"done": [], "current": [], "flows": []}
    if run is not None:
        elements, here = run.diagram.elements, {each.element.id for each in waiting(run)}
        around_here = {parent for each in here if (parent := elements[each].parent)}
        flows = sorted({each for each in trail if elements[each].kind == "sequenceFlow"})
        done = sorted({each for each in trail if elements[each].kind != "sequenceFlow"} - here - around_here)
        shown = {"done": done, "current": sorted(here | around_here), "flows": flows}
    return render_template(
        "design/play.html",
        draft=draft,
        stage=DraftStage(draft.stage),
        run=run,
        waits=waiting(run) if run is not None else [],
        passed=[run.diagram.elements[each] for each in trail if run is not None and each in run.diagram.elements],
        state=base64.b64encode(run.dump(_key(draft_id))).decode() if run is not None else "",
        at=now,
        began=began,
        trail=json.dumps(list(trail)),
        steps=json.dumps([each.as_json() for each in steps[:MOST_STEPS]], ensure_ascii=False),
        may_keep=0 < len(steps) <= MOST_STEPS and SYSTEM.admits(actor()),
        shown=json.dumps(shown),
        wrong=wrong,
    )
