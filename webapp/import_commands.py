"""`sigeyipi import`: the page's check and confirmation for whoever holds the folder, in parts, with a bar.

Each part is a transaction of its own. Whatever ends the command between two parts, the same command goes on where it
stopped: rows taken are not new again and no project is pushed twice.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bpmn.casefile import Acting
from bpmn.pushing import Failure
from forms.sheets.national_export import read_export
from ledger.campaigns import Campaign, campaigns_of
from ledger.db import SessionFactory, transaction
from ledger.import_runs import mappings_of
from ledger.imports import Comparison, Row, compare, to_push_count
from ledger.installation import installation
from ledger.journal import Act
from ledger.people import Unit, counties
from ledger.scope import CLOCK
from ledger.settings import Settings
from ledger.writing import record
from webapp import importing
from webapp.command_files import read_file
from webapp.importing import Checked, push_next, report, take_part
from webapp.installing import ensure_county, set_up
from webapp.progress import progress_bar
from webapp.request import moment_of, real_now

Run = Callable[[argparse.Namespace], int]
_INTERRUPTED = 130  # as shells tell of Ctrl-C


class CannotImport(ValueError):
    """没有写入任何内容."""


@dataclass
class Desk:
    """Where a command works: the ledger, the papers and what came of the parts done so far."""

    sessions: SessionFactory
    papers: Path
    now: datetime
    new_count: int = 0
    changed_count: int = 0
    case_count: int = 0
    failures: list[Failure] = field(default_factory=list)

    @contextmanager
    def part(self) -> Iterator[Acting]:
        """Begin the transaction of one part."""
        with transaction(self.sessions) as session:
            yield Acting(session, CLOCK, moment_of(installation(session), self.now), self.papers)


def add_to(add: Callable[[str, Run, str], argparse.ArgumentParser]) -> None:
    """Register the command: check or confirm."""
    parser = add("import", _run, "导入全国防返贫监测信息系统导出的项目清单")
    parser.add_argument("file", metavar="FILE", type=Path)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true", help="只检查，不写入")
    mode.add_argument("--confirm", action="store_true", help="分批写入并推送；中断后再执行同一命令，接着办")
    parser.add_argument("--county", help="县的区划代码；只有一个县时不用写")
    parser.add_argument("--json", action="store_true", help="结果为 JSON")


def _run(given: argparse.Namespace) -> int:
    content = read_file(given.file)
    named = {name: getattr(given, name) for name in ("data", "database") if getattr(given, name) is not None}
    settings, now = Settings(**named), real_now()
    desk = Desk(set_up(settings, now), settings.papers, now)
    checked, county = _checked(desk, given, content)
    failed = bool(checked.read.errors or checked.read.missing)
    if given.confirm:
        try:
            _confirm(desk, checked, county, given.file.name)
        except KeyboardInterrupt:
            sys.stderr.write(f"\n已中断：{_done_words(desk)}。再执行同一命令，接着办\n")
            return _INTERRUPTED
    _tell(desk, checked, given)
    # what was confirmed is written, and its spoiled rows are told beside it; 2 says that nothing changed
    return 2 if failed and not given.confirm else 0


def _checked(desk: Desk, given: argparse.Namespace, content: bytes) -> tuple[Checked, Unit | None]:
    """Read with no transaction open, then compare with the register."""
    with transaction(desk.sessions, writes=False) as session:
        county = _county(counties(session), given.county, required=given.confirm)
        learned = mappings_of(session, county.id) if county else {}
    read = read_export(content, learned)
    if county is None:
        return Checked(read, _compare_with_nothing(desk, read.rows)), None
    with transaction(desk.sessions, writes=False) as session:
        return Checked(read, compare(session, county.id, read.rows)), county


def _compare_with_nothing(desk: Desk, rows: Sequence[Row]) -> Comparison:
    """Compare with the county that a confirmation would enter first; it is entered on trial and not kept."""
    with transaction(desk.sessions) as session:
        trial = session.begin_nested()
        comparison = compare(session, ensure_county(session, desk.now).id, rows)
        trial.rollback()
    return comparison


def _confirm(desk: Desk, checked: Checked, county: Unit | None, name: str) -> None:
    """Take the good rows in parts, then push in parts whatever has a unit and no case in the campaign yet."""
    rows, campaign = checked.read.rows, _campaign(desk, checked, county, name)
    bar, step = progress_bar("导入 "), importing.TAKEN_AT_ONCE
    for start in range(0, len(rows), step):
        with desk.part() as acting:
            new, changed = take_part(acting, campaign.county_id, rows[start : start + step], name)
        desk.new_count, desk.changed_count = desk.new_count + new, desk.changed_count + changed
        bar(min(start + step, len(rows)), len(rows))
    with transaction(desk.sessions, writes=False) as session:
        whole = to_push_count(session, campaign.county_id, campaign.id)
    bar = progress_bar("推送 ")
    while _pushed(desk, campaign):
        bar(desk.case_count + len(desk.failures), whole)
    with desk.part() as acting:
        counts = {"new": desk.new_count, "changed": desk.changed_count, "cases": desk.case_count}
        detail = {**counts, "file": name, "failed": len(desk.failures)}
        record(acting.session, acting.moment, acting.actor, Act("import", detail=detail))


def _pushed(desk: Desk, campaign: Campaign) -> bool:
    with desk.part() as acting:
        known = acting.session.get_one(Campaign, campaign.id)
        pushed = push_next(acting, known, [failure.project_id for failure in desk.failures])
    if pushed is None:
        return False
    desk.case_count += pushed.case_count
    desk.failures += pushed.failures
    return True


def _campaign(desk: Desk, checked: Checked, county: Unit | None, name: str) -> Campaign:
    """Return the county's open campaign, entering the county when the ledger has none; CannotImport without rows."""
    if not checked.read.rows:
        raise CannotImport(f"{name}：没有可以导入的行，没有写入任何内容")
    with transaction(desk.sessions) as session:
        here = county or ensure_county(session, desk.now)
        campaign = next((each for each in campaigns_of(session, {here.id}) if each.closed_at is None), None)
    if campaign is None:
        raise CannotImport("没有进行中的工作批次，不能推送；请先建立工作批次")
    return campaign


def _county(known: Sequence[Unit], code: str | None, *, required: bool) -> Unit | None:
    if code is not None:
        found = next((each for each in known if each.code == code), None)
        if found is None:
            raise CannotImport(f"没有区划代码为 {code} 的县")
        return found
    if len(known) > 1 and required:
        listed = "、".join(f"{unit.code} {unit.name}" for unit in known)
        raise CannotImport(f"有几个县，请用 --county 写明区划代码：{listed}")
    return known[0] if known else None


def _done_words(desk: Desk) -> str:
    return f"已写入 {desk.new_count + desk.changed_count} 个项目，推送 {desk.case_count} 个"


def _tell(desk: Desk, checked: Checked, given: argparse.Namespace) -> None:
    result = report(checked)
    if given.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    else:
        counts = (("new", "新增"), ("changed", "有变化"), ("unchanged", "没有变化"), ("left_out", "不属经营性"))
        words = "　".join(f"{label} {result[name]}" for name, label in (*counts, ("unassigned", "待分派")))
        lines = [words, *([_done_words(desk)] if given.confirm else []), *checked.read.notes]
        sys.stdout.writelines(f"{line}\n" for line in lines)
        sys.stderr.writelines(f"第 {e['row']} 行“{e['column']}”：{e['reason']}\n" for e in result["errors"])
    sys.stderr.writelines(f"{failure.number} {failure.name}：没有推送，{failure.reason}\n" for failure in desk.failures)
