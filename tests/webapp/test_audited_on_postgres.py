"""Every act on PostgreSQL: refused where the database takes no row of the trail, else committed with its row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.audited import Stage
from tests.audited.outside import OutsidePostgres
from tests.audited.proving import DRIVES, play, staged
from tests.postgres import PostgresServer


@pytest.fixture(scope="module")
def stage(
    postgres_server: PostgresServer, migrated_postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    postgres_server.execute(f"CREATE DATABASE audited TEMPLATE {migrated_postgres}")
    url = postgres_server.url("audited")
    with closing(OutsidePostgres(url)) as outside, staged(url, tmp_path_factory.mktemp("audited"), outside) as made:
        yield made


@pytest.mark.parametrize("act", DRIVES)
def test_an_act_fails_without_its_row_and_comes_with_it(stage: Stage, act: str) -> None:
    play(stage, act)
