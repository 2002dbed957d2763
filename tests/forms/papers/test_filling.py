"""Papers from templates (F7): what people typed stays text, the same content is the same bytes."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest
from docx import Document
from jinja2 import UndefinedError

from forms.papers.catalogue import BY_NAME, FORMS
from forms.papers.filling import member, print_paper, zipped

DAY = date(2023, 11, 5)
RECORD = BY_NAME["record"]


def written(*rows: tuple[str, str], title: str = "登记表") -> bytes:
    lines = [{"名称": label, "内容": text} for label, text in rows]
    facts = RECORD.complete({"标题": title, "内容": lines, "发文机关": "桑柘镇人民政府", "成文日期": "2023年11月5日"})
    return print_paper(title, facts, RECORD.shipped, DAY)


def read(*rows: tuple[str, str]) -> list[tuple[str, str]]:
    table = Document(BytesIO(written(*rows))).tables[0]
    return [(row.cells[0].text, row.cells[1].text) for row in table.rows[1:]]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("=SUM(A1)", "=SUM(A1)"),
        ("+1", "+1"),
        ("@甲", "@甲"),
        ("蜂糖李<b>&", "蜂糖李<b>&"),
        ("<b>&amp;</b> & </w:t>", "<b>&amp;</b> & </w:t>"),
        ("<!break>", "<!break>"),
        ("{{ 7*7 }} {% for x in y %}", "{{ 7*7 }} {% for x in y %}"),
        ("𠮷𬭊👍", "𠮷𬭊👍"),  # four bytes each
        ("a\x00b\x0bc\x1fd\x7fe", "abcde"),
        ("a‮b\u200bc\ufeffd", "abcd"),
        ("a\ufffeb\uffffc\U0001ffffd\ufdd0e", "abcde"),
        ("a\ud800b\udfffc", "abc"),
        ("甲\r\n乙", "甲\n乙"),
        ("甲\t乙", "甲\t乙"),
        ("长" * 30_000, "长" * 30_000),
    ],
)
def test_what_people_typed_stays_text(typed: str, kept: str) -> None:
    assert read(("项目名称", typed)) == [("项目名称", kept)]


def test_a_line_break_begins_a_paragraph_that_looks_the_same() -> None:
    cell = Document(BytesIO(written(("投资规模", "合计 2 元\n其中 1 元")))).tables[0].rows[1].cells[1]
    first, second = cell.paragraphs
    assert (first.text, second.text) == ("合计 2 元", "其中 1 元")
    assert first._p.pPr.xml == second._p.pPr.xml
    assert first.runs[0]._r.rPr.xml == second.runs[0]._r.rPr.xml


def test_no_text_becomes_a_field_a_link_or_a_part() -> None:
    content = written(("甲", 'HYPERLINK "http://example.invalid"'), ("乙", "{ INCLUDETEXT /etc/passwd }"))
    with ZipFile(BytesIO(content)) as package:
        document = package.read("word/document.xml").decode()
        relations = package.read("word/_rels/document.xml.rels").decode()
    assert "fldChar" not in document
    assert "instrText" not in document
    assert re.findall(r'Target="([^"]*)"', relations) == ["styles.xml", "settings.xml", "footer1.xml", "footer2.xml"]


def test_the_same_content_is_the_same_bytes_and_names_nobody() -> None:
    content = written(("甲", "乙"), title="登记<表>")
    assert content == written(("甲", "乙"), title="登记<表>")
    properties = Document(BytesIO(content)).core_properties
    assert (properties.title, properties.author, properties.last_modified_by) == ("登记<表>", "", "")
    assert properties.created is not None
    assert properties.created.date() == DAY


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_shipped_paper_says_all_it_is_told_and_nothing_is_left_over(form: object) -> None:
    assert form in FORMS
    known = BY_NAME[form.name]  # type: ignore[attr-defined]
    content = print_paper(known.title, known.example, known.shipped, DAY)
    document = Document(BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    words = "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
    assert "{" not in words
    assert "高山蔬菜大棚" in words or known.name in ("yearly_report", "weekly_summary")  # of a unit, not of projects
    empty = print_paper(known.title, known.complete({}), known.shipped, DAY)  # nothing filled in: still a paper
    assert Document(BytesIO(empty)).element.body is not None


def test_a_name_the_facts_lack_is_said() -> None:
    with pytest.raises(UndefinedError, match="标题"):
        print_paper("甲", {}, RECORD.shipped, DAY)


ZIP_PARTS = {"word/document.xml": b"<w:p/>" * 5_000, "材料/目录.txt": "一、二".encode(), "empty": b""}


def test_every_part_comes_out_as_it_went_in() -> None:
    with ZipFile(BytesIO(zipped([member(name, content) for name, content in ZIP_PARTS.items()]))) as package:
        assert package.testzip() is None
        assert {name: package.read(name) for name in package.namelist()} == ZIP_PARTS
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_part_packed_once_serves_many_archives() -> None:
    same, other = member("styles.xml", b"s" * 100), member("document.xml", b"d")
    assert zipped([same, other]) == zipped([member("styles.xml", b"s" * 100), other])
    assert zipped([same, other]) != zipped([other, same])
    assert ZipFile(BytesIO(zipped([]))).namelist() == []
