"""议程: projects drawn from what waits, put in order, filled in alike and by exception, decided in one act."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from bpmn.agendas import SIGNED, TRIED, Wish, begun, decide_agenda, draw_up, fill_in, fill_one, is_signed, poses
from bpmn.minutes import minutes_text
from bpmn.refusals import ActRefused
from bpmn.steps import Posing
from forms.fields import Asked, FieldType, Form, Posted
from forms.parsing import FormErrors, parse
from handlers.outcome import StepRefused
from ledger.agendas import (
    MOST_ON_AGENDA,
    STEMS,
    AgendaLine,
    Drawing,
    Standing,
    agenda_items,
    agenda_of,
    candidates_for,
    put_in_order,
    take_off_agenda,
    waiting_among,
)
from ledger.db import day_of
from ledger.journal import Act
from ledger.listing import Filters
from ledger.meetings import Meeting
from ledger.register import responsible_units
from ledger.taking import drop_drafts
from ledger.vocabulary import Category, MeetingKind
from ledger.writing import record
from webapp.form_page import FormPage
from webapp.meetings import about, own_meeting
from webapp.own_forms import MINUTES
from webapp.permissions import MEETING, allows
from webapp.request import acting, actor, ledger_session, moment, row_number, typed
from webapp.suggesting import advice_on

bp = Blueprint("agendas", __name__)
YES = {MeetingKind.PARTY: "on", MeetingKind.GROUP: "approve"}
"""The verdict that takes a project as it was put before the meeting."""
SORTS: dict[str, Callable[[AgendaLine], Any]] = {
    "unit": lambda line: (line.unit, line.township, line.number),
    "category": lambda line: ([*Category, None].index(_category(line)), line.number),
    "number": lambda line: line.number,
}
_SET = ("verdict", "category", "measures", "reason", "specially_studied")


@bp.get("/meetings/<int:meeting_id>/agenda/add")
@allows(MEETING)
def choose(meeting_id: int) -> ResponseReturnValue:
    """Show what waits for the meeting, searched and filtered."""
    meeting = own_meeting(meeting_id)
    drawing = _drawing()
    return render_template(
        "meetings/add.html",
        meeting=meeting,
        candidates=candidates_for(ledger_session(), meeting, drawing),
        drawing=drawing,
        units=responsible_units(ledger_session(), actor()),
        categories=Category,
        group=meeting.kind == MeetingKind.GROUP,
    )


@bp.post("/meetings/<int:meeting_id>/agenda/add")
@allows(MEETING)
def add(meeting_id: int) -> ResponseReturnValue:
    """Put what was chosen, or all that the search finds, on the agenda."""
    meeting = own_meeting(meeting_id)
    if request.form.get("_action") == "all":
        wanted = [each.item_id for each in candidates_for(ledger_session(), meeting, _drawing()) if not each.elsewhere]
    else:
        chosen = _numbers("item")
        waiting = waiting_among(ledger_session(), meeting, chosen)
        wanted = [item_id for item_id in chosen if item_id in waiting]
    if not wanted:
        flash("没有可以列入议程的项目，请先选择。", "wrong")
        return redirect(request.full_path.rstrip("?"), 303)
    added = draw_up(acting(), meeting, wanted)
    _record(meeting, "agenda_added", {"items": wanted, "count": added})
    flash(f"已列入议程 {added} 个项目。")
    return redirect(url_for("meetings.show", meeting_id=meeting.id), 303)


@bp.post("/meetings/<int:meeting_id>/agenda")
@allows(MEETING)
def change(meeting_id: int) -> ResponseReturnValue:
    """Put the agenda in order, fill in many projects alike, or take some off it."""
    meeting = own_meeting(meeting_id)
    action, _colon, how = request.form.get("_action", "").partition(":")
    if action not in _ACTIONS:
        raise BadRequest
    _ACTIONS[action](meeting, how)
    if _asked_by_script():
        return "", 204
    shown = request.form.get("show") or None
    return redirect(url_for("meetings.show", meeting_id=meeting.id, show=shown, _anchor="agenda"), 303)


def _asked_by_script() -> bool:
    """Say whether rows were dragged: the page stays as it is and wants no other."""
    return request.accept_mimetypes.best == "application/json"


def _order(meeting: Meeting, _how: str) -> None:
    """Put lines where their numbers say; of two with one number the one that was moved there wins the place."""
    lines = agenda_of(ledger_session(), meeting.id)
    if request.form.get("order"):  # rows were dragged: the whole order as it stands
        _put(meeting, lines, _numbers("order"))
        return
    places = {line.item_id: place for place, line in enumerate(lines, 1)}
    typed_in = {item_id: request.form.get(f"position-{item_id}", type=int) for item_id in places}

    def key(item_id: int) -> tuple[int, int]:
        had, wanted = places[item_id], typed_in[item_id]
        moved = had if wanted is None else wanted
        return moved, (moved > had) - (moved < had)

    _put(meeting, lines, sorted(places, key=key))


def _sort(meeting: Meeting, how: str) -> None:
    if how not in SORTS:
        raise BadRequest
    lines = agenda_of(ledger_session(), meeting.id)
    _put(meeting, lines, [line.item_id for line in sorted(lines, key=SORTS[how])])


def _put(meeting: Meeting, lines: Sequence[AgendaLine], order: list[int]) -> None:
    before = [line.item_id for line in lines]
    if order != before:
        put_in_order(ledger_session(), meeting.id, order)
        _record(meeting, "agenda_ordered", {"order": [before, order]})
    if not _asked_by_script():
        flash("议程顺序已保存。")


def _fill(meeting: Meeting, _how: str) -> None:
    given = {name: [text] for name in _SET if (text := request.form.get(name, "").strip())}
    if "reason" in given and meeting.kind == MeetingKind.PARTY:
        given["deviation"] = given["reason"]  # of a class, or of another survey: the form asks for one of them
    if not given:
        flash("请先填写要设置的内容。", "wrong")
        return
    _fill_chosen(meeting, Wish(given))


def _agree(meeting: Meeting, _how: str) -> None:
    more = {"specially_studied": ["true"]} if request.form.get("specially_studied") else {}
    _fill_chosen(meeting, Wish({"verdict": [YES[MeetingKind(meeting.kind)]], **more}, anew=True))


def _fill_chosen(meeting: Meeting, wish: Wish) -> None:
    chosen = _chosen(meeting)
    if not chosen:
        return
    fillings = fill_in(acting(), meeting, chosen, wish)
    words = {name: values[0] for name, values in wish.given.items()}
    items = [filling.item_id for filling in fillings]
    _record(meeting, "agenda_filled", {"items": items, "set": words, "anew": wish.anew})
    wrong = sum(bool(filling.problem) for filling in fillings)
    flash(f"已设置 {len(fillings)} 个项目" + (f"，其中 {wrong} 个须修改。" if wrong else "。"))


def _take_off(meeting: Meeting, _how: str) -> None:
    chosen = _chosen(meeting)
    if chosen:
        count = take_off_agenda(ledger_session(), meeting.id, chosen)
        _record(meeting, "agenda_removed", {"items": chosen, "count": count})
        flash(f"已移出议程 {count} 个项目。")


def _chosen(meeting: Meeting) -> list[int]:
    """Return what was ticked, or all that was listed; only what is on the agenda and undecided."""
    sent = set(_numbers("row" if request.form.get("scope") == "all" else "item"))
    open_lines = (line for line in agenda_of(ledger_session(), meeting.id) if line.standing in _OPEN)
    chosen = [line.item_id for line in open_lines if line.item_id in sent]
    if not chosen:
        flash("请先选择项目；已登记的不能再改。", "wrong")
    return chosen


_OPEN = (Standing.EMPTY, Standing.WRONG, Standing.READY, Standing.GONE)
_ACTIONS = {"order": _order, "sort": _sort, "set": _fill, "agree": _agree, "remove": _take_off}


@bp.get("/meetings/<int:meeting_id>/agenda/<int:item_id>")
@allows(MEETING)
def show(meeting_id: int, item_id: int) -> ResponseReturnValue:
    """Show one project's whole form, as it is filled in for this meeting."""
    meeting = own_meeting(meeting_id)
    line, posing = _line(meeting, item_id)
    row = agenda_items(ledger_session(), meeting.id, [item_id])[item_id]
    return _form_page(meeting, line, posing, begun(posing) if row.posted is None else row.posted, {})


