"""统计表 and 管理台账 (Annex 4 and 5), filed with a batch or on a case (P5, P11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bpmn.casefile import Acting, CaseFile
from forms.rendering import table_name
from forms.sheets.annexes import Heading, TotalsDisagree, annex4, annex5
from ledger.cross_counts import differences
from ledger.db import day_of
from ledger.papers import File, Place, attach
from ledger.people import Unit, signer_and_telephone
from ledger.projects import Project
from ledger.statistics import Statistics, Which, annex4_of, annex5_rows, county_of, projects_where
from ledger.vocabulary import PaperKind

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def file_tables(file: CaseFile, projects: Sequence[Project], place: Place, unit: Unit) -> None:
    """Write both tables over `projects`, filled in by `unit`, and file them at `place` in their kinds."""
    _file(file.acting, projects, annex4_of(projects), place, unit)


def write_tables(acting: Acting, which: Which, place: Place, unit: Unit) -> None:
    """Write both tables over the projects of `which` and file them, as `file_tables` does for a case.

    Raises TotalsDisagree when the database counts otherwise. Somebody may commit between the two looks: what differs
    once is read and counted again.
    """
    session = acting.session
    projects = projects_where(session, which)
    statistics = annex4_of(projects)
    if differences(session, which, statistics):
        projects = projects_where(session, which)
        statistics = annex4_of(projects)
        if wrong := differences(session, which, statistics):
            raise TotalsDisagree("；".join(wrong))
    _file(acting, projects, statistics, place, unit)


def _file(acting: Acting, projects: Sequence[Project], statistics: Statistics, place: Place, unit: Unit) -> None:
    signer, telephone = signer_and_telephone(acting.session, unit.id, acting.actor.user_id)
    heading = Heading(unit.name, signer, acting.actor.name, day_of(acting.now), county_of(projects), telephone)
    written = (
        (PaperKind.ANNEX4, annex4(statistics, heading)),
        (PaperKind.ANNEX5, annex5(annex5_rows(projects), heading, returning=False)),
    )
    for kind, content in written:
        document = File(f"{table_name(kind)}.xlsx", XLSX, content)
        attach(acting.session, acting.papers, document, replace(place, kind=kind), acting.actor, acting.now)
