"""督查抽查 (R5, art. 21): projects drawn by a rule with its seed on record, what was found in each, and its mending.

Anybody can draw again: the projects as they stood are kept with the draw, sorted by number, and the choice depends on
them, the rule and the seed alone. No random generator of a library is asked: SHA-256 orders the projects of a stratum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, UniqueConstraint, false, or_, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.db import Base
from ledger.papers import Attachment
from ledger.people import Unit, User
from ledger.projects import Project
from ledger.scope import BUSINESS, COUNTY_WIDE, Actor, reach_of, visible_projects
from ledger.vocabulary import Term

UNCLASSIFIED = "none"
BANDS = (Decimal(500_000), Decimal(2_000_000))
"""Amounts in 元 that part small, middle and large projects."""
BAND_NAMES = ("50万元以下", "50万至200万元", "200万元以上")


class Stratum(Term):
    """What a draw is layered by; each layer gives its share, at least one project."""

    UNIT = "unit", "责任单位"
    CATEGORY = "category", "四个一批分类"
    MONEY = "money", "投资规模"


class Finding(Term):
    """What a check found in a project."""

    OPEN = "open", "待检查"
    SOUND = "sound", "未发现问题"
    PROBLEM = "problem", "发现问题，限期整改"
    MENDED = "mended", "已整改，待复核"
    SETTLED = "settled", "整改到位"


class SpotCheck(Base):
    """One draw: by whom, by which rule, from which projects; rows are never redrawn."""

    __tablename__ = "spot_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))  # whose check it is
    title: Mapped[str]
    strata: Mapped[list[str]]  # Stratum
    percent: Mapped[int]  # share of each layer, rounded up
    seed: Mapped[str]
    pool: Mapped[list[Any]] = mapped_column(JSON)  # [number, unit, category, 元 as text] of every project it drew from
    drawn_at: Mapped[datetime]
    drawn_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))

    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    drawn_by: Mapped[User] = relationship()
    projects: Mapped[list[SpotCheckProject]] = relationship(back_populates="check", order_by="SpotCheckProject.id")


class SpotCheckProject(Base):
    """One drawn project: what was found, until when it is to be mended, what came of it."""

    __tablename__ = "spot_check_project"

    id: Mapped[int] = mapped_column(primary_key=True)
    check_id: Mapped[int] = mapped_column(ForeignKey("spot_check.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)  # responsible when it was drawn
    stratum: Mapped[str]  # the layer it was drawn from, as people read it
    finding: Mapped[str]  # Finding
    checked_on: Mapped[date | None]
    text: Mapped[str] = mapped_column(default="")  # what was found
    mend_by_on: Mapped[date | None]
    mended_on: Mapped[date | None]
    mending: Mapped[str] = mapped_column(default="")  # what the unit did
    result: Mapped[str] = mapped_column(default="")  # of looking again
    revision: Mapped[int] = mapped_column()

    check: Mapped[SpotCheck] = relationship(back_populates="projects")
    project: Mapped[Project] = relationship()
    unit: Mapped[Unit] = relationship()

    __table_args__ = (UniqueConstraint("check_id", "project_id"),)
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012  # SQLAlchemy's own declaration


@dataclass(frozen=True)
class Candidate:
    """A project as a draw sees it."""

    number: str
    unit: str
    category: str
    yuan: Decimal

    def layer(self, strata: Sequence[str]) -> tuple[str, ...]:
        """Return the layer it lies in, one name for each of `strata`."""
        named = {Stratum.UNIT: self.unit, Stratum.CATEGORY: self.category, Stratum.MONEY: band_of(self.yuan)}
        return tuple(named[Stratum(each)] for each in strata)


@dataclass(frozen=True)
class Drawing:
    """The rule of a draw: layers, the share of each in percent (1–100), and the seed."""

    strata: tuple[str, ...]
    percent: int
    seed: str


def band_of(yuan: Decimal) -> str:
    """Return the band of money an amount lies in."""
    return BAND_NAMES[sum(yuan >= least for least in BANDS)]


@dataclass(frozen=True)
class Lot:
    """A project of the pool in its layer: its lot, its place among the layer's lots, and how many the layer gives."""

    candidate: Candidate
    layer: tuple[str, ...]
    lot: str
    place: int  # from 1
    layer_count: int
    drawn_count: int

    @property
    def drawn(self) -> bool:
        return self.place <= self.drawn_count


METHOD = (
    "任何人都可以按下面的方法重新抽取，结果相同。"
    "一、算抽签值：把种子、一个换行符、项目编号连成一段文字，按UTF-8编码求SHA-256，写成64位小写十六进制数"
    "（如在命令行：printf '种子\\n项目编号' | sha256sum）。"
    "二、按所列的层把项目分开，每层应抽个数＝该层项目数×比例÷100，有小数的进一。"
    "三、每层的项目按抽签值从小到大排列（相同的按项目编号），取前面的应抽个数。"
)
"""How a draw is made, for who wants to draw again."""


