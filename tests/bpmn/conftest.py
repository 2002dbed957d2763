"""What the tests of the runtime stand on."""

import pytest

from tests.grounds import built_postgres, built_sqlite, ground, sqlite_ground

__all__ = ["built_postgres", "built_sqlite", "ground", "sqlite_ground"]


@pytest.fixture
def quick_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Papers as bytes in no time: an office file takes longer to write than all the rest of a step."""
    monkeypatch.setattr("bpmn.prints.print_paper", lambda title, rows, *_: f"{title}{rows}".encode())
