"""The one door for uploads: kinds, contents, limits and names (safety rule 7)."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from ledger.db import transaction
from ledger.journal import Entry
from ledger.vocabulary import Role
from tests.walk import PDF
from tests.webapp.conftest import Site
from tests.webapp.test_virus_check import EICAR, clamd
from webapp.uploads import FileRefused, clean_name, take


def archive(*names: str, size: int = 3) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        for name in names:
            opened.writestr(name, b"0" * size)
    return packed.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")


@pytest.fixture
def door(site: Site) -> Iterator[None]:
    with site.app.app_context():
        yield


def upload(name: str, content: bytes) -> FileStorage:
    return FileStorage(BytesIO(content), filename=name)


@pytest.mark.usefixtures("door")
@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("报告.pdf", PDF, "application/pdf"),
        ("照片.JPG", b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        ("图.png", b"\x89PNG\r\n\x1a\nrest", "image/png"),
        ("表.docx", DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("包.zip", archive("a.txt"), "application/zip"),
    ],
)
def test_what_it_says_it_is_passes(name: str, content: bytes, media_type: str) -> None:
    file = take(upload(name, content))
    assert (file.name, file.media_type, file.content) == (name, media_type, content)


@pytest.mark.usefixtures("door")
@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("报告.exe", PDF, "不是允许的文件类型"),
        ("会议纪要", PDF, "不是允许的文件类型"),
        ("报告.pdf", b"", "空文件"),
        ("报告.pdf", DOCX, "内容不是 pdf"),
        ("报告.docx", archive("xl/workbook.xml"), "内容不是 docx"),
        ("报告.docx", DOCX[:40], "已损坏"),
        ("报告.docx", archive("word/document.xml", "word/vbaProject.bin"), "含有宏"),
        ("包.zip", archive("a", size=501 * 1024 * 1024), "解压后太大"),
        ("包.zip", archive(*(str(n) for n in range(2001))), "解压后太大"),
        ("大.pdf", b"%PDF-" + b"0" * 20 * 1024 * 1024, "超过 20 MB"),
    ],
    ids=["kind", "no kind", "empty", "other content", "other office file", "broken", "macro", "bomb", "many", "large"],
)
def test_anything_else_is_refused_with_its_name_and_reason(name: str, content: bytes, why: str) -> None:
    with pytest.raises(FileRefused, match=why) as refused:
        take(upload(name, content))
    assert name in str(refused.value)


@pytest.mark.usefixtures("door")
@pytest.mark.parametrize(
    "name", ["html_named.jpg", "html_named.pdf", "stored_xss.html", "stored_xss.svg", "xhtml_in.xml"]
)
def test_pages_in_disguise_are_refused(name: str, data_cases: Path) -> None:
    with pytest.raises(FileRefused):
        take(upload(name, (data_cases / name).read_bytes()))


@pytest.mark.usefixtures("door")
def test_every_hostile_name_is_refused_or_cleaned(data_cases: Path) -> None:
    """cases/data/filenames.json: no path, no control or direction character, an allowed kind."""
    names = json.loads((data_cases / "filenames.json").read_text())
    taken = []
    for name in names:
        try:
            taken.append(take(upload(name, DOCX)).name)
        except FileRefused:
            continue
    assert {"实地调研报告.docx", "报告.docx", "报告 (1).docx", "x.docx", "_CON.docx"} <= set(taken)
    for name in taken:
        assert name.endswith(".docx")
        assert len(name) <= 120
        assert not set(name) & set('/\\<>:"|?*\0\r\n\u202e\ufeff')


@pytest.mark.parametrize(
    ("sent", "clean"),
    [
        ("C:\\资料\\报告.docx", "报告.docx"),
        ("../../etc/passwd", "passwd"),
        ("", "未命名"),
        ("..", "未命名"),
        ("é́.pdf", "é́.pdf"),
        ("长" * 300 + ".docx", "长" * 115 + ".docx"),
    ],
)
def test_a_name_is_cleaned(sent: str, clean: str) -> None:
    assert clean_name(sent) == clean


def restrict(site: Site, **changes: Any) -> None:
    known = site.app.extensions["sigeyipi_settings"]
    site.app.extensions["sigeyipi_settings"] = known.model_copy(update=changes)


def test_a_virus_check_that_is_away_lets_nothing_in(site: Site) -> None:
    restrict(site, clamav="127.0.0.1:1")
    with site.app.app_context(), pytest.raises(FileRefused, match="病毒检查暂时不可用"):
        take(upload("报告.pdf", PDF))


def test_a_virus_is_named_kept_nowhere_and_written_down(site: Site) -> None:
    case, clerk = site.walk(0), site.town()
    with clamd() as (address, _seen):
        restrict(site, clamav=address)
        sent = {"text": "见附件", "files": (BytesIO(PDF + EICAR), "报告.pdf")}
        answer = clerk.post(f"/cases/{case.case_id}/comments", sent, content_type="multipart/form-data")
    assert (answer.status_code, "“报告.pdf”含有病毒（Eicar-Test）" in answer.text) == (422, True)
    assert [path for path in site.ground.papers.rglob("*") if path.is_file()] == []
    with transaction(site.ground.sessions, writes=False) as session:
        row = session.scalars(select(Entry).order_by(Entry.id.desc()).limit(1)).one()
    assert (row.act, "Eicar-Test" in row.detail) == ("file_refused", True)


GB = 1024**3


@pytest.mark.usefixtures("door")
@pytest.mark.parametrize(
    ("total", "free", "taken"),
    [
        *((100 * GB, GB - 1, False), (20 * GB, 2 * GB - 1, False), (20 * GB, 2 * GB, True)),  # a GB, and a tenth
        *((4000 * GB, 5 * GB - 1, False), (4000 * GB, 5 * GB, True)),  # of a large disk five are enough
    ],
)
def test_with_little_disk_left_nothing_is_taken(
    monkeypatch: pytest.MonkeyPatch, total: int, free: int, *, taken: bool
) -> None:
    """Safety rule 7: the ledger itself still needs room to write."""
    monkeypatch.setattr("webapp.uploads.disk_usage", lambda _path: SimpleNamespace(total=total, free=free))
    if taken:
        assert take(upload("报告.pdf", PDF)).content == PDF
    else:
        with pytest.raises(FileRefused, match="磁盘空间不足"):
            take(upload("报告.pdf", PDF))


@pytest.mark.parametrize(
    ("path", "box", "name"), [("/design/import", "bundle", "流程.bpmn"), ("/people/import", "file", "人员.xlsx")]
)
def test_what_is_only_read_comes_by_the_same_door(site: Site, path: str, box: str, name: str) -> None:
    """A procedure and a list of people are checked for viruses as papers are."""
    restrict(site, clamav="127.0.0.1:1")
    sent = {box: (BytesIO(b"anything"), name), "reason": "新增人员"}
    person = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    answer = person.post(path, sent, content_type="multipart/form-data")
    assert (answer.status_code, "病毒检查暂时不可用" in answer.text) == (422, True)


def test_a_persons_day_is_full_at_some_point(both_sites: Site) -> None:
    site = both_sites
    walk = site.walk(0)
    walk.to("field_survey")
    site.catch_up(walk)
    person, item = site.town(), walk.item("field_survey")
    restrict(site, upload_quota_mb=1)
    large = b"%PDF-" + b"0" * 700_000

    def send(number: int) -> str:
        sent = {
            "photos": (BytesIO(large + b"%d" % number), "照片.pdf"),
            "_action": "draft",
            "_revision": str(item.revision),
        }
        answer = person.post(f"/items/{item.id}", sent, content_type="multipart/form-data", follow_redirects=True)
        return answer.get_data(as_text=True)

    assert "已达 1 MB" not in send(1)
    assert "已达 1 MB" in send(2)


DOCX_CASES = Path(__file__).parents[1] / "cases" / "docx"


@pytest.mark.usefixtures("door")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("zip_bomb.docx", "解压后太大"),
        ("macro.docm", "不是允许的文件类型"),
        ("renamed_html.docx", "内容不是 docx"),
        ("empty.docx", "空文件"),
        ("garbage.docx", "内容不是 docx"),
        ("truncated.docx", "已损坏"),
        ("ok_control.docx", None),
        ("remote_template.docx", None),  # kept as it is and only ever served as a download
    ],
)
def test_each_word_case_as_an_attachment(name: str, why: str | None) -> None:
    content = (DOCX_CASES / name).read_bytes()
    if why is None:
        assert take(upload(name, content)).content == content
    else:
        with pytest.raises(FileRefused, match=why):
            take(upload(name, content))
