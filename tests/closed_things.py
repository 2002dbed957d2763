"""Things beside cases that are closed, done, disabled, revoked or gone, and what may not be asked of them any more.

Each is made open, asked what its people would ask of it (which would leave its row in the trail), closed as people
close it, and asked the same again: refused, or nothing is changed and a page says why.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from ledger.api_tokens import ApiToken, create_token
from ledger.approvals import Approval
from ledger.campaigns import Campaign
from ledger.choice_lists import ChoiceList, ListEntry
from ledger.db import transaction
from ledger.outbox import Message
from ledger.people import Substitution, Unit
from ledger.phrases import Phrase
from ledger.projects import Project
from ledger.spot_checks import SpotCheckProject
from ledger.webhooks import Webhook
from tests.audited import BUREAU, CLERK, HOOK, MULTIPART, OFFICE, OTHER, SECURITY, SYSTEM, Stage
from tests.audited.people import DRIVES as PEOPLE
from tests.audited.works import DRIVES as WORKS
from tests.audited.works import IN_WEEK, location, pdf, sheet
from tests.webapp.test_lists import campaign_form
from webapp.request import real_now

Send = Callable[[], Any]
GONE, STALE, REFUSED = frozenset({404}), frozenset({409, 410}), frozenset({404, 409, 422})
SAID = frozenset({303})  # nothing is done, and the page it leads to says why


@dataclass(frozen=True)
class Ask:
    """What somebody asks of a thing: its act ("": none that the trail tells), and what may be answered afterwards."""

    act: str
    send: Send
    closed: frozenset[int]


@dataclass(frozen=True)
class Thing:
    """Something that can be closed, and what is asked of it before and after."""

    close: Send
    asks: tuple[Ask, ...]


def _once(stage: Stage, make: Send, path: str, table: type[Any], act: str, closed: frozenset[int] = GONE) -> Thing:
    """Make something of a person's own that is ended at an address; afterwards it is not there."""
    make()
    send = stage.post(CLERK, path.format(stage.newest(table)))
    return Thing(send, (Ask(act, send, closed),))


def token(stage: Stage) -> Thing:
    make = stage.post(CLERK, "/tokens", {"name": "报表", "days": "30"})
    return _once(stage, make, "/tokens/{}/revoke", ApiToken, "token_revoked")


def hook(stage: Stage) -> Thing:
    return _once(stage, stage.post(CLERK, "/hooks", {"url": HOOK}), "/hooks/{}/end", Webhook, "hook_ended")


def phrase(stage: Stage) -> Thing:
    make = stage.post(CLERK, "/settings/own/phrases", {"text": "情况属实，同意上报"})
    return _once(stage, make, "/settings/own/phrases/{}/drop", Phrase, "", SAID)


def substitution(stage: Stage) -> Thing:
    make = PEOPLE["substitute"](stage).do
    return _once(stage, make, "/settings/own/substitutes/{}/end", Substitution, "substitute_ended")


def campaign(stage: Stage) -> Thing:
    """Of a campaign that ended, dates and name stay, nothing is pushed into it and no meeting is held for it."""
    county, project = stage.site.ground.county, stage.site.ground.projects[-1]
    number = county.campaign.id
    edit = f"/campaigns/{number}/edit"
    confirmed = {"_confirmed": "1", "_reason": "雨雪天气"}
    place = {"unit_id": str(county.office.id), "campaign_id": str(number), "place": "二楼会议室"}
    told = {"title": "领导小组会议", "held_on": "2023-11-06", "chair": "组长甲", "attendance": "成员甲"}
    with transaction(stage.site.ground.sessions) as session:
        text = create_token(session, stage.user_id(BUREAU), "推送", 30, real_now())[0]
    headers, client = {"Authorization": f"Bearer {text}"}, stage.site.app.test_client()
    given = {"campaign_id": number, "project_ids": [project.id]}

    def end() -> None:
        with transaction(stage.site.ground.sessions) as session:
            session.execute(update(Campaign).where(Campaign.id == number).values(closed_at=stage.site.ground.now))

    renamed = campaign_form(stage.site, **confirmed, name="另一个名称")
    moved = campaign_form(stage.site, **confirmed, survey_on="2023-11-22")
    return Thing(
        end,
        (
            Ask("campaign_renamed", stage.post(BUREAU, edit, renamed), frozenset({409})),
            Ask("campaign_changed", stage.post(BUREAU, edit, moved), frozenset({409})),
            Ask("push", lambda: client.post("/api/v1/cases", json=given, headers=headers), frozenset({400})),
            Ask("meeting", stage.post(OFFICE, "/meetings/new", {**place, **told}), REFUSED),
        ),
    )


