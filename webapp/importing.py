"""Taking a workbook of the national system: check, compare, confirm and push; for the page and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bpmn.runtime import Acting, start_cases
from forms.sheets.national_export import ExportRead, read_export
from ledger.campaigns import Campaign
from ledger.cases import Case
from ledger.imports import Comparison, compare, projects_to_push, take
from ledger.journal import Act, record


@dataclass(frozen=True)
class Checked:
    """A workbook as read and what taking it would do."""

    read: ExportRead
    comparison: Comparison


@dataclass(frozen=True)
class Taken:
    """What a confirmed workbook did."""

    new_count: int
    changed_count: int
    cases: Sequence[Case]


def check(acting: Acting, county_id: int, content: bytes) -> Checked:
    """Read and compare without writing; WorkbookRefused for what is no readable export."""
    read = read_export(content)
    return Checked(read, compare(acting.session, county_id, read.rows))


def confirm(acting: Acting, campaign: Campaign, checked: Checked, name: str) -> Taken:
    """Write the good rows and push every assigned project that has no case in the campaign yet."""
    new = take(acting.session, campaign.county_id, checked.read.rows, acting.moment.at)
    cases = push(acting, campaign)
    taken = Taken(len(new), len(checked.comparison.changed), cases)
    detail = {"file": name, "new": taken.new_count, "changed": taken.changed_count, "cases": len(cases)}
    record(acting.session, acting.moment, acting.actor, Act("import", detail=detail))
    return taken


def push(acting: Acting, campaign: Campaign) -> Sequence[Case]:
    """Start a case for every assigned project without one in the campaign (P1)."""
    return start_cases(acting, projects_to_push(acting.session, campaign.county_id, campaign.id), campaign)


def report(checked: Checked) -> dict[str, Any]:
    """Return what a check found as JSON-able values, for the command line."""
    read, comparison = checked.read, checked.comparison
    return {
        "ok": not read.errors and not read.missing,
        "sheet": read.sheet,
        "header_row": read.header_row,
        "rows": len(read.rows),
        "new": len(comparison.new),
        "changed": len(comparison.changed),
        "unchanged": comparison.unchanged_count,
        "unassigned": len(comparison.unassigned),
        "left_out": read.left_out_count,
        "missing": list(read.missing),
        "notes": list(read.notes),
        "errors": [
            {"row": error.row, "column": error.column, "cell": error.cell, "reason": error.reason}
            for error in read.errors
        ],
    }
