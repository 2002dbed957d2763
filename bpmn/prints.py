"""File papers that the software writes from the data."""

from __future__ import annotations

from bpmn.casefile import CaseFile
from forms.papers.plain import print_paper
from handlers.outcome import Print
from ledger.cases import WorkItem
from ledger.db import day_of
from ledger.papers import File, Place, attach
from ledger.people import Unit
from ledger.vocabulary import PaperKind

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_UNSAFE = frozenset('/\\:*?"<>|')
_LONGEST = 100


def file_print(file: CaseFile, printed: Print, item: WorkItem | None) -> None:
    """Write a paper, signed by the item's unit or by the responsible one, and file it on the case."""
    place = Place(PaperKind(printed.kind), case_id=file.case.id, item_id=item.id if item is not None else None)
    write_print(file, printed, place, item.unit if item is not None else file.places.responsible)


def write_print(file: CaseFile, printed: Print, place: Place, signed: Unit) -> None:
    """Write a paper and file it at `place`."""
    content = print_paper(printed.title, printed.rows, signed.name, day_of(file.now))
    document = File(f"{file_name(printed.title)}.docx", DOCX, content)
    attach(file.session, file.acting.papers, document, place, file.acting.actor, file.now)


def file_name(title: str) -> str:
    """Return a title as a file may be called on any system."""
    return "".join("＿" if letter in _UNSAFE or not letter.isprintable() else letter for letter in title)[:_LONGEST]
