"""Whom the server believes about a client's address: the proxy that is named, and nobody by default (safety, HTTP)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from waitress import create_server, wasyncore

from ledger.settings import Settings
from webapp.serving import proxied


@contextmanager
def answering(trusted: str) -> Iterator[int]:
    """A server that answers the address it takes the client to have."""

    def tell(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        return [environ["REMOTE_ADDR"].encode()]

    connections: dict[int, Any] = {}
    server = create_server(tell, map=connections, host="127.0.0.1", port=0, threads=1, **proxied(trusted))
    stopping = threading.Event()

    def loop() -> None:
        while not stopping.is_set():
            wasyncore.loop(0.05, map=connections, count=1)

    thread = threading.Thread(target=loop)
    thread.start()
    yield server.effective_port
    stopping.set()
    thread.join()
    server.task_dispatcher.shutdown()
    wasyncore.close_all(connections)


@pytest.mark.parametrize(("trusted", "seen"), [("", "127.0.0.1"), ("127.0.0.1", "10.1.2.3"), ("10.9.9.9", "127.0.0.1")])
def test_a_forwarded_address_is_believed_from_the_named_proxy_alone(trusted: str, seen: str) -> None:
    with answering(trusted) as port:
        line = HTTPConnection("127.0.0.1", port, timeout=10)
        line.request("GET", "/", headers={"X-Forwarded-For": "10.1.2.3"})
        assert line.getresponse().read().decode() == seen
        line.close()


def test_nobody_is_believed_unless_named() -> None:
    assert Settings(data=Path("nowhere")).trusted_proxy == ""
