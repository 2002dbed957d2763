"""Papers as PDF: once by their content, one run at a time, a bad file alone, progress in rows (issue 6 item 7)."""

from __future__ import annotations

import stat
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bpmn.conversions import Bench, work_off
from forms.papers.office import Office
from ledger.conversions import Conversion, ahead_of, ask, claim, has_pdf, pdf_path, waiting_among
from ledger.db import transaction
from ledger.papers import File, Place, attach, sha256_of
from ledger.scope import CLOCK
from ledger.vocabulary import PaperKind
from tests.walk import Ground, local

NOW = local(2023, 11, 20, 9)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# stands for LibreOffice: turns each file that does not begin with “bad”, and writes down what it was given
FAKE = """#!{python}
import pathlib, sys
names = sys.argv[sys.argv.index("pdf", sys.argv.index("--outdir")) + 1:]
with open({log!r}, "a") as log:
    log.write(str(len(names)) + "\\n")
for name in names:
    content = pathlib.Path(name).read_bytes()
    if not content.startswith(b"bad"):
        pathlib.Path("pdf").mkdir(exist_ok=True)
        head = b"" if content.startswith(b"%PDF") else b"%PDF-"
        pathlib.Path("pdf", pathlib.Path(name).stem + ".pdf").write_bytes(head + content)
"""


def fake_office(folder: Path) -> Office:
    program = folder / "soffice"
    program.write_text(FAKE.format(python=sys.executable, log=str(folder / "runs")))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Office(str(program), folder / "profile")


@pytest.fixture
def bench(sqlite_ground: Ground, tmp_path: Path) -> Bench:
    return bench_of(sqlite_ground, tmp_path)


def bench_of(ground: Ground, folder: Path) -> Bench:
    return Bench(ground.sessions, ground.papers, fake_office(folder), lambda: NOW)


def laid(bench: Bench, content: bytes, media_type: str = DOCX, at: datetime = NOW) -> str:
    """Store a paper and ask for its PDF."""
    with transaction(bench.sessions) as session:
        attach(session, bench.papers, File("a", media_type, content), Place(PaperKind.OTHER), CLOCK, NOW)
        session.flush()
        ask(session, [sha256_of(content)], at)
    return sha256_of(content)


def stages(bench: Bench) -> dict[str, tuple[str, str]]:
    with transaction(bench.sessions, writes=False) as session:
        return {row.sha256: (row.stage, row.message[:5]) for row in session.scalars(select(Conversion))}


def test_papers_are_turned_together_and_the_same_content_once(bench: Bench, tmp_path: Path) -> None:
    first, second = laid(bench, b"one"), laid(bench, b"two")
    laid(bench, b"one")
    work_off(bench)
    assert stages(bench) == {first: ("done", ""), second: ("done", "")}
    assert pdf_path(bench.papers, first).read_bytes() == b"%PDF-one"
    laid(bench, b"one")
    work_off(bench)  # is there already: LibreOffice is not asked again
    assert (tmp_path / "runs").read_text().split() == ["2"]


def test_a_bad_file_spoils_no_other_and_says_why(bench: Bench, tmp_path: Path) -> None:
    good, bad, packed = laid(bench, b"good"), laid(bench, b"bad"), laid(bench, b"zip", "application/zip")
    work_off(bench)
    assert stages(bench) == {good: ("done", ""), bad: ("failed", "Libre"), packed: ("failed", "这种文件不")}
    assert (tmp_path / "runs").read_text().split() == ["2", "1"]
    with transaction(bench.sessions) as session:
        ask(session, [bad], NOW)
    assert stages(bench)[bad] == ("queued", "")


def test_a_damaged_paper_is_told(bench: Bench) -> None:
    digest = laid(bench, b"whole")
    (bench.papers / digest[:2] / digest[2:]).write_bytes(b"other")
    work_off(bench)
    assert stages(bench)[digest] == ("failed", "文件已损坏")


def test_one_worker_at_a_time_and_a_dead_one_is_followed(ground: Ground, tmp_path: Path) -> None:
    bench = bench_of(ground, tmp_path)
    early, late = laid(bench, b"early"), laid(bench, b"late", at=NOW + timedelta(seconds=1))
    with transaction(bench.sessions) as session:
        assert [row.sha256 for row in claim(session, 1, NOW)] == [early]
    with transaction(bench.sessions) as session:
        assert claim(session, 1, NOW + timedelta(minutes=5)) == ()
        waiting = session.get_one(Conversion, late)
        assert (ahead_of(session, waiting), waiting_among(session, [early, late])) == (1, 2)
    with transaction(bench.sessions) as session:
        assert [row.sha256 for row in claim(session, 9, NOW + timedelta(minutes=21))] == [early, late]


def test_a_pdf_needs_no_turning(bench: Bench) -> None:
    assert has_pdf(bench.papers, "0" * 64, "application/pdf")
    assert not has_pdf(bench.papers, "0" * 64, DOCX)
