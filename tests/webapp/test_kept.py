"""Nothing typed is lost: two windows, two people, an ended sign-in (interface 17 and 19, issue 5 item 2)."""

from __future__ import annotations

import re

from ledger.cases import Draft
from ledger.people import SignIn
from tests.webapp.conftest import Person, Site
from tests.webapp.test_acts import second_handler

TYPED = {"construction": "新建大棚三座", "balance_yuan": "约三万"}


def surveyed(site: Site) -> tuple[int, Person]:
    walk = site.walk()
    walk.complete("receive")
    return walk.item("field_survey").id, site.town()


def seen(page: str) -> str:
    found = re.search(r'name="_draft" value="(\d+)"', page)
    assert found is not None
    return found[1]


def test_the_second_window_sees_that_the_first_has_saved(both_sites: Site) -> None:
    item, person = surveyed(both_sites)
    began = seen(person.get(f"/items/{item}").text)
    first = person.post(f"/items/{item}/draft", {**TYPED, "_draft": began})
    assert (first.status_code, first.headers["Draft-Revision"]) == (204, "1")
    autosaved = person.post(f"/items/{item}/draft", {"construction": "新建大棚五座", "_draft": began})
    assert (autosaved.status_code, autosaved.headers["Draft-Revision"]) == (409, "1")
    for action in ("draft", "submit"):
        answer = person.post(f"/items/{item}", {"construction": "新建大棚五座", "_draft": began, "_action": action})
        assert answer.status_code == 409
        assert "另一个窗口在" in answer.text
        assert "新建大棚五座" in answer.text  # what this window has is still in it
    assert "新建大棚三座" in person.get(f"/items/{item}").text  # and the first window's is what is kept
    again = {"construction": "新建大棚五座", "_draft": seen(answer.text), "_action": "draft"}
    assert person.post(f"/items/{item}", again).status_code == 303
    assert "新建大棚五座" in person.get(f"/items/{item}").text


def test_saving_the_same_words_again_is_no_conflict(site: Site) -> None:
    item, person = surveyed(site)
    assert person.post(f"/items/{item}/draft", {**TYPED, "_draft": "0"}).headers["Draft-Revision"] == "1"
    assert person.post(f"/items/{item}/draft", {**TYPED, "_draft": "0"}).headers["Draft-Revision"] == "1"
    changed = {**TYPED, "construction": "改了", "_draft": "1"}
    assert person.post(f"/items/{item}/draft", changed).headers["Draft-Revision"] == "2"


def test_who_was_slower_reads_who_was_quicker_and_keeps_the_words(site: Site) -> None:
    walk = site.walk()
    item, first = walk.item("receive"), site.town()
    second = second_handler(site, item.unit_id)
    assert second.post(f"/items/{item.id}/draft", {"reason": "不属本镇", "_draft": "0"}).status_code == 204
    page = {"_revision": str(item.revision), "_action": "submit"}
    assert first.post(f"/items/{item.id}", {**page, "verdict": "taken", "level": "village"}).status_code == 303
    late = second.post(f"/items/{item.id}", {**page, "verdict": "unknown", "reason": "不属本镇"})
    assert late.status_code == 409
    assert "已由桑柘镇经办甲于11月6日" in late.text
    assert "不属本镇" in late.text
    assert site.count(Draft) == 0  # nothing of an item that is done waits among the drafts


def end_sign_ins(site: Site) -> None:
    with site.ground.sessions.begin() as session:
        for sign_in in session.query(SignIn):
            sign_in.ended_at = site.ground.now


def test_a_form_posted_after_the_sign_in_ended_goes_on_from_there(both_sites: Site) -> None:
    item, person = surveyed(both_sites)
    token = person.token()
    end_sign_ins(both_sites)
    lost = person.client.post(f"/items/{item}", data={**TYPED, "_action": "submit", "csrf_token": token})
    assert lost.status_code == 401
    assert "登录已失效，您填写的内容没有丢失" in lost.text
    assert "新建大棚三座" in lost.text
    carried = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', lost.text))
    assert person.sign_in("sangzhezhen.jingban").status_code == 303
    old = person.client.post(f"/items/{item}", data={**carried, "_action": "draft"})
    assert old.status_code == 400  # the page is of an earlier sign-in: shown again, with a token that counts
    carried = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', old.text))
    assert person.client.post(f"/items/{item}", data={**carried, "_action": "draft"}).status_code == 303
    restored = person.get(f"/items/{item}").text
    assert "新建大棚三座" in restored
    assert 'value="约三万"' in restored


def test_a_lost_form_changes_nothing_by_itself(site: Site) -> None:
    item, person = surveyed(site)
    token = person.token()
    end_sign_ins(site)
    person.client.post(f"/items/{item}", data={**TYPED, "_action": "submit", "csrf_token": token})
    assert site.count(Draft) == 0


def test_after_a_return_the_last_words_stand_there_and_changes_are_shown(site: Site) -> None:
    walk = site.walk()
    walk.to("application")
    item, person = walk.item("application"), site.town()
    back = {"_revision": str(item.revision), "target": "field_survey", "reason": "核实后再办"}
    assert person.post(f"/items/{item.id}/send-back", back).status_code == 303
    again = walk.item("field_survey")
    page = person.get(f"/items/{again.id}").text
    assert "办理过这一环节" in page
    conclusion = (walk.items("field_survey")[0].answers or {})["conclusion"]
    assert f"{conclusion}</textarea>" in page
    person.post(f"/items/{again.id}/draft", {"conclusion": "这次另写"})
    marked = person.get(f"/items/{again.id}").text
    assert f'上次填写</span> <span style="white-space:pre-line">{conclusion}' in marked
    walk.complete("field_survey", conclusion="这次另写")
    assert "与上次相比，改动" in person.get(f"/cases/{walk.case_id}?tab=trail").text
