"""A whole procedure in one archive: diagram, tables and forms with a manifest of their hashes; and back into a draft.

The manifest's own hash is what two people compare over the telephone: the same content gives the same archive.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

from bpmn.casefile import Acting
from bpmn.deployment import FINDING_COUNTS, KNOWN_HANDLERS, Bundle, deployed_diagrams
from bpmn.drafting import form_text, lay_draft
from bpmn.engine import Severity, read_diagram
from bpmn.engine.problems import error
from bpmn.engine.xml import text_of
from bpmn.first_drawing import drawn
from bpmn.surroundings import CLASSIFICATION
from bpmn.uploads import Finding, Ground, check_upload, unpacked
from forms.keeping import kept_faults
from handlers import HANDLERS
from ledger.procedure_drafts import ProcedureDraft
from ledger.procedures import Procedure, newest_versions

MANIFEST = "MANIFEST.txt"
DIAGRAM = "procedure.bpmn"
_ZIP_DAY = (2024, 1, 1, 0, 0, 0)


class BundleRefused(Exception):
    """文件不能用作流程."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(f"文件有 {len(findings)} 处问题，不能导入")
        self.findings = findings


def archive_of(bundle: Bundle) -> bytes:
    """Return a bundle as one zip with the hash of every file in its manifest."""
    files = {DIAGRAM: bundle.diagram}
    files |= {f"{stem}.dmn": text for stem, text in sorted(bundle.decisions.items())}
    files |= {f"{stem}.json": form_text(form) for stem, form in sorted(bundle.forms.items())}
    target = BytesIO()
    with ZipFile(target, "w") as archive:
        for name, text in {**files, MANIFEST: manifest_of(files)}.items():
            archive.writestr(ZipInfo(name, _ZIP_DAY), text.encode())
    return target.getvalue()


def manifest_of(files: Mapping[str, str]) -> str:
    """Write the hash of each file on a line, as `sha256sum` does."""
    return "".join(f"{sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items()))


def seal_of(bundle: Bundle) -> str:
    """Return the hash of a bundle's manifest: the same for the same content, wherever it was exported."""
    with ZipFile(BytesIO(archive_of(bundle))) as archive:
        return sha256(archive.read(MANIFEST)).hexdigest()


def import_bundle(acting: Acting, content: bytes, name: str) -> ProcedureDraft:
    """Make a draft of an archive of ours, or of a diagram alone from any modeler; BundleRefused with the full list.

    What a diagram alone does not bring, tables and forms, comes from the newest version of its process.
    """
    called = deployed_diagrams(acting.session)
    newest = newest_versions(acting.session)
    known = [each for each in newest.values() if not content.startswith(b"PK")]
    ground = Ground(
        KNOWN_HANDLERS,
        {stem for each in known for stem in each.decisions},
        {stem for each in known for stem in each.forms},
        called,
        {CLASSIFICATION: FINDING_COUNTS},
    )
    found = [each for each in check_upload(content, name, ground) if each.problem.severity is Severity.ERROR]
    if found:
        raise BundleRefused(found)
    files = unpacked(content, name)
    broken = [*_unsealed(files), *_too_many(files, name)]
    if broken:
        raise BundleRefused(broken)
    diagrams = [written for file, written in files.items() if file.endswith(".bpmn") or len(files) == 1]
    diagram = read_diagram(diagrams[0])
    base = newest.get(diagram.process_id)
    bundle = _completed(files, drawn(text_of(diagrams[0])), base)
    lost = list(_lost(bundle, base))
    if lost:
        raise BundleRefused(lost)
    draft = lay_draft(acting, diagram.process_id, diagram.name, bundle)
    draft.base = base
    acting.session.flush()
    return draft


def _unsealed(files: Mapping[str, bytes]) -> list[Finding]:
    """Tell of files that are not what the manifest says; an archive without one was not made by us, and is allowed."""
    if MANIFEST not in files:
        return []
    lines = [line.partition("  ") for line in files[MANIFEST].decode(errors="replace").splitlines()]
    listed = {name: digest for digest, _, name in lines}
    actual = {name: sha256(content).hexdigest() for name, content in files.items() if name != MANIFEST}
    wrong = sorted(name for name in {*listed, *actual} if listed.get(name) != actual.get(name))
    return [Finding(each, error("manifest", f"“{each}”与清单不符，可能被改动过。", "请重新导出。")) for each in wrong]


def _too_many(files: Mapping[str, bytes], name: str) -> list[Finding]:
    if sum(file.endswith(".bpmn") for file in files) <= 1:
        return []
    return [Finding(name, error("package", "压缩包里有不止一张流程图。", "一个压缩包只放一个流程。"))]


def _completed(files: Mapping[str, bytes], diagram: str, base: Procedure | None) -> Bundle:
    decisions: dict[str, str] = dict(base.decisions) if base else {}
    forms: dict[str, Any] = dict(base.forms) if base else {}
    for file, content in files.items():
        if file.endswith(".dmn"):
            decisions[Path(file).stem] = text_of(content)
        elif file.endswith(".json"):
            definition = json.loads(content)
            forms[definition["stem"]] = definition
    return Bundle(diagram, decisions, forms)


def _lost(bundle: Bundle, base: Procedure | None) -> list[Finding]:
    """Tell of fields that the newest version has and the imported forms have not."""
    return [
        Finding(f"{stem}.json", error("form", f"{sentence}。", "请在表单里停用它。"))
        for stem, form in bundle.forms.items()
        for sentence in kept_faults(base.forms.get(stem) if base else None, form, needed=stem in HANDLERS)
    ]
