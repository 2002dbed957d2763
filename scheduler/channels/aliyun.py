"""阿里云短信, through its own SDK (extra `aliyun`); only a template's parameters travel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import orjson
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_dysmsapi20170525.models import SendSmsRequest
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_util.models import RuntimeOptions
from Tea.exceptions import TeaException

from ledger.channel_settings import Aliyun
from scheduler.channels import ChannelAway, ChannelFailed, Reach, Send
from scheduler.channels.sms import mobile
from scheduler.letters import Letter

PERMANENT = {
    "isv.MOBILE_NUMBER_ILLEGAL": "号码无效",
    "isv.BLACK_KEY_CONTROL_LIMIT": "内容含有不允许的词",
    "isv.MOBILE_IN_BLACK": "号码在黑名单中",
}
THROTTLED = {"isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "Throttling", "Throttling.User"}
OURS = {
    "isv.SMS_SIGNATURE_ILLEGAL": "签名不合法",
    "isv.SMS_TEMPLATE_ILLEGAL": "模板不合法",
    "isv.AMOUNT_NOT_ENOUGH": "账户余额不足",
    "isv.ACCOUNT_ABNORMAL": "账户异常",
    "isv.OUT_OF_SERVICE": "业务停机",
    "SignatureDoesNotMatch": "密钥有误",
    "InvalidAccessKeyId.NotFound": "密钥编号有误",
}


class AliyunChannel:
    """One account at 阿里云短信."""

    reach = Reach.TELEPHONE
    batch = 20

    def __init__(self, settings: Aliyun) -> None:
        self._settings = settings
        milliseconds = int(settings.timeout_seconds * 1000)
        self._options = RuntimeOptions(read_timeout=milliseconds, connect_timeout=milliseconds, autoretry=False)

    @contextmanager
    def opened(self) -> Iterator[Send]:
        here = self._settings
        client = Client(
            Config(
                access_key_id=here.key_id,
                access_key_secret=here.key_secret.get_secret_value(),
                endpoint=here.endpoint,
                protocol=here.protocol,
            )
        )
        yield lambda letter: self._send(client, letter)

    def _send(self, client: Client, letter: Letter) -> str:
        request = SendSmsRequest(
            phone_numbers=mobile(letter.address),
            sign_name=self._settings.sign,
            template_code=letter.template or self._settings.template,
            template_param=orjson.dumps(dict(letter.parameters)).decode(),
            out_id=letter.key[:255],
        )
        try:
            answer = client.send_sms_with_options(request, self._options).body
        except TeaException as refused:
            raise failure(str(refused.code or ""), str(refused.message or refused)) from refused
        except OSError as away:  # the SDK lets the library's own errors through
            raise ChannelFailed("阿里云短信没有按时应答") from away
        if answer.code != "OK":
            raise failure(answer.code or "", answer.message or "")
        return answer.biz_id or ""


def failure(code: str, words: str) -> ChannelFailed | ChannelAway:
    """Return what a code of the platform means for us."""
    if code in OURS:
        return ChannelAway(f"阿里云短信：{OURS[code]}（{code}）")
    if code in THROTTLED:
        return ChannelAway(f"阿里云短信限制发送（{code}）")
    if code in PERMANENT:
        return ChannelFailed(f"阿里云短信：{PERMANENT[code]}（{code}）", permanent=True)
    return ChannelFailed(f"阿里云短信：{words or '没有接受'}（{code}）")
