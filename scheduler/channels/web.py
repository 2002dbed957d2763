"""One POST to a provider; what goes wrong on the way is told as the channel's failure, the rest is the provider's."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import orjson

from scheduler.channels import ChannelAway, ChannelFailed

_MOST_BYTES = 65_536  # of an answer that is looked at
_THROTTLED, _BROKEN = 429, 500


@dataclass(frozen=True)
class Posting:
    """What is posted; `timeout` in seconds."""

    url: str
    body: bytes
    timeout: float
    headers: Mapping[str, str] = field(default_factory=dict)


class _NoRedirect(HTTPRedirectHandler):
    """A provider that sends us elsewhere is not the one we were told to trust with telephone numbers."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_opener = build_opener(_NoRedirect)


def post(posting: Posting) -> str:
    """Return a provider's answer; ChannelFailed for a time-out or 5xx (again), ChannelAway when nobody is there."""
    if not posting.url.startswith(("https://", "http://")):
        raise ChannelAway(f"地址 {posting.url} 写法有误")
    request = Request(posting.url, posting.body, dict(posting.headers), method="POST")  # noqa: S310  # http only, checked above
    try:
        with _opener.open(request, timeout=posting.timeout) as answer:
            return str(answer.read(_MOST_BYTES).decode("utf-8", "replace"))
    except HTTPError as refused:
        with refused:
            raise _failure(refused.code) from refused
    except TimeoutError as slow:
        raise ChannelFailed("服务商没有按时应答") from slow
    except URLError as away:
        if isinstance(away.reason, TimeoutError):
            raise ChannelFailed("服务商没有按时应答") from away
        raise ChannelAway(f"服务商连不上：{away.reason}") from away
    except (http.client.HTTPException, OSError) as broken:
        raise ChannelFailed(f"与服务商的连接中断：{broken}") from broken


def _failure(code: int) -> ChannelFailed | ChannelAway:
    if code == _THROTTLED:
        return ChannelAway("服务商限制发送频率（429）")
    return ChannelFailed(f"服务商答复 {code}", permanent=code < _BROKEN)


def read_answer(text: str) -> Mapping[str, object]:
    """Read an answer that should be a JSON object; ChannelFailed when it is none."""
    try:
        answer = orjson.loads(text)
    except orjson.JSONDecodeError as wrong:
        raise ChannelFailed("服务商的答复读不懂") from wrong
    if not isinstance(answer, dict):
        raise ChannelFailed("服务商的答复读不懂")
    return answer
