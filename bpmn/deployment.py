"""Check a bundle of diagram, decision tables and forms, and make it the current version of its procedure (F8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy.orm import Session

from bpmn.decision_checks import check_table
from bpmn.engine import DiagramProblems, Problem, Severity, read_diagram
from bpmn.exploration import dump_markings, reachable_markings
from bpmn.expressions import PUBLISHED
from bpmn.gate import gate_problems, linked_with
from bpmn.permission_checks import permission_problems
from bpmn.round_checks import round_problems
from bpmn.surroundings import CLASSIFICATION
from bpmn.versions import pins_for
from forms.definition import read_form, shipped_forms
from handlers import HANDLERS
from handlers.automatic import AUTOMATIC
from ledger.findings import inputs
from ledger.installation import take_turn
from ledger.journal import Act, Moment
from ledger.procedures import Procedure, newest_number, newest_versions, procedure_by_hash
from ledger.scope import Actor
from ledger.writing import record

FINDING_COUNTS = frozenset(inputs(()))
KNOWN_HANDLERS = frozenset({*HANDLERS, *AUTOMATIC})


@dataclass(frozen=True)
class Bundle:
    """What is deployed together: a case keeps all of it."""

    diagram: str
    decisions: Mapping[str, str]  # name → DMN text
    forms: Mapping[str, Mapping[str, Any]]  # stem → definition
    after: int = 0  # the number of the version it replaces, where an older version's content comes again

    @property
    def sha256(self) -> str:
        content: list[Any] = [
            self.diagram,
            dict(self.decisions),
            {stem: dict(form) for stem, form in self.forms.items()},
        ]
        if self.after:
            content.append(self.after)
        return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def shipped_bundle() -> Bundle:
    """Return the four batches' procedure as the release ships it."""
    here = Path(__file__).parent
    decisions = {path.stem: path.read_text(encoding="utf-8") for path in sorted(here.glob("*.dmn"))}
    return bundle_of((here / "four_batches.bpmn").read_text(encoding="utf-8"), decisions)


def bundle_of(diagram: str, decisions: Mapping[str, str]) -> Bundle:
    """Return a shipped diagram with those of the shipped forms that its steps name."""
    named = {each.attributes.get("handler") for each in read_diagram(diagram.encode()).elements.values()}
    return Bundle(diagram, decisions, {stem: form for stem, form in shipped_forms().items() if stem in named})


def deploy(session: Session, bundle: Bundle, who: str, now: datetime, real_at: datetime | None = None) -> Procedure:
    """Make `bundle` the current version; the same content again is the same version.

    `real_at` is the time of the audit where a demonstration's clock stands elsewhere.

    Raises DiagramProblems with every error of the diagram and DefinitionRefused for a form.
    """
    take_turn(session)
    known = procedure_by_hash(session, bundle.sha256)
    if known is not None:
        return known
    called = deployed_diagrams(session)
    problems = problems_of(bundle, called)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise DiagramProblems(problems)
    for definition in bundle.forms.values():
        read_form(definition)
    diagram = read_diagram(bundle.diagram.encode())
    former = newest_number(session, diagram.process_id)
    procedure = Procedure(
        process_id=diagram.process_id,
        number=former + 1,
        name=diagram.name,
        sha256=bundle.sha256,
        diagram=bundle.diagram,
        decisions=dict(bundle.decisions),
        forms={stem: dict(form) for stem, form in bundle.forms.items()},
        deployed_at=now,
        deployed_by=who,
    )
    session.add(procedure)
    session.flush()
    procedure.callees = pins_for(session, procedure)
    procedure.markings = dump_markings(reachable_markings(linked_with(diagram, called)))
    version = [f"第{former}版" if former else "", f"第{procedure.number}版"]
    detail = {"process": procedure.process_id, "number": procedure.number, "sha256": procedure.sha256}
    act = Act("deploy", detail={**detail, "changes": {"version": version}})
    record(session, Moment(now, real_at or now), Actor(None, who), act)
    return procedure


def deployed_diagrams(session: Session) -> dict[str, str]:
    """Return the newest diagram of every process by its id: what a new version may call."""
    return {name: procedure.diagram for name, procedure in newest_versions(session).items()}


def problems_of(bundle: Bundle, called: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return every problem of the diagram and its decision tables, warnings too; `called` are diagrams by process."""
    found = gate_problems(
        bundle.diagram.encode(), KNOWN_HANDLERS, decisions=bundle.decisions, called=called, forms=bundle.forms
    )
    if not any(problem.severity is Severity.ERROR for problem in found):
        found += round_problems(read_diagram(bundle.diagram.encode()))
    found += permission_problems(bundle.diagram.encode(), bundle.forms)
    for name, table in bundle.decisions.items():
        names = FINDING_COUNTS if name == CLASSIFICATION else PUBLISHED
        found += check_table(table.encode(), names)
    return tuple(found)
