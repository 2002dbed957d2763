"""What a failed transaction wrote beside the database goes with it, and nothing that somebody names does (rule 2)."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from ledger.db import SessionFactory, transaction
from ledger.papers import Attachment, File, Paper, Place, attach, path_of, read_paper, sha256_of
from ledger.scope import CLOCK
from ledger.vocabulary import PaperKind
from tests.interleaving import interleave
from tests.points import Point, listening
from tests.walk import local

NOW = local(2023, 11, 6)
CONTENT = b"the bytes of a paper " * 1000
DIGEST = sha256_of(CONTENT)


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    return tmp_path / "papers"


def bring(sessions: SessionFactory, papers: Path, *, fails: bool = False) -> None:
    with transaction(sessions) as session:
        attach(session, papers, File("报告.pdf", "application/pdf", CONTENT), Place(PaperKind.OTHER), CLOCK, NOW)
        session.flush()
        if fails:
            raise ZeroDivisionError


def files(papers: Path) -> list[Path]:
    return [path for path in papers.rglob("*") if path.is_file()]


def named(sessions: SessionFactory) -> tuple[list[str], list[str]]:
    with transaction(sessions, writes=False) as session:
        return list(session.scalars(select(Paper.sha256))), list(session.scalars(select(Attachment.sha256)))


@contextmanager
def commits_fail(sessions: SessionFactory, *, done: bool) -> Iterator[None]:
    """Let each commit fail: before it is done, or once it was."""
    dialect = sessions.kw["bind"].dialect
    commit = dialect.do_commit

    def fail(connection: object) -> None:
        if done:
            commit(connection)
        raise OperationalError("COMMIT", {}, Exception("no space left on device"))

    dialect.do_commit = fail
    try:
        yield
    finally:
        dialect.do_commit = commit


@pytest.mark.parametrize("papers_lie_there", [False, True])
def test_a_transaction_that_fails_leaves_no_file(
    sessions: SessionFactory, papers: Path, *, papers_lie_there: bool
) -> None:
    (papers / DIGEST[:2]).mkdir(parents=True)
    if papers_lie_there:  # left by a kill: not this transaction's to remove
        path_of(papers, DIGEST).write_bytes(CONTENT)
    with pytest.raises(ZeroDivisionError):
        bring(sessions, papers, fails=True)
    assert named(sessions) == ([], [])
    assert len(files(papers)) == papers_lie_there
    bring(sessions, papers)
    assert read_paper(papers, DIGEST) == CONTENT


def test_a_commit_that_fails_leaves_no_file(sessions: SessionFactory, papers: Path) -> None:
    with commits_fail(sessions, done=False), pytest.raises(OperationalError):
        bring(sessions, papers)
    assert (files(papers), named(sessions)) == ([], ([], []))


def test_a_commit_that_was_done_and_not_told_keeps_its_file(sessions: SessionFactory, papers: Path) -> None:
    with commits_fail(sessions, done=True), pytest.raises(OperationalError):
        bring(sessions, papers)
    assert named(sessions) == ([DIGEST], [DIGEST])
    assert read_paper(papers, DIGEST) == CONTENT


def test_who_brings_the_same_bytes_meanwhile_finds_them_kept(sessions: SessionFactory, papers: Path) -> None:
    """The second asks while the first still has them; when the first fails, the second writes them again."""
    first, second = interleave(
        sessions,
        lambda: bring(sessions, papers, fails=True),
        lambda: bring(sessions, papers),
        Point("after", 'INSERT INTO "?attachment"?'),
    )
    assert (type(first.error), second.error) == (ZeroDivisionError, None)
    assert named(sessions) == ([DIGEST], [DIGEST])
    assert read_paper(papers, DIGEST) == CONTENT


def test_bytes_are_looked_for_by_who_has_named_them(sessions: SessionFactory, papers: Path) -> None:
    """Else they could go between the look and the name: who fails asks by naming them too."""
    lying: list[list[Path]] = []

    def told(when: str, text: str) -> None:
        if (when, text[:17].replace('"', "")) == ("before", "INSERT INTO paper"):
            lying.append(files(papers))

    with listening(sessions, told):
        bring(sessions, papers)
    assert lying == [[]]
    assert len(files(papers)) == 1


class FullDisk:
    """Takes half of what is written and says what a full disk says."""

    def __init__(self, number: int, mode: str) -> None:
        self.file = os.fdopen(number, mode)

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, content: bytes) -> None:
        self.file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_keeps_no_half_of_a_file(
    sessions: SessionFactory, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr("ledger.papers.open", FullDisk, raising=False)
        with pytest.raises(OSError, match="No space left"):
            bring(sessions, papers)
    assert (files(papers), named(sessions)) == ([], ([], []))
    bring(sessions, papers)
    assert read_paper(papers, DIGEST) == CONTENT
