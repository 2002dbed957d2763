"""会议: 党组（委）会 of a unit and 领导小组会议 of the office: planned, held, with minutes and what they decided."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.agendas import rewrite_minutes
from bpmn.minutes import KINDS
from forms.fields import Asked, Option
from forms.parsing import FormErrors, parse
from ledger.agendas import STANDING_LABELS, Standing, agenda_of
from ledger.campaigns import campaigns_of
from ledger.gatherings import NewMeeting, create_meeting, meetings_page, papers_of, verdicts_of, visible_meeting
from ledger.inbox import next_item
from ledger.journal import Act
from ledger.meetings import Meeting
from ledger.papers import Attachment, File, Place, attach
from ledger.scope import PostView
from ledger.vocabulary import Category, MeetingKind, Role, UnitKind
from ledger.writing import record
from webapp.form_page import FormPage
from webapp.own_forms import MEETING as FORM
from webapp.own_forms import MEETING_DETAILS as DETAILS
from webapp.permissions import MEETING, STAFF, allows
from webapp.request import acting, actor, ledger_session, moment, row_number, settings, typed
from webapp.uploads import FileRefused, sent_files, take

bp = Blueprint("meetings", __name__)
_PAGE = 20
_BETWEEN_NAMES = re.compile(r"[\s、，,；;]+")
_NAMES = ("attendance", "observers", "absent")


@bp.get("/meetings")
@allows(STAFF)
def index() -> ResponseReturnValue:
    found = meetings_page(ledger_session(), actor(), request.args.get("before", type=row_number), _PAGE + 1)
    older = url_for("meetings.index", before=found[_PAGE - 1].id) if len(found) > _PAGE else None
    return render_template(
        "meetings/index.html", meetings=found[:_PAGE], older_url=older, kinds=MeetingKind, may_hold=bool(_posts())
    )


@bp.get("/meetings/new")
@allows(MEETING)
def new() -> ResponseReturnValue:
    asked = asked_of_meeting()
    only = {name: [asked.options[source][0].value] for name, source in _CHOSEN if asked.options[source]}
    return render_template("meetings/new.html", page=FormPage(FORM, only, asked))


@bp.post("/meetings/new")
@allows(MEETING)
def create() -> ResponseReturnValue:
    posted, asked, errors = request.form.to_dict(flat=False), asked_of_meeting(), {}
    answers: dict[str, Any] = {}
    try:
        answers = parse(FORM, posted, asked)
    except FormErrors as refused:
        errors.update(refused.errors)
    try:
        scans = [take(upload) for upload in sent_files(request.files.getlist("scan"))]
    except FileRefused as refused_file:
        errors["scan"] = str(refused_file)
    if errors:
        return render_template("meetings/new.html", page=FormPage(FORM, posted, asked, errors)), 422
    meeting = create_meeting(ledger_session(), meeting_of(answers), actor(), moment().at)
    _attach_scans(meeting, scans)
    record(ledger_session(), moment(), actor(), Act("meeting", unit=meeting.unit.short_name, detail=about(meeting)))
    flash("会议已登记。请安排议程；也可以在办理“党组研究”或“领导小组审定”时选择这次会议。")
    return redirect(url_for("meetings.show", meeting_id=meeting.id), 303)


@bp.get("/meetings/<int:meeting_id>")
@allows(STAFF)
def show(meeting_id: int) -> ResponseReturnValue:
    meeting = visible_meeting(ledger_session(), actor(), meeting_id) or abort(404)
    return _page(meeting, {})


@bp.get("/meetings/<int:meeting_id>/edit")
@allows(MEETING)
def edit(meeting_id: int) -> ResponseReturnValue:
    meeting = own_meeting(meeting_id)
    posted = {name: [text] for name, text in _texts(meeting).items()}
    return _edit_page(meeting, posted, {})


@bp.post("/meetings/<int:meeting_id>/edit")
@allows(MEETING)
def change(meeting_id: int) -> ResponseReturnValue:
    """Alter what is written down about a meeting; its signed scan, and the day it decided on, are not altered."""
    meeting, posted = own_meeting(meeting_id), typed()
    try:
        answers = parse(DETAILS, posted, Asked())
    except FormErrors as refused:
        return _edit_page(meeting, posted, refused.errors), 422
    held_on = date.fromisoformat(answers["held_on"])
    if signed_scans(meeting):
        return _edit_page(meeting, posted, {"": "已上传签字扫描件，会议内容不能再修改"}), 422
    if meeting.verdicts and held_on != meeting.held_on:
        return _edit_page(meeting, posted, {"held_on": "已登记议定结果，召开日期不能修改"}), 422
    before = _texts(meeting)
    for name in ("title", "place", "chair", "recorder", "minutes"):
        setattr(meeting, name, answers.get(name, ""))
    meeting.held_on = held_on
    for name in _NAMES:
        setattr(meeting, name, list(_names(answers.get(name, ""))))
    after = _texts(meeting)
    altered = [name for name in after if before[name] != after[name]]
    changed = {name: [_told(name, before[name]), _told(name, after[name])] for name in altered}
    if changed:
        if meeting.verdicts:
            rewrite_minutes(acting(), meeting)
        detail = {**about(meeting), "changed": changed}
        record(ledger_session(), moment(), actor(), Act("meeting_changed", unit=meeting.unit.short_name, detail=detail))
    flash("会议内容已保存。")
    return redirect(url_for("meetings.show", meeting_id=meeting.id), 303)


@bp.post("/meetings/<int:meeting_id>/scans")
@allows(MEETING)
def add_scan(meeting_id: int) -> ResponseReturnValue:
    meeting = own_meeting(meeting_id)
    try:
        scans = [take(upload) for upload in sent_files(request.files.getlist("scan"))]
    except FileRefused as refused:
        return _page(meeting, {"scan": str(refused)}), 422
    if not scans:
        return _page(meeting, {"scan": "请选择要上传的会议纪要扫描件"}), 422
    _attach_scans(meeting, scans)
    record(ledger_session(), moment(), actor(), Act("minutes", detail=about(meeting)))
    flash("会议纪要扫描件已上传。")
    return redirect(url_for("meetings.show", meeting_id=meeting.id), 303)


_CHOSEN = (("unit_id", "units"), ("campaign_id", "campaigns"))


def own_meeting(meeting_id: int) -> Meeting:
    """Return a meeting of a unit in which the person handles; to anybody else there is none (404)."""
    meeting = visible_meeting(ledger_session(), actor(), meeting_id)
    if meeting is None or not actor().holds(Role.HANDLER, meeting.unit_id):
        abort(404)
    return meeting


def signed_scans(meeting: Meeting) -> list[Attachment]:
    """Return the minutes that people brought: signed scans, or the written ones as they altered them."""
    return [paper for paper in papers_of(ledger_session(), meeting_id=meeting.id) if not paper.written]


def about(meeting: Meeting) -> dict[str, Any]:
    """Return what the journal says of every act on a meeting."""
    return {"meeting": meeting.id, "title": meeting.title}


def _posts() -> list[PostView]:
    """Return the posts by which the person may hold a meeting."""
    return [post for post in actor().posts if post.role is Role.HANDLER and post.unit_kind in MEETING.kinds]


def asked_of_meeting() -> Asked:
    """Return what can be chosen when a meeting is entered: the person's units and the open campaigns."""
    posts = _posts()
    counties = {post.county_id for post in posts if post.county_id is not None}
    campaigns = campaigns_of(ledger_session(), counties)
    return Asked(
        options={
            "units": [Option(str(post.unit_id), post.unit_name) for post in posts],
            "campaigns": [Option(str(c.id), c.name) for c in campaigns if c.closed_at is None],
        }
    )


