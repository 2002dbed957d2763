"""`sigeyipi deploy`: check a diagram, or a folder or zip of diagrams, tables and forms, and make them current."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bpmn.deployment import FINDING_COUNTS, KNOWN_HANDLERS, Bundle, deploy, deployed_diagrams, shipped_bundle
from bpmn.engine import Severity, read_diagram
from bpmn.engine.xml import text_of
from bpmn.first_drawing import drawn
from bpmn.surroundings import CLASSIFICATION
from bpmn.uploads import Finding, Ground, check_upload, pack, unpacked
from ledger.db import SessionFactory, transaction
from ledger.installation import installation
from ledger.procedures import procedure_by_hash
from webapp.request import moment_of


@dataclass(frozen=True)
class Checked:
    """What was found in an upload; `is_one` where it is a diagram alone."""

    content: bytes
    name: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not any(each.problem.severity is Severity.ERROR for each in self.findings)

    @property
    def problems(self) -> list[dict[str, str]]:
        """Return the problems for programs; of several files each says in which it is."""
        alone = (
            len(unpacked(self.content, self.name)) == 1 if self.ok else {f.file for f in self.findings} == {self.name}
        )
        return [told(each, alone=alone) for each in self.findings]


def told(finding: Finding, *, alone: bool) -> dict[str, str]:
    problem = finding.problem
    written = {
        "element": problem.element,
        "name": problem.name,
        "code": problem.code,
        "severity": str(problem.severity),
        "message": problem.message,
        "remedy": problem.remedy,
    }
    return written if alone else {"file": finding.file, **written}


def read_upload(path: Path) -> bytes:
    """Return a file as it is, a folder as a zip; OSError when it cannot be read."""
    return pack(path) if path.is_dir() else path.read_bytes()


def check(content: bytes, name: str, sessions: SessionFactory | None) -> Checked:
    """Check an upload against the release and, where there is a ledger, the processes deployed in it."""
    shipped = shipped_bundle()
    called = {"four_batches": shipped.diagram}
    if sessions is not None:
        with transaction(sessions, writes=False) as session:
            called |= deployed_diagrams(session)
    names = {CLASSIFICATION: FINDING_COUNTS}
    ground = Ground(KNOWN_HANDLERS, tuple(shipped.decisions), tuple(shipped.forms), called, names)
    return Checked(content, name, tuple(check_upload(content, name, ground)))


def put_in_force(checked: Checked, sessions: SessionFactory, real_now: datetime) -> list[str]:
    """Make every diagram of a checked upload the current version, called processes first, all or none.

    Returns a line for each. Raises DiagramProblems for what the ledger stands against.
    """
    lines = []
    with transaction(sessions) as session:
        moment = moment_of(installation(session), real_now)
        for bundle in bundles(checked):
            known = procedure_by_hash(session, bundle.sha256)
            procedure = deploy(session, bundle, "命令行", moment.at, moment.real_at)
            version = f"“{procedure.name}”第 {procedure.number} 版"
            lines.append(f"已启用{version}" if known is None else f"内容与{version}相同，没有变动")
    return lines


def bundles(checked: Checked) -> list[Bundle]:
    """Return a bundle for each diagram, those that are called before those that call them."""
    shipped, files = shipped_bundle(), unpacked(checked.content, checked.name)
    forms: dict[str, Any] = dict(shipped.forms)
    decisions = dict(shipped.decisions)
    diagrams: list[bytes] = []
    for name, content in files.items():
        if name.endswith(".json"):
            definition = json.loads(content)
            forms[definition["stem"]] = definition
        elif name.endswith(".dmn"):
            decisions[Path(name).stem] = text_of(content)
        elif name.endswith(".bpmn") or len(files) == 1:
            diagrams.append(content)
    return [Bundle(drawn(text_of(content)), decisions, forms) for content in called_first(diagrams)]


def called_first(diagrams: list[bytes]) -> list[bytes]:
    """Order diagrams so that each comes after those it calls; they were checked for circles."""
    read = {read_diagram(content).process_id: content for content in diagrams}
    ordered: list[bytes] = []

    def add(name: str) -> None:
        content = read.get(name)
        if content is not None and content not in ordered:
            for called in sorted(read_diagram(content).calls):
                add(called)
            ordered.append(content)

    for name in sorted(read):
        add(name)
    return ordered
