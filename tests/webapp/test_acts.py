"""更多操作 and 流程管理 over HTTP: what is offered to whom, what each form does, and how a refusal reads."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ledger.cases import Case, WorkItem, timers_of
from ledger.db import transaction
from ledger.people import Unit, User, appoint
from ledger.vocabulary import CaseStatus, ItemStatus, Role
from tests.walk import Walk
from tests.webapp.conftest import Person, Site

pytestmark = pytest.mark.usefixtures("quick_prints")
TITLES = re.compile(r"<summary[^>]*>([^<]+)</summary>")


def offered(person: Person, item: WorkItem) -> set[str]:
    page = person.get(f"/items/{item.id}/acts")
    assert page.status_code == 200
    return set(TITLES.findall(page.text))


def does(who: Person, item: WorkItem, act: str, **given: Any) -> Any:
    """Post one of the forms with the revision its page shows, and follow it."""
    page = who.get(f"/items/{item.id}/acts").text
    found = re.search(r'name="_revision" value="(\d+)"', page)
    data = {"reason": "核实后再办", "_revision": found[1] if found else "", **given}
    return who.post(f"/items/{item.id}/{act}", data)


def row(site: Site, item: WorkItem) -> WorkItem:
    with transaction(site.ground.sessions, writes=False) as session:
        return session.get_one(WorkItem, item.id)


def second_handler(site: Site, unit_id: int) -> Person:
    with transaction(site.ground.sessions) as session:
        first = session.query(User).filter_by(login="sangzhezhen.jingban").one()
        user = User(login="yi", name="经办乙", password_hash=first.password_hash, created_at=site.ground.now)
        session.add(user)
        appoint(session, user, session.get_one(Unit, unit_id), Role.HANDLER)
    person = site.visitor()
    assert person.sign_in("yi").status_code == 303
    return person


def test_each_is_offered_what_they_may_do(site: Site) -> None:
    walk = site.walk()
    walk.to("application")
    item = walk.item("application")
    assert offered(site.town(), item) == {"领取", "转办", "退回"}
    assert offered(site.bureau(), item) == {"催办"}
    assert offered(site.town(role=Role.SIGNER), item) == set()
    assert site.town("保家镇").get(f"/items/{item.id}/acts").status_code == 404
    assert f'href="/items/{item.id}/acts"' in site.town().get(f"/items/{item.id}").text


def test_a_case_is_sent_back_and_comes_straight_back(both_sites: Site) -> None:
    walk = both_sites.walk()
    walk.to("evaluation")
    item, person = walk.item("evaluation"), both_sites.town()
    both_sites.catch_up(walk)
    answer = does(person, item, "send-back", target="disposal_plan", straight_back="1")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/inbox/next?case={walk.case_id}")
    page = person.get(answer.headers["Location"]).text
    assert "已退回到处置方案（桑柘镇）" in page
    assert f'href="/items/{walk.item("disposal_plan").id}"' in page  # the next one to be done
    assert f'href="/cases/{walk.case_id}"' in page
    assert walk.item("disposal_plan").returns_to == "evaluation"
    assert "办结后直接回到退回的环节" in person.get(f"/items/{walk.item('disposal_plan').id}").text
    trail = person.get(f"/cases/{walk.case_id}?tab=trail").text
    assert "退回到处置方案：核实后再办" in trail


def test_a_refusal_reads_as_the_runtime_says_it(site: Site) -> None:
    walk = site.walk()
    walk.to("application")
    item, person = walk.item("application"), site.town()
    for given, sentence in [
        ({"target": "field_survey", "reason": ""}, "请填写退回的原因"),
        ({"target": "archiving"}, "不能从“填申请表”退回到“归档”"),
        ({"target": "field_survey", "straight_back": "1"}, "须重新办理"),
    ]:
        answer = does(person, item, "send-back", **given)
        assert (answer.status_code, sentence in answer.text) == (409, True)
    assert does(person, item, "send-back", target="field_survey", _revision="99").status_code == 409
    assert does(site.office(), item, "send-back", target="field_survey").status_code == 403
    assert does(site.town("保家镇"), item, "send-back", target="field_survey").status_code == 404
    assert walk.waiting() == ["application"]


def test_a_refused_act_stands_open_with_what_was_typed(site: Site) -> None:
    """Interface 17: the sentence beside the field and above the page, nothing typed is lost."""
    walk = site.walk()
    walk.to("application")
    item, person = walk.item("application"), site.town()
    given = {"target": "field_survey", "straight_back": "1", "reason": "核实后再办"}
    page = does(person, item, "send-back", **given).text
    assert "没有办理" in page
    form = page[page.index(f'action="/items/{item.id}/send-back"') :]
    assert '<option value="field_survey" selected>' in form
    assert 'name="straight_back" value="1" checked' in form
    assert "核实后再办</textarea>" in form
    page = does(person, item, "send-back", target="field_survey", reason="").text
    assert 'id="refused-reason"' in page
    assert 'aria-describedby="err-refused-reason"' in page
    assert page.count('<details class="card act mb-2" open>') == 1
    urging = does(site.bureau(), item, "urge", words="请抓紧")
    assert urging.status_code == 303
    again = does(site.bureau(), item, "urge", words="再催一次")
    assert (again.status_code, 'value="再催一次"' in again.text) == (409, True)
    walk.complete("application")
    late = does(person, item, "transfer", unit="1", reason="不属本镇", _revision=str(item.revision))
    assert (late.status_code, "不属本镇" in late.text) == (409, True)


def test_what_was_just_submitted_is_called_back(site: Site) -> None:
    walk = site.walk()
    walk.to("application")
    item, person = walk.item("application"), site.town()
    walk.complete("application")
    assert "撤回" in person.get(f"/items/{item.id}/sent").text
    assert offered(person, item) == {"撤回"}
    answer = does(person, item, "call-back")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/items/{item.id}")
    assert walk.waiting() == ["application"]


def test_an_item_goes_to_another_unit_and_is_urged(site: Site) -> None:
    walk = site.walk()
    walk.to("field_survey")
    item, other = walk.item("field_survey"), site.ground.county.townships["保家镇"]
    assert does(site.bureau(), item, "urge", words="请抓紧").status_code == 303
    assert does(site.bureau(), item, "urge").status_code == 409
    assert does(site.town(), item, "transfer", unit=str(other.id)).status_code == 303
    assert row(site, item).unit_id == other.id
    assert site.town("保家镇").get(f"/items/{item.id}").status_code == 200


def test_a_colleague_fills_and_hands_back(site: Site) -> None:
    walk = site.walk()
    item, person = walk.item("receive"), site.town()
    colleague = second_handler(site, item.unit_id)
    with transaction(site.ground.sessions, writes=False) as session:
        yi = session.query(User).filter_by(login="yi").one().id
    assert does(person, item, "delegate", person=str(yi)).status_code == 303
    assert "已由经办乙领取" in person.get(f"/items/{item.id}").text
    page = colleague.get(f"/items/{item.id}").text
    assert "填好交回" in page
    assert 'value="submit"' not in page
    answers = {"verdict": "taken", "level": "village", "_revision": str(row(site, item).revision)}
    assert colleague.post(f"/items/{item.id}", {**answers, "_action": "submit"}).status_code == 403
    assert colleague.post(f"/items/{item.id}", {**answers, "_action": "hand_back"}).status_code == 303
    assert 'value="submit"' in person.get(f"/items/{item.id}").text
    assert does(person, item, "release").status_code == 303
    assert does(colleague, item, "claim").status_code == 303
    assert row(site, item).claimed_by_id == yi


def test_one_more_body_is_asked_and_dropped(site: Site) -> None:
    walk = site.walk()
    walk.to("joint_review")
    item, person = walk.item("joint_review"), site.town()
    assert offered(person, item) == {"加签", "催办"}
    unit = next(iter(site.ground.county.departments.values()))
    assert does(person, item, "reviewers", unit=str(unit.id)).status_code == 303
    added = next(each for each in walk.items("joint_review") if each.unit_id == unit.id)
    assert offered(person, added) >= {"加签", "减签"}
    assert does(person, added, "reviewers/drop").status_code == 303
    assert row(site, added).status == ItemStatus.CANCELLED
    assert does(person, item, "reviewers/drop").status_code == 409
    assert does(person, item, "skip").status_code == 403


def status(site: Site, walk: Walk) -> str:
    with transaction(site.ground.sessions, writes=False) as session:
        return session.get_one(Case, walk.case_id).status


class TestCase:
    def test_the_bureau_suspends_resumes_and_terminates(self, both_sites: Site) -> None:
        walk, bureau = both_sites.walk(), both_sites.bureau()
        address = f"/cases/{walk.case_id}"
        assert "流程管理" in bureau.get(address).text
        assert bureau.post(f"{address}/suspend", {"reason": "权属争议"}).status_code == 303
        assert "起暂停" in bureau.get(address).text
        assert set(TITLES.findall(bureau.get(f"{address}/acts").text)) == {"恢复", "终止"}
        item = walk.item("receive")
        assert both_sites.town().post(f"/items/{item.id}", {"_revision": "1", "_action": "submit"}).status_code == 409
        assert bureau.post(f"{address}/resume", {"reason": "已核实"}).status_code == 303
        assert status(both_sites, walk) == CaseStatus.RUNNING
        assert bureau.post(f"{address}/terminate", {"reason": "收回"}).status_code == 409
        assert bureau.post(f"{address}/terminate", {"reason": "收回", "sure": "yes"}).status_code == 303
        assert status(both_sites, walk) == CaseStatus.TERMINATED
        assert "没有可以进行的操作" in bureau.get(f"{address}/acts").text

    def test_nobody_else_administers(self, site: Site) -> None:
        walk = site.walk()
        for person in (site.town(), site.office()):
            assert person.get(f"/cases/{walk.case_id}/acts").status_code == 403
            assert person.post(f"/cases/{walk.case_id}/suspend", {"reason": "x"}).status_code == 403
        assert "流程管理" not in site.town().get(f"/cases/{walk.case_id}").text
        assert site.bureau().get("/cases/999/acts").status_code == 404

    def test_a_token_is_moved_and_a_date_changed(self, site: Site) -> None:
        walk, bureau = site.walk(), site.bureau()
        walk.to("notice_unit")
        walk.complete("notice_unit")
        walk.complete("notice_site")
        address = f"/cases/{walk.case_id}"
        page = bureau.get(f"{address}/acts").text
        assert set(TITLES.findall(page)) == {"暂停", "调整期限：公告期满", "调整环节：公告期满", "终止"}
        with transaction(site.ground.sessions, writes=False) as session:
            (timer,) = timers_of(session, walk.case_id)
        change = f"{address}/timers/{timer.id}"
        assert bureau.post(change, {"last": "2023-11-17", "reason": "群众要求"}).status_code == 303
        short = bureau.post(change, {"last": "2023-11-10", "reason": "群众要求"})
        assert (short.status_code, "公告期不得少于5个工作日" in short.text) == (409, True)
        assert bureau.post(change, {"last": "很快", "reason": "群众要求"}).status_code == 409
        moved = {"token": timer.token, "target": "decision", "reason": "公告有误"}
        assert bureau.post(f"{address}/move", moved).status_code == 303
        assert walk.waiting() == ["decision"]
