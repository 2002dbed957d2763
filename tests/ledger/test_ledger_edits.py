"""What a returned 台账 changes, cell by cell, and what it may not (F5, R3): marks, refusals, linkage, funding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import true
from sqlalchemy.orm import Session

from forms.sheets.annexes import ANNEX5_LEAVES
from ledger.db import SessionFactory, transaction
from ledger.journal import Entry, Moment
from ledger.ledger_edits import Editor, LedgerCell, LedgerRow, Plan, ReturnedLedger, edits_of, plan_edits, take_edits
from ledger.ledger_marks import mark_of, shown
from ledger.people import Unit
from ledger.projects import Project, set_funding
from ledger.scope import Actor
from ledger.statistics import annex5_rows, projects_where, rates
from ledger.vocabulary import Linkage, LinkageGap

NOW = datetime(2023, 12, 4, 1, tzinfo=UTC)
BY = Actor(None, "经办甲", ())
ALL = Editor(true(), lambda _project: True, lambda project: project.telephone or "")
COLUMN = {head: n for n, head in enumerate(ANNEX5_LEAVES)}


@pytest.fixture
def session(sessions: SessionFactory) -> Iterator[Session]:
    with transaction(sessions) as opened:
        opened.add(Unit(id=1, code="500243", name="彭水县", short_name="彭水县", kind="county", path="/1/"))
        opened.flush()
        project = Project(
            county_id=1, number="P1", name="大棚", implementation_year=2019, created_at=NOW, linkage="partial",
            linkage_gaps=["production", "jobs"], operation="stopped", remark="旧", responsible_person="冉某",
            telephone="13800000001", measures="协议", balance_yuan=Decimal("125000.00"),
        )  # fmt: skip
        set_funding(project, {"earmarked": {"central": Decimal(10_000)}, "social": {"unsplit": Decimal(5_000)}})
        opened.add(project)
        opened.flush()
        yield opened


def project_of(session: Session) -> Project:
    return session.query(Project).one()


def returned(session: Session, marked: bool = True, **changed: tuple[str, Any]) -> LedgerRow:
    """Return the project's row as it would come back, some cells showing and meaning something else."""
    (row,) = annex5_rows(projects_where(session, true()))
    marks = mark_of(row) if marked else ""
    return again(row, marks, **changed)


def again(row: tuple[Any, ...], marks: str, **changed: tuple[str, Any]) -> LedgerRow:
    cells = []
    for column in range(1, 28):
        head = ANNEX5_LEAVES[column]
        text, value = changed.get(head, (shown(row[column]), None))
        problem = str(value) if isinstance(value, ValueError) else ""
        cells.append(LedgerCell(7, f"X{column}", head, column, text, text, value, problem))
    return LedgerRow(7, str(row[2]), marks, tuple(cells))


def planned(session: Session, row: LedgerRow, editor: Editor = ALL) -> Plan:
    return plan_edits(session, ReturnedLedger((row,)), editor)


def test_an_untouched_row_changes_nothing(session: Session) -> None:
    plan = planned(session, returned(session))
    assert (plan.changes, plan.errors, plan.unchanged_count) == ((), (), 1)
    assert planned(session, returned(session, marked=False)).unchanged_count == 1  # its marks were lost on the way


def test_a_changed_cell_is_taken_with_who_and_when(session: Session) -> None:
    row = returned(session, 备注=("新", "新"), 结余资金=("12.6", Decimal("126000.00")))
    plan = planned(session, row)
    assert [(each.head, each.old, each.new) for each in plan.changes] == [
        ("结余资金", "12.5", "12.6"),
        ("备注", "旧", "新"),
    ]
    assert take_edits(session, plan, BY, Moment(NOW, NOW)) == 2
    project = project_of(session)
    assert (project.remark, project.balance_yuan) == ("新", Decimal(126_000))
    kept = {edit.head: (edit.old, edit.new, edit.edited_by, edit.edited_at) for edit in edits_of(session, project.id)}
    assert kept["备注"] == ("旧", "新", "经办甲", NOW)
    assert "ledger_edit" in {entry.act for entry in session.query(Entry)}


