"""Reminders (T3), counted by hand on the calendar of November 2023."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from bpmn.deployment import deploy, shipped_bundle
from bpmn.runtime import urge
from ledger.cases import WorkItem
from ledger.db import transaction
from ledger.incidents import Failure, write_incident
from ledger.message_choices import allow_hours, choices_of, choose, within
from ledger.outbox import Message, lines_of
from ledger.people import Post, User
from ledger.reminder_rules import CampaignRule, ReminderKind, Rule, change_campaign_rule, change_rule
from ledger.vocabulary import Role
from scheduler.letters import Addressee, Paper, letter_of
from scheduler.reminders import remind, spread
from tests.walk import Ground, Walk, local


def texts(ground: Ground, role: Role, unit_id: int) -> list[str]:
    """Return what the holders of a post were told, oldest first."""
    with transaction(ground.sessions, writes=False) as session:
        wanted = (
            select(Message.subject + "\n" + Message.body)
            .join(User, User.id == Message.user_id)
            .join(Post, Post.user_id == User.id)
            .where(Post.role == role, Post.unit_id == unit_id)
        )
        return list(session.scalars(wanted.order_by(Message.id)))


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (local(2023, 11, 15, 9), None),  # 4 working days before 11-21
        (local(2023, 11, 16, 9), "还剩3个工作日"),
        (local(2023, 11, 17, 9), None),
        (local(2023, 11, 18, 9), None),  # a Saturday
        (local(2023, 11, 20, 8, 59), None),  # too early in the day
        (local(2023, 11, 20, 9), "还剩1个工作日"),
        (local(2023, 11, 21, 9), "今天到期"),
        (local(2023, 11, 22, 9), "已超期1个工作日"),
        (local(2023, 11, 24, 9), "已超期3个工作日"),
    ],
)
def test_t3_before_a_deadline_and_after(sqlite_ground: Ground, now: datetime, told: str | None) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    walk.complete("receive")  # 实地调研 is due on 11-21
    remind(sqlite_ground.sessions, local(2023, 11, 7, 9))
    remind(sqlite_ground.sessions, now)
    new, *mine = texts(sqlite_ground, Role.HANDLER, walk.item("field_survey").unit_id)
    assert f"{walk.project.name}：实地调研，新任务，办理期限11月21日" in new
    if told is None:
        assert mine == []
    else:
        (text,) = mine
        assert f"{walk.project.name}：实地调研，办理期限11月21日，{told}" in text


@pytest.mark.parametrize(("day", "told"), [(14, "还剩5个工作日"), (16, None), (21, None)])
def test_t3_a_step_s_own_days_go_before_the_county_s(sqlite_ground: Ground, day: int, told: str | None) -> None:
    shipped = shipped_bundle()
    diagram = shipped.diagram.replace('sgyp:handler="field_survey"', 'sgyp:handler="field_survey" sgyp:remind="5"')
    with transaction(sqlite_ground.sessions) as session:
        deploy(session, replace(shipped, diagram=diagram), "管理员", sqlite_ground.now)
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    walk.complete("receive")  # 实地调研 is due on 11-21
    remind(sqlite_ground.sessions, local(2023, 11, 7, 9))
    remind(sqlite_ground.sessions, local(2023, 11, day, 9))
    _new, *mine = texts(sqlite_ground, Role.HANDLER, walk.item("field_survey").unit_id)
    assert [told in text for text in mine if told] == ([True] if told else [])
    assert bool(mine) is bool(told)


def test_t3_one_message_a_day_gathers_all_and_is_written_once(ground: Ground) -> None:
    unit_id = ground.projects[1].responsible_unit_id or 0
    for project in ground.projects:
        Walk(ground, project)
    with transaction(ground.sessions) as session:
        session.execute(update(WorkItem).values(unit_id=unit_id, due_at=local(2023, 11, 9, 0)))
    assert remind(ground.sessions, local(2023, 11, 8, 9)) == 1
    assert remind(ground.sessions, local(2023, 11, 8, 17)) == 0
    (text,) = texts(ground, Role.HANDLER, unit_id)
    assert text.startswith(f"办理提醒：{len(ground.projects)}件即将到期\n")
    assert text.count("今天到期") == len(ground.projects)
    # overdue from the next day on: the signer hears of it too, and the message says what is the matter
    assert remind(ground.sessions, local(2023, 11, 9, 9)) == 2
    assert texts(ground, Role.HANDLER, unit_id)[1].startswith(f"办理提醒：{len(ground.projects)}件已超期\n")


def test_t3_the_signer_hears_after_one_day_and_the_supervisor_after_three(sqlite_ground: Ground) -> None:
    county = sqlite_ground.county
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    walk.complete("receive")
    unit_id = walk.item("field_survey").unit_id
    heard = []
    for day in (21, 22, 23, 24):
        remind(sqlite_ground.sessions, local(2023, 11, day, 9))
        signer = len(texts(sqlite_ground, Role.SIGNER, unit_id))
        heard.append((signer, len(texts(sqlite_ground, Role.SUPERVISOR, county.county.id))))
    assert heard == [(0, 0), (1, 0), (2, 0), (3, 1)]
    other = next(unit.id for unit in county.townships.values() if unit.id != unit_id)
    assert texts(sqlite_ground, Role.SIGNER, other) == []


@pytest.mark.usefixtures("quick_prints")
def test_t3_a_milestone_has_its_own_reminder(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    walk.to("disposal")  # 阶段性成效 by 12-05
    remind(sqlite_ground.sessions, local(2023, 12, 5, 9))
    assert "阶段性成效12月5日，今天到期" in texts(sqlite_ground, Role.HANDLER, walk.item("disposal").unit_id)[-1]


def test_t3_what_came_is_told_once_at_the_next_of_the_persons_hours(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[1])
    unit_id = walk.item("receive").unit_id
    told = []
    for now in (local(2023, 11, 6, 10), local(2023, 11, 6, 13), local(2023, 11, 6, 14), local(2023, 11, 6, 16)):
        remind(ground.sessions, now)
        told.append(len(texts(ground, Role.HANDLER, unit_id)))
        if now.hour == 13:
            walk.now = local(2023, 11, 6, 13, 30)
            walk.complete("receive")
    assert told == [1, 1, 2, 2]  # begun at 09:00: told by the first pass after it, then at 14:00
    assert texts(ground, Role.HANDLER, unit_id)[1].startswith("办理提醒：1件新到")


def test_t3_a_clock_that_was_away_tells_everything_once(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    walk.complete("receive")
    unit_id = walk.item("field_survey").unit_id
    assert remind(sqlite_ground.sessions, local(2023, 11, 20, 15, 30)) >= 1
    (text,) = texts(sqlite_ground, Role.HANDLER, unit_id)
    assert "还剩1个工作日" in text
    assert text.count("实地调研") == 1  # due and new, but one item
    assert remind(sqlite_ground.sessions, local(2023, 11, 20, 16, 30)) == 0


def test_t3_a_person_chooses_channels_and_hours(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[1])
    with transaction(ground.sessions) as session:
        unit_id = walk.item("receive").unit_id
        wanted = select(User).join(Post).where(Post.unit_id == unit_id, Post.role == Role.HANDLER)
        user = session.scalars(wanted).one()
        choose(session, user.id, "email", [])
        choose(session, user.id, "sms", [16, 3, 16])  # 03:00 is none of the hours
        choose(session, user.id, "page", [])  # the page always tells
        assert choices_of(session, user.id) == {"email": (), "sms": (16,), "page": (9,), "chat": ()}
    told = []
    for hour in (9, 15, 16):
        remind(ground.sessions, local(2023, 11, 6, hour, 30), ("email", "sms"))
        with transaction(ground.sessions, writes=False) as session:
            mine = select(Message.channel).where(Message.user_id == user.id).order_by(Message.id)
            told.append(list(session.scalars(mine)))
    assert told == [["page"], ["page"], ["page", "sms"]]


def test_t3_a_text_names_the_three_most_urgent(sqlite_ground: Ground) -> None:
    for project in sqlite_ground.projects:
        Walk(sqlite_ground, project)
    unit_id = sqlite_ground.projects[1].responsible_unit_id or 0
    with transaction(sqlite_ground.sessions) as session:
        items = session.scalars(select(WorkItem).order_by(WorkItem.id)).all()
        for day, item in enumerate(items):
            item.unit_id, item.due_at = unit_id, local(2023, 11, 7 + day, 0)
    remind(sqlite_ground.sessions, local(2023, 11, 10, 9), ("sms",))
    with transaction(sqlite_ground.sessions, writes=False) as session:
        mine = (Post.unit_id == unit_id, Post.role == Role.HANDLER, Message.channel == "sms")
        message = session.scalars(select(Message).join(Post, Post.user_id == Message.user_id).where(*mine)).one()
        letter = letter_of(message, lines_of(message), Addressee("13800000001", "经办甲"), Paper("https://x.test"))
    assert letter.short.startswith("办理提醒：4件已超期，1件即将到期；")
    assert [words in letter.short for words in ("超期4个", "超期3个", "超期2个", "超期1个", "今天到期")] == [
        *(True, True, True),
        *(False, False),
    ]
    assert len(letter.short) <= 200
    assert letter.parameters == (("due", "1"), ("overdue", "4"))


def test_t3_what_a_person_asks_of_another_goes_over_every_channel_at_once(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[1])
    item = walk.item("receive")
    with walk.acting(Role.HANDLER, ground.county.bureau.id) as acting:
        urge(acting, item.id, "请今天签收")
    channels = ("email", "sms")
    assert [spread(ground.sessions, walk.now, channels) for _ in range(2)] == [2, 0]
    with transaction(ground.sessions, writes=False) as session:
        written = session.scalars(select(Message).where(Message.channel == "sms")).one()
        letter = letter_of(written, lines_of(written), Addressee("13800000001", "经办甲"), Paper())
    assert letter.short.startswith(f"催办：{walk.project.name}")
    assert "请今天签收" in letter.text
    assert [line.item_id for line in lines_of(written)] == [item.id]  # looked at again before it goes
    assert spread(ground.sessions, walk.now + timedelta(days=2), ("chat",)) == 0


def test_t3_rules_decide_what_is_told_when_and_over_which_channel(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    walk.complete("receive")  # 实地调研 is due on 11-21
    with transaction(sqlite_ground.sessions) as session:
        change_rule(session, ReminderKind.BEFORE, Rule(days=(5,), channels=("page",)))
        change_rule(session, ReminderKind.OVERDUE, Rule(enabled=False))
        change_rule(session, ReminderKind.NEW, Rule(channels=("sms",)))
        change_rule(session, ReminderKind.SIGNER, Rule(days=(2,)))
    unit_id, told = walk.item("field_survey").unit_id, {}
    for day in (7, 14, 20, 22, 23):
        remind(sqlite_ground.sessions, local(2023, 11, day, 9), ("sms",))
        with transaction(sqlite_ground.sessions, writes=False) as session:
            wanted = select(Post.role, Message.channel).join(Message, Message.user_id == Post.user_id)
            written = Message.created_at == local(2023, 11, day, 9)
            rows = session.execute(wanted.where(Post.unit_id == unit_id, written)).all()
        told[day] = sorted((role, channel) for role, channel in rows)
    assert told == {
        7: [("handler", "sms")],
        14: [("handler", "page")],  # 5 working days before
        20: [],
        22: [],
        23: [("signer", "page"), ("signer", "sms")],  # 2 working days overdue
    }


@pytest.mark.usefixtures("quick_prints")
def test_t3_a_publicity_period_that_ends_is_told_the_day_before_and_on_the_day(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[1])
    walk.to("notice_unit")
    walk.now = local(2023, 11, 27, 10)
    walk.complete("notice_unit", posted_on="2023-11-27")
    walk.complete("notice_site", posted_on="2023-11-27")  # ends on 12-04, a Monday
    unit_id = walk.project.responsible_unit_id or 0
    heard = {}
    for day in (local(2023, 11, 30, 9), local(2023, 12, 1, 9), local(2023, 12, 4, 9)):
        remind(ground.sessions, day)
        heard[day.day] = [text for text in texts(ground, Role.HANDLER, unit_id) if "公告" in text]
    assert heard[30] == []
    assert "公告12月4日还剩1个工作日期满" in heard[1][-1]
    assert "公告12月4日今天期满" in heard[4][-1]


def test_t3_the_keeper_hears_of_a_missing_calendar_and_of_incidents(sqlite_ground: Ground) -> None:
    county = sqlite_ground.county.county.id
    remind(sqlite_ground.sessions, local(2026, 10, 30, 9))
    assert texts(sqlite_ground, Role.SYSTEM_ADMIN, county) == []
    with transaction(sqlite_ground.sessions) as session:
        write_incident(session, Failure("timer", 1, None, "坏了"), local(2026, 11, 2, 9))
    remind(sqlite_ground.sessions, local(2026, 11, 2, 9))
    (text,) = texts(sqlite_ground, Role.SYSTEM_ADMIN, county)
    assert "2027年的放假安排还没有录入" in text
    assert "有1条异常等待处理" in text


def test_t3_a_campaign_has_days_of_its_own(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    walk.complete("receive")  # 实地调研 is due on 11-21
    with transaction(sqlite_ground.sessions) as session:
        campaign_id = sqlite_ground.county.campaign.id
        change_campaign_rule(session, campaign_id, ReminderKind.BEFORE, Rule(days=(5,)))
        change_campaign_rule(session, campaign_id, ReminderKind.NEW, Rule(enabled=False))
        change_campaign_rule(session, campaign_id, ReminderKind.OVERDUE, Rule())  # as the county's: not kept
        assert [row.kind for row in session.scalars(select(CampaignRule).order_by(CampaignRule.kind))] == [
            *("before", "new")
        ]
    unit_id, counts = walk.item("field_survey").unit_id, {}
    for day in (7, 14, 16, 22):
        remind(sqlite_ground.sessions, local(2023, 11, day, 9))
        counts[day] = len(texts(sqlite_ground, Role.HANDLER, unit_id))
    assert counts == {7: 0, 14: 1, 16: 1, 22: 2}  # five days before, not three; then overdue as everywhere


@pytest.mark.parametrize(
    ("chosen", "allowed", "told"),
    [
        ((9, 14), (9, 11, 14, 16), (9, 14)),
        ((9, 14), (10, 14), (14,)),
        ((9,), (10, 15), (10,)),  # the first that is allowed after it
        ((16,), (10, 15), (15,)),
        ((), (10, 15), ()),  # who wants nothing over a channel hears nothing over it
    ],
)
def test_t3_a_persons_hours_stay_within_what_is_allowed(
    chosen: tuple[int, ...], allowed: tuple[int, ...], told: tuple[int, ...]
) -> None:
    assert within(chosen, allowed) == told


def test_t3_messages_gather_at_the_allowed_hours(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[1])
    unit_id = walk.item("receive").unit_id
    with transaction(ground.sessions) as session:
        allow_hours(session, "page", [10, 15, 99])
    counts = []
    for hour in (9, 10, 11, 15):
        remind(ground.sessions, local(2023, 11, 8, hour))
        counts.append(len(texts(ground, Role.HANDLER, unit_id)))
    assert counts == [0, 1, 1, 1]


def test_t3_what_is_overdue_since_a_persons_hour_waits_for_the_next_one(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    unit_id = walk.item("receive").unit_id
    with transaction(sqlite_ground.sessions) as session:
        session.execute(update(WorkItem).values(due_at=local(2023, 11, 8, 16)))  # as 周调度 is due, within a day
    counts = []
    for now in (local(2023, 11, 8, 14), local(2023, 11, 8, 16), local(2023, 11, 9, 9)):
        remind(sqlite_ground.sessions, now)
        counts.append(len(texts(sqlite_ground, Role.SIGNER, unit_id)))
    assert counts == [0, 0, 1]
