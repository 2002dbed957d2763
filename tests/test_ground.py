"""The fixtures that every room's tests stand on."""

import socket
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool


def _leave_a_table(url: str) -> list[str]:
    """Return the tables that were there, and leave one more."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        found = inspect(connection).get_table_names()
        connection.execute(text("create table left_by_a_test (id integer)"))
    return found


def test_a_test_begins_with_the_schema_alone(ledger_url: str) -> None:
    found = _leave_a_table(ledger_url)
    assert "alembic_version" in found
    assert "left_by_a_test" not in found


def test_the_next_test_begins_with_the_schema_alone_too(ledger_url: str) -> None:
    assert "left_by_a_test" not in _leave_a_table(ledger_url)


def test_the_browser_shows_chinese(browser: Browser, screenshots: Path) -> None:
    page = browser.new_page()
    page.set_content("<title>待办</title><p>四个一批</p>")
    assert page.title() == "待办"
    page.screenshot(path=screenshots / "ground.png")
    page.close()
    assert (screenshots / "ground.png").stat().st_size > 0


def test_the_network_is_closed() -> None:
    with pytest.raises(OSError, match="no network"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
