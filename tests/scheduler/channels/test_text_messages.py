"""Text messages against servers that speak the providers' protocols: exact fields, each error as its kind (T3)."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from ledger.channel_settings import Aliyun, Gateway, Tencent, Yunmas
from scheduler.channels import Channel, ChannelAway, ChannelFailed
from scheduler.channels.aliyun import AliyunChannel
from scheduler.channels.gateway import GatewayChannel
from scheduler.channels.sms import mobile, part_count
from scheduler.channels.tencent import TencentChannel
from scheduler.channels.yunmas import YunmasChannel
from scheduler.letters import Letter
from tests.scheduler.providers import provider
from tests.walk import local

LETTER = Letter(
    key="digest:2023-11-20T09:7:sms",
    at=local(2023, 11, 20),
    address="13800000007",
    subject="办理提醒",
    text="",
    short="办理提醒：1件已超期，2件即将到期。https://sgyp.example.test",
    parameters=(("due", "2"), ("overdue", "1")),
)


def told(answer: Mapping[str, Any], status: int = 200) -> Any:
    return lambda _path, _body: (status, json.dumps(answer).encode())


def yunmas(url: str, **more: Any) -> Channel:
    given = {"url": url, "group": "彭水县乡村振兴局", "account": "sgyp", "secret": SecretStr("密钥"), "sign": "Qm4d"}
    return YunmasChannel(Yunmas(**{**given, **more}))


def gateway(url: str, **more: Any) -> Channel:
    return GatewayChannel(Gateway(**{"url": f"{url}/send", **more}))


def aliyun(url: str, **more: Any) -> Channel:
    given = {"key_id": "k", "key_secret": SecretStr("s"), "sign": "彭水乡村振兴", "template": "SMS_1"}
    return AliyunChannel(Aliyun(**{**given, "endpoint": url.removeprefix("http://"), "protocol": "HTTP", **more}))


def tencent(url: str, **more: Any) -> Channel:
    given = {"secret_id": "i", "secret_key": SecretStr("k"), "app": "14000", "sign": "彭水乡村振兴", "template": "77"}
    return TencentChannel(Tencent(**{**given, "endpoint": url.removeprefix("http://"), "protocol": "http", **more}))


def sent(status: str, message: str = "") -> dict[str, Any]:
    one = {"SerialNo": "5000:1", "PhoneNumber": "+8613800000007", "Fee": 1, "SessionContext": "", "IsoCode": "CN"}
    return {"Response": {"SendStatusSet": [{**one, "Code": status, "Message": message}], "RequestId": "r"}}


YUNMAS_OK = {"rspcod": "success", "success": True, "msgGroup": "0103105620000001000001"}
ALIYUN_OK = {"Code": "OK", "Message": "OK", "BizId": "900619746936498440^0", "RequestId": "r"}


def test_t3_yunmas_normal_message_is_signed_over_its_fields() -> None:
    with provider(told(YUNMAS_OK)) as server, yunmas(server.url).opened() as send:
        assert send(LETTER) == "0103105620000001000001"
    ((path, _headers, body),) = server.requests
    fields = json.loads(base64.b64decode(body))
    mac = fields.pop("mac")
    assert (path, fields) == (
        "/norsubmit",
        {
            "ecName": "彭水县乡村振兴局",
            "apId": "sgyp",
            "mobiles": "13800000007",
            "content": LETTER.short,
            "sign": "Qm4d",
            "addSerial": "",
        },
    )
    assert mac == hashlib.md5(f"彭水县乡村振兴局sgyp密钥13800000007{LETTER.short}Qm4d".encode()).hexdigest()


def test_t3_yunmas_template_message_carries_the_counts_alone() -> None:
    with provider(told(YUNMAS_OK)) as server, yunmas(server.url, template="38516", serial="01").opened() as send:
        send(LETTER)
    ((path, _headers, body),) = server.requests
    fields = json.loads(base64.b64decode(body))
    assert (path, fields["templateId"], fields["params"]) == ("/tmpsubmit", "38516", '["2","1"]')
    signed = '彭水县乡村振兴局sgyp密钥3851613800000007["2","1"]Qm4d01'
    assert fields["mac"] == hashlib.md5(signed.encode()).hexdigest()


def test_t3_aliyun_and_tencent_through_their_own_sdk() -> None:
    with provider(told(ALIYUN_OK)) as server, aliyun(server.url).opened() as send:
        assert send(LETTER) == "900619746936498440^0"
    ((path, headers, body),) = server.requests
    asked = {name: values[0] for name, values in parse_qs(path.partition("?")[2] or body.decode()).items()}
    assert headers.get("x-acs-action", asked.get("Action")) == "SendSms"
    assert (asked["PhoneNumbers"], asked["SignName"], asked["TemplateCode"]) == ("13800000007", "彭水乡村振兴", "SMS_1")
    assert json.loads(asked["TemplateParam"]) == {"due": "2", "overdue": "1"}
    with provider(told(sent("Ok", "send success"))) as server, tencent(server.url).opened() as send:
        assert send(LETTER) == "5000:1"
    ((_path, headers, body),) = server.requests
    assert headers["x-tc-action"] == "SendSms"
    wanted = {"PhoneNumberSet": ["+8613800000007"], "SmsSdkAppId": "14000", "TemplateParamSet": ["2", "1"]}
    assert {name: json.loads(body)[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("form", "body", "got"),
    [
        (
            False,
            '{"to": {telephone}, "words": {text}}',
            lambda b: json.loads(b) == {"to": "13800000007", "words": '逾期"1"件\n&x=1'},
        ),
        (
            True,
            "to={telephone}&words={text}&id={key}",
            lambda b: parse_qs(b.decode()) == {"to": ["13800000007"], "words": ['逾期"1"件\n&x=1'], "id": [LETTER.key]},
        ),
    ],
)
def test_t3_a_countys_own_gateway_gets_its_pattern_and_no_text_breaks_out(form: bool, body: str, got: Any) -> None:
    hostile = Letter(**{**vars(LETTER), "short": '逾期"1"件\n&x=1'})
    more = {"form": form, "body": body, "header": "X-Token", "token": SecretStr("t"), "accepted": "ok", "receipt": "id"}
    with provider(told({"state": "ok", "id": "77"})) as server, gateway(server.url, **more).opened() as send:
        assert send(hostile) == "77"
    ((_path, headers, posted),) = server.requests
    assert headers["x-token"] == "t"
    assert got(posted)


AWAY, AGAIN, DEAD = "away", "again", "dead"


@pytest.mark.parametrize(
    ("make", "answer", "status", "kind"),
    [
        (yunmas, {"rspcod": "IllegalMac", "success": False}, 200, AWAY),
        (yunmas, {"rspcod": "IllegalSignId", "success": False}, 200, AWAY),
        (yunmas, {"rspcod": "TooFrequent", "success": False}, 200, AWAY),
        (yunmas, {"rspcod": "BlackMobile", "success": False}, 200, DEAD),
        (yunmas, {"rspcod": "Whatever", "success": False}, 200, AGAIN),
        (yunmas, {}, 502, AGAIN),
        (yunmas, {}, 429, AWAY),
        (yunmas, {}, 404, DEAD),
        (gateway, {"state": "no"}, 200, DEAD),
        (gateway, {}, 503, AGAIN),
        (aliyun, {"Code": "isv.SMS_SIGNATURE_ILLEGAL", "Message": "x"}, 200, AWAY),
        (aliyun, {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "x"}, 200, AWAY),
        (aliyun, {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "x"}, 200, DEAD),
        (aliyun, {"Code": "SignatureDoesNotMatch", "Message": "x"}, 400, AWAY),
        (aliyun, {"Code": "ServiceUnavailable", "Message": "x"}, 503, AGAIN),
        (tencent, sent("FailedOperation.SignatureIncorrectOrUnapproved"), 200, AWAY),
        (tencent, sent("LimitExceeded.PhoneNumberThirtySecondLimit"), 200, AWAY),
        (tencent, sent("FailedOperation.PhoneNumberInBlacklist"), 200, DEAD),
        (tencent, {"Response": {"Error": {"Code": "InternalError", "Message": "x"}, "RequestId": "r"}}, 200, AGAIN),
        (
            tencent,
            {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "x"}, "RequestId": "r"}},
            200,
            AWAY,
        ),
    ],
)
def test_each_refusal_is_handled_as_its_kind(make: Any, answer: dict[str, Any], status: int, kind: str) -> None:
    more = {"accepted": "ok"} if make is gateway else {}
    expected = ChannelAway if kind == AWAY else ChannelFailed
    with (
        provider(told(answer, status)) as server,
        make(server.url, **more).opened() as send,
        pytest.raises(expected) as failed,
    ):
        send(LETTER)
    assert len(server.requests) == 1
    assert getattr(failed.value, "permanent", None) is {AWAY: None, AGAIN: False, DEAD: True}[kind]


@pytest.mark.parametrize("make", [yunmas, gateway])
def test_a_provider_that_does_not_answer_in_time_is_asked_again_later(make: Any) -> None:

    release = threading.Event()

    def silent(_path: str, _body: bytes) -> tuple[int, bytes]:
        release.wait(5)
        return 200, b"{}"

    with provider(silent) as server:
        with make(server.url, timeout_seconds=0.1).opened() as send, pytest.raises(ChannelFailed) as failed:
            send(LETTER)
        release.set()
    assert not failed.value.permanent


@pytest.mark.parametrize("make", [yunmas, gateway, tencent, aliyun])
def test_a_number_that_is_none_never_leaves(make: Any) -> None:
    letter = Letter(**{**vars(LETTER), "address": "0231-8800000"})
    with provider(told({})) as server, make(server.url).opened() as send, pytest.raises(ChannelFailed) as failed:
        send(letter)
    assert "号码" in str(failed.value)
    assert failed.value.permanent
    assert server.requests == []


def test_a_redirect_is_not_followed() -> None:
    with provider(told({}, 302)) as server, gateway(server.url).opened() as send, pytest.raises(ChannelFailed):
        send(LETTER)


@pytest.mark.parametrize(
    ("text", "signature", "parts"),
    [
        ("一" * 70, "", 1),
        ("一" * 71, "", 2),
        ("一" * 134, "", 2),
        ("一" * 135, "", 3),
        ("一" * 64, "彭水", 1),
        ("一" * 67, "彭水", 2),
        ("a" * 71, "", 2),
        ("𠮷" * 35, "", 1),
        ("𠮷" * 36, "", 2),
    ],
)
def test_t3_a_text_is_billed_by_parts_of_70_or_67(text: str, signature: str, parts: int) -> None:
    assert part_count(text, signature) == parts


@pytest.mark.parametrize("number", ["13800000007", "+86 138-0000-0007", "138 0000 0007"])
def test_numbers_are_read_as_people_write_them(number: str) -> None:
    assert mobile(number) == "13800000007"
