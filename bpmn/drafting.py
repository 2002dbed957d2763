"""A draft on its way to a version: begun from one, looked through like an upload, kept as separate parts (F8).

What a draft holds is written by people in a browser: it is only ever read here as text and JSON, and looked through in
the checks' child process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from itertools import count
from typing import Any
from zipfile import ZipFile, ZipInfo

from sqlalchemy.orm import Session

from bpmn.casefile import Acting
from bpmn.deployment import FINDING_COUNTS, KNOWN_HANDLERS, Bundle, deployed_diagrams
from bpmn.engine.problems import error
from bpmn.refusals import ActRefused
from bpmn.surroundings import CLASSIFICATION
from bpmn.table_writing import blank_table
from bpmn.uploads import Finding, Ground, check_upload
from forms.definition import DefinitionRefused, read_form
from forms.keeping import kept_faults
from handlers import HANDLERS
from ledger.choice_lists import SOURCE, whole_lists
from ledger.journal import Act
from ledger.procedure_drafts import (
    DraftPart,
    DraftStage,
    PartKind,
    Place,
    ProcedureDraft,
    draft_of,
    parts_of,
    save_part,
)
from ledger.procedures import Procedure
from ledger.writing import record

ENDINGS: Mapping[PartKind, str] = {PartKind.DIAGRAM: ".bpmn", PartKind.FORM: ".json", PartKind.DECISION: ".dmn"}
SIZE_LIMIT = 1_000_000
"""Characters of one part; the checks read no larger file."""
_ZIP_DAY = (2024, 1, 1, 0, 0, 0)  # the same content is the same archive


class DraftGone(Exception):
    """没有这份草稿，或它已经不能再改."""


def begin_draft(acting: Acting, procedure: Procedure, name: str = "") -> ProcedureDraft:
    """Begin a draft from a version; an old version's draft is how one goes back to it."""
    bundle = Bundle(procedure.diagram, procedure.decisions, procedure.forms)
    draft = lay_draft(acting, procedure.process_id, name or procedure.name, bundle)
    draft.base = procedure
    acting.session.flush()
    return draft


def lay_draft(acting: Acting, process_id: str, name: str, bundle: Bundle) -> ProcedureDraft:
    """Write a bundle down as a draft's parts."""
    draft = ProcedureDraft(
        process_id=process_id,
        name=name,
        stage=DraftStage.EDITING,
        created_at=acting.now,
        created_by=acting.actor.name,
        created_by_id=acting.actor.user_id,
    )
    acting.session.add(draft)
    acting.session.flush()
    contents = [(PartKind.DIAGRAM, "", bundle.diagram)]
    contents += [(PartKind.DECISION, stem, text) for stem, text in bundle.decisions.items()]
    contents += [(PartKind.FORM, stem, form_text(form)) for stem, form in bundle.forms.items()]
    for kind, stem, text in contents:
        save_part(acting.session, Place(draft.id, kind, stem), text, 0, acting.actor, acting.now)
    detail = {"draft": draft.id, "process": process_id, "summary": f"新建草稿“{name}”"}
    record(acting.session, acting.moment, acting.actor, Act("draft_begin", detail=detail))
    return draft


def form_text(form: Mapping[str, Any]) -> str:
    """Write a form's definition as people read it; the same definition gives the same text."""
    return json.dumps(dict(form), ensure_ascii=False, indent=1)


def open_draft(session: Session, draft_id: int, *stages: DraftStage, lock: bool = False) -> ProcedureDraft:
    """Return a draft that is in one of `stages`, by default still edited; DraftGone otherwise."""
    draft = draft_of(session, draft_id, lock=lock)
    if draft is None or draft.stage not in (stages or (DraftStage.EDITING,)):
        raise DraftGone
    return draft


def change_part(acting: Acting, place: Place, content: str, revision: int) -> DraftPart:
    """Save a part of a draft that is still edited.

    Raises DraftGone, DraftConflict for what was saved elsewhere since `revision`, and ActRefused beyond the size.
    """
    draft = open_draft(acting.session, place.draft_id, lock=True)  # nothing is saved behind a submission's back
    if len(content) > SIZE_LIMIT:
        raise ActRefused("内容太大，没有保存：请拆分流程，或去掉多余的图形")
    if place.kind is PartKind.FORM:
        _check_kept(draft, place.name, content)
    return save_part(acting.session, place, content, revision, acting.actor, acting.now)