def test_what_others_changed_meanwhile_is_not_undone(session: Session) -> None:
    (old,) = annex5_rows(projects_where(session, true()))
    marks = mark_of(old)
    project_of(session).remark = "别人的"
    session.flush()
    plan = planned(session, again(old, marks, 名称=("", None)))
    assert (plan.changes, plan.errors, plan.unchanged_count) == ((), (), 1)
    clash = planned(session, again(old, marks, 备注=("我的", "我的")))
    assert clash.changes == ()
    assert "已改为“别人的”" in clash.errors[0].reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"四个一批分类": ("巩固", "巩固")}, "由会议研究、审定"),
        ({"小计": ("9", Decimal(90_000))}, "不用填写"),
        ({"专项资金": ("2", Decimal(20_000))}, "按来源和级次分开"),
        ({"备注": ("坏", ValueError("单元格是公式"))}, "单元格是公式"),
        ({"发挥联农带农作用": ("充分", Linkage.FULL)}, "原因应清空"),
        ({"未充分发挥联农带农作用原因": ("", None)}, "须选一项原因"),
    ],
)
def test_what_may_not_be_changed_here_says_why_by_cell(session: Session, changed: Any, reason: str) -> None:
    plan = planned(session, returned(session, **changed))
    assert plan.changes == ()
    assert len(plan.errors) == 1
    assert reason in plan.errors[0].reason
    assert plan.errors[0].cell.startswith("X")


def test_measures_decided_with_a_class_are_a_meetings(session: Session) -> None:
    changed = {"处置整改措施": ("改", "改")}
    assert len(planned(session, returned(session, **changed)).changes) == 1
    project_of(session).category = "upgrade"
    session.flush()
    assert "由会议调整" in planned(session, returned(session, **changed)).errors[0].reason


def test_strangers_change_nothing(session: Session) -> None:
    other = Editor(true(), lambda _project: False, ALL.telephone)
    assert "经办人" in planned(session, returned(session, 备注=("新", "新")), other).errors[0].reason
    assert planned(session, returned(session), other).errors == ()
    unseen = Editor(Project.number == "P9", lambda _project: True, ALL.telephone)
    assert "没有这个项目编号" in planned(session, returned(session), unseen).errors[0].reason


def test_a_number_twice_is_an_error_of_both_rows(session: Session) -> None:
    row = returned(session)
    assert [error.reason for error in plan_edits(session, ReturnedLedger((row, row)), ALL).errors] == [
        "项目编号在表中重复"
    ] * 2


def test_linkage_operation_person_place_and_money_reach_their_fields(session: Session) -> None:
    row = returned(
        session,
        未充分发挥联农带农作用原因=("未按约定及时足额分配资产收益", LinkageGap.RETURNS),
        生产经营情况=("经营困难", "difficult"),
        原因分析=("资金短缺", ["funds"]),
        责任人及联系电话=("张某13900000002", ("张某", "13900000002")),
        项目地点=("桑柘镇鹿青村", ("桑柘镇", "鹿青村")),
        其他资金=("0.6", Decimal(6_000)),
    )
    plan = planned(session, row)
    take_edits(session, plan, BY, Moment(NOW, NOW))
    project = project_of(session)
    assert project.linkage_gaps == ["returns", "jobs"]  # the main one is replaced, the others are kept (F9)
    assert (project.operation, project.operation_ledger, project.causes) == ("difficult", None, ["funds"])
    assert (project.responsible_person, project.telephone) == ("张某", "13900000002")
    assert (project.township_text, project.village_text) == ("桑柘镇", "鹿青村")
    assert (project.funding_total_yuan, project.funding_other_yuan) == (Decimal(16_000), Decimal(6_000))
    person = next(edit for edit in edits_of(session, project.id) if edit.head == "责任人及联系电话")
    assert (person.old, person.new) == ("***", "***")  # M2
    assert "13900000002" not in "".join(entry.detail for entry in session.query(Entry))


@pytest.mark.parametrize(
    ("operation", "causes", "reason"),
    [
        (("经营困难", "difficult"), "", "经营困难或终止经营的，须写明原因分析"),
        (("经营正常", "normal"), "资金短缺", "生产经营情况是“经营正常”，原因分析应清空"),
        (("", None), "", "生产经营情况不能清空"),
    ],
)
def test_r3_operation_and_its_causes_are_held_together(
    session: Session, operation: tuple[str, Any], causes: str, reason: str
) -> None:
    cells = {"生产经营情况": operation, "原因分析": (causes, ["funds"] if causes else [])}
    plan = planned(session, returned(session, **cells))
    assert [error.reason for error in plan.errors] == [reason]
    assert plan.edits == ()


def test_r6_a_workbook_that_says_normal_makes_the_rate_fall(session: Session) -> None:
    assert rates(session, true()).stopped_count == 1
    plan = planned(session, returned(session, 生产经营情况=("经营正常", "normal")))
    take_edits(session, plan, BY, Moment(NOW, NOW))
    assert (rates(session, true()).stopped_count, project_of(session).operation) == (0, "normal")


def test_the_same_value_written_otherwise_is_no_change(session: Session) -> None:
    plan = planned(session, returned(session, 结余资金=("12.50", Decimal("125000.00"))))
    assert (plan.changes, plan.unchanged_count) == ((), 1)
