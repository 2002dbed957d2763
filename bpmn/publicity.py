"""公告期 that end soon: which projects, when, and whose they are (P7, T3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from bpmn.counting import ends_publicity
from bpmn.versions import version_of_case
from ledger.db import last_day
from ledger.timers import timers_until


@dataclass(frozen=True)
class Ending:
    """A publicity period and its last day; `provisional` while the year's calendar is not entered."""

    case_id: int
    project_name: str
    unit_id: int
    last_on: date
    provisional: bool


def periods_ending(session: Session, until: datetime) -> Sequence[Ending]:
    """Return the running publicity periods that end by `until`, the earliest first."""
    return [
        Ending(
            case_id=case.id,
            project_name=case.project.name,
            unit_id=case.project.responsible_unit_id or 0,
            last_on=last_day(timer.due_at),
            provisional=timer.provisional,
        )
        for timer, case in timers_until(session, until)
        if ends_publicity(version_of_case(case).diagram.elements[timer.element])
    ]
