"""The page of a publicity, its public page without signing in, and what may come in from outside (P7, T1, M2)."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from sqlalchemy import select
from werkzeug.test import TestResponse

from forms.papers.filling import print_paper
from ledger.cases import Objection
from ledger.db import transaction
from ledger.installation import shift_clock
from ledger.journal import Entry
from ledger.outbox import Message
from ledger.outside import PER_ADDRESS, OutsideAttempt, notice_token
from ledger.projects import Project
from tests.acceptance.people import picture
from tests.walk import Walk, local
from tests.webapp.conftest import Person, Site
from webapp.public_notices import without_numbers

pytestmark = pytest.mark.usefixtures("quick_prints")
SAID = {"raised_by": "冉光荣", "contact": "13800001234", "content": "公告的分红标准与合同不一致"}
NOTICE = {"contact": "镇乡村振兴办公室 023-78840000", "content": "现将分类和措施公告如下。咨询冉某13912345678。"}


def posted(site: Site) -> Walk:
    """Post both notices on Monday, 27 November 2023."""
    walk = site.walk()
    walk.to("notice_unit")
    walk.now = local(2023, 11, 27)
    walk.complete("notice_unit", **NOTICE)
    walk.complete("notice_site")
    site.catch_up(walk)
    return walk


def pass_to(site: Site, walk: Walk, then: datetime) -> None:
    """Let both clocks, the pages' and the walk's, stand at a moment."""
    with transaction(site.ground.sessions) as session:
        shift_clock(session, int((then - walk.now).total_seconds()))
    walk.now = then


def public_address(site: Site, walk: Walk) -> str:
    with transaction(site.ground.sessions, writes=False) as session:
        return f"/gonggao/{walk.case_id}/{notice_token(session, walk.case_id)}"


def send(visitor: Person, address: str, **more: Any) -> TestResponse:
    return visitor.post(address, {**SAID, **more})


def rows(site: Site, table: type[Any]) -> list[Any]:
    with transaction(site.ground.sessions, writes=False) as session:
        return list(session.scalars(select(table).order_by(table.id)))


def test_p7_the_public_page_tells_the_notice_and_nothing_personal(site: Site) -> None:
    walk = posted(site)
    answer = site.visitor().get(public_address(site, walk))
    page = answer.text
    assert answer.status_code == 200
    assert walk.project.name in page
    assert "2023-12-04 24:00" in page
    assert "023-78840000" in page
    assert "139****5678" in page
    assert "13912345678" not in page
    with transaction(site.ground.sessions, writes=False) as session:
        project = session.get_one(Project, walk.project.id)
        assert project.responsible_person is not None
        assert project.telephone is not None
        assert project.responsible_person not in page
        assert project.telephone not in page
    assert answer.headers["X-Robots-Tag"].startswith("noindex")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_p7_the_public_page_says_what_was_posted_not_what_was_decided_since(site: Site) -> None:
    walk = site.walk()
    walk.to("notice_unit")
    walk.now = local(2023, 11, 27)
    walk.complete("notice_unit", contact="冉某13912345678")
    walk.complete("notice_site", place="村委会，联系13912345678")
    site.catch_up(walk)
    with transaction(site.ground.sessions) as session:
        project = session.get_one(Project, walk.project.id)
        posted_measures = project.measures
        project.category, project.measures = "revoke", "后来另定的措施"
    page = site.visitor().get(public_address(site, walk)).text
    assert "后来另定的措施" not in page
    assert str(posted_measures) in page
    assert "提升" in page
    assert "13912345678" not in page
    assert page.count("139****5678") == 2


def test_t1_no_objection_is_offered_after_the_last_day_while_one_is_examined(site: Site) -> None:
    walk, clerk = posted(site), site.town()
    offered = f'href="/cases/{walk.case_id}/objections/new"'
    assert offered in clerk.get(f"/cases/{walk.case_id}").text
    assert send(site.visitor(), public_address(site, walk)).status_code == 303
    assert offered in clerk.get(f"/cases/{walk.case_id}").text
    pass_to(site, walk, local(2023, 12, 5))
    assert walk.waiting() == ["objection"]
    assert offered not in clerk.get(f"/cases/{walk.case_id}").text


def test_p7_a_notice_has_an_address_nobody_guesses(site: Site) -> None:
    walk, visitor = posted(site), site.visitor()
    right = public_address(site, walk)
    assert len(right.rpartition("/")[2]) == 32  # 128 bits
    for wrong in (right[:-1] + ("0" if right[-1] != "0" else "1"), f"/gonggao/{walk.case_id + 1}/{right[-32:]}"):
        assert visitor.get(wrong).status_code == 404
        assert send(visitor, wrong).status_code == 404
    early = site.walk(1)
    assert visitor.get(public_address(site, early)).status_code == 404  # no notice yet


def test_p7_an_objection_from_outside_becomes_the_units_to_examine(both_sites: Site) -> None:
    site = both_sites
    walk, visitor = posted(site), site.visitor()
    answer = send(visitor, public_address(site, walk), files=(BytesIO(picture()), "现场.png"))
    assert answer.status_code == 303
    (objection,) = rows(site, Objection)
    assert (objection.raised_by, objection.entered_by) == ("冉光荣", "公告公开页")
    assert walk.waiting() == ["objection"]
    told = visitor.get(answer.location).text
    assert "异议已收到" in told
    assert objection.receipt in told
    assert "冉光荣" not in told
    message = next(each for each in rows(site, Message) if each.dedupe_key.startswith("objection:"))
    assert objection.receipt in message.body
    assert "冉光荣" not in message.subject + message.body
    card = site.town().get(f"/cases/{walk.case_id}/publicity").text
    assert "13800001234" in card
    assert "现场.png" in card
    onlooker = site.person(site.ground.county.agriculture.id)
    assert "138****1234" in onlooker.get(f"/cases/{walk.case_id}/publicity").text
    journaled = [each for each in rows(site, Entry) if each.act == "objection"]
    assert [each.who for each in journaled] == ["公告公开页"]
    assert "冉光荣" not in journaled[0].detail


def test_p7_what_is_missing_or_too_much_is_told_and_nothing_typed_is_lost(site: Site) -> None:
    walk, visitor = posted(site), site.visitor()
    address = public_address(site, walk)
    answer = visitor.post(address, {**SAID, "contact": ""})
    assert (answer.status_code, "请填写联系电话" in answer.text, "冉光荣" in answer.text) == (422, True, True)
    four = [(BytesIO(picture()), f"{number}.png") for number in range(4)]
    answer = send(visitor, address, files=four)
    assert (answer.status_code, "最多上传 3 个文件" in answer.text) == (422, True)
    answer = send(visitor, address, files=(BytesIO(b"MZ"), "a.exe"))
    assert (answer.status_code, "不是允许的文件类型" in answer.text) == (422, True)
    assert rows(site, Objection) == []
    huge = (BytesIO(b"0" * (31 * 1024 * 1024)), "大.png")
    assert send(visitor, address, files=huge).status_code == 413


def test_p7_an_address_has_its_share_of_an_hour(both_sites: Site) -> None:
    site = both_sites
    walk, visitor = posted(site), site.visitor()
    address = public_address(site, walk)
    statuses = [visitor.post(address, {}).status_code for _attempt in range(PER_ADDRESS)]
    assert set(statuses) == {422}
    refused = send(visitor, address)
    assert (refused.status_code, "请一小时后再试" in refused.text) == (429, True)
    assert rows(site, Objection) == []
    attempts = rows(site, OutsideAttempt)
    assert len(attempts) == PER_ADDRESS
    assert all("127.0.0.1" not in each.address for each in attempts)


def test_t1_nothing_is_heard_after_the_period_and_its_page_says_so(site: Site) -> None:
    walk, visitor = posted(site), site.visitor()
    pass_to(site, walk, local(2023, 12, 5))
    assert "提交异议" not in visitor.get(public_address(site, walk)).text
    late = send(visitor, public_address(site, walk))
    assert (late.status_code, "不在公告期内" in late.text) == (422, True)
    walk.fire()
    assert "公告期满" in visitor.get(public_address(site, walk)).text
    assert "公告期满证明.docx" in site.town().get(f"/cases/{walk.case_id}/publicity").text


def test_p7_each_place_has_its_official_notice_before_it_hangs(site: Site) -> None:
    walk = site.walk()
    walk.to("notice_unit")
    site.catch_up(walk)
    clerk, here = site.town(), f"/cases/{walk.case_id}/publicity"
    page = clerk.get(f"{here}/poster").text
    assert "data:image/svg+xml" in page
    assert "现将经营性帮扶产业项目" in page
    addresses = re.findall(r'href="([^"]+/notice\.docx)"', page)
    assert len(set(addresses)) == 2
    told = []
    with pytest.MonkeyPatch.context() as real:
        real.setattr("bpmn.prints.print_paper", print_paper)
        for address in addresses:
            paper = Document(BytesIO(clerk.get(address).data))
            assert len(paper.inline_shapes) == 1  # the code
            told.append([each.text for each in paper.paragraphs])
    for lines, where, signed in ((told[0], "项目实施主管单位", "桑柘镇"), (told[1], "项目实施地", "云顶村")):
        text = "\n".join(lines)
        assert lines[0] == f"关于{walk.project.name}“四个一批”分类及处置措施的公告"
        assert f"责任单位：{walk.project.responsible_body}" in text
        assert "项目地点：桑柘镇云顶村" in text
        assert re.search(f"公告处：{where}（.*{signed}.*）", text)
        assert "张贴日期：　　　　年　　月　　日" in text
        assert "张贴地点" not in text
    code = clerk.get(f"{here}/code.png")
    assert (code.mimetype, code.data[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    stranger = site.town("保家镇")
    assert [stranger.get(each).status_code for each in (here, *addresses)] == [404] * 3
    assert clerk.get(f"{here}/{walk.items('reply')[0].id}/notice.docx").status_code == 404


def test_t1_the_unit_extends_and_posts_again_on_the_page(site: Site) -> None:
    walk, clerk = posted(site), site.town()
    here = f"/cases/{walk.case_id}/publicity"
    assert clerk.post(f"{here}/extend", {"last": "2023-12-06", "reason": "听取意见"}).status_code == 303
    assert "由2023-12-04延长到2023-12-06：听取意见" in clerk.get(here).text
    pass_to(site, walk, local(2023, 11, 28))
    again = {"places": "notice_unit", "posted_on": "2023-11-28", "reason": "被撕毁"}
    assert clerk.post(f"{here}/repost", again).status_code == 409  # without a photograph
    photo = {"photo_notice_unit": (BytesIO(picture()), "再张贴.png")}
    refused = clerk.post(f"{here}/repost", {**again, **photo, "reason": ""})
    assert (refused.status_code, "请填写重新张贴的原因" in refused.text) == (409, True)
    assert 'value="2023-11-28"' in refused.text
    assert "再张贴.png" in refused.text  # and is not asked for again
    assert clerk.post(f"{here}/repost", again).status_code == 303
    page = clerk.get(here).text
    assert "主管单位2023-11-28重新张贴，公告期重新计至2023-12-05：被撕毁" in page
    assert "再张贴.png" in page


def test_t1_an_interrupted_notice_hangs_again_before_the_case_goes_on(site: Site) -> None:
    walk, clerk, bureau = posted(site), site.town(), site.bureau()
    here, acts = f"/cases/{walk.case_id}/publicity", f"/cases/{walk.case_id}/acts"
    bureau.post(f"/cases/{walk.case_id}/suspend", {"reason": "公告内容有误", "interrupt": "1"})
    assert "登记重新张贴" in clerk.get(here).text
    assert "延长公告期" not in clerk.get(here).text
    assert "两处重新张贴的日期和照片" in bureau.get(acts).text
    refused = bureau.post(f"/cases/{walk.case_id}/resume", {"reason": "已更正"})
    assert (refused.status_code, "还没有在两处重新张贴" in refused.text) == (409, True)
    pass_to(site, walk, local(2023, 11, 29))
    again = {"places": ["notice_unit", "notice_site"], "posted_on": "2023-11-26", "reason": "内容已更正"}
    photos = {f"photo_{name}": (BytesIO(picture()), f"{name}.png") for name in again["places"]}
    early = clerk.post(f"{here}/repost", {**again, **photos})
    assert "不能早于公告中止的日期2023-11-27" in early.text
    assert clerk.post(f"{here}/repost", {**again, "posted_on": "2023-11-28"}).status_code == 303
    page = clerk.get(here).text
    assert "主管单位、实施地2023-11-28重新张贴，公告期重新计至2023-12-05：内容已更正" in page
    assert bureau.post(f"/cases/{walk.case_id}/resume", {"reason": "已更正"}).status_code == 303


def test_m2_numbers_in_a_text_for_everybody_are_masked() -> None:
    said = "联系13800001234，身份证500243199001011234，编号500002016500243900001"
    assert without_numbers(said) == "联系138****1234，身份证500****1234，编号500002016500243900001"
