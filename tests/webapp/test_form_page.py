"""Every type of field is drawn with its label, its value, its error and its hint (interface 17 and 24)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import render_template_string

import webapp
from forms.definition import read_form
from forms.fields import Asked, Option
from tests.webapp.conftest import Site
from webapp.form_page import FormPage

SECTIONS = "{% from 'fields.html' import sections %}{{ sections(page) }}"
COLOURS = [{"value": "red", "label": "红"}, {"value": "blue", "label": "蓝"}]
COLUMNS = [{"name": "who", "label": "姓名", "type": "text", "required": True}]


def page_of(fields: list[dict[str, Any]], posted: Mapping[str, Sequence[str]] | None = None, **more: Any) -> FormPage:
    definition = {"stem": "x", "title": "表", "article": "1", "sections": [{"title": "组", "fields": fields}]}
    return FormPage(read_form(definition), posted or {}, **more)


def drawn(site: Site, page: FormPage) -> str:
    with site.app.test_request_context():
        return render_template_string(SECTIONS, page=page)


@pytest.mark.parametrize(
    ("field", "posted", "pieces"),
    [
        ({"type": "text", "max_length": 9}, ["<b>"], ['id="f-one"', 'value="&lt;b&gt;"', 'maxlength="9"']),
        ({"type": "textarea"}, ["甲\n乙"], ["甲\n乙</textarea>"]),
        ({"type": "money"}, ["12.345"], ['value="12.345"', "data-money", ">元</span>"]),
        ({"type": "integer"}, ["3"], ['inputmode="numeric"']),
        ({"type": "percent"}, ["30"], [">%</span>"]),
        ({"type": "year"}, ["2023"], ['value="2023"']),
        ({"type": "date"}, ["2023-11-06"], ['type="date"', 'value="2023-11-06"']),
        ({"type": "date"}, ["十一月六日"], ['type="text"', 'value="十一月六日"']),
        ({"type": "radio", "options": COLOURS}, ["blue"], ['value="blue" id="f-one-2" autocomplete="off" checked']),
        ({"type": "select", "options": COLOURS}, ["red"], ['<option value="red" selected>红</option>']),
        ({"type": "checks", "options": COLOURS}, ["red", "blue"], ["checked", ">蓝</label>"]),
        ({"type": "tick"}, ["true"], ['type="checkbox"', " checked"]),
        ({"type": "note", "help": "先读"}, [], ["先读"]),
        ({"type": "display"}, [], ["算出来的"]),
        ({"type": "file", "kind": "photo"}, [], ['type="file"', "multiple", 'accept="image/*,.pdf']),
        ({"type": "table", "columns": COLUMNS}, [], ['name="one.2.who"', 'aria-label="姓名"']),
        ({"type": "records", "columns": COLUMNS}, [], ['name="one.k7.who"', ">县财政局</th>"]),
        ({"type": "meeting", "source": "meetings"}, ["4"], ['<option value="4" selected>第四次会议</option>']),
    ],
)
def test_a_field_is_drawn(site: Site, field: dict[str, Any], posted: list[str], pieces: list[str]) -> None:
    asked = Asked(
        options={"meetings": [Option("4", "第四次会议")]},
        records={"one": [("k7", "县财政局")]},
        display={"one": "算出来的"},
    )
    page = page_of([{"name": "one", "label": "题目", **field}], {"one": posted}, asked=asked)
    html = drawn(site, page)
    assert "题目" in html
    for piece in pieces:
        assert piece in html


def test_labels_hints_and_errors_are_tied_to_their_box(site: Site) -> None:
    field = {"name": "one", "label": "题目", "type": "text", "required": True, "help": "写全称"}
    html = drawn(site, page_of([field], errors={"one": "请填写题目"}))
    assert '<label class="form-label fw-semibold mb-1 req" for="f-one">题目</label>' in html
    assert 'aria-describedby="hint-one err-one" aria-invalid="true" aria-required="true"' in html
    assert '<div class="errtxt" id="err-one">请填写题目</div>' in html


def test_conditions_go_to_the_page_and_context_is_decided_here(site: Site) -> None:
    colour = {"name": "colour", "label": "颜色", "type": "radio", "options": COLOURS}
    why = {"name": "why", "label": "原因", "type": "text", "show_if": {"colour": ["red"]}}
    village = {"name": "village", "label": "村", "type": "text", "show_if": {"$level": ["village"]}}
    fields = [colour, why, village]
    html = drawn(site, page_of(fields, asked=Asked(context={"level": "township"})))
    assert 'data-show-if="{&#34;colour&#34;: [&#34;red&#34;]}"' in html
    assert 'name="village"' not in html
    assert 'name="village"' in drawn(site, page_of(fields, asked=Asked(context={"level": "village"})))


def test_the_matrix_has_a_cell_per_source_and_tier_and_a_column_for_what_is_not_split(site: Site) -> None:
    field = {"name": "funding", "label": "资金来源", "type": "matrix"}
    html = drawn(site, page_of([field]))
    assert len(re.findall(r'name="funding\.', html)) == 3 * 3 + 1
    assert "未拆分" not in html
    split = drawn(site, page_of([field], {"funding.earmarked.unsplit": ["5"]}))
    assert len(re.findall(r'name="funding\.', split)) == 3 * 4 + 1
    assert 'data-column="unsplit"' in split


def test_three_empty_rows_follow_the_filled_ones() -> None:
    page = page_of([{"name": "one", "label": "题目", "type": "table", "columns": COLUMNS}], {"one.1.who": ["甲"]})
    assert list(page.row_numbers(page.form.sections[0].fields[0])) == [0, 1, 2, 3, 4]


def test_the_main_choice_is_asked_for_where_the_order_counts(site: Site) -> None:
    field = {"name": "gaps", "label": "原因", "type": "checks", "options": COLOURS, "main_first": True}
    html = drawn(site, page_of([field], {"gaps": ["blue", "red"]}))
    assert 'name="gaps.main"' in html
    assert '<option value="blue" selected>蓝</option>' in html


def test_every_field_that_takes_a_paper_takes_a_photograph_on_a_phone(site: Site) -> None:
    """Interface 25: each field for papers and pictures has a camera of the same name beside it."""
    page = page_of([{"name": "scan", "label": "盖章扫描件", "type": "file", "kind": "village_scan"}])
    camera = re.search(r'<input [^>]*capture="environment"[^>]*>', drawn(site, page))
    assert camera is not None
    assert 'name="scan"' in camera[0]
    for template in Path(webapp.__file__).with_name("templates").rglob("*.html"):
        source = template.read_text()
        takes = len(re.findall(r'accept="[^"]*\{\{ upload_accept \}\}"', source))
        cameras = len(re.findall(r"\{\{ camera\(", source))
        assert takes == cameras, template.name
