"""The binder of a case: all its archived papers as one PDF in the order of Annex 6, bound once and kept (P13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import orjson
from sqlalchemy.orm import Session

from bpmn.conversions import Bench, work_off
from forms.papers.binder import Bound, CannotBind, Leaf, bind, unpacked
from ledger.archive import ArchiveRow, archive_rows
from ledger.cases import Case
from ledger.conversions import CONVERTIBLE, PDF, failed_among, has_pdf, pdf_path
from ledger.db import transaction
from ledger.paper_access import readable_rows
from ledger.papers import Attachment, PaperDamaged, read_paper
from ledger.previews import drawn_once, drawn_path
from ledger.projects import Project
from ledger.scope import Actor

_PART = "binder"


@dataclass(frozen=True)
class Shelf:
    """Where papers lie, and where what was made from them is kept; `bind` says whether binders are made now.

    With a `reader` only what that person may open is taken off it.
    """

    papers: Path
    made: Path
    bind: bool = False
    reader: Actor | None = None


def rows_of(session: Session, shelf: Shelf, case: Case) -> tuple[ArchiveRow, ...]:
    """Return Annex 6 of a case with the papers that the shelf's reader may open."""
    rows = archive_rows(session, case)
    return rows if shelf.reader is None else readable_rows(session, shelf.reader, rows)


@dataclass(frozen=True)
class Binding:
    """How far a case's papers are: those to be bound, of them without a PDF yet, and what could not be turned."""

    leaves: tuple[tuple[str, Attachment], ...]  # folder, paper
    waiting: tuple[Attachment, ...]
    failed: tuple[str, ...]  # names


def binding_of(session: Session, papers: Path, rows: Sequence[ArchiveRow]) -> Binding:
    """Return which papers of Annex 6 can be bound; what is no paper of pages (a ZIP) is not asked for."""
    every = tuple(_leaves(rows))
    lacking = [paper for _row, paper in every if not has_pdf(papers, paper.sha256, paper.paper.media_type)]
    failed = failed_among(session, [paper.sha256 for paper in lacking]) if lacking else {}
    leaves = tuple((folder, paper) for folder, paper in every if paper.sha256 not in failed)
    waiting = tuple(paper for paper in lacking if paper.sha256 not in failed)
    return Binding(leaves, waiting, tuple(paper.name for paper in lacking if paper.sha256 in failed))


def _leaves(rows: Sequence[ArchiveRow]) -> Iterator[tuple[str, Attachment]]:
    for row in rows:
        for paper in row.attachments:
            if paper.paper.media_type in CONVERTIBLE or paper.paper.media_type == PDF:
                yield f"{row.row} {row.title}", paper


def binder_of(session: Session, shelf: Shelf, rows: Sequence[ArchiveRow], title: str) -> Bound | None:
    """Return a case's binder; None where papers still wait for their PDF, or it is not bound and not to be bound now.

    CannotBind when the papers do not let themselves be bound.
    """
    binding = binding_of(session, shelf.papers, rows)
    if binding.waiting or not binding.leaves:
        return None
    told = [(folder, paper.name, paper.sha256) for folder, paper in binding.leaves]
    digest = sha256(orjson.dumps([title, told])).hexdigest()
    if not shelf.bind and not drawn_path(shelf.made, digest, _PART).is_file():
        return None
    bound = unpacked(drawn_once(shelf.made, digest, _PART, lambda: bind(_read(shelf.papers, binding), title)))
    return replace(bound, left_out=(*bound.left_out, *binding.failed))


def _read(papers: Path, binding: Binding) -> list[Leaf]:
    leaves = []
    for folder, paper in binding.leaves:
        try:
            own = paper.paper.media_type == PDF
            content = read_paper(papers, paper.sha256) if own else pdf_path(papers, paper.sha256).read_bytes()
        except PaperDamaged:
            continue  # named in the list of the archive
        leaves.append(Leaf(folder, paper.name, content))
    return leaves


def binder_title(project: Project) -> str:
    """Return what a project's binder is called."""
    return f"{project.number} {project.name}归档材料"


def bind_cases(bench: Bench, shelf: Shelf, case_ids: Sequence[int]) -> None:
    """Turn what waits into PDF, then bind every case whose papers are all turned; what cannot be bound is left."""
    work_off(bench)
    for case_id in case_ids:
        with transaction(bench.sessions, writes=False) as session, suppress(CannotBind):
            case = session.get_one(Case, case_id)
            binder_of(session, replace(shelf, bind=True), rows_of(session, shelf, case), binder_title(case.project))
