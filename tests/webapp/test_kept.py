"""Nothing typed is lost: two windows, two people, an ended sign-in (interface 17 and 19, issue 5 item 2)."""

from __future__ import annotations

import re
from io import BytesIO

from ledger.cases import Draft, WorkItem
from ledger.people import SignIn
from tests.walk import PDF
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


def test_an_item_that_still_waits_keeps_the_words_of_who_is_refused(site: Site) -> None:
    """What changed meanwhile was nobody's doing of it: the form stands there again with what was typed."""
    item, person = surveyed(site)
    bureau, case_id = site.bureau(), item_row(site, item).case_id
    sent = {**TYPED, "_revision": str(item_row(site, item).revision), "_action": "submit"}
    assert person.post(f"/items/{item}/draft", {**TYPED, "_draft": "0"}).status_code == 204
    bureau.post(f"/cases/{case_id}/suspend", {"reason": "权属争议"})
    refused = person.post(f"/items/{item}", {**sent, "_draft": "1"})
    assert (refused.status_code, "恢复办理后请回到这里提交" in refused.text) == (409, True)
    bureau.post(f"/cases/{case_id}/resume", {"reason": "已查清"})
    person.post(f"/items/{item}/claim", {"_revision": str(item_row(site, item).revision)})
    refused = person.post(f"/items/{item}", {**sent, "_draft": "1"})
    assert (refused.status_code, "办理。" in refused.text) == (409, False)
    assert "该任务在您打开以后有变动" in refused.text
    assert "新建大棚三座</textarea>" in refused.text
    assert f'name="_revision" value="{item_row(site, item).revision}"' in refused.text
    assert "新建大棚三座</textarea>" in person.get(f"/items/{item}").text


def test_what_a_colleague_takes_and_puts_back_keeps_my_draft(site: Site) -> None:
    item, person = surveyed(site)
    row = item_row(site, item)
    second = second_handler(site, row.unit_id)
    assert person.post(f"/items/{item}/draft", {**TYPED, "_draft": "0"}).status_code == 204
    second.post(f"/items/{item}/claim", {"_revision": str(row.revision)})
    sent = {**TYPED, "_revision": str(row.revision), "_draft": "1", "_action": "submit"}
    refused = person.post(f"/items/{item}", sent)
    assert (refused.status_code, "该任务已由经办乙领取" in refused.text) == (403, True)
    assert "新建大棚三座</textarea>" in refused.text
    second.post(f"/items/{item}/release", {"_revision": str(item_row(site, item).revision)})
    assert "新建大棚三座</textarea>" in person.get(f"/items/{item}").text


def test_a_colleague_goes_on_from_what_the_asker_typed(site: Site) -> None:
    item, person = site.walk().item("receive").id, site.town()
    second = second_handler(site, item_row(site, item).unit_id)

    def delegate() -> None:
        given = {"person": str(site.user_id("yi")), "reason": "出差", "_revision": str(item_row(site, item).revision)}
        assert person.post(f"/items/{item}/delegate", given).status_code == 303

    assert person.post(f"/items/{item}/draft", {"reason": "不属本镇", "_draft": "0"}).status_code == 204
    delegate()
    assert "不属本镇</textarea>" in second.get(f"/items/{item}").text
    second.post(f"/items/{item}/release", {"_revision": str(item_row(site, item).revision)})
    assert "不属本镇</textarea>" in person.get(f"/items/{item}").text
    delegate()
    assert person.post(f"/items/{item}/draft", {"reason": "我又写了"}).status_code == 204  # a window left open
    filled = {"verdict": "taken", "level": "village", "_revision": str(item_row(site, item).revision)}
    assert second.post(f"/items/{item}", {**filled, "_action": "hand_back"}).status_code == 303
    page = person.get(f"/items/{item}").text
    assert "我又写了</textarea>" in page
    assert "载入交回的内容" in page
    handed_back = person.get(f"/items/{item}?answers=handed_back").text
    assert "我又写了</textarea>" not in handed_back
    assert re.search(r'value="taken"[^>]*checked', handed_back)


def test_saving_what_somebody_else_has_done_says_so(site: Site) -> None:
    walk = site.walk()
    item, person = walk.item("receive"), site.town()
    walk.complete("receive")
    saved = person.post(f"/items/{item.id}/draft", {"reason": "不属本镇", "_draft": "0"})
    assert (saved.status_code, saved.text[:6]) == (410, "该任务已由桑")
    form = {"reason": "不属本镇", "_revision": "1", "_action": "submit", "files": (BytesIO(PDF), "证明.pdf")}
    late = person.post(f"/items/{item.id}", form, content_type="multipart/form-data")
    assert (late.status_code, "没有上传：证明.pdf" in late.text) == (409, True)


def item_row(site: Site, item_id: int) -> WorkItem:
    with site.ground.sessions() as session:
        return session.get_one(WorkItem, item_id)


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


def test_other_words_go_on_after_the_sign_in_ended_too(site: Site) -> None:
    """A remark, minutes, the reason of an act: shown again, and posted again by a button."""
    item, person = surveyed(site)
    case_id, token = item_row(site, item).case_id, person.token()
    end_sign_ins(site)
    lost = [
        (f"/items/{item}/send-back", {"reason": "资料不全", "target": "receive", "_revision": "1"}, "资料不全"),
        ("/meetings/1/decide", {"minutes": "会议原则同意"}, "会议原则同意"),
        ("/rounds/items/1", {"work": "本周完成招标"}, "本周完成招标"),
        (f"/cases/{case_id}/comments", {"text": "请补充合同"}, "请补充合同"),
    ]
    for address, sent, words in lost:
        page = person.client.post(address, data={**sent, "csrf_token": token})
        assert (page.status_code, words in page.text) == (401, True), address
    assert person.sign_in("sangzhezhen.jingban").status_code == 303
    carried = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    old = person.client.post(f"/cases/{case_id}/comments", data=carried)
    assert (old.status_code, "重新提交" in old.text) == (400, True)
    carried = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', old.text))
    assert person.client.post(f"/cases/{case_id}/comments", data=carried).status_code == 303
    assert "请补充合同" in person.get(f"/cases/{case_id}?tab=comments").text


def test_what_must_not_be_shown_again_is_not(site: Site) -> None:
    visitor = site.visitor()
    secret = "Geheim-2023!x"
    for address in ("/login", "/account/password", "/password"):
        assert secret not in visitor.client.post(address, data={"login": "a", "password": secret, "new": secret}).text


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
    assert f'上次填写</span> <span class="keep-lines">{conclusion}' in marked
    walk.complete("field_survey", conclusion="这次另写")
    assert "与上次相比，改动" in person.get(f"/cases/{walk.case_id}?tab=trail").text
