"""消息文字: who may edit them, what a preview shows, versions and the audit (T3)."""

from __future__ import annotations

import json
import re

from sqlalchemy import select

from ledger.db import transaction
from ledger.journal import Entry
from ledger.message_texts import USUAL, MessageText, wordings_of
from ledger.message_words import TextKind
from ledger.outbox import Message
from ledger.vocabulary import Role
from scheduler.reminders import remind
from tests.walk import Walk, local
from tests.webapp.conftest import Site

SHORT = {"body": "{项目}【{任务}】新到，{期限}前办", "short": "{任务}新到"}


def test_t3_an_administrator_rewords_a_message_and_it_is_told_so(site: Site) -> None:
    keeper = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    assert site.town().get("/messages/texts").status_code == 403
    assert "{项目}：{任务}，新任务，办理期限{期限}" in keeper.get("/messages/texts").get_data(as_text=True)
    assert keeper.post("/messages/texts/new", {**SHORT, "seen": "0"}).status_code == 303
    walk = Walk(site.ground, site.ground.projects[1])
    remind(site.ground.sessions, local(2023, 11, 6, 10))
    with transaction(site.ground.sessions, writes=False) as session:
        told = session.scalars(select(Message.body)).all()
        entry = session.scalars(select(Entry).where(Entry.act == "message_text")).one()
    assert f"{walk.project.name}【签收项目】新到，11月8日前办" in "\n".join(told)
    detail = json.loads(entry.detail)
    assert (detail["number"], detail["body"]) == (1, [USUAL[TextKind.NEW].body, SHORT["body"]])


def test_t3_a_preview_keeps_nothing_and_counts_the_parts(site: Site) -> None:
    keeper = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    page = keeper.post("/messages/texts/new/preview", {**SHORT, "seen": "0"}).get_data(as_text=True)
    assert "桑柘镇高山蔬菜大棚【实地调研】新到，11月21日前办" in page
    short = "办理提醒：1件新到；实地调研新到。https://sgyp.example.gov.cn/"
    shown = re.search(r"(办理提醒：1件新到；[^<]*)", page)
    assert shown is not None
    assert f"{len(shown[1])} 字，计费 1 条" in page
    assert len(shown[1]) <= len(short)
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.scalars(select(MessageText)).all() == []


def test_t3_every_text_has_its_page_with_a_preview(site: Site) -> None:
    keeper = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    for kind in TextKind:
        page = keeper.get(f"/messages/texts/{kind.value}").get_data(as_text=True)
        assert (kind.label in page, "预览" in page, 'name="seen" value="0"' in page) == (True, True, True)


def test_what_is_wrong_is_told_and_what_was_typed_stays(site: Site) -> None:
    keeper = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    answer = keeper.post("/messages/texts/new", {**SHORT, "body": "{项目}{任务}{口令}", "seen": "0"})
    page = answer.get_data(as_text=True)
    assert (answer.status_code, "“{口令}”不是这里可用的变量" in page, "{项目}{任务}{口令}" in page) == (422, True, True)
    assert keeper.get("/messages/texts/none").status_code == 404


def test_versions_stay_and_an_earlier_one_is_used_again(site: Site) -> None:
    keeper = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    for number, more in enumerate(("甲", "乙")):
        keeper.post("/messages/texts/new", {**SHORT, "short": f"{{任务}}{more}", "seen": str(number)})
    stale = keeper.post("/messages/texts/new", {**SHORT, "seen": "1"})
    assert (stale.status_code, "刚刚被别人改过" in stale.get_data(as_text=True)) == (409, True)
    assert keeper.post("/messages/texts/new/restore", {"number": "7", "seen": "2"}).status_code == 404
    shorts = []
    for number, now in (("1", "2"), ("0", "3")):
        assert keeper.post("/messages/texts/new/restore", {"number": number, "seen": now}).status_code == 303
        with transaction(site.ground.sessions, writes=False) as session:
            shorts.append(wordings_of(session)[TextKind.NEW].short)
    assert shorts == ["{任务}甲", USUAL[TextKind.NEW].short]
    with transaction(site.ground.sessions, writes=False) as session:
        assert [each.number for each in session.scalars(select(MessageText).order_by(MessageText.id))] == [1, 2, 3, 4]
