"""One pass over what is due: each timer by itself, a broken one leaves its case and an incident, messages after."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from ledger.cases import Case, Incident, Timer, open_incidents
from ledger.db import transaction
from ledger.journal import Moment
from ledger.outbox import Message, Notice, post
from ledger.projects import Project
from scheduler.channels import Channel, ChannelFailed
from scheduler.channels.page import PageChannel
from scheduler.sweep import Ground as Sweeping
from scheduler.sweep import Swept, sweep
from tests.walk import Ground, Walk, local

pytestmark = pytest.mark.usefixtures("quick_prints")


class Recording:
    """Keeps what it is given; refuses what it is told to."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.sent: list[str] = []
        self.refusal = refusal

    def send(self, message: Message) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.sent.append(message.dedupe_key)


def sweeping(ground: Ground, channel: Channel | None = None) -> Sweeping:
    return Sweeping(ground.sessions, ground.papers, {"page": channel or PageChannel()})


def at(walk: Walk) -> Moment:
    return Moment(walk.now, walk.now)


def waiting_case(ground: Ground, project: Project) -> Walk:
    walk = Walk(ground, project)
    walk.to("notice_unit")
    walk.complete("notice_unit")
    walk.complete("notice_site")
    return walk


def test_t1_due_timers_fire_and_what_they_open_follows(ground: Ground) -> None:
    walk = waiting_case(ground, ground.projects[1])
    assert sweep(sweeping(ground), at(walk)) == Swept(0, 0, 0)
    walk.now = local(2023, 12, 1, 0)  # after the publicity period; the campaign's disposal date has just ended
    assert sweep(sweeping(ground), at(walk)) == Swept(2, 0, 0)  # the period's end, and the opening it led to
    assert walk.waiting() == ["disposal_plan"]
    assert sweep(sweeping(ground), at(walk)) == Swept(0, 0, 0)


def test_a_broken_case_leaves_an_incident_and_the_others_go_on(ground: Ground) -> None:
    broken, sound = waiting_case(ground, ground.projects[1]), waiting_case(ground, ground.projects[4])
    state = broken.case.state
    with transaction(ground.sessions) as session:
        session.execute(update(Case).where(Case.id == broken.case_id).values(state=state[:-1] + b"\x00"))
    broken.now = local(2023, 12, 1, 0)
    assert sweep(sweeping(ground), at(broken)) == Swept(2, 1, 0)
    assert sound.waiting() == ["disposal_plan"]
    with transaction(ground.sessions, writes=False) as session:
        (incident,) = open_incidents(session)
        assert (incident.kind, incident.case_id, incident.attempts) == ("timer", broken.case_id, 1)
        assert incident.retry_at == broken.now + timedelta(minutes=1)
        assert session.get_one(Case, broken.case_id).state == state[:-1] + b"\x00"
    assert sweep(sweeping(ground), at(broken)) == Swept(0, 0, 0)  # it rests until its retry
    broken.now += timedelta(minutes=1)
    assert sweep(sweeping(ground), at(broken)) == Swept(0, 1, 0)
    with transaction(ground.sessions) as session:
        (incident,) = open_incidents(session)
        assert (incident.attempts, incident.retry_at) == (2, broken.now + timedelta(minutes=2))
        session.execute(update(Case).where(Case.id == broken.case_id).values(state=state))
    broken.now += timedelta(minutes=2)
    assert sweep(sweeping(ground), at(broken)) == Swept(2, 0, 0)
    with transaction(ground.sessions, writes=False) as session:
        assert open_incidents(session) == []
        assert session.scalars(select(Timer).where(Timer.ended_at.is_(None))).all() == []


def test_messages_are_sent_once(sqlite_ground: Ground) -> None:
    channel = Recording()
    with transaction(sqlite_ground.sessions) as session:
        post(session, [Notice(key, "page", 1, "提醒", "内容") for key in "ab"], local(2023, 11, 6))
    moment = Moment(local(2023, 11, 6), local(2023, 11, 6))
    assert sweep(sweeping(sqlite_ground, channel), moment).sent == 2
    assert sweep(sweeping(sqlite_ground, channel), moment).sent == 0
    assert channel.sent == ["a", "b"]


@pytest.mark.parametrize(
    ("refusal", "dead"),
    [
        (ChannelFailed("占线"), False),
        (RuntimeError("渠道自己的错"), False),
        (ChannelFailed("空号", permanent=True), True),
    ],
)
def test_a_message_that_does_not_go_out_waits_or_dies(sqlite_ground: Ground, refusal: Exception, dead: bool) -> None:
    now = local(2023, 11, 6)
    with transaction(sqlite_ground.sessions) as session:
        post(session, [Notice("a", "page", 1, "提醒", "内容")], now)
    sweep(sweeping(sqlite_ground, Recording(refusal)), Moment(now, now))
    with transaction(sqlite_ground.sessions, writes=False) as session:
        message = session.scalars(select(Message)).one()
        incidents = session.scalars(select(Incident.kind)).all()
    assert (message.sent_at, message.dead_at is not None, list(incidents)) == (None, dead, ["message"] if dead else [])
    assert message.error


def test_an_unknown_channel_is_an_incident(sqlite_ground: Ground, tmp_path: Path) -> None:
    now = local(2023, 11, 6)
    with transaction(sqlite_ground.sessions) as session:
        post(session, [Notice("a", "pigeon", 1, "提醒", "内容")], now)
    sweep(Sweeping(sqlite_ground.sessions, tmp_path, {}), Moment(now, now))
    with transaction(sqlite_ground.sessions, writes=False) as session:
        assert "pigeon" in open_incidents(session)[0].cause


def test_a_pass_told_to_stop_begins_nothing(sqlite_ground: Ground) -> None:
    walk = waiting_case(sqlite_ground, sqlite_ground.projects[1])
    walk.now = local(2023, 12, 1, 0)
    assert sweep(sweeping(sqlite_ground), at(walk), lambda: False) == Swept(0, 0, 0)
