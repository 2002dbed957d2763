"""归档材料 as one ZIP: a folder per project, its papers by the six rows of Annex 6, and lists with checksums (P13)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from sqlalchemy.orm import Session

from bpmn.prints import file_name
from forms.sheets.sheet import write_sheet
from forms.sheets.table import Group, Table
from ledger.archive import LEDGER_NAMES, ArchiveRow, archive_rows
from ledger.cases import Case
from ledger.db import SHANGHAI
from ledger.papers import PaperDamaged, read_paper
from ledger.vocabulary import Level, PaperKind

_NAME_LENGTH = 60  # characters of one folder or file: Windows counts the whole path
_FOLDERS = (
    "审批表",
    "统计表",
    "管理台账",
    "会议纪要",
    "协议书或合同书等材料",
    "批复和公告等其他材料",
)  # in short
_CATALOGUE = ("归档目录序号", "归档材料", "文件", "材料种类", "大小（字节）", "校验值（SHA-256）", "说明")
_CONTENTS = ("序号", "类别", "责任单位", "项目编号", "项目名称", "文件数", "缺少", "文件夹")
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


def write_archive(session: Session, papers: Path, cases: Iterable[Case], target: IO[bytes], now: datetime) -> int:
    """Write the ZIP of `cases` to `target`, piece by piece; return how many papers it holds.

    A paper that is lost or damaged is named in its project's list instead of stopping the others.
    """
    contents: list[tuple[object, ...]] = []
    paper_count = 0
    with ZipFile(target, "w", ZIP_DEFLATED) as package:
        for number, case in enumerate(cases, 1):
            folder, rows = _folder(case), archive_rows(session, case)
            count = _put_project(package, papers, folder, rows)
            lacking = "；".join(f"第{row.row}项：{'、'.join(row.lacking)}" for row in rows if row.missing)
            unit = case.project.responsible_unit
            contents.append(
                (
                    *(number, _class_of(case), unit.short_name if unit else "", case.project.number),
                    *(case.project.name, count, lacking, folder),
                )
            )
            paper_count += count
        _put(package, "目录.xlsx", _sheet("归档材料目录", _CONTENTS, contents), now)
    return paper_count


def _class_of(case: Case) -> str:
    return LEDGER_NAMES[Level(case.project.level or Level.TOWNSHIP)].removesuffix("台账")


def _folder(case: Case) -> str:
    unit = case.project.responsible_unit
    place = file_name(unit.short_name) if unit else "未分派"
    return f"{_class_of(case)}/{place}/{file_name(f'{case.project.number} {case.project.name}')[:_NAME_LENGTH]}"


def _put_project(package: ZipFile, papers: Path, folder: str, rows: Sequence[ArchiveRow]) -> int:
    listed: list[tuple[object, ...]] = []
    count = 0
    latest = datetime(2000, 1, 1, tzinfo=SHANGHAI)
    for row in rows:
        names, short = _Names(), f"{row.row} {_FOLDERS[row.row - 1]}"
        for paper in row.attachments:
            name = names.free(paper.name)
            try:
                content = read_paper(papers, paper.sha256)
            except PaperDamaged as damaged:
                listed.append((row.row, row.title, name, PaperKind(paper.kind).label, None, paper.sha256, str(damaged)))
                continue
            _put(package, f"{folder}/{short}/{name}", content, paper.attached_at)
            kind = PaperKind(paper.kind).label
            listed.append((row.row, row.title, f"{short}/{name}", kind, len(content), paper.sha256, ""))
            latest, count = max(latest, paper.attached_at), count + 1
        if row.missing:
            listed.append((row.row, row.title, "", "", None, "", f"缺：{'、'.join(row.lacking)}"))
        elif row.lacking and row.waiver is not None:
            listed.append((row.row, row.title, "", "", None, "", f"不适用：{row.waiver.reason}"))
    _put(package, f"{folder}/归档目录.xlsx", _sheet("归档目录", _CATALOGUE, listed), latest)
    return count


def _sheet(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    return write_sheet(Table(title, [Group(head) for head in heads], rows, landscape=True))


def _put(package: ZipFile, path: str, content: bytes, at: datetime) -> None:
    local = at.astimezone(SHANGHAI)
    entry = ZipInfo(path, (local.year, local.month, local.day, local.hour, local.minute, local.second))
    entry.compress_type = ZIP_STORED if path.rpartition(".")[2].lower() in _OFFICE_KINDS else ZIP_DEFLATED
    package.writestr(entry, content)
