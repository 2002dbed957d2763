"""归档材料 as one ZIP: a folder per project, its papers by the rows of Annex 6, lists, a binder, checksums (P13)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from sqlalchemy.orm import Session

from bpmn.binders import Shelf, binder_of, binder_title, rows_of
from bpmn.prints import file_name
from forms.papers.binder import Bound, CannotBind
from forms.sheets.sheet import write_sheet
from forms.sheets.table import Group, Printing, Table
from ledger.archive import LEDGER_NAMES, ArchiveRow, lacking_words
from ledger.archive_sums import write_sums
from ledger.cases import Case
from ledger.db import SHANGHAI
from ledger.papers import PaperDamaged, read_paper, sha256_of
from ledger.projects import Project
from ledger.vocabulary import Level, PaperKind

BINDER = "装订本.pdf"
WITHHELD = "由报送单位和县级经办部门保管，未装入"
_NAME_LENGTH = 60  # characters of one folder or file: Windows counts the whole path
_FOLDERS = (
    "审批表",
    "统计表",
    "管理台账",
    "会议纪要",
    "协议书或合同书等材料",
    "批复和公告等其他材料",
)  # in short
_CATALOGUE = ("目录项", "归档材料", "文件", "材料种类", "大小（字节）", "校验值（SHA-256）", "说明")
_CONTENTS = ("序号", "类别", "责任单位", "项目编号", "项目名称", "文件数", "缺少", "装订本", "文件夹")
_CATALOGUE_WIDTHS = (8, 26, 44, 18, 10, 34, 20)
_CONTENTS_WIDTHS = (6, 16, 14, 24, 30, 8, 26, 16, 40)
_OFFICE_KINDS = frozenset({"docx", "xlsx", "jpg", "jpeg", "png", "zip", "pdf"})  # packed already


@dataclass
class _Names:
    """File names of one folder, each used once."""

    taken: set[str] = field(default_factory=set)

    def free(self, name: str) -> str:
        stem, dot, extension = name.rpartition(".")
        stem = file_name(stem or extension)[:_NAME_LENGTH]
        candidate, number = f"{stem}.{extension}" if dot else stem, 2
        while candidate in self.taken:
            candidate, number = f"{stem}（{number}）{dot}{extension}", number + 1
        self.taken.add(candidate)
        return candidate


@dataclass
class _Package:
    """The ZIP being written, and the checksum of everything in it."""

    zip: ZipFile
    sums: dict[str, str] = field(default_factory=dict)

    def put(self, path: str, content: bytes, at: datetime) -> None:
        local = at.astimezone(SHANGHAI)
        entry = ZipInfo(path, (local.year, local.month, local.day, local.hour, local.minute, local.second))
        entry.compress_type = ZIP_STORED if path.rpartition(".")[2].lower() in _OFFICE_KINDS else ZIP_DEFLATED
        self.zip.writestr(entry, content)
        self.sums[path] = sha256_of(content)


def write_archive(session: Session, shelf: Shelf, cases: Iterable[Case], target: IO[bytes], now: datetime) -> int:
    """Write the ZIP of `cases` to `target`, piece by piece; return how many papers it holds.

    A paper that is lost or damaged is named in its project's list instead of stopping the others.
    """
    contents: list[tuple[object, ...]] = []
    paper_count = 0
    with ZipFile(target, "w", ZIP_DEFLATED) as opened:
        package = _Package(opened)
        for number, case in enumerate(cases, 1):
            folder, rows = _folder(case), rows_of(session, shelf, case)
            binder, bound = _binder(session, shelf, rows, case.project)
            count = _put_project(package, shelf, folder, rows, (case.project, binder))
            lacking = "；".join(f"第{row.row}项：{'、'.join(row.lacking)}" for row in rows if row.missing)
            unit = case.project.responsible_unit
            contents.append(
                (
                    *(number, _class_of(case), unit.short_name if unit else "", case.project.number),
                    *(case.project.name, count, lacking, bound, folder),
                )
            )
            paper_count += count
        package.put("目录.xlsx", _sheet("归档材料目录", _CONTENTS, contents, _CONTENTS_WIDTHS), now)
        write_sums(opened, package.sums, session.info["keys"], now)
    return paper_count


def _class_of(case: Case) -> str:
    return LEDGER_NAMES[Level(case.project.level or Level.TOWNSHIP)].removesuffix("台账")


def _folder(case: Case) -> str:
    unit = case.project.responsible_unit
    place = file_name(unit.short_name) if unit else "未分派"
    return f"{_class_of(case)}/{place}/{file_name(f'{case.project.number} {case.project.name}')[:_NAME_LENGTH]}"


def _put_project(
    package: _Package, shelf: Shelf, folder: str, rows: Sequence[ArchiveRow], bound: tuple[Project, Bound | None]
) -> int:
    project, binder = bound
    listed: list[tuple[object, ...]] = []
    count = 0
    latest = datetime(2000, 1, 1, tzinfo=SHANGHAI)
    left_out = set(binder.left_out) if binder is not None else set()
    for row in rows:
        names, short = _Names(), f"{row.row} {_FOLDERS[row.row - 1]}"
        for paper in row.attachments:
            name = names.free(paper.name)
            try:
                content = read_paper(shelf.papers, paper.sha256)
            except PaperDamaged as damaged:
                listed.append((row.row, row.title, name, PaperKind(paper.kind).label, None, paper.sha256, str(damaged)))
                continue
            package.put(f"{folder}/{short}/{name}", content, paper.attached_at)
            kind = PaperKind(paper.kind).label
            note = "不能打开，未装入装订本" if paper.name in left_out else ""
            listed.append((row.row, row.title, f"{short}/{name}", kind, len(content), paper.sha256, note))
            latest, count = max(latest, paper.attached_at), count + 1
        for paper in row.withheld:
            listed.append((row.row, row.title, paper.name, PaperKind(paper.kind).label, None, "", WITHHELD))
        if row.missing:
            listed.append((row.row, row.title, "", "", None, "", f"缺：{'、'.join(lacking_words(row))}"))
        elif row.lacking and row.waiver is not None:
            listed.append((row.row, row.title, "", "", None, "", f"不适用：{row.waiver.reason}"))
    package.put(
        f"{folder}/归档目录.xlsx", _sheet(_catalogue_title(project), _CATALOGUE, listed, _CATALOGUE_WIDTHS), latest
    )
    if binder is not None:
        package.put(f"{folder}/{BINDER}", binder.pdf, latest)
    return count


def _binder(session: Session, shelf: Shelf, rows: Sequence[ArchiveRow], project: Project) -> tuple[Bound | None, str]:
    """Return a project's binder and what the list says of it."""
    try:
        binder = binder_of(session, shelf, rows, binder_title(project))
    except CannotBind as refused:
        return None, str(refused)
    if binder is None:
        return None, "未生成"
    left = len(binder.left_out)
    return binder, f"{binder.page_count}页" + (f"，{left}份不能打开，未装入" if left else "")


def _catalogue_title(project: Project) -> str:
    return f"归档目录：{project.name}（{project.number}）"


def _sheet(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]], widths: Sequence[float]) -> bytes:
    return write_sheet(Table(title, [Group(head) for head in heads], rows, landscape=True, printing=Printing(widths)))