@bp.post("/meetings/<int:meeting_id>/agenda/<int:item_id>")
@allows(MEETING)
def fill(meeting_id: int, item_id: int) -> ResponseReturnValue:
    meeting, posted = own_meeting(meeting_id), typed()
    line, posing = _line(meeting, item_id)
    try:
        filling = fill_one(acting(), meeting, posing, posted)
    except (FormErrors, StepRefused) as refused:
        return _form_page(meeting, line, posing, posted, refused.errors), 422
    told = {"items": [item_id], "set": {"verdict": filling.verdict, "category": filling.category}}
    _record(meeting, "agenda_filled", told)
    following = _following(meeting, item_id) if request.form.get("_action") == "next" else None
    flash(f"“{line.name}”已填好。")
    if following is not None:
        return redirect(url_for("agendas.show", meeting_id=meeting.id, item_id=following), 303)
    return redirect(url_for("meetings.show", meeting_id=meeting.id, _anchor=f"line-{item_id}"), 303)


def _line(meeting: Meeting, item_id: int) -> tuple[AgendaLine, Posing]:
    """Return a line that may still be filled in, and its step; 404 for any other."""
    lines = agenda_of(ledger_session(), meeting.id)
    line = next((each for each in lines if each.item_id == item_id and each.standing in _OPEN), None)
    posed = poses(acting(), [item_id]) if line is not None and line.standing is not Standing.GONE else []
    if line is None or not posed:
        abort(404)
    return line, posed[0]


