"""A plain paper (F7): readable back word for word, on A4, in the fonts of an office, and never more than text."""

import re
from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest
from docx import Document
from docx.enum.text import WD_PARAGRAPH_ALIGNMENT
from docx.oxml.ns import qn

from forms.papers.plain import print_paper

DAY = date(2023, 11, 5)


def read(*rows: tuple[str, str], title: str = "批复", signed: str = "桑柘镇人民政府") -> Document:
    return Document(BytesIO(print_paper(title, rows, signed, DAY)))


def test_f7_title_rows_signature_and_day_are_there_in_order() -> None:
    paper = read(("项目名称", "高山蔬菜大棚"), ("投资规模", "合计 2 元\n其中 1 元"))
    first, *_rest, signed, day = paper.paragraphs
    assert (first.text, first.alignment) == ("批复", WD_PARAGRAPH_ALIGNMENT.CENTER)
    assert [(row.cells[0].text, row.cells[1].text) for row in paper.tables[0].rows] == [
        ("项目名称", "高山蔬菜大棚"),
        ("投资规模", "合计 2 元\n其中 1 元"),
    ]
    assert len(paper.tables[0].cell(1, 1).paragraphs) == 2
    assert (signed.text, day.text) == ("桑柘镇人民政府", "2023年11月5日")


def test_f7_an_a4_page_whose_table_fits_between_its_margins() -> None:
    paper = read(("项目名称", "高山蔬菜大棚"))
    (section,) = paper.sections
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    room = section.page_width - section.left_margin - section.right_margin
    assert sum(cell.width for cell in paper.tables[0].rows[0].cells) <= room


def test_f7_the_fonts_of_an_office() -> None:
    paper = read(("项目名称", "高山蔬菜大棚"))
    runs = [paper.paragraphs[0].runs[0], paper.tables[0].cell(0, 1).paragraphs[0].runs[0]]
    named = [run._element.rPr.rFonts.get(qn("w:eastAsia")) for run in runs]
    assert named == ["方正小标宋简体", "仿宋_GB2312"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("=SUM(A1)", "=SUM(A1)"),
        ("<b>&amp;</b> & </w:t>", "<b>&amp;</b> & </w:t>"),
        ("{{ 7*7 }} {% for x in y %}", "{{ 7*7 }} {% for x in y %}"),
        ("𠮷𬭊👍", "𠮷𬭊👍"),  # four bytes each
        ("a\x00b\x0bc\x1fd\x7fe", "abcde"),
        ("a\u202eb\u200bc\ufeffd", "abcd"),
        ("a\ufffeb\uffffc\U0001ffffd\ufdd0e", "abcde"),
        ("a\ud800b\udfffc", "abc"),
        ("甲\r\n乙", "甲\n乙"),
        ("甲\t乙", "甲\t乙"),
    ],
    ids=ascii,
)
def test_hostile_text_stays_text(typed: str, kept: str) -> None:
    cell = read((typed, typed)).tables[0].cell(0, 1)
    assert cell.text == kept
    assert read(("a", "b"), title=typed).paragraphs[0].text == kept.replace("\n", " ")
    assert read(("a", "b"), signed=typed).paragraphs[-2].text == kept.replace("\n", " ")


def test_no_field_and_no_foreign_part_comes_of_what_people_type() -> None:
    content = print_paper("标题", [("甲", '{ HYPERLINK "http://example.invalid" }')], "乙", DAY)
    with ZipFile(BytesIO(content)) as parts:
        body = parts.read("word/document.xml").decode()
        assert not re.search(r"<w:(fldChar|instrText|hyperlink|object)\b", body)
        assert "example.invalid" not in parts.read("word/_rels/document.xml.rels").decode()


def test_a_long_table_is_written_in_time_that_grows_with_its_rows() -> None:
    paper = read(*((f"第{n}行", "内容") for n in range(300)))
    assert len(paper.tables[0].rows) == 300


def test_a_paper_without_rows_has_no_table() -> None:
    assert read().tables == []


def test_no_person_or_machine_is_named_in_the_file() -> None:
    properties = read(("a", "b")).core_properties
    assert (properties.author, properties.last_modified_by, properties.comments) == ("", "", "")
    assert properties.created.date() == DAY
