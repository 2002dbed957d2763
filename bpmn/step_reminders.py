"""Steps that are reminded of on days of their own (`sgyp:remind`) instead of the county's (T3)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from bpmn.engine import read_diagram
from ledger.deadlines import versions_running

StepDays = Mapping[tuple[int, str], tuple[int, ...]]
"""Working days before the due day, by version and element."""
MARK = "remind="  # most versions have no such step, and need not be read to know it


def step_days(session: Session) -> StepDays:
    """Return the days of every step that has its own, for the versions that running cases are on."""
    found: dict[tuple[int, str], tuple[int, ...]] = {}
    for procedure in versions_running(session):
        if MARK in procedure.diagram:
            for element in read_diagram(procedure.diagram.encode()).elements.values():
                days = tuple(int(each) for each in element.attributes.get("remind", "").split())
                if days:
                    found[procedure.id, element.id] = days
    return found
