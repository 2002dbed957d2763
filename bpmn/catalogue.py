"""What an administrator may choose from while drawing: handlers with their meaning, forms, tables, lanes, variables."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from bpmn.checks import CAMPAIGN_DATES, LANES
from bpmn.condition_words import answer_words, fixed_words, variable_kind
from bpmn.handler_words import HANDLER_WORDS
from bpmn.round_checks import ROUND_PROCESSES
from bpmn.table_comparison import table_title
from bpmn.wording import AUTOMATIC as AUTOMATIC_WORDS
from bpmn.wording import CAMPAIGN_DATES as DATE_WORDS
from bpmn.wording import COMPLETIONS, VARIABLES
from forms.definition import shipped_forms
from forms.fields import SILENT
from forms.permissions import FieldPermission
from handlers import HANDLERS, ROUND_STEMS
from handlers.automatic import AUTOMATIC
from ledger.procedure_drafts import DraftPart, PartKind
from ledger.procedures import newest_versions
from ledger.vocabulary import PaperKind, Role

_PROCESS = re.compile(r"<(?:\w+:)?process\b[^>]*\bid=[\"']([^\"']+)")
_LANE_ORDER = ("县乡村振兴局", "领导小组办公室", "责任单位", "村（居）", "项目所在乡镇", "业务部门", "会审单位", "系统")


def catalogue(session: Session, parts: Sequence[DraftPart]) -> dict[str, Any]:
    """Return the choices of the editor for a draft, each with the words people read."""
    written = {part.name: part.content for part in parts if part.kind == PartKind.FORM}
    forms = {stem: definition_of(text) for stem, text in written.items()}
    shipped = shipped_forms()
    return {
        "handlers": [_handler(stem, {**shipped, **forms}) for stem in _handlers_for(parts)],
        "automatic": [_automatic(name) for name in AUTOMATIC],
        "forms": [_form(stem, forms[stem]) for stem in sorted(forms) if stem not in HANDLERS],
        "decisions": [
            {"value": part.name, "label": table_title(part.content, part.name)}
            for part in parts
            if part.kind == PartKind.DECISION
        ],
        "processes": [{"value": name, "label": each.name} for name, each in newest_versions(session).items()],
        "lanes": [lane for lane in _LANE_ORDER if lane in LANES],
        "roles": [{"value": role, "label": Role(role).label} for role in (Role.HANDLER, Role.SIGNER)],
        "dates": [{"value": name, "label": DATE_WORDS[name]} for name in DATE_WORDS if name in CAMPAIGN_DATES],
        "permissions": [{"value": each, "label": each.label} for each in FieldPermission],
        "variables": [_variable(name) for name in VARIABLES],
        "completions": _chosen(COMPLETIONS),
    }


def _variable(name: str) -> dict[str, Any]:
    kind = variable_kind(name)
    return {"value": name, "label": VARIABLES[name], "kind": kind, "values": _chosen(fixed_words(name))}


def _chosen(words: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in words.items()]


def _automatic(name: str) -> dict[str, str]:
    label, _, meaning = AUTOMATIC_WORDS[name].partition("：")
    return {"value": name, "label": label, "meaning": meaning}


def definition_of(text: str) -> Mapping[str, Any]:
    """Return a form as a draft keeps it; empty where it cannot be read yet."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _handlers_for(parts: Sequence[DraftPart]) -> list[str]:
    """Return the handlers a draft's kind of process may name: a round's, or a project's."""
    diagram = next((part.content for part in parts if part.kind == PartKind.DIAGRAM), "")
    found = _PROCESS.search(diagram)
    of_round = found is not None and found[1] in ROUND_PROCESSES.values()
    return [stem for stem in HANDLERS if (stem in ROUND_STEMS) is of_round]


def _handler(stem: str, forms: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Tell a handler: what people fill in and which papers, what it does then, and which earlier steps it looks at."""
    form, words = forms.get(stem) or {}, HANDLER_WORDS[stem]
    return {
        "value": stem,
        "label": form.get("title", stem),
        "meaning": words.does,
        "looks_at": [str(forms.get(each, {}).get("title", each)) for each in words.looks_at],
        "article": form.get("article", ""),
        "papers": _papers(form),
        "publishes": _published(form),
        "answers": {name: _chosen(words) for name, words in answer_words(stem, form).items()},
        "fields": _asked(form),
    }


def _form(stem: str, form: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "value": stem,
        "label": form.get("title", stem),
        "papers": _papers(form),
        "publishes": _published(form),
        "answers": {name: _chosen(words) for name, words in answer_words(stem, form).items()},
        "fields": _asked(form),
    }


def _fields(form: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    sections = form.get("sections")
    if not isinstance(sections, list):
        return []
    found = [each.get("fields") for each in sections if isinstance(each, Mapping)]
    return [each for fields in found if isinstance(fields, list) for each in fields if isinstance(each, Mapping)]


def _papers(form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the papers a form asks for, and whether they are required."""
    return [
        {
            "label": str(each.get("label", "")),
            "kind": PaperKind(each["kind"]).label if each.get("kind") in set(PaperKind) else "",
            "required": each.get("required") is True,
        }
        for each in _fields(form)
        if each.get("type") == "file" and not each.get("retired")
    ]


def _asked(form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the fields that a step can be given permissions for: what is only shown may be hidden."""
    return [
        {
            "value": str(each.get("name", "")),
            "label": str(each.get("label") or each.get("name", "")),
            "required": each.get("required") is True,
            "silent": each.get("type") in set(SILENT),
        }
        for each in _fields(form)
        if not each.get("retired")
    ]


def _published(form: Mapping[str, Any]) -> list[str]:
    """Return what people call the variables that a form gives, in its fields' order."""
    names = (str(each["publish"]) for each in _fields(form) if each.get("publish"))
    return [VARIABLES.get(name, name) for name in dict.fromkeys(names)]
