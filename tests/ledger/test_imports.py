"""P1: comparing before taking, assigning by unit or place, the same workbook again changes nothing."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from ledger import imports
from ledger.db import SessionFactory, transaction
from ledger.demonstration import build_county
from ledger.people import Unit
from ledger.projects import Project
from ledger.vocabulary import Level, UnitKind

NOW = datetime(2023, 11, 6, 1, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    row: int = 2
    number: str = "500002023500243000001"
    name: str = "2023年桑柘镇云顶村茶叶加工厂"
    implementation_year: int | None = 2023
    level: Level | None = None
    unit_text: str = ""
    township_text: str = "桑柘镇"
    village_text: str = "云顶村"
    responsible_body: str = ""
    responsible_person: str = "负责人01"
    telephone: str = "13800000001"
    industry: str | None = "processing"
    construction: str = "新建厂房"
    operating_mode: str | None = None
    use: str | None = None
    function: str | None = None
    appraised_yuan: Decimal | None = None
    balance_yuan: Decimal | None = None
    receivable_yuan: Decimal | None = None
    other_value_yuan: Decimal | None = None
    funding: dict[tuple[str, str], Decimal] = field(
        default_factory=lambda: {("earmarked", "central"): Decimal("100.10"), ("integrated", "unsplit"): Decimal("5")}
    )
    unattributed_yuan: Decimal = Decimal(0)


@pytest.fixture
def county_id(sessions: SessionFactory) -> int:
    with transaction(sessions) as session:
        return build_county(session, NOW, ("桑柘镇", "保家镇")).county.id


@pytest.mark.parametrize(
    ("row", "unit", "level"),
    [
        (Row(unit_text="桑柘镇人民政府"), "桑柘镇", Level.TOWNSHIP),
        (Row(unit_text="彭水县林业局"), "县林业局", Level.DEPARTMENT),
        # a village's project is run by the township it lies in (art. 12)
        (Row(unit_text="云顶村村民委员会"), "桑柘镇", Level.VILLAGE),
        (Row(unit_text="", level=Level.VILLAGE), "桑柘镇", Level.VILLAGE),
        (Row(unit_text="桑柘镇人民政府", level=Level.VILLAGE), "桑柘镇", Level.VILLAGE),
        (Row(unit_text="县气象局", level=Level.DEPARTMENT), None, Level.DEPARTMENT),
        (Row(unit_text="", township_text="石盘乡"), None, None),
    ],
)
def test_p1_each_project_gets_its_responsible_unit(
    sessions: SessionFactory, county_id: int, row: Row, unit: str | None, level: Level | None
) -> None:
    with transaction(sessions) as session:
        waiting = imports.compare(session, county_id, [row]).unassigned
        project = imports.take(session, county_id, [row], NOW)[0]
        assert (project.responsible_unit.short_name if project.responsible_unit else None, project.level) == (
            unit,
            level,
        )
        assert [p.number for p in imports.unassigned_projects(session, county_id)] == [r.number for r in waiting]
        assert bool(waiting) == (unit is None)


def test_p1_the_same_rows_again_change_nothing(sessions: SessionFactory, county_id: int) -> None:
    with transaction(sessions) as session:
        first = imports.compare(session, county_id, [Row()])
        imports.take(session, county_id, [Row()], NOW)
    with transaction(sessions) as session:
        again = imports.compare(session, county_id, [Row()])
        assert imports.take(session, county_id, [Row()], NOW) == []
        assert session.scalars(select(Project)).one().revision == 1
    assert (len(first.new), len(again.new), len(again.changed), again.unchanged_count) == (1, 0, 0, 1)


def test_p1_changes_are_named_and_personal_data_is_not(sessions: SessionFactory, county_id: int) -> None:
    changed = replace(
        Row(),
        construction="改建厂房",
        use="idle",
        telephone="13800000002",
        funding={("earmarked", "central"): Decimal(7)},
    )
    with transaction(sessions) as session:
        imports.take(session, county_id, [Row()], NOW)
        change = imports.compare(session, county_id, [changed]).changed[0]
        assert change.fields == {
            "construction": ("新建厂房", "改建厂房"),
            "use": ("", "闲置"),
            "telephone": ("***", "***"),
            "funding": ("105.10", "7.00"),
        }
        imports.take(session, county_id, [changed], NOW)
        project = session.scalars(select(Project)).one()
        assert (project.telephone, project.funding_total_yuan) == ("13800000002", Decimal(7))


def test_m1_sums_are_exact_and_unsplit_counts(sessions: SessionFactory, county_id: int) -> None:
    with transaction(sessions) as session:
        project = imports.take(session, county_id, [replace(Row(), unattributed_yuan=Decimal("0.05"))], NOW)[0]
        sums = (project.funding_total_yuan, project.funding_earmarked_yuan, project.funding_other_yuan)
        assert sums == (Decimal("105.15"), Decimal("100.10"), Decimal("5.05"))


def test_a_workbook_without_a_column_wipes_nothing(sessions: SessionFactory, county_id: int) -> None:
    with transaction(sessions) as session:
        imports.take(session, county_id, [Row()], NOW)
        imports.take(session, county_id, [replace(Row(), construction="", industry=None)], NOW)
        project = session.scalars(select(Project)).one()
        assert (project.construction, project.industry) == ("新建厂房", "processing")


def test_a_village_is_found_in_its_own_township_only(sessions: SessionFactory, county_id: int) -> None:
    with transaction(sessions) as session:
        imports.take(session, county_id, [replace(Row(), township_text="保家镇")], NOW)
        village = session.scalars(select(Project)).one().village
        assert village is not None
        parent = session.get_one(Unit, village.parent_id)
        assert (village.kind, parent.short_name) == (UnitKind.VILLAGE, "保家镇")
