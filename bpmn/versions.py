"""A deployed version as read: its diagram with the processes it calls laid in, the forms and tables of each.

A case keeps the version it was started with and those of the processes it calls; what a step in a called process is
asked and decided with comes from the version of that process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from threading import Lock

from sqlalchemy.orm import Session

from bpmn.decisions import DecisionTable, read_table
from bpmn.engine import Diagram, Element, Marking, link, read_diagram
from bpmn.exploration import load_markings, reachable_markings
from forms.definition import read_form
from forms.fields import Form
from forms.permissions import permitted, read_permissions
from handlers.plain import GENERIC, GENERIC_FORM, stem_of
from ledger.case_moves import CaseMove, moves_of
from ledger.cases import Case
from ledger.procedures import Pins, Procedure, newest_versions, versions_by_hash

_VERSIONS_KEPT = 16


@dataclass(frozen=True)
class Version:
    """A deployed bundle, read: what every step of its cases works with. `called` holds what it calls, by process id."""

    diagram: Diagram
    forms: Mapping[str, Form]
    tables: Mapping[str, DecisionTable]
    called: Mapping[str, Version] = field(default_factory=dict)
    written: bytes | None = field(default=None, repr=False)
    """The reachable markings as deployed; None where they were found with other processes called."""

    @cached_property
    def markings(self) -> frozenset[Marking]:
        """Where a case can stand, joint activities without their parts (engine rule 4)."""
        return reachable_markings(self.diagram) if self.written is None else load_markings(self.written)

    @cached_property
    def calls(self) -> Mapping[str, Version]:
        """The versions called, by the id of the element that calls them."""
        elements = self.diagram.elements.values()
        return {each.id: self.called[each.called] for each in elements if each.called is not None}

    def owner(self, element_id: str) -> Version:
        """Return the version an element is drawn in: this one, or that of the process called there."""
        return self.calls.get(element_id.rpartition("/")[0], self)

    def form_of(self, element_id: str, stem: str) -> Form:
        """Return the form of a step as it may be filled in there; KeyError for a stem its process has no form for."""
        return self.narrowed.get((element_id, stem)) or self.owner(element_id).forms[stem]

    @cached_property
    def narrowed(self) -> Mapping[tuple[str, str], Form]:
        """The forms of the steps that say what may be done with single fields, by element and stem."""
        return {
            (each.id, stem): permitted(forms[stem], read_permissions(each.attributes["fields"]))
            for each in self.diagram.elements.values()
            if each.attributes.get("fields")
            for forms, stem in ((self.owner(each.id).forms, stem_of(each.attributes)),)
            if stem in forms
        }


SHELF: dict[tuple[object, ...], Version] = {}
"""What this process has read: by the version's SHA-256 and, in order, what is pinned of the processes it calls."""
_shelf_lock = Lock()


def version_of(procedure: Procedure, pins: Pins | None = None) -> Version:
    """Return a version as read, with the called processes pinned in `pins`.

    Read once per content and process: the rows' large columns, and those of called processes, are fetched only then.
    """
    key = procedure.sha256, *sorted((pins or {}).items())
    with _shelf_lock:
        if key not in SHELF:
            SHELF[key] = _read(procedure, pins)
            while len(SHELF) > _VERSIONS_KEPT:
                del SHELF[next(iter(SHELF))]  # of what was read first
        return SHELF[key]


def version_of_case(case: Case) -> Version:
    """Return the version a case runs on."""
    return version_of(case.procedure, case.callees)


class Lineage:
    """The versions one case has been on: what was done before a move was done on the version of then."""

    def __init__(self, case: Case, moves: Sequence[CaseMove]) -> None:
        self._until = [(move.moved_at, version_of(move.from_procedure, move.from_callees)) for move in moves]
        self._now = version_of_case(case)

    def at(self, moment: datetime) -> Version:
        """Return the version the case was on at a moment."""
        return next((version for until, version in self._until if moment < until), self._now)

    def element(self, element_id: str) -> Element:
        """Return an element as the newest version that has it draws it; KeyError for one that never was."""
        for version in [self._now, *(version for _, version in reversed(self._until))]:
            if element_id in version.diagram.elements:
                return version.diagram.elements[element_id]
        raise KeyError(element_id)


def lineage_of(session: Session, case: Case) -> Lineage:
    """Return the versions a case has been on."""
    return Lineage(case, moves_of(session, case.id))


def unpublished(session: Session, bundle: Procedure) -> Version:
    """Return what a row that is in no ledger yet would be as a version, with the newest processes it calls.

    Raises DiagramProblems, DefinitionRefused and ValueError for what cannot be read.
    """
    return _read(bundle, pins_for(session, bundle), session)


def _read(procedure: Procedure, pins: Pins | None, session: Session | None = None) -> Version:
    """Read a version's large columns; raises DiagramProblems when a process it calls is not among the pinned."""
    session = session or Session.object_session(procedure)
    rows = versions_by_hash(session, list(pins.values())) if pins and session is not None else ()
    called = {row.process_id: _alone(row) for row in rows}
    version = _alone(procedure)
    return replace(
        version,
        diagram=link(version.diagram, {name: each.diagram for name, each in called.items()}),
        called=called,
        written=procedure.markings if procedure.callees == pins else None,
    )


def _alone(procedure: Procedure) -> Version:
    """Read a bundle as its own file has it; the processes it calls are laid in with the caller."""
    return Version(
        diagram=read_diagram(procedure.diagram.encode()),
        forms={stem: read_form(definition) for stem, definition in {**procedure.forms, GENERIC: GENERIC_FORM}.items()},
        tables={name: read_table(text.encode()) for name, text in procedure.decisions.items()},
    )


def pins_for(session: Session, procedure: Procedure) -> Pins | None:
    """Return the newest versions of all processes a procedure calls, directly or through others; None for none.

    A process that is not deployed is left out: reading the version then says which.
    """
    ahead = list(read_diagram(procedure.diagram.encode()).calls) if _calls(procedure) else []
    deployed = newest_versions(session) if ahead else {}
    pins: Pins = {}
    while ahead:
        called = deployed.get(ahead.pop())
        if called is not None and called.process_id not in pins:
            pins[called.process_id] = called.sha256
            ahead += read_diagram(called.diagram.encode()).calls
    return pins or None


def _calls(procedure: Procedure) -> bool:
    """Say whether a version calls any process, without reading its bundle where its deployment has said so."""
    return procedure.markings is None or procedure.callees is not None
