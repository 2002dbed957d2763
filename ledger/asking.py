"""Ask a question about a ledger once: what many cases ask alike in one bulk act, or what was read for all together.

Outside `asking_once` a question is a plain statement. Inside, an answer is kept under the question's arguments until
the end, so it is for stretches that change nothing the questions are about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
_KEY = "answers"
GROUPED = "grouped"
"""In a session's `info` while a bulk act gathers its rows: they are written together at its end."""


def asked_once(
    question: Callable[Concatenate[Session, Given], Answer],
) -> Callable[Concatenate[Session, Given], Answer]:
    """Let a question be answered from what is known within `asking_once`."""

    @wraps(question)
    def ask(session: Session, *arguments: Given.args, **named: Given.kwargs) -> Answer:
        known: dict[Any, Any] | None = session.info.get(_KEY)
        if known is None:
            return question(session, *arguments, **named)
        key = (question.__name__, arguments, tuple(sorted(named.items())))
        if key not in known and question.__name__ in known:
            known.pop(question.__name__)()  # nobody asked so far: now it is read for all together
        if key not in known:
            known[key] = question(session, *arguments, **named)
        answer: Answer = known[key]
        return answer

    return ask  # type: ignore[return-value]  # of `wraps`, which names its first argument


@contextmanager
def asking_once(session: Session) -> Iterator[None]:
    """Keep answers until the end; the rows gathered meanwhile are written by whoever asked for this."""
    session.info[_KEY], session.info[GROUPED] = {}, True
    try:
        yield
    finally:
        del session.info[_KEY], session.info[GROUPED]


def kept(session: Session, rows: Sequence[object]) -> None:
    """Hold rows in the session until the end: it forgets what nobody holds, and would read it again one by one."""
    session.info[_KEY][kept, id(rows)] = rows


def promised(session: Session, question: Callable[..., Any], read: Callable[[], None]) -> None:
    """Let `read` answer `question` about many things once the first of them is asked about."""
    session.info[_KEY][question.__name__] = read


def answered(session: Session, question: Callable[..., Any], argument: Any, answer: Any) -> None:
    """Keep the answer to `question` about one thing, read together with others."""
    session.info[_KEY][question.__name__, (argument,), ()] = answer
