"""A question asked once: within a bulk act an answer is kept, read for all at the first asking, and forgotten after."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from ledger.asking import GROUPED, answered, asked_once, asking_once, promised

ASKED: list[int] = []


@asked_once
def double(_session: Session, number: int, *, by: int = 2) -> int:
    ASKED.append(number)
    return number * by


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    ASKED.clear()


def test_outside_every_question_is_asked() -> None:
    session = Session()
    assert [double(session, 4), double(session, 4)] == [8, 8]
    assert ASKED == [4, 4]


def test_inside_once_per_arguments_and_not_after() -> None:
    session = Session()
    with asking_once(session):
        assert GROUPED in session.info
        assert [double(session, 4), double(session, 4), double(session, 5), double(session, 4, by=3)] == [8, 8, 10, 12]
        assert ASKED == [4, 5, 4]
    assert session.info == {}
    double(session, 4)
    assert ASKED == [4, 5, 4, 4]


def test_what_was_read_together_is_not_asked_again() -> None:
    session, read = Session(), []

    def read_all() -> None:
        read.append("all")
        for number in (1, 2):
            answered(session, double, number, number * 100)

    with asking_once(session):
        promised(session, double, read_all)
        assert read == []
        assert [double(session, 1), double(session, 2), double(session, 3)] == [100, 200, 6]
    assert (read, ASKED) == (["all"], [3])


def test_a_failure_forgets_too() -> None:
    session = Session()
    with pytest.raises(ZeroDivisionError), asking_once(session):
        raise ZeroDivisionError
    assert session.info == {}
