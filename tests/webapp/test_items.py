"""An item's page: the form, its files, the draft, the signature, and who may do what (issue 2, items 6 and 7)."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from bpmn.retries import Site as RetrySite
from bpmn.retries import retry_due
from bpmn.runtime import OpenItem
from handlers import HANDLERS
from ledger.cases import Case, Draft, WorkItem
from ledger.db import day_of, transaction
from ledger.incidents import open_incidents
from ledger.journal import Entry, Moment
from ledger.papers import Attachment
from ledger.vocabulary import Category, IncidentKind, ItemStatus, Role
from tests.walk import PDF, Walk, fill
from tests.webapp.conftest import Person, Site
from webapp.form_page import FormPage

RECEIVED = {"verdict": "taken", "level": "village"}


def revision(page: str) -> str:
    found = re.search(r'name="_revision" value="(\d+)"', page)
    assert found is not None
    return found[1]


def submit(person: Person, item: WorkItem, answers: dict[str, Any], action: str = "submit") -> Any:
    return person.post(
        f"/items/{item.id}",
        {**answers, "_revision": str(item.revision), "_action": action},
        content_type="multipart/form-data",
    )


def status_of(site: Site, item: WorkItem) -> str:
    with transaction(site.ground.sessions, writes=False) as session:
        return session.get_one(WorkItem, item.id).status


def test_taking_a_project_says_where_it_went_and_to_whom(both_sites: Site) -> None:
    walk = both_sites.walk()
    item, person = walk.item("receive"), both_sites.town()
    page = person.get(f"/items/{item.id}")
    assert page.status_code == 200
    assert "签收项目" in page.text
    answer = submit(person, item, RECEIVED)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/items/{item.id}/sent")
    told = person.get(answer.headers["Location"]).text
    assert "实地调研" in told
    assert "桑柘镇" in told
    assert "2023-11-21" in told  # the campaign's survey date
    assert status_of(both_sites, item) == ItemStatus.DONE


def test_a_second_submission_learns_who_was_quicker(site: Site) -> None:
    walk = site.walk()
    item, person = walk.item("receive"), site.town()
    submit(person, item, RECEIVED)
    again = submit(person, item, RECEIVED)
    assert again.status_code == 409
    assert "已由桑柘镇经办甲于11月6日" in again.text


def test_a_page_shown_before_a_change_is_refused(site: Site) -> None:
    item = site.walk().item("receive")
    item.revision -= 1
    assert submit(site.town(), item, RECEIVED).status_code == 409
    assert status_of(site, item) == ItemStatus.OPEN


def test_a_strangers_item_and_an_unknown_one_look_the_same(site: Site) -> None:
    item, stranger = site.walk().item("receive"), site.town("保家镇")
    foreign = [stranger.get(f"/items/{item.id}"), submit(stranger, item, RECEIVED)]
    unknown = [stranger.get("/items/987654"), stranger.post("/items/987654", RECEIVED)]
    assert {answer.status_code for answer in foreign + unknown} == {404}
    assert foreign[0].text == unknown[0].text
    assert status_of(site, item) == ItemStatus.OPEN


def test_a_teammate_without_the_role_sees_the_case_and_may_not_act(site: Site) -> None:
    item, signer = site.walk().item("receive"), site.town(role=Role.SIGNER)
    assert signer.get(f"/items/{item.id}").headers["Location"] == f"/cases/{item.case_id}"
    refused = submit(signer, item, RECEIVED)
    assert refused.status_code == 403
    assert "经办人" in refused.text
    assert signer.post(f"/items/{item.id}/draft", RECEIVED).status_code == 404


def survey(site: Site) -> tuple[Walk, WorkItem, Person]:
    walk = site.walk()
    walk.complete("receive")
    return walk, walk.item("field_survey"), site.town()


def test_errors_are_counted_named_and_nothing_typed_is_lost(site: Site) -> None:
    _walk, item, person = survey(site)
    answer = submit(person, item, {"construction": "新建<b>大棚</b>", "balance_yuan": "12.345"})
    assert answer.status_code == 422
    count = re.search(r"有 (\d+) 处需要修改", answer.text)
    assert count is not None
    links = set(re.findall(r'<a href="#(f-[^"]+)"', answer.text))
    assert len(links) == int(count[1])
    assert all(f'id="{link}"' in answer.text for link in links)
    assert "新建&lt;b&gt;大棚&lt;/b&gt;" in answer.text
    assert 'value="12.345"' in answer.text
    assert status_of(site, item) == ItemStatus.OPEN
    kept = person.get(f"/items/{item.id}").text
    assert 'value="12.345"' in kept


def test_a_file_stays_when_the_form_is_refused(site: Site) -> None:
    _walk, item, person = survey(site)
    answer = submit(person, item, {"photos": (BytesIO(PDF), "现场照片.pdf")})
    assert answer.status_code == 422
    assert "现场照片.pdf" in answer.text
    with transaction(site.ground.sessions, writes=False) as session:
        attachment = session.scalars(select(Attachment).where(Attachment.item_id == item.id)).one()
        assert (attachment.field, attachment.kind) == ("photos", "photo")
        assert "upload" in session.scalars(select(Entry.act)).all()
    removed = person.post(f"/items/{item.id}", {"_remove": str(attachment.id), "construction": "新建"})
    assert removed.status_code == 303
    after = person.get(f"/items/{item.id}").text
    assert "现场照片.pdf" not in after.split('id="pane-trail"')[0].split("<form")[-1]
    assert "新建" in after


def test_a_bad_file_is_named_beside_its_field(site: Site) -> None:
    _walk, item, person = survey(site)
    answer = submit(person, item, {"photos": (BytesIO(b"<html>"), "照片.jpg")})
    assert answer.status_code == 422
    assert "“照片.jpg”的内容不是 jpg 文件" in answer.text
    assert site.count(Attachment) == 0


def test_a_draft_is_kept_per_person_and_never_checked(site: Site) -> None:
    _walk, item, person = survey(site)
    assert submit(person, item, {"balance_yuan": "约三万"}, action="draft").status_code == 303
    assert 'value="约三万"' in person.get(f"/items/{item.id}").text
    assert person.post(f"/items/{item.id}/draft", {"balance_yuan": "31000"}).status_code == 204
    assert 'value="31000"' in person.get(f"/items/{item.id}").text
    with transaction(site.ground.sessions, writes=False) as session:
        draft = session.scalars(select(Draft)).one()
    assert "csrf_token" not in draft.posted


def test_a_draft_is_forgotten_once_the_item_is_done(site: Site) -> None:
    item, person = site.walk().item("receive"), site.town()
    submit(person, item, {"verdict": "back"}, action="draft")
    submit(person, item, RECEIVED)
    assert site.count(Draft) == 0


def test_the_signer_signs_or_gives_back_with_a_reason(site: Site) -> None:
    walk = site.walk()
    walk.to("evaluation")
    walk.complete("evaluation", sign=False)
    site.catch_up(walk)
    item, signer = walk.item("evaluation"), site.town(role=Role.SIGNER)
    page = signer.get(f"/items/{item.id}")
    assert "审核签字" in page.text
    bare = signer.post(f"/items/{item.id}/signature", {"_revision": str(item.revision), "_action": "back"})
    assert (bare.status_code, "退回修改须写明理由" in bare.text) == (422, True)
    back = {"_revision": str(item.revision), "_action": "back", "opinion": "数据有误"}
    assert signer.post(f"/items/{item.id}/signature", back).status_code == 303
    assert "数据有误" in site.town().get(f"/items/{item.id}").text
    walk.complete("evaluation", sign=False)
    item = walk.item("evaluation")
    signed = signer.post(f"/items/{item.id}/signature", {"_revision": str(item.revision), "_action": "approve"})
    assert signed.headers["Location"] == f"/items/{item.id}/sent"
    assert status_of(site, item) == ItemStatus.DONE


def _asked(shown: OpenItem) -> set[str]:
    """Return the questions of a form that this case is asked, whatever their answers."""
    page = FormPage(shown.form, {}, shown.asked)
    return {f.name for section, f in shown.form.fields() if page.asks(section.show_if) and page.asks(f.show_if)}


@pytest.mark.parametrize("number", [0, 1, 3], ids=["village", "township", "department"])
def test_every_steps_page_can_be_drawn_and_filled(site: Site, number: int) -> None:
    """Walk a whole case; each page is drawn for its own person, and the form holds every question that is asked."""
    walk = Walk(site.ground, site.ground.projects[number], category=Category.REBUILD)
    signed_in: dict[tuple[int, str], Person] = {}
    drawn = set()
    for _step in range(60):
        if walk.case.ended_at is not None:
            break
        if not walk.waiting():
            walk.pass_days(1)
            walk.fire()
            continue
        item = walk.item(walk.waiting()[0])
        place = (item.unit_id, item.role)
        person = signed_in.setdefault(place, site.person(item.unit_id, Role(item.role)))
        page = person.get(f"/items/{item.id}")
        assert page.status_code == 200, item.stem
        with walk.acting(item.role, item.unit_id) as acting:
            shown = walk.prepare(acting, item, {})
            posted = fill(shown, walk.answers_for(shown), day_of(walk.now))
        page = person.get(f"/items/{item.id}")
        names = set(re.findall(r'name="([^"]+)"', page.text))
        assert {name for name in posted if name.split(".")[0] in _asked(shown)} <= names, item.stem
        drawn.add(item.stem)
        walk.complete(item.stem, instance=item.instance)
        case = person.get(f"/cases/{item.case_id}?tab=trail")
        assert case.status_code == 200
    assert len(drawn) >= 20


def test_a_joint_reviews_silence_is_recorded_by_the_responsible_unit(site: Site) -> None:
    walk = site.walk()
    walk.to("joint_review")
    item, person = walk.item("joint_review"), site.town()
    assert person.post(f"/items/{item.id}/overdue").status_code == 403  # not due yet
    person.post("/demonstration/clock", {"by": "date", "on": "2023-12-01"})
    assert "记为逾期未反馈" in person.get(f"/cases/{item.case_id}").text
    assert person.post(f"/items/{item.id}/overdue").status_code == 303
    assert status_of(site, item) == ItemStatus.DONE


def test_a_broken_case_is_an_incident_and_stays_where_it_was(both_sites: Site) -> None:
    walk = both_sites.walk()
    item, person = walk.item("receive"), both_sites.town()
    with transaction(both_sites.ground.sessions) as session:
        session.get_one(Case, walk.case_id).state = b"somebody else wrote this"
    assert submit(person, item, RECEIVED).status_code == 500
    assert submit(person, item, RECEIVED).status_code == 500
    with transaction(both_sites.ground.sessions, writes=False) as session:
        (incident,) = open_incidents(session)
    assert (incident.kind, incident.case_id, incident.attempts) == ("state", walk.case_id, 2)
    assert status_of(both_sites, item) == ItemStatus.OPEN


def test_a_failing_step_says_its_incident_and_is_done_by_the_clock(
    both_sites: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = both_sites.walk()
    item, person = walk.item("receive"), both_sites.town()

    def crash(*_: Any) -> Any:
        raise RuntimeError("测算表除以零")

    with monkeypatch.context() as broken:
        broken.setitem(HANDLERS, "receive", replace(HANDLERS["receive"], complete=crash))
        answer = submit(person, item, RECEIVED)
    with transaction(both_sites.ground.sessions, writes=False) as session:
        (incident,) = open_incidents(session)
    assert answer.status_code == 500
    assert f"第{incident.id}号异常" in answer.text
    assert "测算表除以零" not in answer.text
    assert (incident.kind, incident.subject_id, incident.case_id) == (IncidentKind.ITEM, item.id, walk.case_id)
    assert status_of(both_sites, item) == ItemStatus.OPEN
    assert "您在" in person.get(f"/items/{item.id}").text  # what was typed is kept as a draft
    assert incident.retry_at is not None
    moment = Moment(incident.retry_at, incident.retry_at)
    assert retry_due(RetrySite(both_sites.ground.sessions, both_sites.ground.papers), moment) == 1
    assert status_of(both_sites, item) == ItemStatus.DONE
    assert walk.waiting() == ["field_survey"]