def exited_project(stage: Stage) -> Thing:
    """A project that left the county's assets is pushed no more, and nobody is put in charge of it."""
    project = stage.site.ground.projects[-2]
    unit = stage.site.ground.county.townships["桑柘镇"]
    with transaction(stage.site.ground.sessions) as session:
        session.execute(update(Project).where(Project.id == project.id).values(responsible_unit_id=None))

    def leave() -> None:
        with transaction(stage.site.ground.sessions) as session:
            session.execute(update(Project).where(Project.id == project.id).values(exited_on=IN_WEEK.date()))

    asked = {"unit": str(unit.id), "level": "township"}
    return Thing(leave, (Ask("assign", stage.post(BUREAU, f"/unassigned/{project.id}", asked), REFUSED),))


def person(stage: Stage) -> Thing:
    """Who is disabled gets no new password and is not disabled twice; posts and facts are corrected."""
    PEOPLE["person_entered"](stage).do()
    path = f"/people/{stage.user_id('xin.ren')}"
    disable = stage.post(SYSTEM, f"{path}/disable")
    asks = (
        Ask("password_reset", stage.post(SYSTEM, f"{path}/reset"), frozenset({422})),
        Ask("person_disabled", disable, SAID),
    )
    return Thing(disable, asks)


def unit(stage: Stage) -> Thing:
    """A unit that was closed is not there: not renamed, closed again, put above another or given people."""
    PEOPLE["unit_entered"](stage).do()
    number = stage.newest(Unit)
    below = {"code": "500243998", "name": "某站", "short_name": "某站", "kind": "village", "parent_id": str(number)}
    appointed = {"unit": str(number), "role": "handler", "reason": "接替"}
    close = stage.post(SYSTEM, f"/units/{number}/close")
    asks = (
        Ask("unit_renamed", stage.post(SYSTEM, f"/units/{number}", {"name": "新名", "short_name": "新名"}), GONE),
        Ask("unit_closed", close, GONE),
        Ask("unit_entered", stage.post(SYSTEM, "/units", below), REFUSED),
        Ask("posts_asked", stage.post(SYSTEM, f"/people/{stage.user_id(OTHER)}/posts", appointed), REFUSED),
    )
    return Thing(close, asks)


def entry(stage: Stage) -> Thing:
    stage.post(SYSTEM, "/vocabularies", {"title": "经营主体"})()
    path = f"/vocabularies/{stage.newest(ChoiceList)}/entries"
    stage.post(SYSTEM, path, {"label": "合作社"})()
    retire = stage.post(SYSTEM, f"{path}/{stage.newest(ListEntry)}/retire")
    return Thing(retire, (Ask("list_entry_retired", retire, SAID),))


def approval(stage: Stage) -> Thing:
    """What a second person refused is not approved afterwards, nor the other way round."""
    PEOPLE["calendar_asked"](stage).do()
    asked = {"approval": str(stage.newest(Approval))}
    approve = stage.post(SECURITY, "/approvals", {**asked, "verdict": "approve"})
    refuse = stage.post(SECURITY, "/approvals", {**asked, "verdict": "refuse"})
    return Thing(refuse, (Ask("calendar_entered", approve, SAID), Ask("calendar_refused", refuse, SAID)))


def import_run(stage: Stage) -> Thing:
    """A workbook that was set aside is not taken in; whoever wants it uploads it again."""
    run = location(stage.post(BUREAU, "/imports/new", {"workbook": sheet("丁")}, content_type=MULTIPART)())
    into = {"campaign": str(stage.site.ground.county.campaign.id), "partly": "1"}
    asks = (
        Ask("columns", stage.post(BUREAU, f"{run}/columns", {"column:项目大小": "skip"}), frozenset({409})),
        Ask("", stage.post(BUREAU, run, into), frozenset({409})),
        Ask("", stage.post(BUREAU, f"{run}/resume"), frozenset({422})),
        Ask("", stage.post(BUREAU, f"{run}/cancel"), SAID),
    )
    return Thing(stage.post(BUREAU, f"{run}/cancel"), asks)


