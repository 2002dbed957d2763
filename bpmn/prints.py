"""File papers that the software writes from the data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from bpmn.casefile import Acting, CaseFile
from forms.papers.catalogue import BY_NAME
from forms.papers.filling import name_of, print_paper
from forms.rendering import chinese_date
from handlers.outcome import Print
from ledger.cases import WorkItem
from ledger.db import day_of
from ledger.numbers import Entered
from ledger.paper_templates import template_of
from ledger.papers import Attachment, File, Place, attach
from ledger.people import Unit
from ledger.vocabulary import PaperKind

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_UNSAFE = frozenset('/\\:*?"<>|')
_LONGEST = 100


def file_print(file: CaseFile, printed: Print, item: WorkItem | None) -> None:
    """Write a paper, signed by the item's unit or by the responsible one, and file it on the case."""
    place = Place(PaperKind(printed.kind), case_id=file.case.id, item_id=item.id if item is not None else None)
    write_print(file, printed, place, item.unit if item is not None else file.places.responsible)


def write_print(file: CaseFile, printed: Print, place: Place, signed: Unit) -> Attachment:
    """Write a paper and file it at `place`."""
    return issue_print(file.acting, printed, place, signed, file.case.started_at)


def issue_print(acting: Acting, printed: Print, place: Place, signed: Unit, since: datetime) -> Attachment:
    """Write a paper that may be of no case, and file it at `place`."""
    document = written(acting, printed, signed, since)
    return attach(acting.session, acting.papers, document, place, acting.actor, acting.now)


def written(acting: Acting, printed: Print, signed: Unit, since: datetime) -> File:
    """Write a paper without filing it.

    Its template is the one that was in force at `since`, when what it belongs to began (F8).
    """
    form = BY_NAME[printed.template]
    today = day_of(acting.now)
    template = template_of(acting.session, form.name, since, acting.now) or form.shipped
    content = print_paper(printed.title, form.complete(_facts(printed, signed, today)), template, today)
    return File(f"{file_name(printed.title)}.docx", DOCX, content)


def _facts(printed: Print, signed: Unit, today: date) -> dict[str, Any]:
    """Return what a paper says: who issues it and when, its rows by their labels, its lists and groups."""
    issued = {
        "标题": printed.title,
        "发文机关": signed.name,
        "印发机关": signed.name,
        "成文日期": chinese_date(today),
    }
    rows = {name_of(label): text for label, text in printed.rows}
    every = [{"名称": label, "内容": text} for label, text in printed.rows]
    return {**issued, "内容": every, **rows, **printed.more, "project": _project({**rows, **printed.more})}


def _project(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the project by the names of the register, as far as the paper is about one."""
    names = ("项目名称", "项目编号", "实施年度", "责任单位")
    columns = ("name", "number", "implementation_year", "responsible_body")
    return {column: str(facts.get(name) or "") for column, name in zip(columns, names, strict=True)}


def entered_by(acting: Acting) -> Entered:
    """Return who enters a number now, as 发文登记 names them."""
    return Entered(acting.actor.name, acting.now)


def file_name(title: str) -> str:
    """Return a title as a file may be called on any system."""
    return "".join("＿" if letter in _UNSAFE or not letter.isprintable() else letter for letter in title)[:_LONGEST]
