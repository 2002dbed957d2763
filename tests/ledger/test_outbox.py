"""The outbox: written once, claimed by one, retried with patience, dead after eight (safety rule 11)."""

from __future__ import annotations

from datetime import timedelta

from ledger.db import transaction
from ledger.outbox import (
    LEASE,
    MOST_ATTEMPTS,
    Message,
    Notice,
    claim_message,
    messages_of,
    post,
    read_message,
    settle_message,
    unread_count,
)
from tests.walk import Ground, local

NOW = local(2023, 11, 6)


def notice(key: str, user_id: int = 1) -> Notice:
    return Notice(key, "page", user_id, "办理提醒", "有一件到期")


def test_a_key_is_written_once(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        assert post(session, [notice("a"), notice("b")], NOW) == 2
        assert post(session, [notice("b"), notice("c")], NOW) == 1
        assert post(session, [], NOW) == 0


def test_a_claimed_message_is_nobody_elses_until_the_lease_ends(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        post(session, [notice("a")], NOW)
    with transaction(ground.sessions) as session:
        first = claim_message(session, NOW)
        assert first is not None
    with transaction(ground.sessions) as session:
        assert claim_message(session, NOW) is None
        again = claim_message(session, NOW + LEASE)  # whoever claimed it was killed
        assert again is not None
        assert (again.id, again.attempts) == (first.id, 2)


def test_failures_wait_longer_each_time_and_end(ground: Ground) -> None:
    now = NOW
    with transaction(ground.sessions) as session:
        post(session, [notice("a")], now)
    waits = []
    for attempt in range(1, MOST_ATTEMPTS + 1):
        with transaction(ground.sessions) as session:
            message = claim_message(session, now)
            assert message is not None
            assert settle_message(session, message.id, now, "占线") is (attempt == MOST_ATTEMPTS)
        with transaction(ground.sessions) as session:
            kept = session.get_one(Message, message.id)
            waits.append(kept.not_before_at - now)
            now = kept.not_before_at
    assert waits[:4] == [timedelta(minutes=m) for m in (1, 2, 4, 8)]
    with transaction(ground.sessions) as session:
        assert claim_message(session, now + timedelta(days=1)) is None


def test_a_message_is_read_by_its_own_reader(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        post(session, [notice("a", 1), notice("b", 2)], NOW)
        while (message := claim_message(session, NOW)) is not None:
            settle_message(session, message.id, NOW)
            session.flush()
        (mine,) = messages_of(session, 1)
        read_message(session, mine.id, 2, NOW)
        assert unread_count(session, 1) == 1
        read_message(session, mine.id, 1, NOW)
        session.flush()
        assert (unread_count(session, 1), unread_count(session, 2)) == (0, 1)
