"""LibreOffice itself turns papers and pictures, without what a file would have it do, and is ended in time (item 7)."""

from __future__ import annotations

import stat
import struct
import zlib
from datetime import date
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader

from forms.papers.application import blank_facts
from forms.papers.catalogue import BY_NAME
from forms.papers.filling import print_paper
from forms.papers.office import Office, Source, find_office, to_pdf
from forms.sheets.workbook import write_table


def png(width: int, height: int) -> bytes:
    """Return a grey picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x80" * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_papers_tables_and_pictures_become_pdf(tmp_path: Path) -> None:
    office = find_office("", tmp_path / "profile")
    assert office is not None, "LibreOffice is not installed: `make test` installs it (Debian: libreoffice-writer)"
    form = BY_NAME["annex1"]
    paper = print_paper(form.title, form.complete(blank_facts()), form.shipped, date(2023, 11, 6))
    sources = {
        "paper": Source("docx", paper),
        "table": Source("xlsx", write_table("台账", ["项目"], [("茶园",)])),
        "picture": Source("png", png(200, 100)),
        "broken": Source("docx", b"PK\x03\x04 no document"),
    }
    done = to_pdf(office, sources, 120)
    texts = {key: "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages) for key, pdf in done.items()}
    assert set(texts) >= {"paper", "table", "picture"}
    assert "项目简介" in texts["paper"].replace(" ", "").replace("\n", "")
    assert "茶园" in texts["table"]
    (page,) = PdfReader(BytesIO(done["picture"])).pages
    assert len(page.images) == 1
    assert "DisableMacrosExecution" in (tmp_path / "profile/user/registrymodifications.xcu").read_text()


def test_a_run_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    program = tmp_path / "soffice"
    program.write_text("#!/bin/sh\nsleep 600 &\nwait\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert to_pdf(Office(str(program), tmp_path / "profile"), {"a": Source("docx", b"x")}, 0.1) == {}


def test_no_office_is_found_where_none_is(tmp_path: Path) -> None:
    assert find_office(str(tmp_path / "nowhere"), tmp_path) is None