def _check_kept(draft: ProcedureDraft, stem: str, content: str) -> None:
    """Refuse a form that loses what the version before it has."""
    try:
        written = json.loads(content)
    except ValueError as broken:
        raise ActRefused("表单不是有效的 JSON，没有保存") from broken
    if not isinstance(written, dict) or written.get("stem") != stem:
        raise ActRefused("表单的编号不能改，没有保存")
    old = draft.base.forms.get(stem) if draft.base is not None else None
    faults = kept_faults(old, written, needed=stem in HANDLERS)
    if faults:
        raise ActRefused("；".join(faults))


def new_form(acting: Acting, draft_id: int, title: str) -> DraftPart:
    """Add a form of the administrator's own to a draft, with one field to begin with; raises DraftGone, ActRefused."""
    if not title.strip():
        raise ActRefused("请填写表单的名称")
    taken = {part.name for part in parts_of(acting.session, draft_id) if part.kind == PartKind.FORM}
    stem = next(name for number in count(1) if (name := f"own_{number}") not in taken)
    first = {"name": "f1", "label": "意见", "type": "textarea", "required": True, "max_length": 500, "width": 12}
    form = {"stem": stem, "title": title.strip()[:60], "sections": [{"title": title.strip()[:60], "fields": [first]}]}
    return change_part(acting, Place(draft_id, PartKind.FORM, stem), form_text(form), 0)


def new_table(acting: Acting, draft_id: int, title: str) -> DraftPart:
    """Add a decision table of the administrator's own to a draft, with one rule; raises DraftGone, ActRefused."""
    if not title.strip():
        raise ActRefused("请填写决策表的名称")
    taken = {part.name for part in parts_of(acting.session, draft_id) if part.kind == PartKind.DECISION}
    stem = next(name for number in count(1) if (name := f"own_table_{number}") not in taken)
    text = blank_table(stem, title.strip()[:60])
    return change_part(acting, Place(draft_id, PartKind.DECISION, stem), text, 0)


def bundle_of(session: Session, draft: ProcedureDraft) -> Bundle:
    """Return what a draft's parts make together; ValueError for a form that is no JSON."""
    parts = parts_of(session, draft.id)
    diagram = next((part.content for part in parts if part.kind == PartKind.DIAGRAM), "")
    decisions = {part.name: part.content for part in parts if part.kind == PartKind.DECISION}
    forms = {part.name: json.loads(part.content) for part in parts if part.kind == PartKind.FORM}
    return Bundle(diagram, decisions, forms)


def draft_findings(session: Session, parts: Sequence[DraftPart]) -> list[Finding]:
    """Return every problem of a draft, found in the checks' child process; files are named as `file_name` does."""
    ground = Ground(KNOWN_HANDLERS, called=deployed_diagrams(session), table_names={CLASSIFICATION: FINDING_COUNTS})
    return [*check_upload(packed(parts), "draft.zip", ground), *_strange_lists(session, parts)]


def _strange_lists(session: Session, parts: Sequence[DraftPart]) -> Iterator[Finding]:
    """Yield what a form asks to choose from that this installation does not have, or has nothing in."""
    filled = {each.head.source for each in whole_lists(session) if each.offered}
    for part in parts:
        if part.kind != PartKind.FORM or SOURCE not in part.content:
            continue
        try:
            form = read_form(json.loads(part.content))
        except DefinitionRefused:
            continue
        asked = {source for source in form.sources if source.startswith(SOURCE)}
        labels = [each.label for _section, each in form.fields() if each.source in asked - filled and not each.retired]
        for label in labels:
            message = f"表单的字段“{label}”要从列表里选，列表没有或者是空的。"
            yield Finding(file_name(part), error("empty_list", message, "请在“词汇表”里加上选项，或换一个列表。"))


def file_name(part: DraftPart) -> str:
    """Return the name a part has in an archive."""
    return (part.name or "procedure") + ENDINGS[PartKind(part.kind)]


def packed(parts: Sequence[DraftPart]) -> bytes:
    """Return a draft's parts as one zip; the same parts give the same bytes."""
    target = BytesIO()
    with ZipFile(target, "w") as archive:
        for part in parts:
            archive.writestr(ZipInfo(file_name(part), _ZIP_DAY), part.content.encode())
    return target.getvalue()
