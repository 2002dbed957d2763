"""会议: 党组（委）会 of a unit and 领导小组会议 of the office, with minutes and what they decided."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from forms.fields import Asked, Option
from forms.parsing import FormErrors, parse
from ledger.campaigns import campaigns_of
from ledger.db import day_of
from ledger.gatherings import NewMeeting, create_meeting, meetings_page, papers_of, verdicts_of, visible_meeting
from ledger.journal import Act
from ledger.meetings import Meeting
from ledger.papers import File, Place, attach
from ledger.scope import PostView
from ledger.vocabulary import MeetingKind, PaperKind, Role, UnitKind
from ledger.writing import record
from webapp.form_page import FormPage
from webapp.own_forms import MEETING as FORM
from webapp.permissions import MEETING, STAFF, allows
from webapp.request import actor, ledger_session, moment, row_number, settings
from webapp.uploads import FileRefused, sent_files, take

bp = Blueprint("meetings", __name__)
_PAGE = 20
_BETWEEN_NAMES = re.compile(r"[\s、，,；;]+")


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
    asked = _asked()
    only = {name: [asked.options[source][0].value] for name, source in _CHOSEN if asked.options[source]}
    return render_template("meetings/new.html", page=FormPage(FORM, only, asked))


@bp.post("/meetings/new")
@allows(MEETING)
def create() -> ResponseReturnValue:
    posted, asked, errors = request.form.to_dict(flat=False), _asked(), {}
    answers: dict[str, Any] = {}
    try:
        answers = parse(FORM, posted, asked)
    except FormErrors as refused:
        errors.update(refused.errors)
    try:
        scans = [take(upload) for upload in sent_files(request.files.getlist("scan"))]
    except FileRefused as refused_file:
        errors["scan"] = str(refused_file)
    if answers and date.fromisoformat(answers["held_on"]) > day_of(moment().at):
        errors["held_on"] = "召开日期不能晚于今天"
    if errors:
        return render_template("meetings/new.html", page=FormPage(FORM, posted, asked, errors)), 422
    meeting = create_meeting(ledger_session(), _meeting_of(answers), actor(), moment().at)
    _attach_scans(meeting, scans)
    record(ledger_session(), moment(), actor(), Act("meeting", unit=meeting.unit.short_name, detail=_about(meeting)))
    flash("会议已登记。办理“党组研究”或“领导小组审定”时，请选择这次会议。")
    return redirect(url_for("meetings.show", meeting_id=meeting.id), 303)


@bp.get("/meetings/<int:meeting_id>")
@allows(STAFF)
def show(meeting_id: int) -> ResponseReturnValue:
    meeting = visible_meeting(ledger_session(), actor(), meeting_id) or abort(404)
    return _page(meeting, {})


@bp.post("/meetings/<int:meeting_id>/scans")
@allows(MEETING)
def add_scan(meeting_id: int) -> ResponseReturnValue:
    meeting = visible_meeting(ledger_session(), actor(), meeting_id)
    if meeting is None or not actor().holds(Role.HANDLER, meeting.unit_id):
        abort(404)
    try:
        scans = [take(upload) for upload in sent_files(request.files.getlist("scan"))]
    except FileRefused as refused:
        return _page(meeting, {"scan": str(refused)}), 422
    if not scans:
        return _page(meeting, {"scan": "请选择要上传的会议纪要扫描件"}), 422
    _attach_scans(meeting, scans)
    record(ledger_session(), moment(), actor(), Act("minutes", detail=_about(meeting)))
    flash("会议纪要扫描件已上传。")
    return redirect(url_for("meetings.show", meeting_id=meeting.id), 303)


_CHOSEN = (("unit_id", "units"), ("campaign_id", "campaigns"))


def _posts() -> list[PostView]:
    """Return the posts by which the person may hold a meeting."""
    return [post for post in actor().posts if post.role is Role.HANDLER and post.unit_kind in MEETING.kinds]


def _asked() -> Asked:
    posts = _posts()
    counties = {post.county_id for post in posts if post.county_id is not None}
    campaigns = campaigns_of(ledger_session(), counties)
    return Asked(
        options={
            "units": [Option(str(post.unit_id), post.unit_name) for post in posts],
            "campaigns": [Option(str(c.id), c.name) for c in campaigns if c.closed_at is None],
        }
    )


def _meeting_of(answers: dict[str, Any]) -> NewMeeting:
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
        attendance=tuple(name for name in _BETWEEN_NAMES.split(answers["attendance"]) if name),
        minutes=answers.get("minutes", ""),
    )


def _attach_scans(meeting: Meeting, scans: list[File]) -> None:
    group = meeting.kind == MeetingKind.GROUP
    place = Place(PaperKind.GROUP_MINUTES if group else PaperKind.PARTY_MINUTES, meeting_id=meeting.id)
    for scan in scans:
        attach(ledger_session(), settings().papers, scan, place, actor(), moment().at)


def _about(meeting: Meeting) -> dict[str, Any]:
    return {"meeting": meeting.id, "title": meeting.title}


def _page(meeting: Meeting, errors: dict[str, str]) -> str:
    session = ledger_session()
    return render_template(
        "meetings/show.html",
        meeting=meeting,
        kind=MeetingKind(meeting.kind).label,
        verdicts=verdicts_of(session, actor(), meeting.id),
        papers=papers_of(session, meeting_id=meeting.id),
        mine=actor().holds(Role.HANDLER, meeting.unit_id),
        errors=errors,
    )
