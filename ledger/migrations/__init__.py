"""The schema's history, replayed by Alembic; a test keeps it equal to the tables declared in `ledger`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from ledger.db import Keys, open_engine


def upgrade(url: str | URL, keys: Keys) -> None:
    """Bring the database at `url` to the newest schema; an empty one is set up."""
    engine = open_engine(url, keys)
    try:
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            command.upgrade(alembic_config(connection), "head")
    finally:
        engine.dispose()


def alembic_config(connection: Connection) -> Config:
    """Return Alembic's configuration over an open connection; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
