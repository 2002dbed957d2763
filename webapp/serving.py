"""Serve the pages and tick the clock in one process; told to stop, finish the requests under way and leave.

Waitress alone drops a response that its worker has not handed over yet, so the loop is ours: it stops listening,
then goes on until every connection has answered what it was asked.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from ledger.settings import Settings
from scheduler.clock import Clock, start_in_background, stop_ticking
from scheduler.lasting import spare_what_lasts

_THREADS = 8
_WAKE_SECONDS = 0.5
_PATIENCE_SECONDS = 30
_UPLOADS_PER_REQUEST = 10


def serve(app: Flask, settings: Settings, clock: Clock, ready: Callable[[], None]) -> None:
    """Answer requests until SIGTERM or Ctrl-C; raises OSError when the port cannot be opened."""
    connections: dict[int, Any] = {}
    server = create_server(
        app,
        map=connections,
        host=settings.host,
        port=settings.port,
        threads=_THREADS,
        ident=None,
        url_scheme="https" if settings.https else "http",
        max_request_body_size=(_UPLOADS_PER_REQUEST + 1) * settings.upload_limit_mb * 1024 * 1024,
        **proxied(settings.trusted_proxy),
    )
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    spare_what_lasts()
    ticking = start_in_background(clock)
    ready()
    try:
        while not stopping.is_set():
            wasyncore.loop(_WAKE_SECONDS, use_poll=True, map=connections, count=1)
        _finish(connections)
    finally:
        stop_ticking(ticking, clock)
        server.task_dispatcher.shutdown()


def proxied(address: str) -> dict[str, Any]:
    """Return how the server treats what a proxy says of the client: believed from `address` alone, else struck out."""
    if not address:
        return {"clear_untrusted_proxy_headers": True}
    return {
        "trusted_proxy": address,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
        "clear_untrusted_proxy_headers": True,
    }


def _finish(connections: dict[int, Any]) -> None:
    """Listen no more, and go on until nobody waits for an answer."""
    for listener in [each for each in connections.values() if isinstance(each, BaseWSGIServer)]:
        listener.del_channel(connections)
        listener.socket.close()
    given_up_at = time.monotonic() + _PATIENCE_SECONDS
    while _is_busy(connections) and time.monotonic() < given_up_at:
        wasyncore.loop(_WAKE_SECONDS, use_poll=True, map=connections, count=1)


def _is_busy(connections: dict[int, Any]) -> bool:
    open_channels = [each for each in list(connections.values()) if isinstance(each, HTTPChannel)]
    return any(channel.requests or channel.total_outbufs_len for channel in open_channels)
