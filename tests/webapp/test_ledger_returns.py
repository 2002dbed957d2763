"""Annex 5 out, edited in a spreadsheet program, and in again (F5): the page's three steps."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import select
from werkzeug.test import TestResponse

from ledger.db import transaction
from ledger.ledger_edits import edits_of
from ledger.projects import Project
from ledger.vocabulary import Role
from tests.webapp.conftest import Person, Site

NEW = "/reports/annex5/return"


def edited(content: bytes, **cells: Any) -> bytes:
    """Save a workbook as another program would, with some cells of its sheet changed."""
    book = openpyxl.load_workbook(BytesIO(content))
    for place, value in cells.items():
        book.worksheets[0][place] = value
    saved = BytesIO()
    book.save(saved)
    return saved.getvalue()


def exported(person: Person) -> tuple[bytes, Worksheet]:
    content = person.get("/reports/annex5.xlsx").data
    return content, openpyxl.load_workbook(BytesIO(content)).worksheets[0]


def sent(person: Person, content: bytes) -> TestResponse:
    return person.post(NEW, {"workbook": (BytesIO(content), "台账.xlsx")}, content_type="multipart/form-data")


def preview(person: Person, content: bytes) -> tuple[str, str, str]:
    """Upload and return the preview's address, its page and its seal."""
    answer = sent(person, content)
    assert answer.status_code == 303
    page = person.get(answer.location).text
    found = re.search(r'name="seal" value="(\w+)"', page)
    return answer.location, page, found[1] if found else ""


def test_f5_a_row_somebody_deleted_is_told_and_stays_in_the_ledger(site: Site) -> None:
    town = site.town()
    content, sheet = exported(town)
    number, name = sheet["C5"].value, sheet["B5"].value
    book = openpyxl.load_workbook(BytesIO(content))
    book.worksheets[0].delete_rows(5)
    saved = BytesIO()
    book.save(saved)
    _address, page, seal = preview(town, saved.getvalue())
    assert f"{name}（{number}）" in page
    assert "不会从台账里删除" in page
    assert "与台账完全一致" not in page
    assert not seal


def test_f5_the_round_trip_changes_nothing(site: Site) -> None:
    for person in (site.town(), site.bureau()):
        content, _sheet = exported(person)
        for file in (content, edited(content)):
            _address, page, seal = preview(person, file)
            assert "没有改动" in page
            assert not seal


def test_f5_a_changed_cell_is_shown_then_taken_with_who_and_when(site: Site) -> None:
    person = site.town()
    content, sheet = exported(person)
    number, name = sheet["C5"].value, sheet["B5"].value
    file = edited(content, AA5="已签订\n协议", AB5="=1+1 备注", N5="委托经营", O5=1.5)
    # a formula is refused by its cell, the row's other changes wait with it
    _address, page, _seal = preview(person, file)
    assert "AB5" in page
    assert "单元格是公式" in page
    address, page, seal = preview(person, edited(content, AA5="已签订\n协议", N5="委托经营", O5=1.5))
    assert "改动 3 处，1 个项目" in page
    assert name in page
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.scalars(select(Project.progress).where(Project.number == number)).one() != "已签订\n协议"
    assert person.post(address, {"seal": "other"}).status_code == 422
    assert person.post(address, {"seal": seal}).status_code == 303
    assert person.get(address).status_code == 404  # taken once
    with transaction(site.ground.sessions, writes=False) as session:
        project = session.scalars(select(Project).where(Project.number == number)).one()
        assert (project.progress, project.operating_mode) == ("已签订\n协议", "entrusted")
        assert project.balance_yuan == 15_000
        edits = edits_of(session, project.id)
        assert {edit.head for edit in edits} == {"处置整改进展情况", "运营模式", "结余资金"}
        assert {edit.edited_by for edit in edits} == {"桑柘镇经办甲"}
    assert "台账改动" in person.get(f"/projects/{project.id}").text
    again, _sheet = exported(person)
    assert "没有改动" in preview(person, again)[1]
    assert "没有改动" in preview(person, content)[1]  # an old download undoes nothing


def test_f5_errors_are_told_by_cell_and_the_good_rows_wait_for_a_word(site: Site) -> None:
    person = site.town()
    content, _sheet = exported(person)
    address, page, seal = preview(person, edited(content, AB5="好", R6="很多", U6="停业", D6="前年"))
    for cell, reason in (("R6", "不是金额"), ("U6", "经营正常、经营困难、终止经营"), ("D6", "不是年份")):
        assert cell in page
        assert reason in page
    assert person.post(address, {"seal": seal}).status_code == 422
    assert person.post(address, {"seal": seal, "partly": "1"}).status_code == 303


def test_only_handlers_take_and_nobody_sees_anothers_upload(site: Site) -> None:
    content, _sheet = exported(site.town())
    address, _page, _seal = preview(site.town(), edited(content, AB5="新"))
    assert site.bureau().get(address).status_code == 404
    assert site.town(role=Role.SIGNER).get(NEW).status_code == 403
    stranger = site.town("保家镇")
    assert "没有这个项目编号" in preview(stranger, edited(content, AB5="新"))[1]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "空文件"),
        (b"PK\x03\x04nothing", "已损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "不是 xlsx 文件"),
    ],
)
def test_what_is_no_workbook_is_refused_in_words(site: Site, content: bytes, reason: str) -> None:
    answer = sent(site.bureau(), content)
    assert answer.status_code == 422
    assert reason in answer.text


def test_another_table_is_refused_naming_what_is_missing(site: Site) -> None:
    answer = sent(site.bureau(), site.bureau().get("/reports/annex4.xlsx").data)
    assert answer.status_code == 422
    assert "没有找到管理台账的表头" in answer.text
