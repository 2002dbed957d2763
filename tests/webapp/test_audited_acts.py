"""Every act of the journal stands in the transaction it speaks of: with it or not at all (safety rule 14, issue 10).

Here on SQLite; `test_audited_on_postgres.py` plays the same acts there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.audited import Stage
from tests.audited.outside import OutsideSqlite
from tests.audited.proving import DRIVES, WITHOUT_PAIR, play, staged
from webapp.audit_words import OTHER_ACTS, WORDS


@pytest.fixture(scope="module")
def stage(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("audited")
    path = folder / "ledger.sqlite"
    shutil.copy(migrated_sqlite, path)
    with closing(OutsideSqlite(path)) as outside, staged(f"sqlite:///{path}", folder, outside) as made:
        yield made


@pytest.mark.parametrize("act", DRIVES)
def test_an_act_and_its_row_are_there_together_or_not_at_all(stage: Stage, act: str) -> None:
    play(stage, act)


def test_what_changes_nothing_is_named() -> None:
    assert sorted(WITHOUT_PAIR - OTHER_ACTS.keys()) == []


def test_every_act_has_its_drive() -> None:
    assert sorted(WORDS.keys() - DRIVES.keys()) == []
    assert sorted(DRIVES.keys() - WORDS.keys()) == []
