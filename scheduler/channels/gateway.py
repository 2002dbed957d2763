"""A county's own SMS gateway: one POST per message, its body made from a pattern in the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote_plus

import orjson

from ledger.channel_settings import Gateway
from scheduler.channels import ChannelFailed, Reach, Send
from scheduler.channels.sms import mobile
from scheduler.channels.web import Posting, post, read_answer
from scheduler.letters import Letter

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


class GatewayChannel:
    """Whatever speaks HTTP and takes a number and a text."""

    reach = Reach.TELEPHONE
    batch = 20

    def __init__(self, settings: Gateway) -> None:
        self._settings = settings

    @contextmanager
    def opened(self) -> Iterator[Send]:
        yield self._send

    def _send(self, letter: Letter) -> str:
        here = self._settings
        headers = {"Content-Type": f"{_FORM if here.form else _JSON}; charset=utf-8"}
        if here.header:
            headers[here.header] = here.token.get_secret_value()
        answer = post(Posting(here.url, self.body(letter).encode(), here.timeout_seconds, headers))
        if here.accepted not in answer:
            raise ChannelFailed(f"短信网关没有接受：{answer[:100]}", permanent=True)
        return str(read_answer(answer).get(here.receipt, "")) if here.receipt else ""

    def body(self, letter: Letter) -> str:
        """Fill the pattern; each value is quoted for the kind of body, so that no text can break out of it."""
        body = self._settings.body
        for name, value in (("telephone", mobile(letter.address)), ("text", letter.short), ("key", letter.key)):
            quoted = quote_plus(value) if self._settings.form else orjson.dumps(value).decode()
            # a value that holds the next name in braces stays a value: our texts have no braces of that kind
            body = body.replace("{" + name + "}", quoted)
        return body
