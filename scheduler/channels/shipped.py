"""The channels of an installation, made from its settings; an SDK is loaded only where its provider is set."""

from __future__ import annotations

from ledger.channel_settings import Channelling, Chat
from ledger.message_choices import CHAT
from ledger.webhooks import WEBHOOK
from scheduler.channels import PATIENCE, Channel, Channels, Reach
from scheduler.channels.folder import FolderChannel
from scheduler.channels.gateway import GatewayChannel
from scheduler.channels.mail import NAME as EMAIL
from scheduler.channels.mail import MailChannel
from scheduler.channels.sms import NAME as SMS
from scheduler.channels.webhook import WebhookChannel
from scheduler.channels.yunmas import YunmasChannel


class ExtraMissing(Exception):
    """A provider is set and the extra that speaks to it is not installed."""


def channels_of(settings: Channelling) -> Channels:
    """Return the channels by name; ExtraMissing says in Chinese what to install."""
    made: dict[str, Channel] = {}
    if settings.folder is not None:
        made[EMAIL] = FolderChannel(settings.folder / EMAIL, Reach.EMAIL)
        made[SMS] = FolderChannel(settings.folder / SMS, Reach.TELEPHONE)
    if settings.smtp is not None:
        made[EMAIL] = MailChannel(settings.smtp)
    if settings.webhooks is not None:
        made[WEBHOOK] = WebhookChannel(settings.webhooks)
    if settings.chat is not None:
        made[CHAT] = _chat(settings.chat)
    texts = _text_messages(settings)
    if texts is not None:
        made[SMS] = texts
    return made


def _chat(settings: Chat) -> Channel:
    try:
        from scheduler.channels.chat import ChatChannel  # an extra, as the SDKs below
    except ImportError as missing:
        raise ExtraMissing("工作群的组件没有安装，请运行 pip install 'sigeyipi[chat]'") from missing
    return ChatChannel(settings)


def _text_messages(settings: Channelling) -> Channel | None:
    # the two SDKs are extras: importing them at the top would make every installation need them
    if settings.yunmas is not None:
        return YunmasChannel(settings.yunmas)
    if settings.gateway is not None:
        return GatewayChannel(settings.gateway)
    try:
        if settings.aliyun is not None:
            from scheduler.channels.aliyun import AliyunChannel  # an extra, see above

            return AliyunChannel(settings.aliyun)
        if settings.tencent is not None:
            from scheduler.channels.tencent import TencentChannel  # an extra, see above

            return TencentChannel(settings.tencent)
    except ImportError as missing:
        name = "aliyun" if settings.aliyun is not None else "tencent"
        raise ExtraMissing(f"短信服务商的组件没有安装，请运行 pip install 'sigeyipi[{name}]'") from missing
    return None


def signature_of(settings: Channelling) -> str:
    """Return the signature a provider sets before each text message: it is billed too."""
    provider = settings.aliyun or settings.tencent
    return provider.sign if provider is not None else ""


def patience_of(settings: Channelling, name: str) -> float:
    """Return how many seconds a channel waits for one answer of its provider."""
    texts = settings.yunmas or settings.gateway or settings.aliyun or settings.tencent
    there = {EMAIL: settings.smtp, SMS: texts, WEBHOOK: settings.webhooks}.get(name)
    return PATIENCE if there is None else there.timeout_seconds
