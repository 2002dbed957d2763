"""A substitute's week: 代办 arranged, done, told in the trail, and over (issue 5 item 2; safety rules 3 and 5).

桑柘镇's 经办人 is away from 2023-11-06 to 11-10; the unit's 审核人 stands in. A second 审核人 signs.
"""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bpmn.runtime import Acting, NotYours, sign_item
from ledger.cases import WorkItem
from ledger.db import transaction
from ledger.outbox import Message
from ledger.people import Unit, User, appoint
from ledger.scope import actor_of
from ledger.vocabulary import ItemStatus, Role
from tests.walk import Walk, local
from tests.webapp.conftest import Person, Site
from tests.webapp.test_acts import offered

pytestmark = pytest.mark.usefixtures("quick_prints")
FIRST, LAST = "2023-11-06", "2023-11-10"


def enter(site: Site, login: str, name: str, role: Role) -> Person:
    """Appoint one more person in 桑柘镇 and sign in."""
    with transaction(site.ground.sessions) as session:
        known = session.scalars(select(User).where(User.login == "sangzhezhen.jingban")).one()
        user = User(login=login, name=name, password_hash=known.password_hash, created_at=site.ground.now)
        session.add(user)
        appoint(session, user, session.get_one(Unit, site.ground.county.townships["桑柘镇"].id), role)
    person = site.visitor()
    assert person.sign_in(login).status_code == 303
    return person


def arranged(site: Site, who: Person, absent: str, substitute: str, **more: str) -> int:
    """Arrange that one stands in for another's post as 经办人; returns the status."""
    unit = site.ground.county.townships["桑柘镇"].id
    asked = {
        "post": f"{site.user_id(absent)}:{unit}:handler",
        "substitute": str(site.user_id(substitute)),
        "first_on": FIRST,
        "last_on": LAST,
        "reason": "下乡培训",
        **more,
    }
    return who.post("/settings/own/substitutes", asked).status_code


def shown_days_later(site: Site, walk: Walk, day: int) -> None:
    walk.now = local(2023, 11, day)
    site.catch_up(walk)


def test_a_substitutes_week(both_sites: Site) -> None:
    site = both_sites
    walk, away = site.walk(), site.town()
    substitute = enter(site, "dai", "代办丙", Role.SIGNER)
    item = walk.item("receive")
    assert substitute.get(f"/items/{item.id}").status_code == 302  # a colleague without the role only looks on
    assert "现在没有待办任务" in substitute.get("/inbox").text
    assert away.post(f"/items/{item.id}/claim", {"_revision": str(item.revision)}).status_code == 303

    assert arranged(site, away, "sangzhezhen.jingban", "dai") == 303
    with transaction(site.ground.sessions, writes=False) as session:
        told = session.scalars(select(Message.user_id).where(Message.dedupe_key.startswith("substitute:"))).all()
    assert told == [site.user_id("dai")]

    # the substitute sees what waits, also what the absent person had taken, and does it in that person's place
    assert f'href="/items/{item.id}"' in substitute.get("/inbox").text
    assert "您代 桑柘镇经办甲 办理" in substitute.get(f"/items/{item.id}").text
    answers = {"verdict": "taken", "level": "village", "_revision": str(item.revision + 1), "_action": "submit"}
    assert substitute.post(f"/items/{item.id}", answers).status_code == 303
    trail = away.get(f"/cases/{walk.case_id}?tab=trail").text
    assert "桑柘镇 代办丙 代 桑柘镇经办甲 办理" in trail
    assert item.name in away.get("/settings/own/substitutes").text.split("别人代您办理的")[1]

    # nothing of another township, nothing by a program's token, nothing after the last day
    assert site.town("保家镇").get(f"/items/{walk.item('field_survey').id}").status_code == 404
    with transaction(site.ground.sessions, writes=False) as session:
        user = session.scalars(select(User).where(User.login == "dai")).one()
        assert all(post.for_id is None for post in actor_of(user).posts)
    survey = walk.item("field_survey")
    shown_days_later(site, walk, 10)
    assert offered(substitute, survey) >= {"领取"}
    shown_days_later(site, walk, 11)
    assert substitute.get(f"/items/{survey.id}").status_code == 302
    assert "现在没有待办任务" in substitute.get("/inbox").text


def test_an_arrangement_ended_early_is_over_at_once(site: Site) -> None:
    walk, away, signer = site.walk(), site.town(), site.town(role=Role.SIGNER)
    assert arranged(site, away, "sangzhezhen.jingban", "sangzhezhen.shenhe") == 303
    item = walk.item("receive")
    assert signer.get(f"/items/{item.id}").status_code == 200
    number = away.get("/settings/own/substitutes").text.split("/settings/own/substitutes/")[1].split("/")[0]
    assert site.town("保家镇").post(f"/settings/own/substitutes/{number}/end").status_code == 404
    assert away.post(f"/settings/own/substitutes/{number}/end").status_code == 303
    assert signer.get(f"/items/{item.id}").status_code == 302


def test_nobody_approves_own_work_by_standing_in(site: Site) -> None:
    """Neither does the substitute sign what was filled in the absent person's place, nor that person oneself."""
    walk = site.walk()
    walk.to("evaluation")
    item = walk.item("evaluation")
    site.catch_up(walk)
    with transaction(site.ground.sessions) as session:
        row = session.get_one(WorkItem, item.id)
        absent, stand_in = site.user_id("sangzhezhen.jingban"), site.user_id("sangzhezhen.shenhe")
        row.status, row.role = ItemStatus.UNSIGNED, Role.SIGNER
        row.prepared_by_id, row.prepared_for_id, row.answers = stand_in, absent, {}
        unit = session.get_one(Unit, row.unit_id)
        appoint(session, session.get_one(User, absent), unit, Role.SIGNER)
    for user_id in (stand_in, absent):
        with transaction(site.ground.sessions) as session:
            acting = Acting(session, actor_of(session.get_one(User, user_id)), walk.moment, site.ground.papers)
            revision = session.get_one(WorkItem, item.id).revision
            with pytest.raises(NotYours, match="不能审核自己"):
                sign_item(acting, item.id, revision, True, "")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"last_on": "2023-11-05"}, "开始日期不能晚于结束日期"),
        ({"first_on": "2023-10-01", "last_on": "2023-10-02"}, "结束日期已经过去"),
        ({"last_on": "2024-12-31"}, "一次最多安排 92 天"),
        ({"reason": " "}, "请填写原因"),
        ({"substitute": "1"}, "请选择代办人"),
        ({"last_on": "下周"}, "请填写开始和结束日期"),
    ],
)
def test_what_cannot_be_arranged_is_told(site: Site, more: dict[str, str], sentence: str) -> None:
    unit, away = site.ground.county.townships["桑柘镇"].id, site.town()
    asked = {"post": f"{site.user_id('sangzhezhen.jingban')}:{unit}:handler", "first_on": FIRST, "last_on": LAST}
    asked |= {"substitute": str(site.user_id("sangzhezhen.shenhe")), "reason": "下乡培训", **more}
    answer = away.post("/settings/own/substitutes", asked)
    assert (answer.status_code, sentence in answer.text) == (422, True)


def test_nobody_arranges_for_strangers_or_twice(site: Site) -> None:
    away, stranger = site.town(), site.town("保家镇")
    assert arranged(site, stranger, "sangzhezhen.jingban", "baojiazhen.shenhe") == 422
    assert arranged(site, site.town(role=Role.SIGNER), "sangzhezhen.jingban", "sangzhezhen.shenhe") == 303
    assert arranged(site, away, "sangzhezhen.jingban", "sangzhezhen.shenhe") == 422
