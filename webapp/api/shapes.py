"""What the interface gives: each thing as a JSON Schema and as the function that writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bpmn.completed import Completed
from ledger.cases import Case, WorkItem
from ledger.journal import Entry
from ledger.listing import InboxRow
from ledger.papers import Attachment
from ledger.people import Unit
from ledger.projects import Project, funding_of
from ledger.scope import Actor
from ledger.vocabulary import CaseStatus, ItemStatus, PaperKind, Role
from webapp.api.operations import Schema
from webapp.project_facts import telephone_text

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
YUAN: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,2})?$", "description": "元，精确到分"}
REASON: Schema = {"type": "string", "minLength": 1, "maxLength": 200, "description": "原因，写入流转记录"}
REVISION: Schema = {"type": "integer", "minimum": 1, "description": "看到该任务时的修订号；已被他人改动则答复 409"}


def maybe(schema: Schema) -> Schema:
    """Return the schema of a value that can be missing."""
    return {"anyOf": [schema, {"type": "null"}]}


def listed(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def named(*optional: str, **properties: Schema) -> Schema:
    """Return the schema of an object with exactly these properties, all required but `optional`."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def paged(schema: Schema, **more: Schema) -> Schema:
    """Return the schema of one page of a list; `next` is the `after` of the following one, empty at the end."""
    return named(rows=listed(schema), next=TEXT, **more)


POST = named(unit_id=NUMBER, unit=TEXT, unit_kind=TEXT, role=TEXT)
PERSON = named(id=NUMBER, name=TEXT, posts=listed(POST))
COUNTS = named(open=NUMBER, receipt=NUMBER, copies=NUMBER, drafts=NUMBER, notices=NUMBER, rounds=NUMBER)
PLACE = named(id=maybe(NUMBER), name=TEXT)
CASE_BRIEF = named(id=NUMBER, campaign=TEXT, status=TEXT, round=NUMBER, started_at=MOMENT, ended_at=maybe(MOMENT))
PROJECT_BRIEF = named(
    id=NUMBER,
    number=TEXT,
    name=TEXT,
    implementation_year=maybe(NUMBER),
    level=maybe(TEXT),
    category=maybe(TEXT),
    unit=PLACE,
    township=PLACE,
    village=PLACE,
    funding_total_yuan=YUAN,
    exited_on=maybe(DAY),
)
ITEM_BRIEF = named(
    id=NUMBER,
    revision=NUMBER,
    case_id=NUMBER,
    project_id=NUMBER,
    project_name=TEXT,
    project_number=TEXT,
    name=TEXT,
    stem=TEXT,
    status=TEXT,
    unit=TEXT,
    category=maybe(TEXT),
    sent_by=TEXT,
    returned_reason=TEXT,
    held_by=TEXT,
    suspended=FLAG,
    created_at=MOMENT,
    due_at=MOMENT,
    limit=TEXT,
    completed_at=maybe(MOMENT),
)
WAITING = named(
    id=NUMBER,
    revision=NUMBER,
    token=TEXT,
    name=TEXT,
    stem=TEXT,
    element=TEXT,
    unit=TEXT,
    role=TEXT,
    status=TEXT,
    due_at=MOMENT,
)
TIMER = named(id=NUMBER, element=TEXT, name=TEXT, due_at=MOMENT, provisional=FLAG)
PAPER = named(
    id=NUMBER, name=TEXT, kind=TEXT, kind_label=TEXT, media_type=TEXT, size=NUMBER, sha256=TEXT, attached_at=MOMENT
)
TRAIL = named(
    id=NUMBER, at=MOMENT, act=TEXT, element=TEXT, item_id=maybe(NUMBER), who=TEXT, unit=TEXT, summary=TEXT, opinion=TEXT
)
COMPLETED = named(
    case_id=NUMBER,
    item_id=NUMBER,
    remains=FLAG,
    finished=FLAG,
    next=listed(named(name=TEXT, unit=TEXT, due_at=MOMENT)),
)
_MORE = {
    "responsible_body": TEXT,
    "responsible_person": maybe(TEXT),
    "telephone": TEXT,
    "industry": maybe(TEXT),
    "construction": TEXT,
    "funding": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": YUAN}},
    "balance_yuan": maybe(YUAN),
    "receivable_yuan": maybe(YUAN),
    "appraised_yuan": maybe(YUAN),
    "other_value_yuan": maybe(YUAN),
    "operating_mode": maybe(TEXT),
    "function": maybe(TEXT),
    "use": maybe(TEXT),
    "operation": maybe(TEXT),
    "causes": listed(TEXT),
    "problems": listed(TEXT),
    "linkage": maybe(TEXT),
    "linkage_gaps": listed(TEXT),
    "findings": listed(TEXT),
    "surveyed_on": maybe(DAY),
    "measures": TEXT,
    "progress": TEXT,
    "progress_percent": maybe(NUMBER),
    "remark": TEXT,
}
_WRITTEN_APART = ("telephone", "funding")
PROJECT = named(**PROJECT_BRIEF["properties"], **_MORE, cases=listed(CASE_BRIEF))


