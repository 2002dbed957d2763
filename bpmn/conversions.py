"""The queue of papers to be turned into PDF, worked off by whoever asked last: a few at a time, each once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from forms.papers.office import Office, Source, to_pdf
from ledger.conversions import CONVERTIBLE, claim, has_pdf, keep_pdf, settle
from ledger.db import SessionFactory, transaction
from ledger.papers import PaperDamaged, read_paper

_AT_ONCE = 8  # files of one run: starting LibreOffice costs more than turning a page
_FAILED = "LibreOffice 不能转换这份文件，可能已损坏或设有密码"


@dataclass(frozen=True)
class Bench:
    """Where papers are turned: the ledger, the papers' folder, LibreOffice, and a clock that tells real time."""

    sessions: SessionFactory
    papers: Path
    office: Office
    clock: Callable[[], datetime]


def work_off(bench: Bench) -> None:
    """Turn what waits until nothing does, or another worker is at it."""
    while True:
        with transaction(bench.sessions) as session:
            taken = {row.sha256: row.paper.media_type for row in claim(session, _AT_ONCE, bench.clock())}
        if not taken:
            return
        outcomes = _turn(bench, taken)
        with transaction(bench.sessions) as session:
            settle(session, outcomes, bench.clock())


def _turn(bench: Bench, taken: dict[str, str]) -> dict[str, str]:
    """Turn papers together and what that left once more alone, so that a bad file spoils no other."""
    outcomes, sources = dict.fromkeys(taken, ""), {}
    for digest, media_type in taken.items():
        if has_pdf(bench.papers, digest, media_type):
            continue
        if media_type not in CONVERTIBLE:
            outcomes[digest] = "这种文件不能转换为 PDF"
            continue
        try:
            sources[digest] = Source(CONVERTIBLE[media_type], read_paper(bench.papers, digest))
        except PaperDamaged as damaged:
            outcomes[digest] = str(damaged)
    done = to_pdf(bench.office, sources, bench.office.limit_seconds(len(sources))) if sources else {}
    for digest in [digest for digest in sources if digest not in done]:
        if len(sources) > 1:
            done |= to_pdf(bench.office, {digest: sources[digest]}, bench.office.limit_seconds(1))
        if digest not in done:
            outcomes[digest] = _FAILED
    for digest, content in done.items():
        keep_pdf(bench.papers, digest, content)
    return outcomes