def lots(pool: Sequence[Candidate], drawing: Drawing) -> list[Lot]:
    """Return every project of a pool with its lot, by layer and place in it.

    Of each layer the share is rounded up, so that none goes unchecked.
    """
    layers: dict[tuple[str, ...], list[Candidate]] = {}
    for each in pool:
        layers.setdefault(each.layer(drawing.strata), []).append(each)
    found = []
    for layer, within in sorted(layers.items()):
        count = -(-len(within) * drawing.percent // 100)
        by_lot = sorted(((_lot(drawing.seed, each.number), each) for each in within), key=lambda p: (p[0], p[1].number))
        found += [Lot(each, layer, lot, n, len(within), count) for n, (lot, each) in enumerate(by_lot, 1)]
    return found


def draw(pool: Sequence[Candidate], drawing: Drawing) -> list[tuple[Candidate, tuple[str, ...]]]:
    """Return the drawn projects with their layers, by layer and number; the same again for the same three."""
    drawn = [(each.candidate, each.layer) for each in lots(pool, drawing) if each.drawn]
    return sorted(drawn, key=lambda each: (each[1], each[0].number))


def _lot(seed: str, number: str) -> str:
    """Return a project's lot: SHA-256 of the seed and its number, as hexadecimal digits."""
    return sha256(f"{seed}\n{number}".encode()).hexdigest()


def candidates(session: Session, county_id: int) -> list[tuple[Project, Candidate]]:
    """Return the county's projects that stay and have a unit, in the order of their numbers."""
    wanted = (
        Project.county_id == county_id,
        Project.exited_on.is_(None),
        Project.responsible_unit_id.is_not(None),
    )
    query = select(Project).where(*wanted).options(joinedload(Project.responsible_unit)).order_by(Project.number)
    return [(project, _candidate(project)) for project in session.scalars(query)]


def _candidate(project: Project) -> Candidate:
    unit = project.responsible_unit.short_name if project.responsible_unit is not None else ""
    return Candidate(project.number, unit, project.category or UNCLASSIFIED, project.funding_total_yuan)


def pool_of(check: SpotCheck) -> list[Candidate]:
    """Return the projects a draw was made from, as they stood."""
    return [Candidate(number, unit, category, Decimal(yuan)) for number, unit, category, yuan in check.pool]


def rule_of(check: SpotCheck) -> Drawing:
    """Return the rule a draw was made by."""
    return Drawing(tuple(check.strata), check.percent, check.seed)


def drawn_again(check: SpotCheck) -> list[str]:
    """Draw once more from what is on record; returns the numbers of the projects."""
    again = draw(pool_of(check), rule_of(check))
    return [each.number for each, _layer in again]


def visible_checks(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `SpotCheck` that holds for who sees its county whole."""
    posts = [post for post in actor.posts if post.role in BUSINESS and post.unit_kind in COUNTY_WIDE]
    if not posts:
        return false()
    reaches = {reach_of(post) for post in posts}
    below = select(Unit.id).where(or_(*(Unit.path.startswith(reach, autoescape=True) for reach in reaches)))
    return SpotCheck.county_id.in_(below)


def visible_drawn(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `SpotCheckProject` that holds for what `actor` may see: the projects' own scope."""
    return SpotCheckProject.project_id.in_(select(Project.id).where(visible_projects(actor)))


def checks_page(session: Session, actor: Actor, limit: int) -> Sequence[SpotCheck]:
    """Return the draws a person sees, newest first."""
    query = select(SpotCheck).where(visible_checks(actor)).options(joinedload(SpotCheck.unit))
    return session.scalars(query.order_by(SpotCheck.id.desc()).limit(limit)).all()


def visible_check(session: Session, actor: Actor, check_id: int) -> SpotCheck | None:
    query = select(SpotCheck).where(SpotCheck.id == check_id, visible_checks(actor))
    return session.scalars(query.options(joinedload(SpotCheck.unit))).one_or_none()


def drawn_projects(session: Session, actor: Actor, check_id: int | None = None) -> Sequence[SpotCheckProject]:
    """Return drawn projects a person sees, of one draw or of all, newest draw first."""
    wanted = (
        [visible_drawn(actor)] if check_id is None else [visible_drawn(actor), SpotCheckProject.check_id == check_id]
    )
    whole = (
        joinedload(SpotCheckProject.project),
        joinedload(SpotCheckProject.unit),
        joinedload(SpotCheckProject.check).joinedload(SpotCheck.unit),
    )
    order = (SpotCheckProject.check_id.desc(), SpotCheckProject.id)
    return session.scalars(select(SpotCheckProject).where(*wanted).options(*whole).order_by(*order).limit(500)).all()


def drawn_project(session: Session, actor: Actor, row_id: int, *, lock: bool = False) -> SpotCheckProject | None:
    """Return one drawn project a person sees, locked when it is to be changed."""
    query = select(SpotCheckProject).where(SpotCheckProject.id == row_id, visible_drawn(actor))
    query = query.execution_options(populate_existing=True)
    return session.scalars(query.with_for_update(of=SpotCheckProject) if lock else query).one_or_none()


def papers_of_drawn(session: Session, row_id: int) -> Sequence[Attachment]:
    """Return photographs and other papers of one drawn project."""
    wanted = (Attachment.spot_check_project_id == row_id, Attachment.removed_at.is_(None))
    whole = (joinedload(Attachment.paper), joinedload(Attachment.attached_by))
    return session.scalars(select(Attachment).where(*wanted).options(*whole).order_by(Attachment.id)).all()
