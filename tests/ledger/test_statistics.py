"""Annex 4, Annex 5 and the three rates (F4, F5, F9, R6), counted by hand on six projects."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import false, true, update
from sqlalchemy.orm import Session

from ledger.cross_counts import differences
from ledger.db import SessionFactory, transaction
from ledger.people import Unit
from ledger.projects import Project, set_funding
from ledger.statistics import (
    ANNEX4_HEADS,
    ANNEX5_HEADS,
    Rates,
    annex4_of,
    annex4_rows,
    annex5_rows,
    projects_where,
    rate_text,
    rates,
)

NOW = datetime(2023, 11, 6, 1, tzinfo=UTC)
COUNTY, SANGZHE, TRADE = 1, 2, 3


def add(session: Session, number: str, unit_id: int | None, yuan: str, **known: Any) -> None:
    project = Project(
        county_id=COUNTY,
        number=number,
        name=f"项目{number}",
        pinyin_initials="xm",
        implementation_year=2019,
        responsible_unit_id=unit_id,
        created_at=NOW,
        **known,
    )
    set_funding(project, {"earmarked": {"central": Decimal(yuan)}, "social": {"unsplit": Decimal("0.01")}})
    session.add(project)


@pytest.fixture
def session(sessions: SessionFactory) -> Iterator[Session]:
    """Two units and six projects: four of the township, one of the department, one that nobody runs yet."""
    with transaction(sessions) as opened:
        for key, code, name, kind in (
            (COUNTY, "500243", "彭水县", "county"),
            (SANGZHE, "500243105", "桑柘镇", "township"),
            (TRADE, "500243999", "县商务委", "department"),
        ):
            opened.add(Unit(id=key, code=code, name=f"{name}（全称）", short_name=name, kind=kind, path=f"/{key}/"))
        opened.flush()
        add(opened, "A1", SANGZHE, "100000.00", category="upgrade", operation="normal", linkage="full")
        add(
            opened, "A2", SANGZHE, "0.01", category="revive", operation="stopped", causes=["facilities", "funds"],
            linkage="partial", linkage_gaps=["returns", "jobs"],
        )  # fmt: skip
        add(opened, "A3", SANGZHE, "12345.66", category="rebuild", operation="stopped", causes=["funds"])
        add(
            opened, "A4", SANGZHE, "99.99", category="rebuild", operation="stopped", causes=["disaster"],
            exited_on=date(2023, 11, 25), remark="退出",
        )  # fmt: skip
        add(
            opened, "B1", TRADE, "300000.00", category="consolidate", operation="difficult", causes=["prices"],
            linkage="partial", linkage_gaps=["production"],
        )  # fmt: skip
        add(opened, "C1", None, "1.00", unit_text="某合作社")
        opened.flush()
        yield opened


def test_f4_the_heads_are_those_of_the_printed_annex() -> None:
    assert len(ANNEX4_HEADS) == 32
    assert ANNEX4_HEADS[4:8] == ("巩固项目", "提升项目", "盘活项目", "另起炉灶项目")  # F9: not 重建
    causes = ("产业选择不准", "资金短缺", "管理不善", "用工短缺", "原材料供应困难", "技术原因", "产品价格波动")
    printed = (*causes, "配套设施原因", "自然灾害", "其他")  # Annex 4's own order (F9)
    assert tuple(head.removeprefix("停产闲置原因：") for head in ANNEX4_HEADS[8:18]) == printed
    assert tuple(head.removeprefix("生产经营遇到困难原因：") for head in ANNEX4_HEADS[19:29]) == printed


def test_f4_a_row_per_unit_and_the_total(session: Session) -> None:
    sangzhe, trade, unassigned, total = annex4_rows(projects_where(session, true()))
    # money: 100000.01 + 0.02 + 12345.67 + 100.00 = 112445.70 元
    assert sangzhe[:8] == (1, "桑柘镇", Decimal("11.24457"), 4, 0, 1, 1, 2)
    assert sangzhe[8:18] == (0, 2, 0, 0, 0, 0, 0, 1, 1, 0)  # A2 counts under each of its two causes
    assert sangzhe[18:29] == (0,) * 11
    assert sangzhe[29:] == (0, 1, 1)
    assert trade[:8] == (2, "县商务委", Decimal("30.000001"), 1, 1, 0, 0, 0)
    assert trade[8:18] == (0,) * 10  # difficult, not stopped
    assert trade[18:29] == (1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0)
    assert trade[29:] == (1, 0, 0)
    assert unassigned[:4] == (3, "未分派", Decimal("0.000101"), 1)
    assert total[:8] == (None, "合计", Decimal("41.244672"), 6, 1, 1, 1, 2)
    assert total[8:18] == sangzhe[8:18]
    assert total[18:29] == trade[18:29]
    assert total[29:] == (1, 1, 1)
    assert all(len(row) == 32 for row in (sangzhe, trade, unassigned, total))


def test_f4_annex_4_agrees_with_annex_5(session: Session) -> None:
    projects = projects_where(session, true())
    ledger, (*_units, total) = annex5_rows(projects), annex4_rows(projects)
    assert total[3] == len(ledger)
    assert total[2] == sum(row[8] for row in ledger if isinstance(row[8], Decimal))
    for head, count in zip(("巩固", "提升", "盘活", "重建"), total[4:8], strict=True):
        assert count == sum(row[4] == head for row in ledger)


def test_f5_a_row_in_the_words_of_the_ledger(session: Session) -> None:
    session.query(Project).filter_by(number="A2").update(
        {
            "responsible_body": "太坪村经济合作社",
            "industry": "planting",
            "construction": "大棚10亩",
            "township_text": "桑柘镇",
            "village_text": "太坪村",
            "operating_mode": "entrusted",
            "balance_yuan": Decimal("12000.00"),
            "appraised_yuan": Decimal("1234.56"),
            "function": "damaged",
            "use": "idle",
            "problems": ["linkage_missing", "stopped"],
            "measures": "发包经营",
            "progress": "已签约",
        }
    )
    session.expire_all()
    row = next(row for row in annex5_rows(projects_where(session, true())) if row[2] == "A2")
    assert dict(zip(ANNEX5_HEADS, row, strict=True)) == {
        "序号": 2,
        "项目名称": "项目A2",
        "项目编号": "A2",
        "实施年度": 2019,
        "四个一批分类": "盘活",
        "责任单位": "太坪村经济合作社",
        "责任人及联系电话": "",
        "产业类型": "种植业",
        "投资规模（万元）小计": Decimal("0.000002"),
        "专项资金": Decimal("0.000001"),
        "其他资金": Decimal("0.000001"),
        "建设内容": "大棚10亩",
        "项目地点": "桑柘镇太坪村",
        "运营模式": "委托经营",  # F9
        "结余资金": Decimal("1.2"),
        "待收待返资金": None,
        "资产估值": Decimal("0.123456"),
        "其他": None,
        "功能现状": "损坏",
        "使用现状": "闲置",
        "生产经营情况": "终止经营",  # F9: 停产闲置 of the forms
        "存在问题": "停产、未落实联农带农",
        "原因分析": "配套设施原因、资金短缺",  # in the order of the forms
        "发挥联农带农作用": "不充分",
        "未充分发挥联农带农作用原因": "未按约定及时足额分配资产收益",  # F9: the first chosen is the main one
        "处置整改措施": "发包经营",
        "处置整改进展情况": "已签约",
        "备注": "",
    }


def test_f5_who_and_where_come_from_the_units_when_nobody_wrote_them(session: Session) -> None:
    project = session.query(Project).filter_by(number="A1").one()
    project.township_id, project.responsible_person, project.telephone = SANGZHE, "张三", "13800000000"
    session.flush()
    rows = {row[2]: row for row in annex5_rows(projects_where(session, true()))}
    assert rows["A1"][5:7] == ("桑柘镇（全称）", "张三 13800000000")
    assert rows["A1"][12] == "桑柘镇"
    assert rows["C1"][5] == "某合作社"
    assert rows["A4"][27] == "退出"
    assert [row[0] for row in rows.values()] == [1, 2, 3, 4, 5, 6]


def test_f9_a_person_may_override_the_ledger_s_word(session: Session) -> None:
    session.query(Project).filter_by(number="A2").one().operation_ledger = "difficult"
    session.flush()
    rows = {row[2]: row for row in annex5_rows(projects_where(session, true()))}
    assert rows["A2"][20] == "经营困难"
    assert rows["B1"][20] == "经营困难"
    assert rows["A1"][20] == "经营正常"


@pytest.mark.parametrize(
    ("yuan", "printed"),
    [("0.01", "0.000002"), ("1000000.00", "100.000001"), ("9999.99", "1"), ("999999999999.99", "100000000")],
)
def test_m1_ten_thousands_are_exact_and_without_trailing_zeros(session: Session, yuan: str, printed: str) -> None:
    add(session, "Z1", TRADE, yuan)  # and 0.01 元 of society's money
    session.flush()
    (row,) = annex5_rows(projects_where(session, Project.number == "Z1"))
    assert format(row[8], "f") == printed


def test_r6_an_exited_project_leaves_the_denominator(session: Session) -> None:
    counted = rates(session, true())
    assert counted == Rates(5, 2, 1, 2)  # A4 has exited
    shares = (counted.stopped, counted.difficult, counted.weak_linkage)
    assert shares == (Decimal("0.4"), Decimal("0.2"), Decimal("0.4"))
    assert rates(session, Project.responsible_unit_id == SANGZHE) == Rates(3, 2, 0, 1)


def test_r6_no_project_has_no_rate(session: Session) -> None:
    none = rates(session, false())
    assert none == Rates(0, 0, 0, 0)
    assert (none.stopped, none.difficult, none.weak_linkage) == (None, None, None)
    assert annex5_rows(projects_where(session, false())) == []
    assert annex4_rows(projects_where(session, false())) == [(None, "合计", Decimal(0), *(0,) * 29)]


@pytest.mark.parametrize(
    ("rate", "printed"),
    [
        (None, "—"),
        (Decimal(0), "0.00%"),
        (Decimal(1) / 3, "33.33%"),
        (Decimal(1) / 8, "12.50%"),
        (Decimal(1) / 16_000, "0.01%"),
        (Decimal("0.12345"), "12.35%"),  # half up, as people round
        (Decimal(1), "100.00%"),
    ],
)
def test_r6_a_rate_in_print(rate: Decimal | None, printed: str) -> None:
    assert rate_text(rate) == printed


def test_f4_townships_and_departments_have_sums_of_their_own(session: Session) -> None:
    counted = annex4_of(projects_where(session, true()))
    assert [line[1] for line in counted.lines] == [
        "桑柘镇", "乡镇（街道）小计", "县商务委", "行业部门小计", "未分派", "合计",
    ]  # fmt: skip
    assert [line[3] for line in counted.lines] == [4, 4, 1, 1, 1, 6]
    alone = annex4_of(projects_where(session, Project.responsible_unit_id == SANGZHE))
    assert [line[1] for line in alone.lines] == ["桑柘镇", "合计"]


def test_f4_the_database_counts_the_same_and_says_where_it_does_not(session: Session) -> None:
    counted = annex4_of(projects_where(session, true()))
    assert differences(session, true(), counted) == []
    session.execute(update(Project).where(Project.number == "A1").values(category="revive"))
    assert differences(session, true(), counted) == [
        "统计表“桑柘镇”一行与数据库的计数不一致",
        "统计表“合计”一行与数据库的计数不一致",
    ]


def test_f4_no_column_that_is_off_by_one_gets_by(session: Session) -> None:
    counted = annex4_of(projects_where(session, true()))
    for column in range(2, 32):
        cells: list[Any] = list(counted.total)
        cells[column] += 1
        wrong = differences(session, true(), replace(counted, total=tuple(cells)))
        assert wrong == ["统计表“合计”一行与数据库的计数不一致"], ANNEX4_HEADS[column]
