"""消息设置, 消息发送, 云MAS reports: who may, what is kept, what a stranger gets (T3)."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from ledger.channel_settings import Channelling, Yunmas
from ledger.db import transaction
from ledger.demonstration import BEGINS_AT
from ledger.journal import Entry
from ledger.message_choices import allowed_hours, choices_of
from ledger.outbox import Message, Notice, note_sent, post
from ledger.people import User
from ledger.reminder_rules import USUAL, ReminderKind, rule_book, rules_of
from ledger.settings import Settings
from ledger.vocabulary import Role
from tests.walk import Ground
from tests.webapp.conftest import Site
from webapp import create_app
from webapp.messaging import masked_mail, masked_number

SECRET = "a-long-last-part"


@pytest.fixture
def texting(sqlite_ground: Ground) -> Site:
    """A site with text messages over 云MAS."""
    given = {"url": "http://127.0.0.1:9", "group": "县", "account": "a", "secret": SecretStr("s"), "sign": "q"}
    yunmas = Yunmas(**given, report_token=SecretStr(SECRET))
    settings = Settings(data=sqlite_ground.papers.parent, channels=Channelling(yunmas=yunmas))
    return Site(create_app(sqlite_ground.sessions, settings), sqlite_ground)


def user_of(site: Site, login: str) -> User:
    with transaction(site.ground.sessions, writes=False) as session:
        return session.scalars(select(User).where(User.login == login)).one()


def texts(site: Site, count: int) -> list[int]:
    """Write text messages that were sent under the numbers id-1, id-2 …"""
    user_id = user_of(site, "sangzhezhen.jingban").id
    with transaction(site.ground.sessions) as session:
        post(session, [Notice(f"k{n}", "sms", user_id, f"提醒{n}", "内容") for n in range(1, count + 1)], BEGINS_AT)
        ids = list(session.scalars(select(Message.id).order_by(Message.id)))
        for n, message_id in enumerate(ids, 1):
            note_sent(session, message_id, BEGINS_AT, f"id-{n}", 1)
    return ids


def test_t3_a_person_sets_channels_and_hours_and_sees_no_whole_number(texting: Site) -> None:
    clerk = texting.town()
    page = clerk.get("/notices/choices").get_data(as_text=True)
    user = user_of(texting, "sangzhezhen.jingban")
    assert user.telephone is not None
    assert user.telephone not in page
    assert masked_number(user.telephone) in page
    assert clerk.post("/notices/choices", {"page": ["14"], "sms": ["9", "16", "99"]}).status_code == 303
    with transaction(texting.ground.sessions, writes=False) as session:
        assert choices_of(session, user.id) == {"page": (14,), "sms": (9, 16), "email": (), "chat": ()}
        entry = session.scalars(select(Entry).where(Entry.act == "message_choices")).one()
    assert (entry.user_id, '"sms":[[9],[9,16]]' in entry.detail) == (user.id, True)


def test_t3_a_test_message_goes_to_oneself_once_a_minute(texting: Site) -> None:
    clerk = texting.town()
    for _ in range(2):
        assert clerk.post("/notices/choices/test", {"channel": "sms"}).status_code == 303
    assert clerk.post("/notices/choices/test", {"channel": "email"}).status_code == 404  # not set up here
    with transaction(texting.ground.sessions, writes=False) as session:
        written = session.execute(select(Message.user_id, Message.channel)).all()
    assert len(written) in (1, 2)  # two when the minute turned between them
    assert set(written) == {(user_of(texting, "sangzhezhen.jingban").id, "sms")}


def test_t3_the_system_administrator_tests_a_channel_where_its_messages_are_listed(texting: Site) -> None:
    keeper = texting.person(texting.ground.county.county.id, Role.SYSTEM_ADMIN)
    page = keeper.get("/messages").get_data(as_text=True)
    assert ("给自己发测试短信" in page, "给自己发测试电子邮件" in page) == (True, False)  # email is not set up here
    answer = keeper.post("/notices/choices/test", {"channel": "sms", "back": "/messages"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/messages")
    assert "测试短信已交付发送" in keeper.get("/messages").get_data(as_text=True)
    away = keeper.post("/notices/choices/test", {"channel": "sms", "back": "//elsewhere.test/"})
    assert away.headers["Location"] == "/notices/choices"


def test_t3_the_system_administrator_sees_each_messages_life_and_sends_again(texting: Site) -> None:
    first, second = texts(texting, 2)
    with transaction(texting.ground.sessions) as session:
        dead = {"sent_at": None, "dead_at": BEGINS_AT, "error": "号码在黑名单中", "attempts": 8}
        session.execute(update(Message).where(Message.id == second).values(dead))
    keeper = texting.person(texting.ground.county.county.id, Role.SYSTEM_ADMIN)
    page = keeper.get("/messages?fate=dead").get_data(as_text=True)
    assert ("提醒2" in page, "提醒1" in page, "号码在黑名单中" in page) == (True, False, True)
    assert keeper.post(f"/messages/{first}/retry").status_code == 404  # it went out
    assert keeper.post(f"/messages/{second}/retry").status_code == 303
    with transaction(texting.ground.sessions, writes=False) as session:
        message = session.get_one(Message, second)
        assert (message.dead_at, message.attempts) == (None, 0)
    sheet = openpyxl.load_workbook(BytesIO(keeper.get("/messages.xlsx").get_data())).worksheets[0]
    assert [row[3] for row in sheet.iter_rows(min_row=3, values_only=True)] == ["提醒2", "提醒1"]
    assert texting.town().get("/messages").status_code == 403


def test_t3_a_report_of_the_provider_finds_its_message(texting: Site) -> None:
    delivered, refused, untouched = texts(texting, 3)
    platform = texting.app.test_client()
    reports = [
        {"reportStatus": "CM:0000", "errorCode": "DELIVRD", "msgGroup": "id-1", "mobile": "13800000001"},
        {"reportStatus": "CM:1044", "errorCode": "UNDELIV", "msgGroup": "id-2", "mobile": "13800000001"},
        {"errorCode": "DELIVRD", "msgGroup": "strange"},
        "nonsense",
    ]
    assert platform.post(f"/receipts/yunmas/{SECRET}", json=reports).get_json() == {"rspcod": "success"}
    assert platform.post(f"/receipts/yunmas/{SECRET}", data="not json").status_code == 200
    assert platform.post("/receipts/yunmas/guess", json=reports[0]).status_code == 404
    with transaction(texting.ground.sessions, writes=False) as session:
        lives = {m.id: (m.delivered_at is not None, m.error) for m in session.scalars(select(Message))}
    assert lives == {delivered: (True, ""), refused: (False, "没有送达（UNDELIV）"), untouched: (False, "")}


def test_without_text_messages_no_report_is_taken(site: Site) -> None:
    assert site.app.test_client().post("/receipts/yunmas/", json={}).status_code == 404
    assert site.app.test_client().post("/receipts/yunmas/x", json={}).status_code == 404


@pytest.mark.parametrize(
    ("masked", "whole"), [("z***@example.test", "zhang@example.test"), ("", ""), ("", "no address")]
)
def test_an_address_is_shown_by_its_first_letter(masked: str, whole: str) -> None:
    assert masked_mail(whole) == masked


def test_messages_older_than_a_week_are_not_counted(texting: Site) -> None:
    texts(texting, 1)
    with transaction(texting.ground.sessions) as session:
        session.execute(update(Message).values(created_at=BEGINS_AT - timedelta(days=8)))
    keeper = texting.person(texting.ground.county.county.id, Role.SYSTEM_ADMIN)
    assert "已发出 0" in keeper.get("/messages").get_data(as_text=True)


def everything(**more: str | list[str]) -> dict[str, str | list[str]]:
    """Return the rules' form as it stands, `more` over it."""
    form: dict[str, str | list[str]] = {}
    for kind, rule in USUAL.items():
        form |= {f"{kind}.enabled": "on", f"{kind}.days": "，".join(map(str, rule.days))}
        form[f"{kind}.channels"] = list(rule.channels)
    return {**form, **more}


