"""The log: a line each, where something failed, and nothing of what people entered (issue 10, row 6)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import orjson
import pytest
import structlog
from sqlalchemy.exc import IntegrityError, OperationalError

from ledger.log_lines import write_log_lines

SECRET = '13812345678 同意\n{"level": "forged"}'


@pytest.fixture
def lines() -> Iterator[Any]:
    """Say what was logged; afterwards everything is configured as it was."""
    root, kept, stream = logging.getLogger(), structlog.get_config(), StringIO()
    handlers, level = list(root.handlers), root.level
    root.handlers = []  # those of pytest are not to be closed
    write_log_lines(stream)
    yield lambda: [orjson.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, root.level = handlers, level
    structlog.configure(**kept)


def fail(error: Exception) -> None:
    """Fail with a variable that holds what somebody entered."""
    entered = SECRET
    raise error from ValueError(entered)


def test_a_failure_tells_kind_and_place_and_no_words(lines: Any) -> None:
    log = structlog.get_logger("scheduler.sweep")
    try:
        fail(IntegrityError("INSERT", {"telephone": SECRET}, Exception(SECRET)))
    except IntegrityError:
        log.exception("timers_failed", count=2)
    (line,) = lines()
    assert (line["logger"], line["level"], line["event"], line["count"]) == (
        "scheduler.sweep",
        "error",
        "timers_failed",
        2,
    )
    assert [each["kind"] for each in line["errors"]] == ["sqlalchemy.exc.IntegrityError", "builtins.ValueError"]
    assert line["errors"][0]["places"][-1].startswith(f"{__name__}:")
    assert line["errors"][0]["places"][-1].endswith(" fail")
    assert "13812345678" not in str(line)
    assert datetime.fromisoformat(line["at"]).tzinfo == UTC


def test_a_library_s_line_and_a_value_with_line_breaks_stay_one_line(lines: Any) -> None:
    logging.getLogger("flask.app").error("error %s at %s", "1f", SECRET)
    structlog.get_logger("x").warning("channel_away", reason=SECRET)
    logging.getLogger("apscheduler").info("not told")
    first, second = lines()
    assert (first["event"], first["level"]) == (f"error 1f at {SECRET}", "error")
    assert (second["reason"], second["level"]) == (SECRET, "warning")


def test_what_the_server_or_the_system_says_is_told(lines: Any) -> None:
    for error in (
        OperationalError("SELECT", {"x": SECRET}, Exception("database is locked")),
        OSError(28, "No space left"),
    ):
        try:
            raise error
        except (OperationalError, OSError) as caught:
            logging.getLogger("x").error("failed", exc_info=caught)
    assert [line["errors"][0]["reason"] for line in lines()] == ["database is locked", "No space left"]
