"""The archive of closed cases (P13, F6): a folder per project by the six rows of Annex 6, lists and checksums."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import PurePosixPath
from zipfile import ZipFile

import openpyxl
import pytest
from pypdf import PdfReader

from bpmn.archives import BINDER, write_archive
from bpmn.binders import Shelf
from ledger.archive import cases_with_projects
from ledger.archive_sums import check_archive
from ledger.audit_archive import public_key_text
from ledger.conversions import PDF, keep_pdf
from ledger.papers import Attachment, attachments_of_case, path_of
from ledger.statistics import everything
from tests.conftest import KEYS
from tests.forms.papers.test_binder import pdf
from tests.walk import Ground, Walk

ROWS = ["审批表", "统计表", "管理台账", "会议纪要", "协议书或合同书等材料", "批复和公告等其他材料"]


def sheet(package: ZipFile, path: str) -> list[tuple[object, ...]]:
    return list(openpyxl.load_workbook(BytesIO(package.read(path))).worksheets[0].values)[2:]


def archive_of(walk: Walk) -> tuple[int, ZipFile]:
    target = BytesIO()
    with walk.session() as session:
        count = write_archive(
            session,
            Shelf(walk.ground.papers, walk.ground.papers.parent / "made", bind=True),
            cases_with_projects(session, everything()),
            target,
            walk.now + timedelta(days=1),
        )
    return count, ZipFile(target)


def papers_of(walk: Walk) -> list[Attachment]:
    with walk.session() as session:
        return list(attachments_of_case(session, walk.case_id))


def turned(walk: Walk) -> None:
    """Give every paper a PDF of one page."""
    for paper in papers_of(walk):
        if paper.paper.media_type == PDF:
            paper_path = path_of(walk.ground.papers, paper.sha256)
            assert paper_path.is_file()
        else:
            keep_pdf(walk.ground.papers, paper.sha256, pdf(300))


@pytest.mark.usefixtures("quick_prints")
def test_p13_every_paper_lies_in_its_row_with_its_checksum(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    walk.to_end()
    turned(walk)
    count, package = archive_of(walk)
    assert count == len(papers_of(walk)) > 15
    assert package.fp is not None
    verdict = check_archive(package.fp, public_key_text(KEYS))  # type: ignore[arg-type]  # bytes in memory
    assert (verdict.faults, verdict.file_count) == ((), len(package.namelist()) - 2)
    folder = next(name for name in package.namelist() if name.endswith("归档目录.xlsx")).rpartition("/")[0]
    assert walk.project.number in folder
    listed = {str(row[2]): row for row in sheet(package, f"{folder}/归档目录.xlsx")}
    binder = f"{folder}/{BINDER}"
    beside = {f"{folder}/归档目录.xlsx", binder}
    inside = [name for name in package.namelist() if name.startswith(folder) and name not in beside]
    assert {str(PurePosixPath(name).relative_to(folder)) for name in inside} == set(listed)
    for name, row in listed.items():
        content = package.read(f"{folder}/{name}")
        assert (row[4], row[5]) == (len(content), sha256(content).hexdigest())
    assert {name.split("/")[0] for name in listed} == {f"{n} {short}" for n, short in enumerate(ROWS, 1)}
    ((number, kind, *_rest, papers, lacking, bound, named),) = sheet(package, "目录.xlsx")
    pages = len(PdfReader(BytesIO(package.read(binder))).pages)
    unread = [paper for paper in papers_of(walk) if paper.paper.media_type == PDF]  # what the walk uploads is no PDF
    assert pages == count - len(unread)
    assert (number, kind, papers, lacking, named) == (1, "村本级主管和实施项目", count, "", folder)
    assert bound == f"{pages}页，{len(unread)}份不能打开，未装入"
    assert {row[6] for row in listed.values()} == {"", "不能打开，未装入装订本"}


@pytest.mark.usefixtures("quick_prints")
def test_p13_what_is_lacking_or_damaged_is_said_in_the_list(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    walk.to("joint_review")
    photo = next(paper for paper in papers_of(walk) if paper.kind == "photo")
    path = sqlite_ground.papers / photo.sha256[:2] / photo.sha256[2:]
    path.write_bytes(b"other")
    count, package = archive_of(walk)
    assert count == len(papers_of(walk)) - 1
    (catalogue,) = [name for name in package.namelist() if name.endswith("归档目录.xlsx")]
    words = "\n".join(str(row[6]) for row in sheet(package, catalogue))
    assert "文件已损坏" in words
    assert "缺：分类统计表" in words
    ((*_rest, lacking, bound, _folder),) = sheet(package, "目录.xlsx")
    assert bound == "未生成"  # a paper of the office has no PDF yet
    assert "第2项：分类统计表" in str(lacking)