def meeting(stage: Stage) -> Thing:
    """Once its signed minutes lie with it, what was written down about a meeting stays."""
    made = WORKS["meeting"](stage).do()
    path = location(made)
    typed = {"title": "另一个会议", "held_on": "2023-11-06", "chair": "组长乙", "attendance": "成员甲", "place": "三楼"}
    scan = stage.post(OFFICE, f"{path}/scans", {"scan": pdf("纪要.pdf")}, content_type=MULTIPART)
    return Thing(scan, (Ask("meeting_changed", stage.post(OFFICE, f"{path}/edit", typed), frozenset({422})),))


def message(stage: Stage) -> Thing:
    """A message that went out is not sent once more."""
    now = stage.site.ground.now
    words: Mapping[str, Any] = {"subject": "提醒", "body": "", "kind": "digest", "channel": "sms"}
    with transaction(stage.site.ground.sessions) as session:
        row = Message(
            **words, user_id=stage.user_id(CLERK), dedupe_key="x", dead_at=now, created_at=now, not_before_at=now
        )
        session.add(row)
        session.flush()
        number = row.id

    def send() -> None:
        with transaction(stage.site.ground.sessions) as session:
            session.execute(update(Message).where(Message.id == number).values(dead_at=None, sent_at=now))

    return Thing(send, (Ask("message_retried", stage.post(SYSTEM, f"/messages/{number}/retry"), GONE),))


def finding(stage: Stage) -> Thing:
    """What a spot check found and settled is settled: no mending, no second look, no other finding."""
    WORKS["spot_check_drawn"](stage).do()
    town = stage.site.ground.county.townships["桑柘镇"].id
    with transaction(stage.site.ground.sessions, writes=False) as session:
        row = session.scalars(select(SpotCheckProject.id).where(SpotCheckProject.unit_id == town)).first()
    path = f"/checks/projects/{row}"
    found = {"checked_on": "2023-11-06", "text": "冷库停用", "until": "2023-11-10"}
    stage.post(BUREAU, path, found)()
    mend = stage.post(CLERK, path, {"text": "已恢复使用"})

    def settle() -> None:
        mend()
        stage.post(BUREAU, path, {"text": "到位"})()

    again = stage.post(BUREAU, path, {"text": "仍未通电", "until": "2023-11-20"})
    other = Ask("", stage.post(BUREAU, path, found), REFUSED)
    return Thing(settle, (Ask("spot_check_mended", mend, REFUSED), Ask("", again, REFUSED), other))


def draft(stage: Stage) -> Thing:
    """A draft that was given up is edited, tried and submitted no more."""
    path = location(WORKS["draft_begin"](stage).do())
    diagram = (
        stage.person(SYSTEM).get(f"{path}/diagram.bpmn").text.replace("</bpmn:definitions>", "\n</bpmn:definitions>")
    )
    saved: Mapping[str, Any] = {"revision": 1, "content": diagram}
    moves = json.dumps([{"element": "look", "instance": "", "values": {}, "day": 0}])
    steps = {"moves": moves, "began": "2023-11-06T01:00:00+00:00", "name": "一次通过"}
    discard = stage.post(SYSTEM, f"{path}/discard")
    asks = (
        Ask("", stage.post(SYSTEM, f"{path}/diagram", saved), STALE),
        Ask("", stage.post(SYSTEM, f"{path}/submit", {"note": "改名"}), STALE),
        Ask("", stage.post(SYSTEM, f"{path}/take-back"), STALE),
        Ask("", stage.post(SECURITY, f"{path}/refuse", {"reason": "请写明依据"}), STALE),
        Ask("", stage.post(SECURITY, f"{path}/approve", {"revision": "1"}), STALE),
        Ask("scenario_keep", stage.post(SYSTEM, f"{path}/scenarios", steps), STALE),
        Ask("", stage.post(SYSTEM, f"{path}/rehearsals", {"which": "made_up", "count": "10"}), STALE),
        Ask("draft_discard", discard, STALE),
    )
    return Thing(discard, asks)


THINGS: Mapping[str, Callable[[Stage], Thing]] = {
    each.__name__: each
    for each in (
        *(token, hook, phrase, substitution, exited_project, person, unit, entry, approval, import_run, meeting),
        *(message, finding, draft, campaign),  # the campaign last: without it nothing is begun
    )
}
