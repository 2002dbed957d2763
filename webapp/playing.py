"""预演: play a draft step by step on a virtual clock, filling in its real forms or picking what each step decides.

The page carries the moves made so far and nothing else; each answer plays them anew, so that going back is leaving the
last one out, and a draft that was changed meanwhile is simply played as it is now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from bpmn.engine import RunawayDiagram, StepFailed, VariableRefused
from bpmn.rehearsal.drafted import DraftUnreadable, drafted, ground_of
from bpmn.rehearsal.form_faults import form_faults
from bpmn.rehearsal.made_up_cases import made_up_answers
from bpmn.rehearsal.moves import MOST_MOVES, Move, ScenarioRefused, read_moves, to_day
from bpmn.rehearsal.plays import REFUSALS, Ground, Play, play_moves, replayed
from bpmn.rehearsal.sheets import Sheet, who_fills
from forms.fields import Posted
from forms.parsing import FormErrors
from handlers.outcome import StepRefused
from ledger.db import day_of, last_day
from ledger.procedure_drafts import DraftStage
from webapp.design import draft_or_404
from webapp.form_page import FormPage
from webapp.permissions import DESIGN, SYSTEM, allows
from webapp.request import actor, ledger_session, moment, typed

bp = Blueprint("playing", __name__, url_prefix="/design/drafts/<int:draft_id>/play")
_FORMS, _CHOICES = "forms", "choices"
_MOST_DAYS = 400  # the clock is moved by at once
_FARTHEST = 3_000  # days from the beginning


@dataclass
class Table:
    """What a page shows of a play: the moves, the form that is open, what was typed and what is wrong with it."""

    moves: list[Move] = field(default_factory=list)
    way: str = _FORMS
    open: str = ""  # the token of the step whose form is shown
    posted: Posted | None = None
    files: Sequence[str] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    wrong: str = ""


@bp.get("")
@allows(DESIGN)
def begin(draft_id: int) -> ResponseReturnValue:
    """Begin a made-up case; a draft with errors cannot be played."""
    table = Table(way=_CHOICES if request.args.get("way") == _CHOICES else _FORMS)
    try:
        ground = _ground(draft_id, moment().at)
        return _page(draft_id, ground, replayed(ground, ()), table)
    except (DraftUnreadable, StepFailed, RunawayDiagram, VariableRefused) as wrong:
        return _unplayable(draft_id, str(wrong))


@bp.post("")
@allows(DESIGN)
def go_on(draft_id: int) -> ResponseReturnValue:
    """Let one thing happen, time pass, or the last thing be undone; nothing is kept but in the page."""
    draft_or_404(draft_id)
    try:
        began, moves = read_beginning(request.form["_began"]), read_moves(json.loads(request.form["_moves"]))
        ground = _ground(draft_id, began)
        course = play_moves(ground, moves[:-1] if "_back" in request.form else moves)
    except (DraftUnreadable, StepFailed, RunawayDiagram, VariableRefused) as wrong:
        return _unplayable(draft_id, str(wrong)), 409
    except (ScenarioRefused, ValueError) as wrong:  # a page that nobody was given
        return _unplayable(draft_id, str(wrong) if isinstance(wrong, ScenarioRefused) else "请重新开始预演。"), 409
    table = Table(list(course.made), _CHOICES if request.form.get("_way") == _CHOICES else _FORMS)
    if course.wrong:
        table.wrong = f"草稿改过了，{course.wrong}；预演停在它前面。"
        return _page(draft_id, ground, course.play, table), 409
    play = _acted(ground, course.play, table)
    return _page(draft_id, ground, play, table), 422 if table.errors else 200


def read_beginning(text: str) -> datetime:
    """Read the moment a play begins, as a page carries it; raises ValueError."""
    began = datetime.fromisoformat(text)
    if began.tzinfo is None or not 2000 <= began.year <= 2100:
        raise ValueError(text)
    return began.astimezone(UTC)


def _ground(draft_id: int, began: datetime) -> Ground:
    session, draft = ledger_session(), draft_or_404(draft_id)
    return ground_of(session, drafted(session, draft), began)


def _acted(ground: Ground, play: Play, table: Table) -> Play:
    """Do what the pressed button says and return the play after it; what speaks against it is told in `table`."""
    asked = request.form
    if "_open" in asked:
        table.open = asked["_open"]
    elif "_made_up" in asked and (sheet := play.sheet(asked["_made_up"])) is not None:
        table.open, (table.posted, files) = sheet.token, made_up_answers(play, sheet, _said(typed()))
        table.files = [*asked.getlist("_files"), *files]
    move = _move(play)
    if move is None:
        return play
    if len(table.moves) >= MOST_MOVES:
        table.wrong = f"一次预演最多 {MOST_MOVES} 步，请重新开始。"
        return play
    try:
        play.take(move)
    except REFUSALS as refused:
        _refuse(table, move, refused)
        return replayed(ground, table.moves)
    table.moves.append(move)
    return play


def _refuse(table: Table, move: Move, refused: Exception) -> None:
    """Keep what was typed beside what is wrong with it."""
    if isinstance(refused, FormErrors | StepRefused):
        table.open, table.errors = request.form["_fill"], refused.errors
        table.posted, table.files = move.posted, move.files
    else:
        table.wrong = str(refused)


def _move(play: Play) -> Move | None:
    """Return the move that the pressed button makes; None for one that only opens a form or goes back."""
    asked = request.form
    if "_day" in asked:
        day = asked.get("_day", 0, type=int)
        return to_day(min(max(day, play.day), play.day + _MOST_DAYS, _FARTHEST))
    for name in ("_fill", "_choose"):
        wait = next((each for each in play.waits if each.token == asked.get(name)), None)
        if wait is None:
            continue
        element, instance = wait.element.id, play.instance_of(wait.token)
        if name == "_fill":
            return Move(element, instance, {}, play.day, typed(), tuple(asked.getlist("_files")))
        values = {key.removeprefix("_var:"): value for key, value in asked.items() if key.startswith("_var:")}
        return Move(element, instance, values, play.day)
    return None


def _said(posted: Posted) -> dict[str, Sequence[str]]:
    return {name: values for name, values in posted.items() if any(values)}


def _unplayable(draft_id: int, wrong: str) -> str:
    draft = draft_or_404(draft_id)
    return render_template("design/play.html", draft=draft, stage=DraftStage(draft.stage), play=None, wrong=wrong)


def _page(draft_id: int, ground: Ground, play: Play, table: Table) -> str:
    draft = draft_or_404(draft_id)
    sheet = _open_sheet(play, table)
    elements = play.run.diagram.elements
    return render_template(
        "design/play.html",
        draft=draft,
        stage=DraftStage(draft.stage),
        play=play,
        way=table.way,
        sheet=sheet,
        page=_form_page(sheet, table) if sheet is not None else None,
        faults=form_faults(ground.version, sheet.element) if sheet is not None else (),
        waits=[_line(play, each) for each in play.waits],
        clock=_clock(play),
        passed=[elements[each] for each in play.trail if elements[each].kind != "sequenceFlow" and elements[each].name],
        began=ground.began,
        moves=json.dumps([each.as_json() for each in table.moves], ensure_ascii=False),
        move_count=len(table.moves),
        may_keep=len(table.moves) > 0 and SYSTEM.admits(actor()),
        shown=json.dumps(_position(play)),
        wrong=table.wrong,
    )


def _open_sheet(play: Play, table: Table) -> Sheet | None:
    """Return the form to show: the one asked for, else the first that waits; none while one goes by choices."""
    if table.way == _CHOICES:
        return None
    tokens = [each.token for each in play.waits]
    wanted = [table.open] if table.open in tokens else []
    found = (play.sheet(token) for token in (*wanted, *tokens))
    return next((sheet for sheet in found if sheet is not None), None)


def _form_page(sheet: Sheet, table: Table) -> FormPage:
    posted = sheet.initial if table.posted is None else table.posted
    return FormPage(sheet.form, posted, sheet.asked, table.errors, pretended=True, files=frozenset(table.files))


def _line(play: Play, wait: Any) -> dict[str, Any]:
    """Return what the list of waiting things says of one."""
    task, due = play.task(wait.token), play.due_of(wait)
    instance = play.instance_of(wait.token) or None
    return {
        "wait": wait,
        "who": who_fills(play.case, wait.element, instance) if task is not None else wait.words,
        "due": due,
        "late": due is not None and play.now >= due.at,
        "has_form": play.sheet(wait.token) is not None,
    }


def _clock(play: Play) -> list[tuple[str, int]]:
    """Return where the clock can be moved to, as (what is there, days from the beginning): a deadline, a moment."""
    found = []
    dues = [(due.at, each.element) for each in play.waits if (due := play.due_of(each)) is not None]
    ahead = [(at, element) for at, element in dues if last_day(at) > day_of(play.now)]
    if ahead:
        at, element = min(ahead, key=lambda each: each[0])
        words = f"到最近的期限 {last_day(at).isoformat()}（{element.name or element.id}）"
        found.append((words, (last_day(at) - play.began_on).days))
    if play.run.timers:
        timer = min(play.run.timers, key=lambda each: each.due_at)
        name = play.run.diagram.elements[timer.element].name or "定时"
        days = -((play.ground.began - timer.due_at) // timedelta(days=1))  # the first at which it is past
        found.append((f"到最近的定时 {last_day(timer.due_at).isoformat()} 24:00（{name}）", max(days, play.day)))
    return found


def _position(play: Play) -> dict[str, Any]:
    elements, here = play.run.diagram.elements, {each.element.id for each in play.waits}
    around_here = {parent for each in here if (parent := elements[each].parent)}
    flows = sorted({each for each in play.trail if elements[each].kind == "sequenceFlow"})
    done = sorted({each for each in play.trail if elements[each].kind != "sequenceFlow"} - here - around_here)
    return {"done": done, "current": sorted(here | around_here), "flows": flows}
