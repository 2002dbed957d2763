"""Words in forty tables that a careless page would run: in names, titles, reasons, answers and remarks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from ledger.cases import Objection
from ledger.comments import Comment
from ledger.db import transaction
from ledger.tables import METADATA
from tests.webapp.conftest import Person, Site

HOSTILE = " <img src=x onerror=alert(1)> \"'><script>alert(2)</script> {{7*7}} javascript:alert(3)"
COLUMNS = {
    "unit": ("name", "short_name"),
    "user": ("name",),
    "project": (
        *("name", "unit_text", "township_text", "village_text", "responsible_body", "construction"),
        *("measures", "progress", "remark"),
    ),
    "campaign": ("name",),
    "meeting": ("title", "place", "chair", "recorder", "minutes"),
    "agenda_item": ("proposed", "measures", "problem"),
    "classification": ("reason",),
    "attachment": ("name",),
    "work_item": ("name", "sent_by", "returned_reason"),
    "round_item": ("name", "sent_by", "returned_reason", "summary"),
    "unit_round": ("title",),
    "round_summary": ("title", "note"),
    "round_date": ("reason",),
    "spot_check": ("title",),
    "spot_check_project": ("text", "mending", "result", "stratum"),
    "submission_batch": ("title",),
    "issued_number": ("title",),
    "choice_list": ("title",),
    "list_entry": ("label",),
    "procedure_draft": ("name", "note", "reason"),
    "rehearsal_outcome": ("name", "reason"),
    "message": ("subject", "body", "error"),
    "incident": ("cause",),
    "approval": ("reason",),
    "substitution": ("reason",),
    "phrase": ("text",),
    "api_token": ("name",),
    "webhook": ("url",),
    "saved_filter": ("name",),
    "copy": ("note",),
    "column_mapping": ("header",),
    "calendar_year": ("source",),
    "special_day": ("name",),
    "parameter": ("changed_by",),
    "archive_waiver": ("reason",),
    "import_run": ("message",),
    "sign_in": ("agent",),
}
"""What people, other programs or a diagram wrote, by table; closed lists, keys and hashes are left as they are."""
ANSWERS = {
    "work_item": "answers",
    "round_item": "answers",
    "step_entry": "answers",
    "draft": "posted",
    "agenda_item": "posted",
    "project": "problems",
    "meeting": "attendance",
}


def spread(site: Site) -> int:
    """Write the words behind what stands in all these columns; returns in how many rows."""
    with transaction(site.ground.sessions) as session:
        count = sum(_columns(session, METADATA.tables[name], columns) for name, columns in COLUMNS.items())
        count += sum(_answers(session, METADATA.tables[name], column) for name, column in ANSWERS.items())
        for remark in session.scalars(select(Comment)):
            remark.text += HOSTILE
        for objection in session.scalars(select(Objection)):
            objection.content, objection.raised_by = objection.content + HOSTILE, HOSTILE
        return count


def _columns(session: Session, table: Table, columns: tuple[str, ...]) -> int:
    changed = {name: func.coalesce(table.c[name], "").op("||")(HOSTILE) for name in columns}
    session.execute(update(table).values(changed))
    return session.scalars(select(func.count()).select_from(table)).one()


def _answers(session: Session, table: Table, column: str) -> int:
    """Write the words into every answer that is a text of more than a few characters."""
    found = session.execute(select(table.c.id, table.c[column]).where(table.c[column].is_not(None))).all()
    for number, answers in found:
        session.execute(update(table).where(table.c.id == number).values({column: _worse(answers)}))
    return len(found)


def _worse(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _worse(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_worse(each) for each in value]
    chinese = isinstance(value, str) and re.search("[一-鿿]{2}", value)
    return value + HOSTILE if chinese else value


def said_by_people(clerk: Person, case_id: int) -> None:
    """Let a clerk write the words where they stand in the trail too."""
    clerk.post(f"/cases/{case_id}/comments", {"text": f"请核对{HOSTILE}"})
    clerk.post("/tokens", {"name": HOSTILE[:38], "days": "30"})
    clerk.post("/settings/own/phrases", {"text": f"情况属实{HOSTILE}"})
    clerk.post("/login", {"login": HOSTILE, "password": HOSTILE})
    clerk.post(f"/cases/{case_id}/waivers/5", {"reason": HOSTILE})


class _Tags(HTMLParser):
    """Collects what would run: event handlers, addresses that are scripts, scripts in the page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.found += [f"{tag} {name}" for name in named if name.startswith("on")]
        for name in ("href", "src", "action", "formaction"):
            if (named.get(name) or "").strip().lower().startswith(("javascript:", "data:text")):
                self.found.append(f"{tag} {name}={named[name]}")
        if named.get("src") == "x":
            self.found.append(f"{tag} src=x")
        if tag == "script" and not named.get("src") and named.get("type") != "application/json":
            self.found.append("an inline script")


def run_by(page: str) -> Iterator[str]:
    """Yield what a page would run or has filled in of the words."""
    tags = _Tags()
    tags.feed(page)
    yield from tags.found
    if re.search(r"script(>|&gt;)\s49", page):
        yield "{{7*7}} was worked out"
