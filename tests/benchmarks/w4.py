"""W4: a county's workbook in, its cases out, its year played (issue 4): import, push, and the rehearsal's rate.

The floor of an import or push is the most seconds it may take. The floor of the rehearsal is bare sqlite3: all that was
written sent again by statements alone, in the same transactions, synchronous=FULL, in the same run.
"""

from __future__ import annotations

import io
import resource
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import openpyxl
from sqlalchemy import select

from bpmn.casefile import Acting
from bpmn.deployment import deploy, shipped_bundle
from bpmn.rehearsal.county import Stage, rehearse
from forms.sheets.national_export import read_export
from ledger.campaigns import Campaign
from ledger.db import transaction
from ledger.demonstration import BEGINS_AT, build_county, holders_of_posts
from ledger.import_runs import ImportRun, begin
from ledger.installation import found
from ledger.journal import Moment
from ledger.papers import File, attach
from ledger.papers import Place as PaperPlace
from ledger.scope import CLOCK
from ledger.vocabulary import ImportStage, PaperKind, Role
from ledger.working_days import seed_calendar
from scheduler.sweep import Ground, sweep
from tests.benchmarks.figures import DATABASES, Figure, Place, place
from tests.benchmarks.parts import booked, shares
from tests.benchmarks.sent_again import recorded, sent_again
from webapp.importing import Carrier, carry_on, check, findings

EXPORT = Path(__file__).parents[1] / "data" / "export-plain-1086.xlsx"
MANY = 10_000
MOST_SECONDS = {1086: 3.0, MANY: 20.0}
PUSH_SECONDS = 3.0
MOST_MEMORY = 500.0  # MB, of the rehearsal
PLAYED = 60  # projects of the rehearsal: the whole county takes `sigeyipi rehearse`


def measure() -> Iterator[Figure]:
    """Import 1,086 and 10,000 rows, push 1,086, on both databases; rehearse some projects on SQLite."""
    small = EXPORT.read_bytes()
    for database in DATABASES:
        with place(database) as at:
            yield from _import(at, small, 1086)
        with place(database) as at:
            yield from _import(at, _multiplied(small, MANY), MANY)
    with place("sqlite") as at:
        yield from _rehearsal(at, small)


def _import(at: Place, content: bytes, count: int) -> Iterator[Figure]:
    campaign = _lay(at)
    began, worked = perf_counter(), process_time()
    run_id, owner, actor = _checked(at, content, campaign)
    now = BEGINS_AT + timedelta(hours=1)
    carrier = Carrier(at.sessions, at.folder / "papers", actor, lambda: now)
    turns: dict[str, float] = {}
    carry_on(replace(carrier, clock=lambda: _noting(at, run_id, turns, now)), run_id, owner)
    done, worked = perf_counter(), process_time() - worked
    pushing = turns[ImportStage.PUSHING]
    with transaction(at.sessions, writes=False) as session:
        outcome = session.get_one(ImportRun, run_id).outcome
    assert (outcome["new"], outcome["cases"]) == (count, count), outcome
    yield Figure(f"import {count} rows", at.database, 1, pushing - began, "s", MOST_SECONDS[count])
    yield Figure(f"push {count} cases", at.database, 1, done - pushing, "s", PUSH_SECONDS * count / 1086)
    both = MOST_SECONDS[count] + PUSH_SECONDS * count / 1086
    yield Figure(f"import and push {count}, processor time", at.database, 1, worked, "s", both)


def _noting(at: Place, run_id: int, turns: dict[str, float], now: Any) -> Any:
    """Note when each stage is first met: the clock is asked once per part."""
    if ImportStage.PUSHING not in turns:
        with transaction(at.sessions, writes=False) as session:
            stage = session.scalars(select(ImportRun.stage).where(ImportRun.id == run_id)).one()
            turns.setdefault(stage, perf_counter())
    return now


def _lay(at: Place) -> Campaign:
    with transaction(at.sessions) as session:
        found(session, BEGINS_AT, demonstration=True)
        seed_calendar(session)
        county = build_county(session, BEGINS_AT)
        deploy(session, shipped_bundle(), "benchmark", BEGINS_AT)
    return county.campaign


def _checked(at: Place, content: bytes, campaign: Campaign) -> tuple[int, str, Any]:
    """Upload and check as the page does; return the run ready to be carried on."""
    papers = at.folder / "papers"
    with transaction(at.sessions) as session:
        people = holders_of_posts(session)
        bureau = next(
            who for (_unit, role), who in people.items() if role == Role.HANDLER and who.posts[0].unit_kind == "bureau"
        )
        acting = Acting(session, CLOCK, Moment(BEGINS_AT, BEGINS_AT), papers)
        checked = check(acting, campaign.county_id, content)
        kept = attach(session, papers, File("x.xlsx", "", content), PaperPlace(PaperKind.OTHER), bureau, BEGINS_AT)
        run = ImportRun(county_id=campaign.county_id, user_id=bureau.user_id, stage=ImportStage.CHECKED)
        run.created_at = run.beat_at = BEGINS_AT
        run.attachment, run.found, run.outcome = kept, findings(checked), {}
        session.add(run)
        session.flush()
        return run.id, begin(run, ImportStage.TAKING, campaign.id, BEGINS_AT), bureau


def _multiplied(content: bytes, count: int) -> bytes:
    """Return the export with its rows repeated under new numbers until there are `count`."""
    source = openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
    head, *rows = source.iter_rows(values_only=True)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("清单")
    sheet.append(head)
    column = list(head).index("项目编号")
    for number in range(count):
        row = list(rows[number % len(rows)])
        row[column] = f"{row[column]}{number // len(rows):02}"
        sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _rehearsal(at: Place, content: bytes) -> Iterator[Figure]:
    """Play some projects of the export; every case must end and every count agree."""
    rows = read_export(content).rows
    chosen = rows[:: max(len(rows) // PLAYED, 1)][:PLAYED]
    ground = Ground(at.sessions, at.folder / "papers")
    stage = Stage(at.sessions, at.folder / "papers", lambda moment: sweep(ground, moment).fired)
    worked = process_time()
    with booked() as looks, recorded(at) as recording:
        done = rehearse(stage, chosen, 2023, 7, lambda _done, _all: None)
    worked = process_time() - worked
    assert done.problems == (), done.problems
    name, count = f"rehearse {PLAYED} projects", done.transactions
    rows, files = sent_again(recording, at)
    yield Figure(name, at.database, 1, count / done.seconds, "transactions/s", count / rows.wall)
    both = count / (rows.wall + files.wall)
    yield Figure(f"{name}, the floor's papers too", at.database, 1, count / done.seconds, "transactions/s", both)
    each, bare_each = worked / count * 1000, rows.processor / count * 1000
    yield Figure(f"{name}, processor time", at.database, 1, each, "ms/transaction", bare_each)
    for part, share in shares(looks, each).items():
        yield Figure(f"{name}, {part}", at.database, 1, share, "ms/transaction")
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure("most memory of this process", at.database, 1, held, "MB", MOST_MEMORY)
