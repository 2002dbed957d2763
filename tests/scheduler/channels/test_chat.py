"""A working group's robot against a server in place of 企业微信, 钉钉 and 飞书: exact words, each failure (T3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from ledger.channel_settings import Channelling, Chat
from scheduler.channels import ChannelAway, ChannelFailed
from scheduler.channels.chat import ROBOTS, ChatChannel
from scheduler.channels.shipped import channels_of
from scheduler.letters import Letter
from tests.scheduler.providers import Provider, provider
from tests.walk import local

LETTER = Letter(
    "digest:2023-11-20T09:7:chat",
    local(2023, 11, 20),
    "",
    "办理提醒",
    "",
    "办理提醒：1件已超期。https://x.test",
    "张三",
)
SAID = "张三：办理提醒：1件已超期。https://x.test"


@contextmanager
def robot(kind: str, status: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Provider, ChatChannel]]:
    """Let a robot speak to a server of ours in place of its own."""
    monkeypatch.setattr(ROBOTS[kind], "request_rate_per_sec", 0)
    with provider(lambda _path, _body: (status, b'{"errcode": 0, "code": 0}')) as server:
        monkeypatch.setattr(ROBOTS[kind], "notify_url", f"{server.url}/robot")
        yield server, ChatChannel(Chat(url=SecretStr(f"{kind}://abcdefgh12345678")))


def words_in(body: Any) -> list[str]:
    """Return the texts in a request, wherever the platform wants them."""
    if isinstance(body, dict):
        return [words for value in body.values() for words in words_in(value)]
    return [body] if isinstance(body, str) else []


@pytest.mark.parametrize("kind", ROBOTS)
def test_t3_a_robot_says_who_is_meant_and_what(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with robot(kind, 200, monkeypatch) as (server, channel), channel.opened() as send:
        assert send(LETTER) == ""
    ((path, _headers, body),) = server.requests
    assert path.startswith("/robot")
    assert SAID in [words.strip() for words in words_in(json.loads(body))]


@pytest.mark.parametrize("status", [429, 500])
def test_t3_what_a_group_does_not_take_is_tried_again(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with robot("wecombot", status, monkeypatch) as (_server, channel), channel.opened() as send:
        with pytest.raises(ChannelFailed) as failed:
            send(LETTER)
        assert not failed.value.permanent


@pytest.mark.parametrize("url", ["", "wecombot://", "json://127.0.0.1/", "file:///etc/passwd"])
def test_an_address_that_is_no_robot_blames_no_message(url: str) -> None:
    with pytest.raises(ChannelAway), ChatChannel(Chat(url=SecretStr(url))).opened():
        pass


def test_an_installation_has_a_group_only_when_one_is_set() -> None:
    assert "chat" not in channels_of(Channelling())
    assert "chat" in channels_of(Channelling(chat=Chat(url=SecretStr("feishu://abcdefgh"))))