def test_t3_the_administrator_sets_which_reminders_there_are(texting: Site) -> None:
    keeper = texting.person(texting.ground.county.county.id, Role.SYSTEM_ADMIN)
    asked = everything(**{"before.days": "5, 2、2", "new.channels": ["page"]})
    del asked["overdue.enabled"]
    assert keeper.post("/messages/rules", asked).status_code == 303
    with transaction(texting.ground.sessions, writes=False) as session:
        rules = rules_of(session)
        entry = session.scalars(select(Entry).where(Entry.act == "reminder_rules")).one()
    assert rules[ReminderKind.BEFORE].days == (5, 2)
    assert (rules[ReminderKind.OVERDUE].enabled, rules[ReminderKind.NEW].channels) == (False, ("page",))
    assert set(json.loads(entry.detail)) == {"before", "overdue", "new"}
    assert 'value="5，2"' in keeper.get("/messages/rules").get_data(as_text=True)
    assert texting.town().get("/messages/rules").status_code == 403


@pytest.mark.parametrize(
    ("kind", "days", "sentence"),
    [
        ("before", "", "请填写1至5个数"),
        ("before", "1,2,3,4,5,6", "请填写1至5个数"),
        ("before", "31", "应在0至30之间"),
        ("before", "三", "应为数字"),
        ("before", "1" * 40, "应为数字"),
        ("signer", "1,2", "请填写一个数"),
        ("supervisor", "0", "应在1至30之间"),
    ],
)
def test_t3_a_rule_that_makes_no_sense_changes_nothing(texting: Site, kind: str, days: str, sentence: str) -> None:
    keeper = texting.person(texting.ground.county.county.id, Role.SYSTEM_ADMIN)
    answer = keeper.post("/messages/rules", everything(**{f"{kind}.days": days, "new.channels": []}))
    assert (answer.status_code, sentence in answer.get_data(as_text=True)) == (422, True)
    with transaction(texting.ground.sessions, writes=False) as session:
        assert rules_of(session) == USUAL


