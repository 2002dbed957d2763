"""Check a bundle of diagram, decision tables and forms, and make it the current version of its procedure (F8)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
from sqlalchemy.orm import Session

from bpmn.decision_checks import check_table
from bpmn.decisions import DecisionTable, read_table
from bpmn.engine import Diagram, DiagramProblems, Problem, Severity, read_diagram
from bpmn.expressions import PUBLISHED
from bpmn.gate import gate_problems
from bpmn.surroundings import CLASSIFICATION
from forms.fields import Form, read_form, shipped_forms
from handlers import HANDLERS
from handlers.automatic import AUTOMATIC
from handlers.plain import GENERIC, GENERIC_FORM
from ledger.findings import inputs
from ledger.journal import Act, Moment, record
from ledger.people import Actor
from ledger.procedures import Procedure, newest_number, procedure_by_hash

_VERSIONS_KEPT = 16
FINDING_COUNTS = frozenset(inputs(()))
KNOWN_HANDLERS = frozenset({*HANDLERS, *AUTOMATIC})


@dataclass(frozen=True)
class Bundle:
    """What is deployed together: a case keeps all of it."""

    diagram: str
    decisions: Mapping[str, str]  # name → DMN text
    forms: Mapping[str, Mapping[str, Any]]  # stem → definition

    @property
    def sha256(self) -> str:
        content = [self.diagram, dict(self.decisions), {stem: dict(form) for stem, form in self.forms.items()}]
        return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True)
class Version:
    """A deployed bundle, read: what every step of its cases works with."""

    diagram: Diagram
    forms: Mapping[str, Form]
    tables: Mapping[str, DecisionTable]


def shipped_bundle() -> Bundle:
    """Return the four batches' procedure as the release ships it."""
    here = Path(__file__).parent
    decisions = {path.stem: path.read_text(encoding="utf-8") for path in sorted(here.glob("*.dmn"))}
    return Bundle((here / "four_batches.bpmn").read_text(encoding="utf-8"), decisions, shipped_forms())


def deploy(session: Session, bundle: Bundle, who: str, now: datetime) -> Procedure:
    """Make `bundle` the current version; the same content again is the same version.

    Raises DiagramProblems with every error of the diagram and DefinitionRefused for a form.
    """
    known = procedure_by_hash(session, bundle.sha256)
    if known is not None:
        return known
    problems = problems_of(bundle)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise DiagramProblems(problems)
    version = _read(bundle.diagram, bundle.decisions, bundle.forms)
    procedure = Procedure(
        process_id=version.diagram.process_id,
        number=newest_number(session, version.diagram.process_id) + 1,
        name=version.diagram.name,
        sha256=bundle.sha256,
        diagram=bundle.diagram,
        decisions=dict(bundle.decisions),
        forms={stem: dict(form) for stem, form in bundle.forms.items()},
        deployed_at=now,
        deployed_by=who,
    )
    session.add(procedure)
    session.flush()
    detail = {"process": procedure.process_id, "number": procedure.number, "sha256": procedure.sha256}
    record(session, Moment(now, now), Actor(None, who), Act("deploy", detail=detail))
    return procedure


def problems_of(bundle: Bundle) -> tuple[Problem, ...]:
    """Return every problem of the diagram and its decision tables, warnings too."""
    found = gate_problems(bundle.diagram.encode(), KNOWN_HANDLERS, decisions=bundle.decisions, forms=bundle.forms)
    for name, table in bundle.decisions.items():
        names = FINDING_COUNTS if name == CLASSIFICATION else PUBLISHED
        found += check_table(table.encode(), names)
    return tuple(found)


def _read(diagram: str, decisions: Mapping[str, str], forms: Mapping[str, Mapping[str, Any]]) -> Version:
    return Version(
        diagram=read_diagram(diagram.encode()),
        forms={stem: read_form(definition) for stem, definition in {**forms, GENERIC: GENERIC_FORM}.items()},
        tables={name: read_table(text.encode()) for name, text in decisions.items()},
    )


_shelf: OrderedDict[str, Version] = OrderedDict()
_shelf_lock = Lock()


def version_of(procedure: Procedure) -> Version:
    """Return a version as read; parsed once per content and process, the rows' large columns fetched only then."""
    with _shelf_lock:
        version = _shelf.get(procedure.sha256)
        if version is None:
            version = _shelf[procedure.sha256] = _read(procedure.diagram, procedure.decisions, procedure.forms)
            while len(_shelf) > _VERSIONS_KEPT:
                _shelf.popitem(last=False)
        else:
            _shelf.move_to_end(procedure.sha256)
    return version
