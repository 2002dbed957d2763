"""事件通知: what is told, to whom, signed how, and never twice (issue 4 §5, safety rules 3 and 11)."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select

from ledger.db import transaction
from ledger.journal import Moment
from ledger.outbox import Message
from ledger.people import User
from ledger.webhooks import MOST_HOOKS, WEBHOOK, HookRefused, create_hook, end_hook, tell_hooks, told
from tests.walk import Ground, Walk

URL = "https://gongshi.example.test/events"


def user_id(ground: Ground, login: str) -> int:
    with transaction(ground.sessions, writes=False) as session:
        return session.scalars(select(User.id).where(User.login == login)).one()


def listening(ground: Ground, login: str, url: str = URL) -> str:
    with transaction(ground.sessions) as session:
        secret, _hook = create_hook(session, user_id(ground, login), url, Moment(ground.now, ground.now))
    return secret


def tell(ground: Ground, moment: Moment) -> int:
    with transaction(ground.sessions) as session:
        return tell_hooks(session, moment)


def messages(ground: Ground) -> list[Message]:
    with transaction(ground.sessions, writes=False) as session:
        wanted = select(Message).where(Message.channel == WEBHOOK).order_by(Message.id)
        return list(session.scalars(wanted))


def test_what_happens_is_told_once_signed_and_without_decisions(ground: Ground) -> None:
    secret = listening(ground, "sangzhezhen.jingban")
    walk = Walk(ground, ground.projects[0])
    walk.complete("receive")
    assert tell(ground, walk.moment) == 2
    assert tell(ground, walk.moment) == 0
    later = Moment(walk.now, walk.now + timedelta(hours=1))
    assert tell(ground, later) == 0
    walk.complete("field_survey")
    assert tell(ground, later) == 1
    sent = messages(ground)
    payloads = [json.loads(message.body.partition("\n")[2]) for message in sent]
    assert [payload["event"] for payload in payloads] == ["start", "complete", "complete"]
    assert [payload["step"] for payload in payloads] == ["", "签收项目", "实地调研"]
    assert {payload["project"]["number"] for payload in payloads} == {walk.project.number}
    assert set(payloads[1]) == {"id", "event", "at", "case_id", "item_id", "element", "step", "next", "project"}
    assert all("经办" not in message.body for message in sent)
    for message in sent:
        signed, _, payload = message.body.partition("\n")
        moment, mac = (part.partition("=")[2] for part in signed.split(","))
        assert mac == hmac.new(secret.encode(), f"{moment}.{payload}".encode(), sha256).hexdigest()


def test_nobody_is_told_of_what_the_person_does_not_see(ground: Ground) -> None:
    listening(ground, "baojiazhen.jingban", f"{URL}/1")
    listening(ground, "xiangcunzhenxingju.jingban", f"{URL}/2")
    walk = Walk(ground, ground.projects[0])  # of 桑柘镇
    assert tell(ground, walk.moment) == 1
    assert {message.subject for message in messages(ground)} == {f"{URL}/2"}


def test_a_row_committed_late_is_told_all_the_same(sqlite_ground: Ground) -> None:
    """On PostgreSQL a lower number may be committed after a higher one was read."""
    ground = sqlite_ground
    listening(ground, "xiangcunzhenxingju.jingban")
    first, second = (Walk(ground, project) for project in ground.projects[:2])
    assert tell(ground, first.moment) == 2
    with transaction(ground.sessions) as session:
        session.delete(session.scalars(select(Message).where(Message.channel == WEBHOOK)).first())
    assert tell(ground, second.moment) == 1
    tell(ground, Moment(second.now, second.now + timedelta(hours=1)))
    with transaction(ground.sessions) as session:
        session.delete(session.scalars(select(Message).where(Message.channel == WEBHOOK)).first())
    assert tell(ground, Moment(second.now, second.now + timedelta(hours=2))) == 0


def test_an_ended_address_and_a_disabled_person_are_told_nothing(ground: Ground) -> None:
    listening(ground, "xiangcunzhenxingju.jingban")
    walk = Walk(ground, ground.projects[0])
    tell(ground, walk.moment)
    owner, other = user_id(ground, "xiangcunzhenxingju.jingban"), user_id(ground, "sangzhezhen.jingban")
    with transaction(ground.sessions) as session:
        assert end_hook(session, other, 1, walk.moment) is None
        hook = end_hook(session, owner, 1, walk.moment)
        assert hook is not None
        fate = told(session, hook)
        assert (fate.sent_count, fate.waiting_count, fate.dead_count) == (0, 0, 1)
    walk.complete("receive")
    assert tell(ground, walk.moment) == 0
    listening(ground, "sangzhezhen.jingban")
    with transaction(ground.sessions) as session:
        session.get_one(User, other).disabled_at = walk.now
    walk.complete("field_survey")
    assert tell(ground, walk.moment) == 0


def test_one_address_once_and_not_too_many(sqlite_ground: Ground) -> None:
    for number in range(MOST_HOOKS):
        listening(sqlite_ground, "sangzhezhen.jingban", f"{URL}/{number}")
    for url in (f"{URL}/0", f"{URL}/more", URL + "x" * 300):
        with pytest.raises(HookRefused):
            listening(sqlite_ground, "sangzhezhen.jingban", url)
