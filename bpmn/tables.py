"""统计表 and 管理台账 (Annex 4 and 5), filed with a batch or on a case (P5, P11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bpmn.casefile import Acting, CaseFile
from forms.rendering import table_name
from forms.sheets.annexes import Heading, TotalsDisagree, annex4, annex5
from ledger.cross_counts import batch_differences, differences
from ledger.db import day_of
from ledger.papers import File, Place, attach
from ledger.people import Unit, signer_and_telephone
from ledger.projects import Project
from ledger.statistics import (
    Statistics,
    Which,
    annex4_of,
    annex5_rows,
    county_of,
    project_alone,
    projects_of_batch,
    projects_where,
)
from ledger.vocabulary import PaperKind

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def tables_of_project(file: CaseFile, place: Place, unit: Unit) -> None:
    """Write both tables over the case's project alone, filled in by `unit`, and file them at `place` in their kinds."""
    projects = project_alone(file.session, file.project.id)
    _file(file.acting, projects, annex4_of(projects), place, unit)


def tables_of_batch(acting: Acting, place: Place, unit: Unit) -> Sequence[Project]:
    """Write both tables over the projects of the 报送批次 at `place` and file them; returns the projects.

    Raises TotalsDisagree when the database counts otherwise.
    """
    session, batch_id = acting.session, place.batch_id
    assert batch_id is not None
    projects, statistics = _counted_twice(
        lambda: projects_of_batch(session, batch_id), lambda counted: batch_differences(session, batch_id, counted)
    )
    _file(acting, projects, statistics, place, unit)
    return projects


def write_tables(acting: Acting, which: Which, place: Place, unit: Unit) -> None:
    """Write both tables over the projects of `which` and file them.

    Raises TotalsDisagree when the database counts otherwise.
    """
    session = acting.session
    projects, statistics = _counted_twice(
        lambda: projects_where(session, which), lambda counted: differences(session, which, counted)
    )
    _file(acting, projects, statistics, place, unit)


def _counted_twice(
    read: Callable[[], Sequence[Project]], wrong_in: Callable[[Statistics], list[str]]
) -> tuple[Sequence[Project], Statistics]:
    """Count Annex 4; somebody may commit between the two looks: what differs once is read and counted again."""
    projects = read()
    statistics = annex4_of(projects)
    if wrong_in(statistics):
        projects = read()
        statistics = annex4_of(projects)
        if wrong := wrong_in(statistics):
            raise TotalsDisagree("；".join(wrong))
    return projects, statistics


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
