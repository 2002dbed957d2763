"""T3: status reports of 阿里云 and 腾讯云 find their message; nobody without the address's secret is heard."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from ledger.channel_settings import Aliyun, Channelling, Tencent
from ledger.db import transaction
from ledger.demonstration import BEGINS_AT
from ledger.journal import Entry
from ledger.outbox import Message
from ledger.settings import Settings
from tests.webapp.conftest import Site
from webapp import create_app

SECRET = "long-and-secret"
CHANNELS = {
    "aliyun": Channelling(
        aliyun=Aliyun.model_validate(
            {"key_id": "k", "key_secret": "s", "sign": "四个一批", "template": "T1", "report_token": SECRET}
        )
    ),
    "tencent": Channelling(
        tencent=Tencent.model_validate(
            {
                **{"secret_id": "i", "secret_key": "s", "app": "1", "sign": "四个一批", "template": "T1"},
                "report_token": SECRET,
            }
        )
    ),
}
REPORTS: dict[str, list[Any]] = {
    "aliyun": [
        {"biz_id": "id-1", "phone_number": "13800000001", "success": True, "err_code": "DELIVERED"},
        {"biz_id": "id-2", "phone_number": "13800000001", "success": False, "err_code": "MK:0001"},
        {"biz_id": "strange", "success": True},
        "nonsense",
    ],
    "tencent": [
        {"sid": "id-1", "mobile": "13800000001", "report_status": "SUCCESS", "errmsg": "DELIVRD"},
        {"sid": "id-2", "mobile": "13800000001", "report_status": "FAIL", "errmsg": "MK:0001"},
        {"sid": "strange", "report_status": "SUCCESS"},
        "nonsense",
    ],
}
ANSWERS = {"aliyun": {"code": 0, "msg": "成功"}, "tencent": {"result": 0, "errmsg": "OK"}}


@pytest.mark.parametrize("provider", ["aliyun", "tencent"])
def test_t3_a_report_finds_its_message(site: Site, provider: str) -> None:
    town = site.user_id("sangzhezhen.jingban")
    with transaction(site.ground.sessions) as session:
        for n in (1, 2, 3):
            sent = {"created_at": BEGINS_AT, "not_before_at": BEGINS_AT, "sent_at": BEGINS_AT}
            words = {"subject": "提醒", "body": "", "dedupe_key": f"k{n}", "receipt": f"id-{n}"}
            session.add(Message(channel="sms", kind="digest", user_id=town, **words, **sent))
    app = create_app(site.ground.sessions, Settings(data=site.ground.papers.parent, channels=CHANNELS[provider]))
    platform, other = app.test_client(), {"aliyun": "tencent", "tencent": "aliyun"}[provider]
    assert platform.post(f"/receipts/{provider}/{SECRET}", json=REPORTS[provider]).get_json() == ANSWERS[provider]
    assert platform.post(f"/receipts/{provider}/{SECRET}", data="not json").status_code == 200
    assert platform.post(f"/receipts/{provider}/guess", json=REPORTS[provider]).status_code == 404
    assert platform.post(f"/receipts/{other}/{SECRET}", json=REPORTS[provider]).status_code == 404
    with transaction(site.ground.sessions, writes=False) as session:
        lives = [(m.delivered_at is not None, m.error) for m in session.scalars(select(Message).order_by(Message.id))]
        noted = session.scalars(select(Entry).where(Entry.act == "message_undelivered")).all()
    assert lives == [(True, ""), (False, "没有送达（MK:0001）"), (False, "")]
    assert len(noted) == 1


def test_without_a_secret_set_no_report_is_taken(site: Site) -> None:
    answers = [site.app.test_client().post(f"/receipts/{name}/x", json=[]).status_code for name in REPORTS]
    assert answers == [404, 404]
