"""The outbox: written once, claimed by one, retried with patience, dead after eight (safety rule 11)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from ledger.db import transaction
from ledger.outbox import (
    LEASE,
    MOST_ATTEMPTS,
    Message,
    Notice,
    claim_messages,
    give_back,
    note_receipt,
    note_sent,
    post,
    revive,
    settle_message,
)
from tests.walk import Ground, local

NOW = local(2023, 11, 6)


def notice(key: str, user_id: int = 1) -> Notice:
    return Notice(key, "email", user_id, "办理提醒", "有一件到期")


def test_a_key_is_written_once(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        assert post(session, [notice("a"), notice("b")], NOW) == 2
        assert post(session, [notice("b"), notice("c")], NOW) == 1
        assert post(session, [], NOW) == 0


def test_a_claimed_message_is_nobody_elses_until_the_lease_ends(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        post(session, [notice("a")], NOW)
    with transaction(ground.sessions) as session:
        (first,) = claim_messages(session, "email", NOW, 5)
    with transaction(ground.sessions) as session:
        assert claim_messages(session, "email", NOW, 5) == []
        (again,) = claim_messages(session, "email", NOW + LEASE, 5)  # whoever claimed it was killed
        assert (again.id, again.attempts) == (first.id, 2)


def test_failures_wait_longer_each_time_and_end(ground: Ground) -> None:
    now = NOW
    with transaction(ground.sessions) as session:
        post(session, [notice("a")], now)
    waits = []
    for attempt in range(1, MOST_ATTEMPTS + 1):
        with transaction(ground.sessions) as session:
            (message,) = claim_messages(session, "email", now, 5)
            assert settle_message(session, message.id, now, "占线") is (attempt == MOST_ATTEMPTS)
        with transaction(ground.sessions) as session:
            kept = session.get_one(Message, message.id)
            waits.append(kept.not_before_at - now)
            now = kept.not_before_at
    assert waits[:4] == [timedelta(minutes=m) for m in (1, 2, 4, 8)]
    with transaction(ground.sessions) as session:
        assert claim_messages(session, "email", now + timedelta(days=1), 5) == []
        assert revive(session, message.id, now)
        assert [each.id for each in claim_messages(session, "email", now, 5)] == [message.id]


def test_what_was_claimed_and_not_tried_is_given_back_without_blame(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        post(session, [notice("a"), notice("b")], NOW)
    with transaction(ground.sessions) as session:
        first, second = claim_messages(session, "email", NOW, 5)
    with transaction(ground.sessions) as session:
        note_sent(session, first.id, NOW, "id-1", 0)
        give_back(session, [first.id, second.id], NOW + timedelta(minutes=1))
    with transaction(ground.sessions) as session:
        assert claim_messages(session, "email", NOW, 5) == []
        (again,) = claim_messages(session, "email", NOW + timedelta(minutes=1), 5)
        assert (again.id, again.attempts) == (second.id, 1)


def test_a_channel_gets_its_own_messages_and_the_page_needs_no_sending(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        post(session, [notice("a"), Notice("b", "sms", 1, "提醒", ""), Notice("c", "page", 1, "提醒", "")], NOW)
        assert [each.dedupe_key for each in claim_messages(session, "sms", NOW, 5)] == ["b"]
        assert claim_messages(session, "page", NOW, 5) == []


def test_a_providers_report_finds_its_message(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        post(session, [notice("a"), notice("b")], NOW)
    with transaction(ground.sessions) as session:
        for number, message in enumerate(claim_messages(session, "email", NOW, 5), 1):
            note_sent(session, message.id, NOW, f"id-{number}", 1)
    later = NOW + timedelta(minutes=3)
    with transaction(ground.sessions) as session:
        assert [note_receipt(session, receipt, later) for receipt in ("id-1", "strange", "")] == [True, False, False]
        assert note_receipt(session, "id-2", later, "UNDELIV")
    with transaction(ground.sessions, writes=False) as session:
        reported = [(m.delivered_at, m.error) for m in session.scalars(select(Message).order_by(Message.id))]
    assert reported == [(later, ""), (None, "UNDELIV")]
