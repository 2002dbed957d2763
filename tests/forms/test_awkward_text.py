"""Whatever people typed stays text in every paper and table, and none fails (issue 6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document
from docx.document import Document as Paper
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from forms.papers.application import Opinion, form_facts
from forms.papers.catalogue import BY_NAME, FORMS, PaperForm
from forms.papers.filling import clean, print_paper
from forms.sheets.annexes import Heading, annex4, annex5
from forms.sheets.workbook import write_table
from ledger.statistics import ANNEX5_HEADS, Section, Statistics

DAY = date(2023, 11, 25)
AWKWARD = (
    *("=1+1", "+1", "-1", "@甲", "<b>&amp;</b>", "]]>", "{{ 7*7 }}{% x %}", "𠮷𬭊👍", "a\x00b\x1fc\x7f", "\ud800甲"),
    *("甲\r\n乙\t丙", "‮甲\u200b", "长" * 3_000, "&lt;", "'", '"', "<!break>", "￾"),
)
ALL = "，".join(AWKWARD)
SHORTER = ALL.replace("长" * 3_000, "长" * 60)  # in Annex 5 longer text goes on in further rows
FIRST = ("=1+1", "+1", "@甲", SHORTER)  # what a cell begins with decides how a spreadsheet takes it
TEXTS = st.text(max_size=40)
QUICK = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
_BREAKS = re.compile(r"[\n\t\r]+")


def told(sample: Any, text: str) -> Any:
    """Return an example with `text` in place of each of its texts."""
    if isinstance(sample, Mapping):
        return {name: told(part, text) for name, part in sample.items()}
    return [told(part, text) for part in sample] if isinstance(sample, list) else text


def words_of(document: Paper) -> str:
    """Return all that is read in the body, breaks as nothing."""
    return "".join(node.text or "" for node in document.element.body.iter() if node.tag.endswith("}t"))


def kept(text: str) -> str:
    return _BREAKS.sub("", clean(text))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_paper_takes_awkward_text_as_text(form: PaperForm) -> None:
    content = print_paper(ALL, told(form.example, ALL), form.shipped, DAY)
    assert kept(ALL) in words_of(Document(BytesIO(content)))
    plain = print_paper("甲", told(form.example, "甲"), form.shipped, DAY)
    for part in ("word/document.xml", "word/_rels/document.xml.rels"):
        marks = [len(re.findall("<w:fld|w:instr|Target=", _part(each, part))) for each in (content, plain)]
        assert marks[0] == marks[1]  # no field and no link came of it


def _part(content: bytes, name: str) -> str:
    with ZipFile(BytesIO(content)) as package:
        return package.read(name).decode()


@QUICK
@given(text=TEXTS)
def test_a_paper_takes_any_text_at_all(text: str) -> None:
    form = BY_NAME["notice"]
    content = print_paper(text, told(form.example, text), form.shipped, DAY)
    assert kept(text) in words_of(Document(BytesIO(content)))


@pytest.mark.parametrize("text", [ALL, "=1+1"])
def test_the_forms_of_a_project_take_any_text(text: str) -> None:
    columns = ("name", "number", "township_text", "responsible_body", "responsible_person", "telephone", "measures")
    facts = form_facts(dict.fromkeys(columns, text), (Opinion(text, DAY),) * 3, "审批表")
    for form in FORMS[:3]:
        words = words_of(Document(BytesIO(print_paper(text, form.complete(facts), form.shipped, DAY))))
        assert kept(text) in words  # long ones whole, on the further sheet


@pytest.mark.parametrize("text", FIRST)
def test_every_table_takes_any_text_as_text(text: str) -> None:
    row: list[Any] = [text] * len(ANNEX5_HEADS)
    for column in (0, 3):
        row[column] = 1
    for column in (8, 9, *range(14, 18)):
        row[column] = Decimal(1)
    row[10] = Decimal(0)
    line: tuple[Any, ...] = (1, text, Decimal(1), *[1] * 29)
    total: tuple[Any, ...] = (None, "合计", *line[2:])
    heading = Heading(text, text, text, DAY, text, text)
    books = (
        annex5([row], heading),
        annex4(Statistics((Section("乡镇（街道）小计", (line,), total),), total), heading),
        write_table(text, [text, "乙"], [[text, 1], [text, Decimal("1.50")]]),
    )
    for content in books:
        for sheet in load_workbook(BytesIO(content)).worksheets:
            cells = [cell for cells in sheet.iter_rows() for cell in cells if cell.value is not None]
            formulas = [str(cell.value) for cell in cells if cell.data_type == "f"]
            assert all(re.fullmatch(r"=(ROUND\()?(SUM\()?[A-Z0-9+:(),]*", each) for each in formulas), formulas
        first = load_workbook(BytesIO(content)).worksheets[0]
        shown = {str(cell.value) for cells in first.iter_rows() for cell in cells if cell.data_type == "s"}
        if visible := kept(text).strip():
            assert any(visible in _BREAKS.sub("", clean(each)) for each in shown)