def test_t3_the_administrator_allows_hours_and_a_campaign_its_own_rules(texting: Site) -> None:
    keeper = texting.person(texting.ground.county.county.id, Role.SYSTEM_ADMIN)
    asked = everything(**{"hours": "1", "hours.page": ["10", "15"], "hours.sms": ["10", "3"]})
    assert keeper.post("/messages/rules", asked).status_code == 303
    assert 'value="9"' not in texting.town().get("/notices/choices").get_data(as_text=True).split("电子邮件")[0]
    campaign_id = texting.ground.county.campaign.id
    own = everything(**{"campaign": str(campaign_id), "before.days": "5"})
    assert keeper.post("/messages/rules", own).status_code == 303
    assert keeper.post("/messages/rules", everything(campaign="999")).status_code == 404
    with transaction(texting.ground.sessions, writes=False) as session:
        book, hours = rule_book(session), allowed_hours(session)
        entries = session.scalars(select(Entry.detail).where(Entry.act == "reminder_rules").order_by(Entry.id)).all()
    assert (hours["page"], hours["sms"], hours["email"]) == ((10, 15), (10,), (9,))
    assert (book.of(campaign_id)[ReminderKind.BEFORE].days, book.county[ReminderKind.BEFORE].days) == ((5,), (3, 1, 0))
    first, second = map(json.loads, entries)
    assert first["hours.page"] == [[9, 11, 14, 16], [10, 15]]
    assert second == {"campaign": campaign_id, "before": [second["before"][0], [True, [5], second["before"][1][2]]]}


def test_t3_people_without_an_address_are_listed_with_their_unit(texting: Site) -> None:
    with transaction(texting.ground.sessions) as session:
        person = session.scalars(select(User).where(User.login == "sangzhezhen.jingban")).one()
        person.telephone, name = None, person.name
    keeper = texting.person(texting.ground.county.county.id, Role.SYSTEM_ADMIN)
    listed = keeper.get("/messages").get_data(as_text=True).partition("没有登记联系方式的人员")[2]
    row = next(row for row in listed.split("<tr>") if name in row)
    assert ("桑柘镇" in row, f"/people/{person.id}" in row, "没有登记" in row) == (True, True, True)
