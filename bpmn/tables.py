"""统计表 and 管理台账 (Annex 4 and 5), filed with a batch or on a case (P5, P11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bpmn.casefile import Acting, CaseFile
from forms.sheets.annexes import Heading, annex4, annex5, table_name
from ledger.db import day_of
from ledger.papers import File, Place, attach
from ledger.people import Unit
from ledger.projects import Project
from ledger.statistics import annex4_of, annex5_rows, county_of
from ledger.vocabulary import PaperKind

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def file_tables(file: CaseFile, projects: Sequence[Project], place: Place, unit: Unit) -> None:
    """Write both tables over `projects`, filled in by `unit`, and file them at `place`; its kind is not used."""
    write_tables(file.acting, projects, place, unit)


def write_tables(acting: Acting, projects: Sequence[Project], place: Place, unit: Unit) -> None:
    """Write both tables and file them, as `file_tables` does for a case."""
    heading = Heading(unit.name, "", acting.actor.name, day_of(acting.now), county_of(projects))
    written = (
        (PaperKind.ANNEX4, annex4(annex4_of(projects), heading)),
        (PaperKind.ANNEX5, annex5(annex5_rows(projects), heading, returning=False)),
    )
    for kind, content in written:
        document = File(f"{table_name(kind)}.xlsx", XLSX, content)
        attach(acting.session, acting.papers, document, replace(place, kind=kind), acting.actor, acting.now)
