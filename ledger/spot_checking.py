"""Acts on spot checks (R5): draw, note what was found, report its mending, look again; each on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from secrets import token_hex

from sqlalchemy.orm import Session

from ledger.db import day_of
from ledger.journal import Act, Moment
from ledger.scope import Actor
from ledger.spot_checks import Drawing, Finding, SpotCheck, SpotCheckProject, candidates, draw
from ledger.vocabulary import Role, UnitKind
from ledger.writing import record

CHECKERS = (UnitKind.BUREAU, UnitKind.COUNTY, UnitKind.CITY)


class CheckRefused(ValueError):
    """抽查不能这样办."""


@dataclass(frozen=True)
class Checking:
    """Who acts on a check, in which transaction and when."""

    session: Session
    actor: Actor
    moment: Moment

    def note(self, name: str, row: SpotCheckProject, **detail: object) -> None:
        told = {"check": row.check_id, "drawn": row.id, "project": row.project_id, **detail}
        record(self.session, self.moment, self.actor, Act(name, detail=told))


def draw_check(checking: Checking, county_id: int, title: str, drawing: Drawing) -> SpotCheck:
    """Draw projects of a county by a rule; an empty seed is made here and kept. Raises CheckRefused."""
    unit_id = checker_of(checking.actor)
    if unit_id is None:
        raise CheckRefused("督查抽查由县乡村振兴局或上级乡村振兴部门开展")
    pool = candidates(checking.session, county_id)
    if not pool:
        raise CheckRefused("没有可以抽取的项目")
    drawing = Drawing(drawing.strata, drawing.percent, drawing.seed or token_hex(8))
    check = SpotCheck(
        county_id=county_id,
        unit_id=unit_id,
        title=title,
        strata=list(drawing.strata),
        percent=drawing.percent,
        seed=drawing.seed,
        pool=[[each.number, each.unit, each.category, str(each.yuan)] for _project, each in pool],
        drawn_at=checking.moment.at,
        drawn_by_id=checking.actor.user_id,
    )
    projects = {project.number: project for project, _each in pool}
    for each, layer in draw([each for _project, each in pool], drawing):
        project = projects[each.number]
        check.projects.append(
            SpotCheckProject(
                project_id=project.id,
                unit_id=project.responsible_unit_id,
                stratum=" · ".join(layer),
                finding=Finding.OPEN,
            )
        )
    checking.session.add(check)
    checking.session.flush()
    told = {"check": check.id, "seed": check.seed, "percent": check.percent, "strata": check.strata}
    drawn = {"drawn": len(check.projects), "pool": len(pool)}
    record(checking.session, checking.moment, checking.actor, Act("spot_check_drawn", detail={**told, **drawn}))
    return check


def checker_of(actor: Actor) -> int | None:
    """Return the unit in whose name a person checks, None for who may not."""
    return next((p.unit_id for p in actor.posts if p.role is Role.HANDLER and p.unit_kind in CHECKERS), None)


@dataclass(frozen=True)
class Found:
    """What a check found on a day; `mend_by_on` with a problem only."""

    checked_on: date
    text: str
    mend_by_on: date | None = None


def note_finding(checking: Checking, row: SpotCheckProject, found: Found) -> None:
    """Note what was found in a drawn project; a problem needs a day by which it is mended. Raises CheckRefused."""
    _require_checker(checking, row)
    if row.finding not in (Finding.OPEN, Finding.SOUND, Finding.PROBLEM):
        raise CheckRefused("该项目已在整改，不能再改检查结果")
    if found.checked_on > day_of(checking.moment.at):
        raise CheckRefused("检查日期不能晚于今天")
    if found.mend_by_on is not None and found.mend_by_on < found.checked_on:
        raise CheckRefused("整改期限不能早于检查日期")
    row.finding = Finding.SOUND if found.mend_by_on is None else Finding.PROBLEM
    row.checked_on, row.text, row.mend_by_on = found.checked_on, found.text, found.mend_by_on
    until = None if found.mend_by_on is None else found.mend_by_on.isoformat()
    checking.note("spot_check_found", row, finding=str(row.finding), until=until)


def report_mending(checking: Checking, row: SpotCheckProject, text: str) -> None:
    """Say as the responsible unit what was done about a problem. Raises CheckRefused."""
    if not checking.actor.holds(Role.HANDLER, row.unit_id):
        raise CheckRefused(f"由{row.unit.short_name}经办人填报整改情况")
    if row.finding != Finding.PROBLEM:
        raise CheckRefused("该项目现在没有需要整改的问题")
    row.finding, row.mending, row.mended_on = Finding.MENDED, text, day_of(checking.moment.at)
    checking.note("spot_check_mended", row)


def look_again(checking: Checking, row: SpotCheckProject, text: str, until: date | None) -> None:
    """Accept a mending, or ask for it again by another day. Raises CheckRefused."""
    _require_checker(checking, row)
    if row.finding != Finding.MENDED:
        raise CheckRefused("责任单位还没有报告整改情况")
    if until is not None and until <= day_of(checking.moment.at):
        raise CheckRefused("新的整改期限应在今天以后")
    row.finding, row.result = Finding.SETTLED if until is None else Finding.PROBLEM, text
    if until is not None:
        row.mend_by_on = until
    checking.note("spot_check_settled" if until is None else "spot_check_again", row)


def _require_checker(checking: Checking, row: SpotCheckProject) -> None:
    if not checking.actor.holds(Role.HANDLER, row.check.unit_id):
        raise CheckRefused(f"由{row.check.unit.short_name}经办人办理")
