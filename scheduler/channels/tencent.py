"""腾讯云短信, through its own SDK (extra `tencent`); only a template's parameters travel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111.models import SendSmsRequest
from tencentcloud.sms.v20210111.sms_client import SmsClient

from ledger.channel_settings import Tencent
from scheduler.channels import ChannelAway, ChannelFailed, Reach, Send
from scheduler.channels.sms import mobile
from scheduler.letters import Letter

PERMANENT = {
    "FailedOperation.PhoneNumberInBlacklist": "号码在黑名单中",
    "InvalidParameterValue.IncorrectPhoneNumber": "号码无效",
    "FailedOperation.ContainSensitiveWord": "内容含有不允许的词",
}
THROTTLED = (
    "LimitExceeded.",  # every limit of the platform begins so
    "RequestLimitExceeded",
)
OURS = {
    "AuthFailure.SignatureFailure": "密钥有误",
    "AuthFailure.SecretIdNotFound": "密钥编号有误",
    "FailedOperation.SignatureIncorrectOrUnapproved": "签名不合法",
    "FailedOperation.TemplateIncorrectOrUnapproved": "模板不合法",
    "FailedOperation.InsufficientBalanceInSmsPackage": "套餐余量不足",
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail": "应用编号有误",
}


class TencentChannel:
    """One application at 腾讯云短信."""

    reach = Reach.TELEPHONE
    batch = 20

    def __init__(self, settings: Tencent) -> None:
        self._settings = settings

    @contextmanager
    def opened(self) -> Iterator[Send]:
        here = self._settings
        profile = ClientProfile(
            httpProfile=HttpProfile(
                protocol=here.protocol, endpoint=here.endpoint, reqTimeout=max(1, round(here.timeout_seconds))
            )
        )
        client = SmsClient(Credential(here.secret_id, here.secret_key.get_secret_value()), here.region, profile)
        yield lambda letter: self._send(client, letter)

    def _send(self, client: SmsClient, letter: Letter) -> str:
        request = SendSmsRequest()
        request.PhoneNumberSet = [f"+86{mobile(letter.address)}"]
        request.SmsSdkAppId, request.SignName = self._settings.app, self._settings.sign
        request.TemplateId = letter.template or self._settings.template
        request.TemplateParamSet = [value for _name, value in letter.parameters]
        request.SessionContext = letter.key[:512]
        try:
            (status,) = client.SendSms(request).SendStatusSet
        except TencentCloudSDKException as refused:
            raise failure(str(refused.code or ""), str(refused.message or "")) from refused
        if status.Code != "Ok":
            raise failure(status.Code, status.Message)
        return str(status.SerialNo)


def failure(code: str, words: str) -> ChannelFailed | ChannelAway:
    """Return what a code of the platform means for us."""
    if code in OURS:
        return ChannelAway(f"腾讯云短信：{OURS[code]}（{code}）")
    if code.startswith(THROTTLED):
        return ChannelAway(f"腾讯云短信限制发送（{code}）")
    if code in PERMANENT:
        return ChannelFailed(f"腾讯云短信：{PERMANENT[code]}（{code}）", permanent=True)
    return ChannelFailed(f"腾讯云短信：{words or '没有接受'}（{code}）")
