"""中国移动 云MAS: a JSON object in base64, signed with MD5 over its fields; one number per message.

Normal messages carry the text, template messages only the template's parameters. Reports on delivery come later by a
call of the platform's (`webapp.receipts`).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import md5

import orjson

from ledger.channel_settings import Yunmas
from scheduler.channels import ChannelAway, ChannelFailed, Reach, Send
from scheduler.channels.sms import mobile
from scheduler.channels.web import Posting, post, read_answer
from scheduler.letters import Letter

NORMAL, TEMPLATE = "norsubmit", "tmpsubmit"

OURS = {  # our account or signature is wrong: no message is to blame
    "IllegalMac": "mac 校验不通过",
    "IllegalSignId": "签名编码无效",
    "InvalidUsrOrPwd": "用户名或密码有误",
    "NoSignId": "没有匹配的签名",
    "InvalidMessage": "请求读不懂",
}
THROTTLED = {"TooManyMobiles", "TooFrequent"}
PERMANENT = {"IllegalMobile": "号码无效", "BlackMobile": "号码在黑名单中", "IllegalTemplateId": "模板编号无效"}


class YunmasChannel:
    """One account of a county at 云MAS."""

    reach = Reach.TELEPHONE
    batch = 20

    def __init__(self, settings: Yunmas) -> None:
        self._settings = settings

    @contextmanager
    def opened(self) -> Iterator[Send]:
        yield self._send

    def _send(self, letter: Letter) -> str:
        """Return the platform's group number of the message."""
        here = self._settings
        number = mobile(letter.address)
        fields = {"ecName": here.group, "apId": here.account, "mobiles": number, "sign": here.sign}
        fields |= {"addSerial": here.serial}
        template = letter.template or here.template
        if template:
            parameters = orjson.dumps([value for _name, value in letter.parameters]).decode()
            fields |= {"templateId": template, "params": parameters}
        else:
            fields |= {"content": letter.short}
        signed = {**fields, "mac": signature(fields, here.secret.get_secret_value())}
        last = TEMPLATE if template else NORMAL
        posting = Posting(
            f"{here.url.rstrip('/')}/{last}",
            base64.b64encode(orjson.dumps(signed)),
            here.timeout_seconds,
            {"Content-Type": "application/json;charset=utf-8"},
        )
        return receipt_of(read_answer(post(posting)))


def signature(fields: Mapping[str, str], secret: str) -> str:
    """Return the mac: MD5 over the fields in the platform's order, the secret third."""
    parts = [fields["ecName"], fields["apId"], secret]
    if "templateId" in fields:
        parts += [fields["templateId"], fields["mobiles"], fields["params"]]
    else:
        parts += [fields["mobiles"], fields["content"]]
    joined = "".join([*parts, fields["sign"], fields["addSerial"]])
    return md5(joined.encode(), usedforsecurity=False).hexdigest()  # the platform's protocol asks for it


def receipt_of(answer: Mapping[str, object]) -> str:
    """Return the platform's number for a message it took; raises ChannelAway or ChannelFailed by its reason."""
    code = str(answer.get("rspcod", ""))
    if answer.get("success") is True or code == "success":
        return str(answer.get("msgGroup", ""))
    if code in OURS:
        raise ChannelAway(f"云MAS：{OURS[code]}（{code}）")
    if code in THROTTLED:
        raise ChannelAway(f"云MAS 限制发送（{code}）")
    raise ChannelFailed(f"云MAS：{PERMANENT.get(code, '没有接受')}（{code}）", permanent=code in PERMANENT)