def meeting_of(answers: dict[str, Any]) -> NewMeeting:
    """Return the meeting that the answers of its form describe."""
    unit_id = int(answers["unit_id"])
    office = any(post.unit_id == unit_id and post.unit_kind is UnitKind.OFFICE for post in _posts())
    return NewMeeting(
        kind=MeetingKind.GROUP if office else MeetingKind.PARTY,
        unit_id=unit_id,
        campaign_id=int(answers["campaign_id"]),
        title=answers["title"],
        held_on=date.fromisoformat(answers["held_on"]),
        place=answers["place"],
        chair=answers["chair"],
        minutes=answers.get("minutes", ""),
        recorder=answers.get("recorder", ""),
        **{name: _names(answers.get(name, "")) for name in _NAMES},
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in _BETWEEN_NAMES.split(text) if name)


def _texts(meeting: Meeting) -> dict[str, str]:
    """Return what is written down about a meeting, as its form holds it."""
    lists = {name: "、".join(getattr(meeting, name) or ()) for name in _NAMES}
    plain = {name: getattr(meeting, name) for name in ("title", "place", "chair", "recorder", "minutes")}
    return {**plain, **lists, "held_on": meeting.held_on.isoformat()}


def _told(name: str, text: str) -> str:
    """Return what the journal keeps of a text: who sat there and what was said is for the meeting's own rows."""
    if name in _NAMES:
        return f"{len(_names(text))}人"
    return f"{len(text)}字" if name == "minutes" else text


def _attach_scans(meeting: Meeting, scans: list[File]) -> None:
    place = Place(KINDS[MeetingKind(meeting.kind)], meeting_id=meeting.id)
    for scan in scans:
        attach(ledger_session(), settings().papers, scan, place, actor(), moment().at)


def _edit_page(meeting: Meeting, posted: Any, errors: dict[str, str]) -> str:
    page = FormPage(DETAILS, posted, errors=errors)
    return render_template("meetings/edit.html", meeting=meeting, page=page)


def _page(meeting: Meeting, errors: dict[str, str]) -> str:
    session = ledger_session()
    mine = actor().holds(Role.HANDLER, meeting.unit_id)
    lines = agenda_of(session, meeting.id) if actor().in_unit(meeting.unit_id) else []
    shown, listed = request.args.get("show", ""), {line.item_id for line in lines}
    counts = {standing: sum(line.standing is standing for line in lines) for standing in Standing}
    return render_template(
        "meetings/show.html",
        meeting=meeting,
        kind=MeetingKind(meeting.kind),
        verdicts=[each for each in verdicts_of(session, actor(), meeting.id) if each[0].item_id not in listed],
        papers=papers_of(session, meeting_id=meeting.id),
        mine=mine,
        lines=[line for line in lines if not shown or line.standing == shown],
        whole=len(lines),
        decided=bool(meeting.verdicts),
        just_decided="decided" in request.args,
        following=next_item(session, actor(), moment().at) if "decided" in request.args else None,
        shown=shown,
        standing_counts=counts,
        standings=STANDING_LABELS,
        categories=Category,
        errors=errors,
    )
