"""Papers the runtime writes itself: the certificate of a publicity period (T1) and a batch's own papers (P5)."""

from __future__ import annotations

from io import BytesIO

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import select, update

from bpmn.prints import file_name
from ledger.cross_counts import batch_differences
from ledger.meetings import batches_of
from ledger.papers import Attachment, attachments_of_case, read_paper
from ledger.projects import Project
from ledger.statistics import annex4_of, projects_of_batch
from ledger.taking import case_by_id
from tests.walk import FILE, Ground, Walk, local


def papers(walk: Walk, kind: str) -> list[tuple[Attachment, bytes]]:
    with walk.session() as session:
        found = [paper for paper in attachments_of_case(session, walk.case_id) if paper.kind == kind]
        return [(paper, read_paper(walk.ground.papers, paper.sha256)) for paper in found]


def words(content: bytes) -> str:
    document = Document(BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_t1_the_certificate_names_postings_days_and_end(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr("bpmn.prints.print_paper", lambda title, rows, *_: f"{title}{rows}".encode())
        walk.to("notice_unit")
        walk.now = local(2023, 11, 24)
        walk.complete("notice_unit")
        walk.now = local(2023, 11, 27)
        walk.complete("notice_site")
    walk.now = local(2023, 12, 5, 0)
    assert walk.fire() == 1
    ((paper, content),) = papers(walk, "notice_certificate")
    told = words(content)
    assert paper.name == "公告期满证明.docx"
    assert "主管单位公告：2023年11月24日（星期五）张贴于" in told
    assert "实施地公告：2023年11月27日（星期一）张贴于" in told
    counted = [f"第{n}个\n2023年{day}" for n, day in enumerate(("11月28日", "11月29日", "11月30日"), 1)]
    assert all(each in told for each in counted)
    assert "第5个\n2023年12月4日（星期一）" in told
    assert "共计5个工作日，至2023年12月4日（星期一）24时止" in told
    assert "公告期内没有收到异议" in told


@pytest.mark.usefixtures("quick_prints")
def test_p5_a_batch_grows_and_its_tables_with_it(sqlite_ground: Ground) -> None:
    unit = sqlite_ground.projects[0].responsible_unit_id
    first, second = (Walk(sqlite_ground, p) for p in sqlite_ground.projects if p.responsible_unit_id == unit)
    first.to("submission")
    first.complete("submission", title="关于报送的请示", number="桑柘府文〔2023〕12号")
    unit_id = first.project.responsible_unit_id or 0
    with first.session() as session:
        found = case_by_id(session, first.case_id, lock=False)
        assert found is not None
        (batch,) = batches_of(session, unit_id, found[0].campaign_id)
    second.to("submission")
    second.complete("submission", into="existing", batch=str(batch.id))
    with second.session() as session:
        of_batch = (Attachment.batch_id == batch.id, Attachment.removed_at.is_(None))
        lying = session.scalars(select(Attachment.kind).where(*of_batch)).all()
        counted = annex4_of(projects_of_batch(session, batch.id))
        assert batch_differences(session, batch.id, counted) == []
        alone = Project.number == first.project.number
        session.execute(update(Project).where(alone).values(operation="stopped", causes=["disaster"]))
        wrong = [f"统计表“{name}”一行与数据库的计数不一致" for name in (counted.rows[0][1], "合计")]
        assert batch_differences(session, batch.id, counted) == wrong  # F4: counted by the database too
        session.rollback()
    assert sorted(lying) == ["annex4", "annex5", "request"]
    ((_, ledger),) = papers(first, "annex5")
    rows = list(load_workbook(BytesIO(ledger)).active.values)
    names = {str(cell) for row in rows for cell in row}
    assert {first.project.name, second.project.name} <= names
    assert "审核人：桑柘镇审核甲　　填报人及联系电话：桑柘镇经办甲 138" in str(rows[1][0])
    ((_, counts),) = papers(first, "annex4")
    line = str(list(load_workbook(BytesIO(counts)).active.values)[1][0])
    assert "审核人：桑柘镇审核甲　　填报人：桑柘镇经办甲　　更新时间" in line  # no number where everybody reads


@pytest.mark.usefixtures("quick_prints")
def test_p5_an_uploaded_request_is_not_printed_beside(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    walk.to("submission")
    walk.complete("submission", request=FILE)
    assert [paper.name for paper, _ in papers(walk, "request")] == ["盖章的请示扫描件.pdf"]


@pytest.mark.parametrize(
    ("title", "name"),
    [("关于A/B项目的批复", "关于A＿B项目的批复"), ("一\n二", "一＿二"), ("长" * 300, "长" * 100)],
)
def test_titles_become_file_names(title: str, name: str) -> None:
    assert file_name(title) == name
