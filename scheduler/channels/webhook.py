"""Events of cases to a system elsewhere: one signed POST each, only to hosts that the installation names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.channel_settings import Webhooks
from scheduler.channels import ChannelAway, ChannelFailed, Reach, Send
from scheduler.channels.web import Posting, post
from scheduler.letters import Letter


class WebhookChannel:
    """Posts a letter's body, whose first line is the signature, to the address in its subject."""

    reach = Reach.NOTHING
    batch = 20

    def __init__(self, settings: Webhooks) -> None:
        self._settings = settings

    @contextmanager
    def opened(self) -> Iterator[Send]:
        yield self._send

    def _send(self, letter: Letter) -> str:
        """Post one event; any failure is this address's own and is tried again: others must not wait for it."""
        url = letter.subject
        if not self._settings.admits(url):
            raise ChannelFailed("接收地址的主机不在允许的范围内", permanent=True)
        signature, _, payload = letter.body.partition("\n")
        headers = {
            "Content-Type": "application/json",
            "X-Sigeyipi-Signature": signature,
            "X-Sigeyipi-Delivery": letter.key,
        }
        try:
            post(Posting(url, payload.encode(), self._settings.timeout_seconds, headers))
        except (ChannelAway, ChannelFailed) as failed:
            raise ChannelFailed(str(failed).replace("服务商", "接收方")) from failed
        return ""
