"""周期报送: what a unit has to report now, what it reported, and one round with its form (R1–R4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.fact_checks import STEP
from bpmn.refusals import AlreadyDone, ItemChanged, ItemGone, NotYours
from bpmn.round_periods import Period, may_collect, missed
from bpmn.rounds import OpenRound, complete_round_item, open_round_item
from forms.fields import FieldType, Posted
from forms.parsing import FormErrors
from forms.rendering import shown
from handlers.outcome import StepRefused
from ledger.fact_checks import checked_count
from ledger.journal import Act
from ledger.paper_access import readable
from ledger.papers import Attachment, Place, attach, remove_attachment
from ledger.round_figures import figures_of, lines_of
from ledger.round_lists import (
    Standing,
    my_round_items,
    past_rounds,
    round_of_visible_item,
    standing_of,
    tallies,
    visible_round,
    whole_counties,
)
from ledger.rounds import (
    RoundItem,
    UnitRound,
    paused_kinds,
    previous_figures,
    round_items,
    round_papers,
    take_round_item,
)
from ledger.vocabulary import ItemStatus, PaperKind, RoundKind
from ledger.writing import record
from webapp import kept
from webapp.form_page import FormPage
from webapp.permissions import ACTING, STAFF, allows
from webapp.request import acting, actor, ledger_session, moment, settings, typed
from webapp.uploads import FileRefused, sent_files, take

bp = Blueprint("rounds", __name__)
_SHOWN = 60
MISSED_WITHIN = timedelta(days=180)  # how far back a missed occurrence can still be filled in
PILLS: Mapping[Standing, str] = {
    Standing.WAITING: "p-blue",
    Standing.MISSING: "p-red",
    Standing.LATE: "p-orange",
    Standing.BACKFILLED: "p-orange",
    Standing.IN_TIME: "p-green",
}


@bp.get("/rounds")
@allows(STAFF)
def index() -> ResponseReturnValue:
    session, now = ledger_session(), moment().at
    units = {post.unit_id for post in actor().posts}
    counties = sorted(whole_counties(actor()))
    collected = [
        (county_id, kind)
        for county_id in counties
        for kind in RoundKind
        if may_collect(acting(), _period(county_id, kind))
    ]
    lacking = [
        (each, county_id, len(left))
        for county_id in sorted({county_id for county_id, _kind in collected})
        for each, left in missed(acting(), county_id, now - MISSED_WITHIN)
        if (county_id, each.kind) in collected
    ]
    return render_template(
        "rounds/index.html",
        waiting=my_round_items(session, actor()),
        past=[(row, standing_of(row, now)) for row in past_rounds(session, actor(), units, _SHOWN)],
        tallies=tallies(session, actor(), _SHOWN) if counties else (),
        kinds={str(kind): kind for kind in RoundKind},
        pills=PILLS,
        lacking=lacking[::-1],
        collected=[(county_id, kind, kind in paused_kinds(session, county_id)) for county_id, kind in collected],
    )


def _period(county_id: int, kind: RoundKind) -> Period:
    return Period(county_id, kind, "")


@bp.get("/rounds/<int:round_id>")
@allows(STAFF)
def show(round_id: int) -> ResponseReturnValue:
    row = visible_round(ledger_session(), actor(), round_id) or abort(404)
    return _page(row, {}, {}, None)


@bp.post("/rounds/items/<int:item_id>")
@allows(ACTING)
def submit(item_id: int) -> ResponseReturnValue:
    """Take files and then complete, keep as draft, or remove a file; what was typed is never lost."""
    session, posted, action = ledger_session(), typed(), request.form.get("_action", "")
    round_id = round_of_visible_item(session, actor(), item_id) or abort(404)
    item = take_round_item(session, item_id, lock=True) or abort(404)
    errors = _take_files(item) if _is_mine(item) else {}
    if request.form.get("_remove"):
        return _remove_file(item, posted)
    if action != "submit" and not errors:
        _require_mine(item)
        item.draft = posted
        flash("已暂存，可以随时回来继续填写。")
        return redirect(url_for("rounds.show", round_id=round_id), 303)
    if not errors:
        try:
            with session.begin_nested():  # a refusal leaves the files and the draft, and nothing else
                revision = request.form.get("_revision", default=-1, type=int)
                done = complete_round_item(acting(), item_id, revision, posted)
        except (FormErrors, StepRefused) as refused:
            errors = dict(refused.errors)
        except ItemChanged as changed:
            errors = {"": f"{changed}，请核对后再提交"}
        except (AlreadyDone, ItemGone, NotYours) as late:
            return kept.too_late(str(late), {}, 409)
        else:
            to = "、".join(f"{unit}（{name}）" for name, unit, _due in done.next)
            flash(f"已提交，送{to}。" if to else "已办结。")
            return redirect(url_for("rounds.show", round_id=round_id), 303)
    row = visible_round(session, actor(), round_id) or abort(404)
    return _page(row, posted, errors, item), 422


def _page(row: UnitRound, posted: Posted, errors: Mapping[str, str], failed: RoundItem | None) -> str:
    session, now = ledger_session(), moment().at
    items, papers = round_items(session, row.id), readable(session, actor(), round_papers(session, row.id))
    mine = failed or next((each for each in items if _is_mine(each)), None)
    opened = None if mine is None else open_round_item(acting(), mine.id)
    figures = row.figures if row.submitted_at else figures_of(session, [row.unit_id], now)[row.unit_id]
    period = Period(row.county_id, RoundKind(row.kind), row.occurrence)
    return render_template(
        "rounds/show.html",
        round=row,
        standing=standing_of(row, now),
        pills=PILLS,
        lines=lines_of(figures or {}, previous_figures(session, row)),
        with_figures=row.kind in (RoundKind.WEEKLY, RoundKind.MONTHLY, RoundKind.YEARLY),
        item=mine,
        page=None if opened is None else _form_page(opened, posted, errors, papers),
        passed=[(each, _answers(each)) for each in items if each.status == ItemStatus.DONE],
        waiting=[each for each in items if each.completed_at is None],
        papers=papers,
        collects=row.county_id in whole_counties(actor()),
        kind=period.kind,
        facts=_facts(row, items),
    )


def _facts(row: UnitRound, items: Sequence[RoundItem]) -> Mapping[str, int] | None:
    """Return how many projects a monthly update looks over, and where; None for a round that looks over none."""
    update = next((each for each in reversed(items) if each.stem == STEP), None)
    if update is None:
        return None
    count, corrected = checked_count(ledger_session(), row)
    return {"item_id": update.id, "count": count, "corrected": corrected}


def _form_page(opened: OpenRound, posted: Posted, errors: Mapping[str, str], papers: Sequence[Attachment]) -> FormPage:
    by_field: dict[str, list[Attachment]] = {}
    for paper in papers:
        if paper.round_item_id == opened.item.id and paper.field:
            by_field.setdefault(paper.field, []).append(paper)
    filled = posted or opened.item.draft or opened.initial_posted
    return FormPage(opened.form, filled, opened.asked, errors, by_field, removable=True)


def _answers(item: RoundItem) -> object:
    opened = open_round_item(acting(), item.id)
    return shown(opened.form, item.answers or {}, opened.asked)


def _is_mine(item: RoundItem) -> bool:
    return item.status == ItemStatus.OPEN and (item.unit_id, item.role) in actor().places


def _require_mine(item: RoundItem) -> None:
    if not _is_mine(item):
        abort(404)


def _take_files(item: RoundItem) -> dict[str, str]:
    """Attach what was sent to the fields of the form; return what is wrong, by field."""
    sent = {name: sent_files(request.files.getlist(name)) for name in request.files}
    if not any(sent.values()):
        return {}
    form = open_round_item(acting(), item.id).form
    fields = {each.name: each for _section, each in form.fields() if each.type == FieldType.FILE}
    errors: dict[str, str] = {}
    for name, uploads in sent.items():
        for upload in uploads:
            try:
                if name not in fields:
                    raise FileRefused("表单里没有这个上传项")
                file = take(upload)
                place = Place(PaperKind(fields[name].kind), round_item_id=item.id, field=name)
                attach(ledger_session(), settings().papers, file, place, actor(), moment().at)
                _record("round_upload", item, file.name)
            except FileRefused as refused:
                errors[name] = str(refused)
    ledger_session().flush()
    return errors


def _remove_file(item: RoundItem, posted: Posted) -> ResponseReturnValue:
    _require_mine(item)
    wanted = request.form.get("_remove", type=int)
    papers = round_papers(ledger_session(), item.round_id)
    found = next((p for p in papers if p.id == wanted and p.round_item_id == item.id and p.field), None) or abort(404)
    remove_attachment(found, moment().at)
    _record("round_paper_removed", item, found.name)
    item.draft = posted
    flash(f"已移除“{found.name}”。")
    return redirect(url_for("rounds.show", round_id=item.round_id), 303)


def _record(act: str, item: RoundItem, name: str) -> None:
    told = {"round": item.round_id, "item": item.id, "file": name}
    record(ledger_session(), moment(), actor(), Act(act, detail=told))
