"""统计表 and 管理台账 (Annex 4 and 5) as plain workbooks, filed with a batch or on a case (P5, P11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bpmn.casefile import CaseFile
from forms.sheets.workbook import write_table
from ledger.papers import File, Place, attach
from ledger.projects import Project
from ledger.statistics import ANNEX4_HEADS, ANNEX5_HEADS, annex4_rows, annex5_rows
from ledger.vocabulary import PaperKind

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TABLES = (PaperKind.ANNEX4, PaperKind.ANNEX5)


def file_tables(file: CaseFile, projects: Sequence[Project], place: Place) -> None:
    """Write both tables over `projects` and file them at `place`; its kind is not used."""
    written = (
        (PaperKind.ANNEX4, ANNEX4_HEADS, annex4_rows(projects)),
        (PaperKind.ANNEX5, ANNEX5_HEADS, annex5_rows(projects)),
    )
    for kind, heads, rows in written:
        title = f"经营性帮扶产业项目“四个一批”{kind.label}"
        document = File(f"{title}.xlsx", XLSX, write_table(title, heads, rows))
        attach(file.session, file.acting.papers, document, replace(place, kind=kind), file.acting.actor, file.now)
