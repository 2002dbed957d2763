"""Events posted to a system elsewhere: only to hosts that are named, tried again by themselves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.channel_settings import Channelling, Webhooks
from scheduler.channels import ChannelFailed
from scheduler.channels.shipped import channels_of
from scheduler.channels.webhook import WebhookChannel
from scheduler.letters import Letter
from tests.scheduler.providers import provider


def letter(url: str) -> Letter:
    now = datetime(2023, 11, 6, tzinfo=UTC)
    return Letter("hook:1:7", now, "", url, "", "", body='t=1,v1=abc\n{"event":"start"}')


def test_the_signature_travels_in_a_header_and_the_payload_alone_in_the_body() -> None:
    with provider(lambda *_: (204, b"")) as receiver:
        channel = WebhookChannel(Webhooks(hosts=(f"127.0.0.1:{receiver.port}",)))
        with channel.opened() as send:
            send(letter(f"{receiver.url}/events?a=1"))
    ((path, headers, body),) = receiver.requests
    assert (path, body) == ("/events?a=1", b'{"event":"start"}')
    assert headers["x-sigeyipi-signature"] == "t=1,v1=abc"
    assert headers["x-sigeyipi-delivery"] == "hook:1:7"


@pytest.mark.parametrize("status", [302, 404, 429, 500])
def test_whatever_an_address_answers_is_its_own_failure_and_tried_again(status: int) -> None:
    with provider(lambda *_: (status, b"")) as receiver:
        channel = WebhookChannel(Webhooks(hosts=("127.0.0.1",)))
        with channel.opened() as send, pytest.raises(ChannelFailed) as failed:
            send(letter(receiver.url))
    assert not failed.value.permanent
    assert "接收方" in str(failed.value)


def test_an_address_that_is_away_does_not_stop_the_others() -> None:
    with WebhookChannel(Webhooks(hosts=("127.0.0.1",))).opened() as send, pytest.raises(ChannelFailed) as failed:
        send(letter("http://127.0.0.1:9/"))
    assert not failed.value.permanent


@pytest.mark.parametrize(
    ("url", "admitted"),
    [
        ("https://gongshi.example.test/events", True),
        ("http://gongshi.example.test:8080/", True),
        ("https://10.1.2.3:8443/x", True),
        ("https://10.1.2.3/x", False),
        ("https://10.1.2.3:8444/x", False),
        ("https://evil.test/gongshi.example.test", False),
        ("https://gongshi.example.test@evil.test/", False),
        ("https://gongshi.example.test\\@evil.test/", False),
        ("https://a:b@gongshi.example.test/", False),
        ("file://gongshi.example.test/etc/passwd", False),
        ("https://gongshi.example.test:x/", False),
        ("https://[", False),
        ("https://gongshi.example.test/ x", False),
        ("", False),
    ],
)
def test_only_hosts_that_are_named_are_sent_to(url: str, admitted: bool) -> None:
    here = Webhooks(hosts=("gongshi.example.test", "10.1.2.3:8443"))
    assert here.admits(url) is admitted
    if not admitted:
        with WebhookChannel(here).opened() as send, pytest.raises(ChannelFailed) as failed:
            send(letter(url))
        assert failed.value.permanent


def test_an_installation_has_the_channel_only_when_hosts_are_named() -> None:
    assert channels_of(Channelling()) == {}
    assert set(channels_of(Channelling(webhooks=Webhooks(hosts=("a.test",))))) == {"webhook"}
