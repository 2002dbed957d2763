"""The fixtures that every room's tests stand on."""

from pathlib import Path

from playwright.sync_api import Browser
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool


def _tables(url: str) -> int:
    engine = create_engine(url, poolclass=NullPool)
    source = "sqlite_master" if engine.dialect.name == "sqlite" else "pg_tables where schemaname = 'public'"
    with engine.begin() as connection:
        found = connection.execute(text(f"select count(*) from {source}")).scalar_one()
        connection.execute(text("create table left_by_a_test (id integer)"))
    return int(found)


def test_a_test_begins_with_an_empty_database(ledger_url: str) -> None:
    assert _tables(ledger_url) == 0


def test_the_next_test_begins_with_an_empty_database_too(ledger_url: str) -> None:
    assert _tables(ledger_url) == 0


def test_the_browser_shows_chinese(browser: Browser, screenshots: Path) -> None:
    page = browser.new_page()
    page.set_content("<title>待办</title><p>四个一批</p>")
    assert page.title() == "待办"
    page.screenshot(path=screenshots / "ground.png")
    page.close()
    assert (screenshots / "ground.png").stat().st_size > 0
