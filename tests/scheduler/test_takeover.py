"""What a killed scheduler leaves behind is done by another within 90 s, exactly once (safety, how it is tested)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ledger.channel_settings import Channelling, Gateway, Smtp, Webhooks
from ledger.db import SessionFactory, transaction
from ledger.journal import Moment
from ledger.outbox import LEASE, Notice, claim_messages, post
from ledger.people import User
from scheduler.clock import TICK_SECONDS, outgoing_of
from scheduler.sweep import Ground, sweep
from tests.doubled import DUE_AT, Doubled
from tests.kills import killed_at
from tests.points import COMMIT, Point
from tests.walk import Ground as County
from tests.workers import check

WITHIN = timedelta(seconds=90)
TICK = timedelta(seconds=TICK_SECONDS)
CASES = 2


def test_the_timers_of_a_killed_scheduler_fire_at_the_next_tick_of_another(
    sessions: SessionFactory, tmp_path: Path
) -> None:
    doubled = Doubled(sessions, tmp_path)
    doubled.lay(CASES)
    for case_id in doubled.cases:
        for element in ("first", "second", "third"):
            doubled.complete(case_id, element)()
    county = County(sessions, tmp_path, county=None, projects=[])  # type: ignore[arg-type]  # a child opens its sessions
    moment = Moment(DUE_AT, DUE_AT)
    killed_at(Point("before", COMMIT, 2), lambda: sweep(Ground(county.sessions, tmp_path), moment), county)
    assert TICK <= WITHIN
    later = Moment(DUE_AT + TICK, DUE_AT + TICK)
    left = sweep(Ground(sessions, tmp_path), later).fired
    assert 0 < left <= CASES
    for case_id in doubled.cases:
        doubled.complete(case_id, "last")()
    assert check(doubled)["timer"] == CASES


def test_the_messages_of_a_killed_sender_are_sent_by_another(sessions: SessionFactory) -> None:
    assert LEASE + TICK <= WITHIN
    with transaction(sessions) as session:
        person = User(login="a", name="甲", password_hash="", created_at=DUE_AT)
        session.add(person)
        session.flush()
        post(session, [Notice("m1", "email", person.id, "提醒", "内容")], DUE_AT)
    with transaction(sessions) as session:
        assert len(claim_messages(session, "email", DUE_AT, 5)) == 1  # and whoever claimed it is killed
    with transaction(sessions) as session:
        assert claim_messages(session, "email", DUE_AT + TICK, 5) == []
        assert len(claim_messages(session, "email", DUE_AT + LEASE, 5)) == 1


@pytest.mark.parametrize("patience", [10, 60])
def test_a_lease_outlasts_the_slowest_letter_of_its_channel(patience: float) -> None:
    """A letter over SMTP waits for five answers: sender, addressee, start, the text's way, receipt."""
    smtp = Smtp(host="mail", sender="a@x.cn", timeout_seconds=patience)
    text = Gateway(url="https://x/", timeout_seconds=patience)
    hooks = Webhooks(hosts=("x",), timeout_seconds=patience)
    made = outgoing_of(Channelling(smtp=smtp, gateway=text, webhooks=hooks), "")
    assert {each.name: each.lease for each in made} == dict.fromkeys(
        ("email", "sms", "webhook"), timedelta(seconds=30 + 5 * patience)
    )
    assert max(each.lease for each in outgoing_of(Channelling(folder=Path("x")), "")) == LEASE
