"""What a process writes to its log: one JSON object a line, with what failed and where, and nothing that was entered.

An exception's own words may hold a form's answers or a statement's parameters, and its frames' variables passwords. So
its kinds and places are told alone; the words only where they are the operating system's or the database server's.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, MutableMapping
from datetime import UTC, datetime
from traceback import walk_tb
from typing import Any, TextIO

import orjson
import structlog
from sqlalchemy.exc import OperationalError

_MOST_SIGNS = 300  # of a server's words


def write_log_lines(stream: TextIO | None = None) -> None:
    """Let everything this process logs, also by its libraries, go to standard error as lines, or to `stream`."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[line_of]))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    structlog.configure(
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def line_of(_logger: object, _method: str, told: MutableMapping[str, Any]) -> str:
    """Return one line; no value can begin another one, as JSON writes a line break in two signs."""
    record: logging.LogRecord = told.pop("_record")
    told.pop("_from_structlog")
    given = told.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    line = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        **told,
    }
    if isinstance(error, BaseException):
        line["errors"] = [_told(each) for each in _chain(error)]
    return orjson.dumps(line, default=str).decode()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception, then what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    frames = walk_tb(error.__traceback__)
    places = [f"{frame.f_globals.get('__name__')}:{line} {frame.f_code.co_name}" for frame, line in frames]
    told: dict[str, Any] = {"kind": f"{kind.__module__}.{kind.__qualname__}", "places": places}
    if isinstance(error, OSError):
        told["reason"] = error.strerror
    elif isinstance(error, OperationalError):
        told["reason"] = str(error.orig)[:_MOST_SIGNS]
    return told
