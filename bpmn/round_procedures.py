"""The rounds' procedures as the release ships them (R1–R4), and the versions a county's rounds run on."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from bpmn.deployment import Bundle, bundle_of
from bpmn.round_checks import ROUND_PROCESSES
from ledger.procedures import Procedure, newest_versions
from ledger.vocabulary import RoundKind


@cache
def shipped_round(kind: RoundKind) -> Bundle:
    """Return one round's diagram with its forms."""
    diagram = Path(__file__).parent / f"{ROUND_PROCESSES[kind]}.bpmn"
    return bundle_of(diagram.read_text(encoding="utf-8"), {})


def shipped_rounds() -> tuple[Bundle, ...]:
    """Return every round's procedure as the release ships it."""
    return tuple(shipped_round(kind) for kind in RoundKind)


def round_procedure(session: Session, kind: RoundKind) -> Procedure | None:
    """Return the newest version of a round's procedure; None before it is deployed."""
    return newest_versions(session).get(ROUND_PROCESSES[kind])
