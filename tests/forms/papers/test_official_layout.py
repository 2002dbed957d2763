"""GB/T 9704-2012 measured from the files (F7): page, margins, grid of lines, fonts and sizes, page numbers, 版记."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Emu, Pt
from docx.text.paragraph import Paragraph

from forms.papers.catalogue import BY_NAME, FORMS
from forms.papers.filling import print_paper

MM_PER_TWIP = 25.4 / 1440
OFFICIAL = [form.name for form in FORMS if not form.name.startswith("annex")]
HEADED = ["request", "reply", "party_minutes", "group_minutes", "cleanup_opinion", "yearly_report"]


def paper(name: str) -> Document:
    form = BY_NAME[name]
    return Document(BytesIO(print_paper(form.title, form.example, form.shipped, date(2023, 11, 25))))


def paragraph_with(document: Document, words: str) -> Paragraph:
    return next(each for each in document.paragraphs if words in each.text)


def font_of(paragraph: Paragraph) -> tuple[str, float]:
    run = next(each for each in paragraph.runs if each.text.strip())
    return run._element.rPr.rFonts.get(qn("w:eastAsia")), run.font.size.pt


@pytest.mark.parametrize("name", OFFICIAL)
def test_the_page_holds_156_by_225_mm_in_22_lines(name: str) -> None:
    (section,) = paper(name).sections
    edges = (section.top_margin, section.left_margin)
    assert [round(each.mm, 1) for each in edges] == [37.0, 28.0]  # 天头, 订口
    wide = Emu(section.page_width - section.left_margin - section.right_margin)
    high = Emu(section.page_height - section.top_margin - section.bottom_margin)
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert (round(wide.mm, 1), round(high.mm, 1)) == (156.0, 225.0)
    grid = section._sectPr.find(qn("w:docGrid"))
    assert grid.get(qn("w:type")) == "lines"
    pitch = int(grid.get(qn("w:linePitch")))
    assert 22 * pitch <= high.pt * 20 < 23 * pitch


@pytest.mark.parametrize("name", OFFICIAL)
def test_every_line_of_text_is_one_of_22_and_holds_28_characters(name: str) -> None:
    document = paper(name)
    section = document.sections[0]
    wide = Emu(section.page_width - section.left_margin - section.right_margin)
    texts = [each for each in document.paragraphs if each.text.strip() and font_of(each) == ("仿宋_GB2312", 16)]
    if name != "record":  # which is a table between a title and a signature
        assert len(texts) >= 3
    for each in texts:
        spacing = each._p.pPr.find(qn("w:spacing"))
        assert (spacing.get(qn("w:line")), spacing.get(qn("w:lineRule"))) == ("579", "exact")
        closer = int(each.runs[0]._element.rPr.find(qn("w:spacing")).get(qn("w:val"))) / 20
        assert 28 * (16 + closer) <= wide.pt < 29 * (16 + closer)


def test_fonts_and_sizes_are_those_of_the_standard() -> None:
    document = paper("survey_report")
    assert font_of(paragraph_with(document, "实地调研情况报告")) == ("方正小标宋简体", 22)  # 2号
    assert font_of(paragraph_with(document, "一、项目基本情况")) == ("黑体", 16)
    assert font_of(paragraph_with(document, "（一）投资规模")) == ("楷体_GB2312", 16)
    assert font_of(paragraph_with(document, "项目地点：")) == ("仿宋_GB2312", 16)  # 3号
    first = paragraph_with(document, "项目地点：")._p.pPr.find(qn("w:ind"))
    assert first.get(qn("w:firstLineChars")) == "200"


ENDS = {
    **{"survey_report": "实地调研情况报告", "assessment": "评估报告", "review_opinion": "会审意见（县财政局）"},
    **{"preliminary_opinion": "会审意见汇总及初步处置意见", "request": "的请示", "party_minutes": "党委会纪要"},
    **{"group_minutes": "会议纪要", "reply": "的批复", "notice": "的公告", "notice_certificate": "公告期满证明"},
    **{"plan": "提升方案", "revive_plan": "盘活方案", "revive_ledger": "盘活项目台账", "rebuild_plan": "重建方案"},
    **{"cleanup_opinion": "清理处置意见", "yearly_report": "工作报告", "weekly_summary": "周调度情况汇总"},
    "record": "成效评定表",
}


@pytest.mark.parametrize("name", OFFICIAL)
def test_f8_the_trial_of_a_template_is_titled_as_the_paper_it_is(name: str) -> None:
    heads = [each.text for each in paper(name).paragraphs if each.text and font_of(each) == ("方正小标宋简体", 22)]
    assert len(heads) == 1
    assert heads[0].endswith(ENDS[name])


@pytest.mark.parametrize("name", HEADED)
def test_the_red_head_stands_35_mm_down_with_number_and_line(name: str) -> None:
    document = paper(name)
    mark = document.paragraphs[0]
    assert font_of(mark)[0] == "方正小标宋简体"
    assert str(mark.runs[0].font.color.rgb) == "FF0000"
    above_letters = (50 - mark.runs[0].font.size.pt) / 2  # the mark's line is 50 points high
    assert abs(Pt(mark.paragraph_format.space_before.pt + above_letters).mm - 35) < 0.2
    numbered = paragraph_with(document, "〔2023〕")
    assert font_of(numbered) == ("仿宋_GB2312", 16)
    line = numbered._p.pPr.find(qn("w:pBdr")).find(qn("w:bottom"))
    assert (line.get(qn("w:color")), abs(int(line.get(qn("w:space"))) - Pt(11.3).pt) < 1) == ("FF0000", True)  # 4 mm


@pytest.mark.parametrize("name", ["request", "yearly_report"])
def test_a_paper_sent_upwards_names_its_signer_beside_the_number(name: str) -> None:
    assert "签发人：" in paragraph_with(paper(name), "〔2023〕").text


@pytest.mark.parametrize("name", OFFICIAL)
def test_page_numbers_stand_right_on_odd_and_left_on_even_pages(name: str) -> None:
    document = paper(name)
    assert document.settings.odd_and_even_pages_header_footer
    (section,) = document.sections
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        (number,) = footer.paragraphs
        assert number._p.pPr.find(qn("w:jc")).get(qn("w:val")) == side
        assert number._p.pPr.find(qn("w:ind")).get(qn(f"w:{side}Chars")) == "100"  # 空一字
        assert number.text == "— 1 —"
        assert font_of(number) == ("宋体", 14)  # 4号
    middle_of_dash = Emu(section.bottom_margin - section.footer_distance - Pt(7))
    assert abs(middle_of_dash.mm - 7) < 0.1


def test_signature_and_day_stand_one_above_the_other_four_characters_from_the_right() -> None:
    document = paper("reply")
    signed, dated = (paragraph_with(document, words) for words in ("\t彭水县", "\t2023年11月25日"))
    places = [each._p.pPr.find(qn("w:tabs"))[0] for each in (signed, dated)]
    assert {each.get(qn("w:val")) for each in places} == {"center"}
    assert len({each.get(qn("w:pos")) for each in places}) == 1
    half_of_day = (8 * 8 + 3 * 16) / 2  # eight digits, three characters
    room = 156 / 25.4 * 72 - int(places[0].get(qn("w:pos"))) / 20 - half_of_day
    assert abs(room - 4 * 16) < 2


def borders(paragraph: Paragraph) -> dict[str, float]:
    """Return how thick the lines of a paragraph are, in mm."""
    lines = paragraph._p.pPr.find(qn("w:pBdr"))
    return {str(each.tag).rpartition("}")[2]: int(each.get(qn("w:sz"))) / 8 / 72 * 25.4 for each in lines}


@pytest.mark.parametrize(
    ("copied", "lines"), [("县乡村振兴局", 1), ("县乡村振兴局、" * 6, 2), ("县乡村振兴局、" * 10, 3)]
)
def test_the_imprint_stands_at_the_foot_between_lines_of_the_standard(copied: str, lines: int) -> None:
    """The first and the last line are 0.35 mm thick, the one between 0.25 mm, and none runs through words."""
    form = BY_NAME["reply"]
    facts = {**form.example, "抄送": copied}
    document = Document(BytesIO(print_paper(form.title, facts, form.shipped, date(2023, 11, 25))))
    (upper,) = (each for each in document.paragraphs if "抄送：" in each.text)
    foot = paragraph_with(document, "印发")
    frames = [each._p.pPr.find(qn("w:framePr")) for each in (upper, foot)]
    assert {each.get(qn("w:vAnchor")) for each in frames} == {"margin"}
    assert {round(int(each.get(qn("w:w"))) * MM_PER_TWIP) for each in frames} == {156}
    assert frames[1].get(qn("w:yAlign")) == "bottom"
    end = int(frames[0].get(qn("w:y"))) * MM_PER_TWIP + lines * Pt(24).mm  # of the upper one, without its two lines
    assert 0 <= 225 - Pt(24).mm - end <= 2
    thick, thin = pytest.approx(0.35, abs=0.01), pytest.approx(0.25, abs=0.02)
    assert (borders(upper), borders(foot)) == ({"top": thick, "bottom": thin}, {"bottom": thick})
    assert not foot._p.findall(f".//{qn('w:u')}")
    assert {font_of(upper), font_of(foot)} == {("仿宋_GB2312", 14)}  # 4号


def test_an_imprint_without_copies_has_a_line_above_and_one_below() -> None:
    form = BY_NAME["reply"]
    facts = {**form.example, "抄送": ""}
    document = Document(BytesIO(print_paper(form.title, facts, form.shipped, date(2023, 11, 25))))
    assert not [each for each in document.paragraphs if "抄送" in each.text]
    assert set(borders(paragraph_with(document, "印发"))) == {"top", "bottom"}


SIGNED_AFTER_A_TABLE = ("record",)  # which nothing but the table stands before


@pytest.mark.parametrize("name", [name for name in OFFICIAL if name not in SIGNED_AFTER_A_TABLE])
def test_the_end_of_the_text_stays_on_the_page_of_the_signature(name: str) -> None:
    """From the last line of text to the date each paragraph is kept with the next, and 版记 with them."""
    document = paper(name)
    body = list(document.element.body)
    date_at = next(n for n, each in enumerate(body) if "\t2023年11月25日" in _text(each) and "印发" not in _text(each))
    above = [n for n in range(date_at - 1) if body[n].tag == qn("w:p") and _text(body[n]).strip()]
    kept = body[above[-1] : date_at + 1] if body[date_at - 4].tag == qn("w:p") else body[date_at - 3 : date_at + 1]
    assert all(each.pPr.find(qn("w:keepNext")) is not None for each in kept)


def _text(element: Any) -> str:
    marks = {
        qn("w:t"): lambda node: node.text or "",
        qn("w:tab"): lambda node: "" if node.getparent().tag == qn("w:tabs") else "\t",
    }
    return "".join(marks[node.tag](node) for node in element.iter() if node.tag in marks)


def test_of_a_long_text_before_the_signature_only_its_end_is_kept_with_it() -> None:
    form = BY_NAME["preliminary_opinion"]
    facts = {**form.example, "初步处置意见": "一\n二\n三"}
    document = Document(BytesIO(print_paper(form.title, facts, form.shipped, date(2023, 11, 25))))
    kept = {each.text: each.paragraph_format.keep_with_next for each in document.paragraphs if each.text in "一二三"}
    assert (kept["一"], kept["二"], kept["三"]) == (None, None, True)
