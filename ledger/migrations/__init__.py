"""The schema's history, replayed by Alembic; a test keeps it equal to the tables declared in `ledger`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from ledger.db import Keys, open_engine


class NoDatabase(ValueError):
    """数据库地址写法有误，或数据库打不开."""


def upgrade(url: str | URL, keys: Keys, revision: str = "head") -> None:
    """Bring the database at `url` to the newest schema, or up to `revision`; an empty one is set up.

    NoDatabase when none is there.
    """
    try:
        engine = open_engine(url, keys)
    except ArgumentError as wrong:  # also a kind of database nobody knows
        raise NoDatabase(f"数据库地址“{url}”写法有误，应为 postgresql://用户:密码@主机/库名") from wrong
    try:
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            command.upgrade(alembic_config(connection), revision)
    except OperationalError as closed:
        raise NoDatabase(f"数据库 {make_url(url).render_as_string()} 打不开：请检查地址、账号和数据库服务") from closed
    finally:
        engine.dispose()


def alembic_config(connection: Connection) -> Config:
    """Return Alembic's configuration over an open connection; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
