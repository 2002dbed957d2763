"""The projects of the register (台账): every field of the forms and of Annex 5, money in exact 元."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pypinyin import Style, lazy_pinyin
from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, validates
from sqlalchemy.orm.attributes import instance_dict

from ledger.db import Base, SealedText
from ledger.people import Unit
from ledger.vocabulary import FundingSource, FundingTier

Funding = Mapping[str, Mapping[str, Decimal]]  # source → tier → 元


class Project(Base):
    """经营性帮扶产业项目. One 项目编号 is one project; an exited one stays with the remark 退出."""

    __tablename__ = "project"

    id: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    number: Mapped[str]
    name: Mapped[str]
    pinyin_initials: Mapped[str]  # of the name, kept by `_keep_initials`
    implementation_year: Mapped[int | None]
    level: Mapped[str | None]  # Level
    responsible_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    township_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    village_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    unit_text: Mapped[str] = mapped_column(default="")  # as the export names them, for what waits unassigned
    township_text: Mapped[str] = mapped_column(default="")
    village_text: Mapped[str] = mapped_column(default="")
    responsible_body: Mapped[str] = mapped_column(default="")
    responsible_person: Mapped[str | None] = mapped_column(SealedText)
    telephone: Mapped[str | None] = mapped_column(SealedText)
    industry: Mapped[str | None]  # Industry
    construction: Mapped[str] = mapped_column(default="")
    funding: Mapped[dict[str, Any]] = mapped_column(default=dict)  # source → tier → 元 as text; `set_funding` writes it
    funding_total_yuan: Mapped[Decimal] = mapped_column(default=Decimal(0))
    funding_earmarked_yuan: Mapped[Decimal] = mapped_column(default=Decimal(0))
    funding_other_yuan: Mapped[Decimal] = mapped_column(default=Decimal(0))
    balance_yuan: Mapped[Decimal | None]
    receivable_yuan: Mapped[Decimal | None]
    appraised_yuan: Mapped[Decimal | None]
    other_value_yuan: Mapped[Decimal | None]
    operating_mode: Mapped[str | None]  # OperatingMode
    function: Mapped[str | None]  # Function
    use: Mapped[str | None]  # Use
    operation: Mapped[str | None]  # Operation
    operation_ledger: Mapped[str | None]  # LedgerOperation when a person overrides the derived one (F9)
    causes: Mapped[list[str]] = mapped_column(default=list)
    problems: Mapped[list[str]] = mapped_column(default=list)
    linkage: Mapped[str | None]  # Linkage
    linkage_gaps: Mapped[list[str]] = mapped_column(default=list)  # the first chosen is the main one
    findings: Mapped[list[str]] = mapped_column(default=list)
    surveyed_on: Mapped[date | None]
    category: Mapped[str | None]  # Category
    measures: Mapped[str] = mapped_column(default="")
    progress: Mapped[str] = mapped_column(default="")
    progress_percent: Mapped[int | None]
    remark: Mapped[str] = mapped_column(default="")
    exited_on: Mapped[date | None]  # leaves the rates' denominator from this day
    created_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column()

    county: Mapped[Unit] = relationship(foreign_keys=[county_id])
    responsible_unit: Mapped[Unit | None] = relationship(foreign_keys=[responsible_unit_id])
    township: Mapped[Unit | None] = relationship(foreign_keys=[township_id])
    village: Mapped[Unit | None] = relationship(foreign_keys=[village_id])

    __table_args__ = (
        UniqueConstraint("county_id", "number"),
        Index("ix_project_county_id_category", "county_id", "category"),
    )
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012  # SQLAlchemy's own declaration

    @validates("name")
    def _keep_initials(self, _column: str, name: str) -> str:
        """Keep what people search by in step with the name, whoever changes it: an import, a survey."""
        self.pinyin_initials = initials(name)
        return name


class Classification(Base):
    """One decision on a project's class, kept for good: the dated history of 四个一批认定."""

    __tablename__ = "classification"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    case_id: Mapped[int | None]
    category: Mapped[str]
    stem: Mapped[str]  # the step that decided it
    article: Mapped[str]
    reason: Mapped[str]
    decided_on: Mapped[date]


def initials(name: str) -> str:
    """Return the pinyin initials by which people search: 桑柘镇 → szz."""
    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()[:200]


def set_funding(project: Project, funding: Funding, unattributed_yuan: Decimal = Decimal(0)) -> None:
    """Store the matrix of sources and tiers and the three sums printed from it; totals are never typed (F1).

    `unattributed_yuan` is what an export's total holds beyond the sources it names, until the survey splits it.
    """
    known = {str(s): {str(t): Decimal(a) for t, a in tiers.items()} for s, tiers in funding.items()}
    for source, tiers in known.items():
        FundingSource(source)
        for tier in tiers:
            FundingTier(tier)
    sums = {source: sum(tiers.values(), Decimal(0)) for source, tiers in known.items()}
    project.funding = {s: {t: str(a) for t, a in tiers.items()} for s, tiers in known.items()}
    project.funding_total_yuan = sum(sums.values(), unattributed_yuan)
    project.funding_earmarked_yuan = sums.get(FundingSource.EARMARKED, Decimal(0))
    project.funding_other_yuan = project.funding_total_yuan - project.funding_earmarked_yuan


def masked(text: str | None) -> str | None:
    """Mask personal data: 138****0000 for a telephone number, 负*** for a name."""
    if not text:
        return text
    digits = len(text) >= 7
    return f"{text[:3]}****{text[-4:]}" if digits else text[0] + "*" * (len(text) - 1)


def told_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return old and new of the columns that differ as the journal tells them, personal data masked (M2)."""
    return {name: (_told(name, old), _told(name, after[name])) for name, old in before.items() if old != after[name]}


def _told(name: str, value: Any) -> Any:
    if name in _SEALED:
        return masked(value)
    return value if value is None or isinstance(value, bool | int | str | list | dict) else str(value)


def columns_of(project: Project) -> dict[str, Any]:
    """Return a project's columns by name; one that was not read is read."""
    read = instance_dict(project)  # asking the attributes one by one takes longer than most steps' decisions
    return {name: read[name] if name in read else getattr(project, name) for name in _COLUMNS}


_COLUMNS = tuple(Project.__table__.columns.keys())
_SEALED = frozenset(column.key for column in Project.__table__.columns if isinstance(column.type, SealedText))
FUNDING_SUMS = ("funding_total_yuan", "funding_earmarked_yuan", "funding_other_yuan")
"""Columns that follow from the matrix of sources and tiers."""


def funding_of(project: Project) -> dict[str, dict[str, Decimal]]:
    """Return the stored matrix as exact amounts in 元."""
    return {s: {t: Decimal(a) for t, a in tiers.items()} for s, tiers in project.funding.items()}


def bare_columns(session: Session) -> list[dict[str, Any]]:
    """Return every project's columns that tables count, with its unit's short name; personal data stays sealed."""
    counted = (
        *(Project.responsible_unit_id, Project.funding_total_yuan, Project.category, Project.operation),
        *(Project.causes, Project.linkage, Project.linkage_gaps),
    )
    name = func.coalesce(Unit.short_name, "未分派").label("unit_name")
    wanted = select(*counted, name).outerjoin(Unit, Unit.id == Project.responsible_unit_id).order_by(Project.id)
    return [dict(row) for row in session.execute(wanted).mappings()]
