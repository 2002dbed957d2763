"""The interface: meetings, which a decision names; and the archive of a case as one ZIP."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import Any

from flask import Response, abort, request, send_file

from bpmn.archives import write_archive
from bpmn.binders import Shelf
from forms.parsing import parse
from ledger.archive import cases_with_projects, of_case
from ledger.case_views import visible_case
from ledger.gatherings import create_meeting, meetings_page
from ledger.journal import Act
from ledger.meetings import Meeting
from ledger.vocabulary import MeetingKind
from ledger.writing import record
from webapp.api.items import ANSWERS, posted_of
from webapp.api.operations import acts, reads
from webapp.api.projects import AFTER, PAGE
from webapp.api.shapes import DAY, NUMBER, TEXT, named, paged
from webapp.meetings import about, asked_of_meeting, meeting_of
from webapp.own_forms import MEETING as FORM
from webapp.permissions import MEETING, STAFF
from webapp.request import actor, ledger_session, moment, number_asked, settings

_ANSWERS = {
    **ANSWERS,
    "description": "“登记会议”各框的值：unit_id、campaign_id、title、held_on、place、chair、minutes……",
}
MEETING_ROW = named(id=NUMBER, kind=TEXT, kind_label=TEXT, title=TEXT, unit=TEXT, held_on=DAY)
_ZIP = "application/zip"


@reads("/meetings", "会议，最近登记的在前", STAFF, paged(MEETING_ROW), (AFTER,))
def meetings() -> dict[str, Any]:
    found = meetings_page(ledger_session(), actor(), number_asked(request.args.get("after")), PAGE + 1)
    shown = found[:PAGE]
    return {"rows": [_meeting(each) for each in shown], "next": str(shown[-1].id) if len(found) > PAGE else ""}


@acts("/meetings", "登记一次会议，供“党组研究”“领导小组审定”选用", MEETING, named(answers=_ANSWERS), MEETING_ROW)
def meeting_create(given: dict[str, Any]) -> dict[str, Any]:
    answers = parse(FORM, posted_of(given["answers"]), asked_of_meeting())
    meeting = create_meeting(ledger_session(), meeting_of(answers), actor(), moment().at)
    record(ledger_session(), moment(), actor(), Act("meeting", unit=meeting.unit.short_name, detail=about(meeting)))
    return _meeting(meeting)


@reads("/cases/<int:case_id>/archive", "一个项目的归档材料：按附件6编排的 zip", STAFF, None)
def case_archive(case_id: int) -> Response:
    case = visible_case(ledger_session(), actor(), case_id) or abort(404)
    target = TemporaryFile()  # noqa: SIM115  # open until the answer is sent, and gone with it
    cases = cases_with_projects(ledger_session(), of_case(case_id))
    shelf = Shelf(settings().papers, settings().previews, bind=True, reader=actor())
    write_archive(ledger_session(), shelf, cases, target, moment().at)
    target.seek(0)
    return send_file(target, _ZIP, as_attachment=True, download_name=f"{case.project.number}.zip", max_age=0)


def _meeting(meeting: Meeting) -> dict[str, Any]:
    kind = MeetingKind(meeting.kind)
    known = {"id": meeting.id, "kind": str(kind), "kind_label": kind.label, "title": meeting.title}
    return {**known, "unit": meeting.unit.short_name, "held_on": meeting.held_on}
