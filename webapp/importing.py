"""Taking a workbook of the national system: check and compare, then take and push in parts; for page and command line.

What takes long runs in parts, each a transaction of its own: progress is seen, a cancel is heard between two parts, and
what was interrupted goes on where it stopped, because nothing taken is new again and no project is pushed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import structlog

from bpmn.pushing import Pushed, push_part
from bpmn.runtime import Acting
from forms.sheets.national_export import ExportRead, read_export
from forms.sheets.project_rows import ProjectRow
from ledger.campaigns import Campaign
from ledger.db import SessionFactory, transaction
from ledger.import_runs import ImportRun, held_run, mappings_of
from ledger.imports import Comparison, compare, projects_to_push, take, to_push_count
from ledger.installation import installation
from ledger.journal import Act, Moment
from ledger.notices import Finished, tell_finished
from ledger.papers import read_paper
from ledger.scope import Actor
from ledger.vocabulary import ImportStage
from ledger.writing import record
from webapp.request import moment_of

TAKEN_AT_ONCE = 500  # rows of one transaction
PUSHED_AT_ONCE = 100  # cases of one transaction
_LONGEST_MESSAGE = 300
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Checked:
    """A workbook as read and what taking it would do."""

    read: ExportRead
    comparison: Comparison


@dataclass(frozen=True)
class Carrier:
    """Who carries a run on: the person, the ledger, the papers, the clock."""

    sessions: SessionFactory
    papers: Path
    actor: Actor
    clock: Callable[[], datetime]  # real time


def check(acting: Acting, county_id: int, content: bytes) -> Checked:
    """Read with the county's learned headers and compare, without writing; WorkbookRefused for no readable export."""
    read = read_export(content, mappings_of(acting.session, county_id))
    return Checked(read, compare(acting.session, county_id, read.rows))


def take_part(acting: Acting, county_id: int, rows: Sequence[ProjectRow], name: str) -> tuple[int, int]:
    """Write some rows of a workbook and journal what each changed; return how many are new and how many changed."""
    changed = compare(acting.session, county_id, rows).changed
    new = take(acting.session, county_id, rows, acting.now)
    if new or changed:
        told = {"new": [project.number for project in new], "changed": {c.number: dict(c.fields) for c in changed}}
        record(acting.session, acting.moment, acting.actor, Act("import_rows", detail={"file": name, **told}))
    return len(new), len(changed)


def push_next(acting: Acting, campaign: Campaign, but_not: Sequence[int]) -> Pushed | None:
    """Push the next projects that have a unit and no case in the campaign; None when none is left."""
    ready = projects_to_push(acting.session, campaign.county_id, campaign.id, PUSHED_AT_ONCE, but_not)
    return push_part(acting, ready, campaign) if ready else None


def report(checked: Checked) -> dict[str, Any]:
    """Return what a check found, as the command line prints it."""
    read, comparison = checked.read, checked.comparison
    return {
        "rows": len(read.rows),
        "new": len(comparison.new),
        "changed": len(comparison.changed),
        "unchanged": comparison.unchanged_count,
        "left_out": read.left_out_count,
        "unassigned": len(comparison.unassigned),
        "errors": [{"row": error.row, "column": error.column, "reason": error.reason} for error in read.errors],
    }


def findings(checked: Checked) -> dict[str, Any]:
    """Return what a check found, as the page keeps it: lists of rows, and a seal over what would change."""
    read, comparison = checked.read, checked.comparison
    changes = [[each.row, each.number, each.name, dict(each.fields)] for each in comparison.changed]
    return {
        "sheet": read.sheet,
        "header_row": read.header_row,
        "columns": dict(read.columns),
        "missing": list(read.missing),
        "notes": list(read.notes),
        "rows": len(read.rows),
        "unchanged": comparison.unchanged_count,
        "left_out": read.left_out_count,
        "errors": [[each.row, each.column, each.cell, each.reason] for each in read.errors],
        "changed": changes,
        "unassigned": [_shown(row) for row in comparison.unassigned],
        "new": [_shown(row) for row in comparison.new],
        "seal": seal_of(comparison),
    }


def seal_of(comparison: Comparison) -> str:
    """Return a hash of what would be new and changed: what a person confirms is what was shown."""
    changes = [[each.number, dict(each.fields)] for each in comparison.changed]
    return sha256(orjson.dumps([[row.number for row in comparison.new], changes])).hexdigest()


def _shown(row: Any) -> list[Any]:
    assert isinstance(row, ProjectRow)
    place = f"{row.township_text} {row.village_text}".strip()
    return [row.row, row.number, row.name, row.implementation_year, row.unit_text, place, str(row.funding_total_yuan)]


