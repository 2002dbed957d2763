"""Sending: looked at again before it goes, once each, an absent provider blames nobody (T3, safety rule 11)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from ledger.cases import Incident, WorkItem
from ledger.db import transaction
from ledger.incidents import open_incidents
from ledger.outbox import LEASE, Line, Message, Notice, claim_messages, post
from ledger.people import User
from scheduler.channels import ChannelAway, ChannelFailed, Reach, Send
from scheduler.letters import Letter
from scheduler.sending import REST, Outgoing, may_send, send_waiting
from tests.walk import Ground, Walk, local

NOW = local(2023, 11, 20)


class Recording:
    """Keeps what it is given; refuses what it is told to; one batch per connection."""

    reach, batch = Reach.EMAIL, 2

    def __init__(self, refusal: Exception | None = None, after: int = 0) -> None:
        self.sent: list[Letter] = []
        self.refusal, self.after = refusal, after
        self.connections = 0

    @contextmanager
    def opened(self) -> Iterator[Send]:
        self.connections += 1
        yield self._send

    def _send(self, letter: Letter) -> str:
        if self.refusal is not None and len(self.sent) >= self.after:
            raise self.refusal
        self.sent.append(letter)
        return f"id-{len(self.sent)}"


def outgoing(channel: Recording, name: str = "email", **more: object) -> Outgoing:
    return Outgoing(name, channel, "https://sgyp.example.test", **more)  # type: ignore[arg-type]


def someone(ground: Ground) -> User:
    with transaction(ground.sessions, writes=False) as session:
        return session.scalars(select(User).where(User.login == "sangzhezhen.jingban")).one()


def write(ground: Ground, keys: str, channel: str = "email", lines: tuple[Line, ...] | None = None) -> None:
    user_id = someone(ground).id
    with transaction(ground.sessions) as session:
        post(session, [Notice(key, channel, user_id, "提醒", "内容", lines=lines) for key in keys], NOW)


def messages(ground: Ground) -> list[Message]:
    with transaction(ground.sessions, writes=False) as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def test_messages_are_sent_once_in_batches(ground: Ground) -> None:
    channel = Recording()
    write(ground, "abc")
    assert send_waiting(ground.sessions, outgoing(channel), NOW) == 3
    assert send_waiting(ground.sessions, outgoing(channel), NOW) == 0
    assert [letter.key for letter in channel.sent] == ["a", "b", "c"]
    assert channel.connections == 2
    assert {letter.address for letter in channel.sent} == {someone(ground).email}
    assert [message.receipt for message in messages(ground)] == ["id-1", "id-2", "id-3"]


@pytest.mark.parametrize(
    ("refusal", "dead"),
    [
        (ChannelFailed("占线"), False),
        (RuntimeError("渠道自己的错"), False),
        (ChannelFailed("空号", permanent=True), True),
    ],
)
def test_a_message_that_does_not_go_out_waits_or_dies(sqlite_ground: Ground, refusal: Exception, dead: bool) -> None:
    write(sqlite_ground, "a")
    assert send_waiting(sqlite_ground.sessions, outgoing(Recording(refusal)), NOW) == 0
    (message,) = messages(sqlite_ground)
    with transaction(sqlite_ground.sessions, writes=False) as session:
        incidents = list(session.scalars(select(Incident.kind)))
    assert (message.sent_at, message.dead_at is not None, incidents) == (None, dead, ["message"] if dead else [])
    assert str(refusal) in message.error


def test_a_provider_that_is_away_blames_no_message(ground: Ground) -> None:
    write(ground, "abc")
    away = Recording(ChannelAway("云MAS：签名编码无效"), after=1)
    assert send_waiting(ground.sessions, outgoing(away), NOW) == 1
    assert [letter.key for letter in away.sent] == ["a"]
    first, second, third = messages(ground)
    assert (first.sent_at is not None, second.attempts, third.attempts) == (True, 0, 0)
    with transaction(ground.sessions, writes=False) as session:
        (incident,) = open_incidents(session)
        assert (incident.kind, "签名编码无效" in incident.cause) == ("channel:email", True)
    back = Recording()
    assert send_waiting(ground.sessions, outgoing(back), NOW + REST + timedelta(seconds=1)) == 2
    assert [letter.key for letter in back.sent] == ["c", "b"]  # what was tried waits its minute


def test_t3_nobody_is_told_of_what_is_done(ground: Ground) -> None:
    walks = [Walk(ground, project) for project in ground.projects[:2]]
    items = [walk.item("receive") for walk in walks]
    lines = tuple(Line(item.id, f"{item.name}第{n}件", f"第{n}件", n) for n, item in enumerate(items))
    user_id = someone(ground).id
    with transaction(ground.sessions) as session:
        post(session, [Notice("both", "email", user_id, "", "", "digest", lines)], NOW)
        post(session, [Notice("done", "email", user_id, "", "", "digest", lines[:1])], NOW)
        session.execute(update(WorkItem).where(WorkItem.id == items[0].id).values(completed_at=NOW))
    channel = Recording()
    assert send_waiting(ground.sessions, outgoing(channel), NOW) == 1
    (letter,) = channel.sent
    assert (letter.subject, "第1件" in letter.text, "第0件" in letter.text) == ("办理提醒：1件即将到期", True, False)
    overtaken = messages(ground)[1]
    assert (overtaken.dead_at is not None, overtaken.error) == (True, "所涉任务都已办结")
    with transaction(ground.sessions, writes=False) as session:
        assert open_incidents(session) == []


@pytest.mark.parametrize(
    ("now", "may"),
    [
        (local(2023, 11, 20, 8, 29), False),
        (local(2023, 11, 20, 8, 30), True),
        (local(2023, 11, 20, 19, 59), True),
        (local(2023, 11, 20, 20, 0), False),
    ],
)
def test_t3_text_messages_are_silent_at_night(sqlite_ground: Ground, now: datetime, may: bool) -> None:
    assert (may_send("sms", now), may_send("email", now)) == (may, True)
    write(sqlite_ground, "a", "sms")
    with transaction(sqlite_ground.sessions) as session:
        session.execute(update(Message).values(not_before_at=now))
    assert send_waiting(sqlite_ground.sessions, outgoing(Recording(), "sms"), now) == may


def test_t3_a_unit_has_so_many_texts_a_day(sqlite_ground: Ground) -> None:
    write(sqlite_ground, "abc", "sms")
    channel = Recording()
    assert send_waiting(sqlite_ground.sessions, outgoing(channel, "sms", quota=2), NOW) == 2
    assert [message.parts for message in messages(sqlite_ground)] == [1, 1, 0]
    with transaction(sqlite_ground.sessions, writes=False) as session:
        assert "今天的短信已用完（2条）" in open_incidents(session)[0].cause
    write(sqlite_ground, "d", "sms")
    tomorrow = NOW + timedelta(days=1)
    assert send_waiting(sqlite_ground.sessions, outgoing(channel, "sms", quota=2), tomorrow) == 1


def test_a_person_without_an_address_is_told_apart_from_a_failure_of_the_channel(sqlite_ground: Ground) -> None:
    write(sqlite_ground, "a")
    with transaction(sqlite_ground.sessions) as session:
        session.execute(update(User).values(email=None))
    channel = Recording()
    assert send_waiting(sqlite_ground.sessions, outgoing(channel), NOW) == 0
    assert (channel.sent, messages(sqlite_ground)[0].error) == ([], "没有填写地址或号码")


def test_the_lease_of_a_killed_sender_is_taken_over(ground: Ground) -> None:
    write(ground, "ab")
    with transaction(ground.sessions) as session:
        claim_messages(session, "email", NOW, 5)  # and then it was killed
    channel = Recording()
    assert send_waiting(ground.sessions, outgoing(channel), NOW + LEASE - timedelta(seconds=5)) == 0
    assert send_waiting(ground.sessions, outgoing(channel), NOW + LEASE) == 2


def test_a_sender_told_to_stop_gives_back_what_it_holds(sqlite_ground: Ground) -> None:
    write(sqlite_ground, "ab")
    asked: list[bool] = []

    def once() -> bool:
        asked.append(True)
        return len(asked) <= 2  # for the batch, and for its first letter

    channel = Recording()
    assert send_waiting(sqlite_ground.sessions, outgoing(channel), NOW, once) == 1
    left = messages(sqlite_ground)[1]
    assert (left.attempts, left.leased_until_at) == (0, None)
