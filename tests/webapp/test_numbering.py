"""发文登记: own numbers on a page and as Excel; 代字 and the number to go on from (issue 6)."""

from __future__ import annotations

from io import BytesIO

import orjson
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from ledger.db import transaction
from ledger.journal import Entry
from ledger.numbers import Entered, Issue, draw_number
from ledger.vocabulary import PaperKind
from tests.webapp.conftest import Site, exported

STARTED = {"kind": "request", "year": "2023", "word": "桑柘府文", "next": "13"}


def town_id(site: Site) -> int:
    return site.ground.county.townships["桑柘镇"].id


def test_a_unit_sets_where_it_goes_on_and_sees_what_was_issued(site: Site) -> None:
    clerk = site.person(town_id(site))
    answer = clerk.post("/numbers", {"unit": str(town_id(site)), **STARTED})
    assert answer.status_code == 303
    with transaction(site.ground.sessions) as session:
        unit, now = site.ground.county.townships["桑柘镇"], site.ground.now
        issue = Issue(unit, PaperKind.REQUEST, "=关于<b>&的请示", now.date())
        assert draw_number(session, issue, Entered("甲", now)) == "桑柘府文〔2023〕13号"
    page = clerk.get("/numbers?year=2023").text
    assert "桑柘府文〔2023〕13号" in page
    assert "=关于&lt;b&gt;&amp;的请示" in page
    assert "桑柘府文〔2023〕14号" in page  # the next one
    rows = list(load_workbook(BytesIO(clerk.get("/numbers.xlsx?year=2023").data)).active.iter_rows(values_only=True))
    assert rows[-2][:4] == ("桑柘府文〔2023〕13号", "=关于<b>&的请示", "2023-11-06", "桑柘镇")
    assert "空号" in page
    assert "桑柘府文〔2023〕1—12号" in page
    skipping = {"unit": str(town_id(site)), **STARTED, "next": "20"}
    assert "跳号须写明理由" in clerk.post("/numbers", skipping).text
    assert clerk.post("/numbers", {**skipping, "reason": "<b>作废"}).status_code == 303
    assert "&lt;b&gt;作废" in clerk.get("/numbers?year=2023").text
    rows = exported(clerk.get("/numbers.xlsx?year=2023"))
    assert [row[:2] for row in rows[-2:]] == [
        ("桑柘府文〔2023〕1—12号", "（空号）启用前已手工编号"),
        ("桑柘府文〔2023〕14—19号", "（空号）<b>作废"),
    ]
    with transaction(site.ground.sessions, writes=False) as session:
        last = session.scalars(
            select(Entry.detail).where(Entry.act == "number_started").order_by(Entry.id.desc())
        ).first()
    assert orjson.loads(last or "{}")["skipped"] == "桑柘府文〔2023〕14—19号"
    other = site.person(site.ground.county.townships["保家镇"].id)
    assert "桑柘府文〔" not in other.get("/numbers?year=2023").text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"unit": "1"}, "请选择本单位和文种"),
        ({"kind": "photo"}, "请选择本单位和文种"),
        ({"next": "零"}, "下一个文号"),
        ({"next": "0"}, "下一个文号"),
        ({"word": "保家镇请"}, "默认代字"),
    ],
)
def test_what_cannot_be_set_is_said(site: Site, changed: dict[str, str], said: str) -> None:
    clerk = site.person(town_id(site))
    answer = clerk.post("/numbers", {"unit": str(town_id(site)), **STARTED, **changed})
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{changed.get("word", "桑柘府文")}"' in answer.text  # what was typed is not lost