def carry_on(carrier: Carrier, run_id: int, owner: str) -> None:
    """Take and push until the run is done, cancelled or taken over; what fails is told on its page."""
    try:
        rows = _rows(carrier, run_id, owner)
        while _step(carrier, run_id, owner, rows):
            pass
    except Exception as error:  # nobody waits for this thread: the page must say what became of it
        _log.exception("import_failed", run_id=run_id)
        with _held(carrier, run_id, owner) as (acting, run):
            if run is not None:
                run.stage, run.message = ImportStage.FAILED, f"{type(error).__name__}：{error}"[:_LONGEST_MESSAGE]
                _tell(acting, run, "没有完成", "中途出错，已导入和推送的保留，可以从中断处继续。")


def _step(carrier: Carrier, run_id: int, owner: str, rows: Sequence[ProjectRow]) -> bool:
    """Do one part; False when there is nothing left to do."""
    with _held(carrier, run_id, owner) as (acting, run):
        if run is None:
            return False
        if run.cancel_asked:
            run.stage = ImportStage.CANCELLED
            return False
        if run.stage == ImportStage.PUSHING:
            return _push(acting, run)
        _take(acting, run, rows)
        return True


@contextmanager
def _held(carrier: Carrier, run_id: int, owner: str) -> Iterator[tuple[Acting, ImportRun | None]]:
    """Begin a transaction with the run locked, None when it is no longer this carrier's."""
    now = carrier.clock()
    with transaction(carrier.sessions) as session:
        moment: Moment = moment_of(installation(session), now)
        run = held_run(session, run_id, owner)
        if run is not None:
            run.beat_at = now
        yield Acting(session, carrier.actor, moment, carrier.papers), run


def _rows(carrier: Carrier, run_id: int, owner: str) -> Sequence[ProjectRow]:
    """Read the workbook again, with no lock held: what was checked was not kept, but its bytes were."""
    with transaction(carrier.sessions, writes=False) as session:
        run = held_run(session, run_id, owner)
        if run is None or run.attachment is None or run.stage != ImportStage.TAKING:
            return ()
        digest, learned = run.attachment.sha256, mappings_of(session, run.county_id)
    return read_export(read_paper(carrier.papers, digest), learned).rows


def _take(acting: Acting, run: ImportRun, rows: Sequence[ProjectRow]) -> None:
    """Take the next rows; after the last, the pushing begins."""
    part = rows[run.done_count : run.done_count + TAKEN_AT_ONCE]
    new, changed = take_part(acting, run.county_id, part, _name_of(run))
    _add(run, new=new, changed=changed)
    run.done_count, run.whole_count = run.done_count + len(part), len(rows)
    if run.done_count >= len(rows):
        begin_pushing(acting, run)


def begin_pushing(acting: Acting, run: ImportRun) -> None:
    """Turn a run to its pushing and count what lies ready."""
    assert run.campaign_id is not None
    run.stage, run.done_count = ImportStage.PUSHING, 0
    run.whole_count = to_push_count(acting.session, run.county_id, run.campaign_id)


def _push(acting: Acting, run: ImportRun) -> bool:
    """Push the next projects; False when none is left."""
    assert run.campaign_id is not None
    campaign = acting.session.get_one(Campaign, run.campaign_id)
    failed = [each[0] for each in run.outcome.get("failures", ())]
    pushed = push_next(acting, campaign, failed)
    if pushed is None:
        run.stage, name = ImportStage.DONE, _name_of(run)
        counts = {each: run.outcome.get(each, 0) for each in ("new", "changed", "cases")}
        detail = {**counts, "file": name, "failed": len(failed)}
        record(acting.session, acting.moment, acting.actor, Act("import" if name else "push", detail=detail))
        taken = f"新增项目 {counts['new']} 个，更新 {counts['changed']} 个"
        _tell(acting, run, "已完成", f"{taken}，推送 {counts['cases']} 个，未推送 {len(failed)} 个。")
        return False
    _add(run, cases=pushed.case_count)
    told = [[each.project_id, each.number, each.name, each.reason] for each in pushed.failures]
    run.outcome = {**run.outcome, "failures": [*run.outcome.get("failures", ()), *told]}
    run.done_count += pushed.case_count + len(pushed.failures)
    return True


def _tell(acting: Acting, run: ImportRun, end: str, body: str) -> None:
    what = "项目导入" if _name_of(run) else "项目推送"
    tell_finished(acting.session, run.user_id, Finished(what + end, body, f"/imports/{run.id}"), acting.now)


def _name_of(run: ImportRun) -> str:
    return run.attachment.name if run.attachment is not None else ""


def _add(run: ImportRun, **counts: int) -> None:
    before: Mapping[str, Any] = run.outcome
    run.outcome = {**before, **{name: before.get(name, 0) + count for name, count in counts.items()}}