def person(actor: Actor) -> dict[str, Any]:
    posts = [
        {"unit_id": p.unit_id, "unit": p.unit_name, "unit_kind": str(p.unit_kind), "role": str(p.role)}
        for p in actor.posts
    ]
    return {"id": actor.user_id, "name": actor.name, "posts": posts}


def project_brief(project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "number": project.number,
        "name": project.name,
        "implementation_year": project.implementation_year,
        "level": project.level,
        "category": project.category,
        "unit": _place(project.responsible_unit, project.unit_text),
        "township": _place(project.township, project.township_text),
        "village": _place(project.village, project.village_text),
        "funding_total_yuan": project.funding_total_yuan,
        "exited_on": project.exited_on,
    }


def _place(unit: Unit | None, words: str) -> dict[str, Any]:
    return {"id": unit.id if unit else None, "name": unit.short_name if unit else words}


def project(found: Project, cases: Sequence[Case], actor: Actor) -> dict[str, Any]:
    """Write a project whole; the telephone number is masked for who does not handle it (M2)."""
    plain = {name: getattr(found, name) for name in _MORE if name not in _WRITTEN_APART}
    apart = {"telephone": telephone_text(found, actor), "funding": funding_of(found)}
    return {**project_brief(found), **plain, **apart, "cases": [case_brief(case) for case in cases]}


def case_brief(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "campaign": case.campaign.name,
        "status": str(CaseStatus(case.status)),
        "round": case.round,
        "started_at": case.started_at,
        "ended_at": case.ended_at,
    }


def item_brief(row: InboxRow) -> dict[str, Any]:
    return {
        "id": row.item_id,
        "unit": row.unit_name,
        "status": str(row.status),
        "limit": str(row.limit),
        **{name: getattr(row, name) for name in ITEM_BRIEF["properties"] if hasattr(row, name) and name not in _OWN},
    }


_OWN = frozenset({"id", "unit", "status", "limit"})


def waiting(item: WorkItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "revision": item.revision,
        "token": item.token,
        "name": item.name,
        "stem": item.stem,
        "element": item.element,
        "unit": item.unit.short_name,
        "role": str(Role(item.role)),
        "status": str(ItemStatus(item.status)),
        "due_at": item.due_at,
    }


def paper(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.id,
        "name": attachment.name,
        "kind": attachment.kind,
        "kind_label": PaperKind(attachment.kind).label,
        "media_type": attachment.paper.media_type,
        "size": attachment.paper.size,
        "sha256": attachment.sha256,
        "attached_at": attachment.attached_at,
    }


def trail(entry: Entry, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at,
        "act": entry.act,
        "element": entry.element,
        "item_id": entry.item_id,
        "who": entry.who,
        "unit": entry.unit,
        "summary": detail.get("summary") or detail.get("reason") or "",
        "opinion": detail.get("opinion") or "",
    }


def completed(done: Completed) -> dict[str, Any]:
    coming = [{"name": name, "unit": unit, "due_at": due_at} for name, unit, due_at in done.next]
    return {
        "case_id": done.case_id,
        "item_id": done.item_id,
        "remains": done.remains,
        "finished": done.finished,
        "next": coming,
    }
