"""The path budgets of `design/house.md`, held by tracing real completions over HTTP.

The files of the plain step are the house's 14; which they are, and what other steps need besides, is written in
`docs/decisions/0003-budgets.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import event

from bpmn.runtime import complete_item
from ledger.vocabulary import Category
from tests.acceptance.clerk import Matter, Town
from tests.webapp.conftest import Site

REPOSITORY = Path(__file__).parents[2]
ROOMS = tuple(f"{REPOSITORY / room}/" for room in ("ledger", "forms", "handlers", "bpmn", "scheduler", "webapp"))


STEPS = (
    *("receive", "field_survey", "joint_review", "preliminary_opinion", "party_meeting", "application"),
    *("village_opinion", "unit_opinion", "submission", "acceptance_check", "decision", "reply", "notice_unit"),
)
STATEMENTS, INSIDE = 25, 8
INSIDE_MORE = {  # steps that read files, or also write papers, minutes, classes, replies or a batch, and how many
    "sqlite": {  # writes each table's rows in a statement of their own
        **dict.fromkeys(("joint_review", "application", "notice_unit"), 9),
        **dict.fromkeys(("preliminary_opinion", "unit_opinion"), 10),
        **{"field_survey": 12, "party_meeting": 17, "decision": 17, "reply": 18, "submission": 23},
    },
    "postgresql": {"party_meeting": 13, "decision": 13, "reply": 14, "submission": 19},
}
PLAIN, PLAIN_FILES, FILES = "receive", 14, 38
MARKS = ("BEGIN", "SAVEPOINT", "RELEASE")  # of the transaction: they ask nothing of the database


@dataclass
class Trace:
    """What one request did: our files in which code ran, statements sent, commits made."""

    files: set[str] = field(default_factory=set)
    statements: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)  # those sent while `bpmn.runtime` was at work
    commit_count: int = 0
    depth: int = 0

    def note(self, frame: FrameType, happening: str, _argument: Any) -> None:
        """Take a call or return, as `sys.setprofile` tells of it."""
        if happening == "call" and frame.f_code.co_filename.startswith(ROOMS):
            self.files.add(str(Path(frame.f_code.co_filename).relative_to(REPOSITORY)))
        if frame.f_code is complete_item.__code__:
            self.depth += {"call": 1, "return": -1}.get(happening, 0)


def traced(site: Site, press: Callable[[], Any]) -> Trace:
    """Trace what `press` sets off in this thread."""
    trace, engine = Trace(), site.ground.sessions.kw["bind"]

    def send(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(MARKS):
            return
        trace.statements.append(statement)
        if trace.depth:
            trace.inside.append(statement)

    def commit(_connection: Any) -> None:
        trace.commit_count += 1

    event.listen(engine, "before_cursor_execute", send)
    event.listen(engine, "commit", commit)
    sys.setprofile(trace.note)
    try:
        press()
    finally:
        sys.setprofile(None)
        event.remove(engine, "before_cursor_execute", send)
        event.remove(engine, "commit", commit)
    return trace


def completion(town: Town, matter: Matter, stem: str) -> Trace:
    """Trace the completion of a step whose files were uploaded and that waits only to be pressed."""
    assert matter.pressing(stem, button="upload")().status_code == 303
    press, answers = matter.pressing(stem), []
    trace = traced(town.site, lambda: answers.append(press().status_code))
    assert answers == [303]
    return trace


def test_completions_keep_the_path_short(both_sites: Site) -> None:
    """Each step is completed once before it is traced: what is read once per process costs no completion anything."""
    town = Town(both_sites)
    warm, matter = town.matter(0, Category.UPGRADE), town.matter(2, Category.UPGRADE)
    more, over = INSIDE_MORE[both_sites.ground.sessions.kw["bind"].dialect.name], {}
    for stem in STEPS:
        warm.to(stem).do(stem, warm.walk.item(stem).instance)
        trace = completion(town, matter.to(stem), stem)
        measured = (len(trace.files), len(trace.statements), len(trace.inside), trace.commit_count)
        files = PLAIN_FILES if stem == PLAIN else FILES
        allowed = (files, STATEMENTS, more.get(stem, INSIDE), 1)
        if measured[3] != 1 or any(each > most for each, most in zip(measured, allowed, strict=True)):
            over[stem] = (measured, sorted(trace.files))
    assert over == {}