def _following(meeting: Meeting, item_id: int) -> int | None:
    """Return the next line behind this one that is not filled in rightly."""
    lines = agenda_of(ledger_session(), meeting.id)
    place = next(number for number, line in enumerate(lines) if line.item_id == item_id)
    behind = [*lines[place + 1 :], *lines[:place]]
    return next((line.item_id for line in behind if line.standing in (Standing.EMPTY, Standing.WRONG)), None)


def _form_page(meeting: Meeting, line: AgendaLine, posing: Posing, posted: Posted, errors: dict[str, str]) -> str:
    form = _without_meeting(posing.form)
    advice = advice_on(posing.item.id, form, posing.step, posted)
    page = FormPage(form, posted, posing.asked, errors, advice=advice)
    return render_template("meetings/line.html", meeting=meeting, line=line, page=page, case_id=posing.item.case_id)


def _without_meeting(form: Form) -> Form:
    """Return a step's form without the question which meeting decides: it is this one."""
    sections = [
        replace(section, fields=tuple(each for each in section.fields if each.type is not FieldType.MEETING))
        for section in form.sections
    ]
    return replace(form, sections=tuple(section for section in sections if section.fields))


@bp.get("/meetings/<int:meeting_id>/decide")
@allows(MEETING)
def preview(meeting_id: int) -> ResponseReturnValue:
    """Show what will be entered, what stays undecided, and the minutes to be."""
    return _preview(own_meeting(meeting_id), None, {})


@bp.post("/meetings/<int:meeting_id>/decide")
@allows(MEETING)
def decide(meeting_id: int) -> ResponseReturnValue:
    """Enter all verdicts in one act; what is refused says so on its line and leaves the others."""
    meeting, posted = own_meeting(meeting_id), typed()
    try:
        minutes = parse(MINUTES, posted, Asked())["minutes"]
    except FormErrors as refused:
        return _preview(meeting, posted, refused.errors), 422
    try:
        with ledger_session().begin_nested():
            meeting.minutes = minutes
            report = decide_agenda(acting(), meeting)
    except ActRefused as refused:
        return _preview(meeting, posted, {"": str(refused)}), 409
    done = [each.subject_id for each in report if each.happened]
    for item_id in done:
        drop_drafts(ledger_session(), item_id)
    refused_count = len(report) - len(done)
    _record(meeting, "meeting_decided", {"done": len(done), "refused": refused_count})
    told = f"已登记 {len(done)} 个项目的议定结果，会议纪要已生成。" if done else "没有登记任何项目。"
    flash(told)
    if refused_count:
        flash(f"{refused_count} 个项目没有登记成，原因写在议程里，其他项目不受影响。", "wrong")
    return redirect(url_for("meetings.show", meeting_id=meeting.id, decided=1, _anchor="agenda"), 303)


def _preview(meeting: Meeting, posted: Posted | None, errors: dict[str, str]) -> str:
    lines = agenda_of(ledger_session(), meeting.id)
    tried = [line for line in lines if line.standing in TRIED]
    classed = [line.category for line in tried if line.verdict not in ("return", "survey")]
    words = meeting.minutes or minutes_text(meeting, [line.verdict for line in tried], classed)
    return render_template(
        "meetings/decide.html",
        meeting=meeting,
        tried=tried,
        verdict_counts=Counter(line.verdict for line in tried),
        category_counts=[(each, classed.count(each)) for each in Category if each in classed],
        apart=[line for line in tried if line.problem or line.verdict != YES[MeetingKind(meeting.kind)]],
        left=[line for line in lines if line.standing is Standing.EMPTY],
        page=FormPage(MINUTES, posted or {"minutes": [words]}, errors=errors),
        early=meeting.held_on > day_of(moment().at),
        signed=SIGNED if is_signed(acting(), meeting) else "",
    )


def _category(line: AgendaLine) -> Category | None:
    chosen = line.category or line.proposed_category
    return Category(chosen) if chosen else None


def _drawing() -> Drawing:
    given = request.args
    filters = Filters(text=given.get("q", "")[:60], stem="", category=_known_category(given.get("category", "")))
    return Drawing(filters, given.get("unit", type=row_number))


def _known_category(text: str) -> str:
    return text if text in list(Category) else ""


def _numbers(name: str) -> list[int]:
    try:
        return list(dict.fromkeys(row_number(text) for text in request.form.getlist(name)[:MOST_ON_AGENDA]))
    except ValueError as wrong:
        raise BadRequest from wrong


def _record(meeting: Meeting, act: str, detail: dict[str, Any]) -> None:
    told = {**about(meeting), "step": STEMS[MeetingKind(meeting.kind)], **detail}
    record(ledger_session(), moment(), actor(), Act(act, unit=meeting.unit.short_name, detail=told))
