"""Papers that several cases share, such as minutes: written with each step, but once only at the end of a bulk act."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bpmn.casefile import CaseFile
from ledger.cases import WorkItem

Writer = Callable[[Sequence[tuple[CaseFile, WorkItem]]], None]
"""Writes one paper for the cases, and their items, that called for it."""


class Late:
    """The papers that wait for the end of a bulk act."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, int], tuple[Writer, list[tuple[CaseFile, WorkItem]]]] = {}

    def wait(self, of: tuple[str, int], write: Writer, file: CaseFile, item: WorkItem) -> None:
        """Keep a case for the paper `of` something, such as ("minutes", the meeting's id)."""
        self._waiting.setdefault(of, (write, []))[1].append((file, item))

    @contextmanager
    def undone_with(self) -> Iterator[None]:
        """Forget what came within where it ends in an exception: its rows are undone too."""
        before = {of: (write, list(rows)) for of, (write, rows) in self._waiting.items()}
        ended_well = False
        try:
            yield
            ended_well = True
        finally:
            if not ended_well:
                self._waiting = before

    def write(self) -> None:
        """Write each of them once, for all cases that called for it."""
        for write, rows in self._waiting.values():
            write(rows)
        self._waiting = {}


def write_shared(file: CaseFile, item: WorkItem, of: tuple[str, int], write: Writer) -> None:
    """Write a paper that several cases share: now, or at the end of the bulk act that the step is part of."""
    if file.acting.late is None:
        write([(file, item)])
    else:
        file.acting.late.wait(of, write, file, item)
