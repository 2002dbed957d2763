"""The running product for stories in a browser: pages and clock over a demonstration of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser
from waitress import create_server, wasyncore

from ledger.settings import Settings
from scheduler.clock import clock_of, start_in_background, stop_ticking
from tests.acceptance.people import House
from webapp import create_app
from webapp.installing import set_up

PATIENCE = 60  # seconds for the answers under way


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Answer on a port of this machine while the block runs; pages a failed test left open are hung up on."""
    channels: dict[int, wasyncore.dispatcher] = {}
    server = create_server(app, host="127.0.0.1", port=0, threads=4, ident=None, map=channels)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.trigger.pull_trigger(lambda: wasyncore.close_all(channels))
        thread.join(PATIENCE)
        server.task_dispatcher.shutdown()
        assert not thread.is_alive(), "the server went on answering"


@pytest.fixture
def house(browser: Browser, tmp_path: Path, screenshots: Path) -> Iterator[House]:
    """The demonstration as `sigeyipi demo` starts it: pages and clock over a folder of its own."""
    settings = Settings(data=tmp_path)
    sessions = set_up(settings, datetime.now(UTC), demonstration=True)
    clock = clock_of(sessions, settings)
    ticking = start_in_background(clock)
    with served(create_app(sessions, settings)) as address:
        opened = House(address, browser, screenshots)
        yield opened
        opened.close()
    stop_ticking(ticking, clock)
    sessions.kw["bind"].dispose()
