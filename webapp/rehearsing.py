"""`sigeyipi rehearse`: a folder of its own, a county's year played in it, its tables and archive written beside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bpmn.archives import write_archive
from bpmn.binders import Shelf
from bpmn.rehearsal.county import Rehearsed, Stage, begins_at, rehearse
from forms.rendering import table_name
from forms.sheets.annexes import Heading, annex4, annex5
from forms.sheets.national_export import read_export
from ledger.archive import cases_with_projects
from ledger.db import SessionFactory, day_of, open_ledger, transaction
from ledger.migrations import upgrade
from ledger.people import counties
from ledger.settings import Settings, load_keys
from ledger.statistics import annex4_of, annex5_rows, everything, projects_where
from ledger.vocabulary import PaperKind
from scheduler.sweep import Ground, sweep
from webapp.progress import progress_bar

ARCHIVE = "归档材料.zip"


class FolderTaken(ValueError):
    """文件夹里已有别的数据."""


@dataclass(frozen=True)
class Asked:
    """What the command line asked for."""

    workbook: bytes
    year: int
    seed: int
    out: Path
    database: str | None


def run(asked: Asked) -> Rehearsed:
    """Play the year, write 统计表, 管理台账 and the archive into the folder, and return what happened.

    Raises FolderTaken, NotEmpty, WorkbookRefused and NoDatabase before anything is played.
    """
    rows = read_export(asked.workbook).rows
    settings = Settings(data=asked.out, database=asked.database)
    try:
        asked.out.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise FolderTaken(f"文件夹 {asked.out} 不能使用：它应是一个可以写入的文件夹") from wrong
    if any(asked.out.iterdir()):
        raise FolderTaken(f"文件夹 {asked.out} 里已有文件；预演须用一个空文件夹")
    keys = load_keys(settings.data)
    upgrade(settings.database_url, keys)
    sessions = open_ledger(settings.database_url, keys)
    ground = Ground(sessions, settings.papers)
    stage = Stage(sessions, settings.papers, lambda moment: sweep(ground, moment).fired)
    done = rehearse(stage, rows, asked.year, asked.seed, progress_bar())
    write_results(sessions, settings, asked.year)
    return done


def write_results(sessions: SessionFactory, settings: Settings, year: int) -> None:
    """Write Annex 4, Annex 5 and the archive of all cases into the installation's folder."""
    now = begins_at(year)
    with transaction(sessions, writes=False) as session:
        projects = projects_where(session, everything())
        county = counties(session)[0]
        heading = Heading(county.name, "", "", day_of(now), county.short_name)
        tables = (
            (PaperKind.ANNEX4, annex4(annex4_of(projects), heading)),
            (PaperKind.ANNEX5, annex5(annex5_rows(projects), heading)),
        )
        for kind, content in tables:
            (settings.data / f"{table_name(kind)}.xlsx").write_bytes(content)
        with (settings.data / ARCHIVE).open("wb") as target:
            shelf = Shelf(settings.papers, settings.previews)
            write_archive(session, shelf, cases_with_projects(session, everything()), target, now)
