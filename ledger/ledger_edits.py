"""What somebody changed in a returned 台账 (Annex 5): planned against the ledger as it is, then taken, cell by cell.

A cell is changed when it shows neither what it showed when it left nor what the ledger shows now. What a meeting
decides and what is summed from parts is not changed here; the reason says where it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base
from ledger.journal import Act, Moment
from ledger.ledger_marks import shown, untouched
from ledger.projects import Project, columns_of, funding_of, set_funding, told_changes
from ledger.register import latest_cases
from ledger.scope import Actor
from ledger.statistics import Cell, Which, annex5_rows, both, projects_where
from ledger.vocabulary import FundingSource, FundingTier, Linkage, Operation
from ledger.writing import record

_AT_ONCE = 500  # projects of one statement
_PERSON, _SUBTOTAL, _EARMARKED, _OTHER, _OPERATION, _CAUSES, _LINKAGE, _GAP, _MEASURES = 6, 8, 9, 10, 20, 22, 23, 24, 25
_PLAIN: Mapping[int, str] = {
    1: "name", 3: "implementation_year", 5: "responsible_body", 7: "industry", 11: "construction",
    13: "operating_mode", 14: "balance_yuan", 15: "receivable_yuan", 16: "appraised_yuan", 17: "other_value_yuan",
    18: "function", 19: "use", 21: "problems", 22: "causes", 25: "measures", 26: "progress", 27: "remark",
}  # fmt: skip
_HIDDEN = "***"  # personal data in the trail


class LedgerEdit(Base):
    """One cell of the ledger that somebody changed in a workbook; personal data is not repeated here."""

    __tablename__ = "ledger_edit"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    head: Mapped[str]  # the column of Annex 5
    old: Mapped[str]
    new: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")  # told where facts are corrected one by one (R3)
    edited_at: Mapped[datetime]
    edited_by: Mapped[str]
    edited_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


@dataclass(frozen=True)
class LedgerCell:
    """One cell as it came back: where it stands, what it shows, what it means, or why it cannot be read."""

    row: int
    cell: str  # "L7"
    head: str
    column: int  # of Annex 5, counted from 0
    text: str  # as `ledger_marks.shown`
    plain: str  # as a person reads it
    value: Any
    problem: str = ""


@dataclass(frozen=True)
class LedgerRow:
    """One project's row as it came back; `marks` is "" where the workbook does not know it."""

    row: int
    number: str
    marks: str
    cells: tuple[LedgerCell, ...]


@dataclass(frozen=True)
class ReturnedLedger:
    """A workbook that came back: its rows, and the numbers it left with that have no row any more."""

    rows: tuple[LedgerRow, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class CellChange:
    """One cell that would change; `old` and `new` as they are printed."""

    row: int
    cell: str
    number: str
    name: str
    head: str
    old: str
    new: str


@dataclass(frozen=True)
class CellError:
    """Why one cell cannot be taken."""

    row: int
    cell: str
    head: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What taking a returned ledger would do: a row with an error is not taken."""

    row_count: int
    changes: tuple[CellChange, ...]
    errors: tuple[CellError, ...]
    unchanged_count: int  # rows
    edits: tuple[tuple[Project, tuple[LedgerCell, ...]], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()  # 项目编号 and name of what somebody deleted: it stays in the ledger

    @property
    def seal(self) -> str:
        """A hash of the changes: what a person confirms is what was shown."""
        told = [[each.number, each.head, each.old, each.new] for each in self.changes]
        return sha256(orjson.dumps(told)).hexdigest()


@dataclass(frozen=True)
class Editor:
    """Whose workbook it is: which projects they see, which they may change, how much of a number they are shown."""

    seen: Which
    handles: Callable[[Project], bool]
    telephone: Callable[[Project], str]


def plan_edits(session: Session, returned: ReturnedLedger, editor: Editor) -> Plan:
    """Say what taking a returned ledger would do; nothing is written."""
    rows = returned.rows
    known = _known(session, {row.number for row in rows}, editor.seen)
    gone = _known(session, set(returned.left_out), editor.seen) if returned.left_out else {}
    printed = _printed(known.values(), editor)
    counted = Counter(row.number for row in rows)
    changes: list[CellChange] = []
    errors: list[CellError] = []
    edits: list[tuple[Project, tuple[LedgerCell, ...]]] = []
    unchanged = 0
    for row in rows:
        project = known.get(row.number)
        wrong = _row_problem(row, project, counted[row.number])
        if wrong or project is None:
            number = row.cells[1]
            errors.append(CellError(row.row, number.cell, number.head, wrong))
            continue
        touched, found = _touched(row, project, printed[row.number])
        found += _refusals(project, touched, row, editor)
        errors += found
        if touched and not found:
            changes += [_change(project, cell, printed[row.number]) for cell in touched]
            edits.append((project, tuple(touched)))
        unchanged += not touched and not found
    left_out = tuple((number, gone[number].name) for number in returned.left_out if number in gone)
    return Plan(len(rows), tuple(changes), tuple(errors), unchanged, tuple(edits), left_out)


def take_edits(session: Session, plan: Plan, actor: Actor, moment: Moment) -> int:
    """Write the rows of a plan, each cell with who and when; return how many cells changed."""
    cases = latest_cases(session, [project.id for project, _cells in plan.edits])
    told = {(change.row, change.cell): change for change in plan.changes}
    for project, cells in plan.edits:
        changed = [told[cell.row, cell.cell] for cell in cells]
        before = dict(columns_of(project))
        for cell in _in_order(cells):
            _write(project, cell)
        columns = told_changes(before, columns_of(project))
        hidden = {cell.cell for cell in cells if cell.column == _PERSON}
        for change in changed:
            old, new = (_HIDDEN, _HIDDEN) if change.cell in hidden else (change.old, change.new)
            session.add(
                LedgerEdit(
                    project_id=project.id,
                    head=change.head,
                    old=old,
                    new=new,
                    edited_at=moment.at,
                    edited_by=actor.name,
                    edited_by_id=actor.user_id,
                )
            )
        case = cases.get(project.id)
        fields = {c.head: [_HIDDEN] * 2 if c.cell in hidden else [c.old, c.new] for c in changed}
        detail = {"number": project.number, "fields": fields, "project": columns}
        record(session, moment, actor, Act("ledger_edit", case_id=case.id if case else None, detail=detail))
    session.flush()
    return len(plan.changes)


def edits_of(session: Session, project_id: int, limit: int = 200) -> Sequence[LedgerEdit]:
    """Return what was changed on a project through workbooks, newest first."""
    wanted = select(LedgerEdit).where(LedgerEdit.project_id == project_id).order_by(LedgerEdit.id.desc())
    return session.scalars(wanted.limit(limit)).all()


def _known(session: Session, numbers: Collection[str], seen: Which) -> dict[str, Project]:
    known: dict[str, Project] = {}
    wanted = sorted(numbers)
    for start in range(0, len(wanted), _AT_ONCE):
        part = Project.number.in_(wanted[start : start + _AT_ONCE])
        known.update((project.number, project) for project in projects_where(session, both(seen, part)))
    return known


def _printed(projects: Collection[Project], editor: Editor) -> dict[str, tuple[Cell, ...]]:
    return {str(row[2]): row for row in annex5_rows([*projects], editor.telephone)}


def _row_problem(row: LedgerRow, project: Project | None, count: int) -> str:
    if not row.number:
        return "项目编号为空"
    if count > 1:
        return "项目编号在表中重复"
    if project is None:
        return "台账里没有这个项目编号，或不在您的查看范围内；新项目请走项目推送"
    return ""


def _touched(row: LedgerRow, project: Project, current: Sequence[Cell]) -> tuple[list[LedgerCell], list[CellError]]:
    """Return the cells somebody changed, and those that others changed meanwhile or that cannot be read."""
    touched, errors = [], []
    for cell in row.cells:
        now = shown(current[cell.column])
        if cell.text == now or untouched(row.marks, cell.column, cell.text):
            continue
        reason = cell.problem
        if untouched(row.marks, cell.column, now) is False:
            reason = f"下载之后台账里这一格已改为“{_text(current[cell.column])[:60]}”，请重新下载后再改"
        if reason:
            errors.append(CellError(row.row, cell.cell, cell.head, reason))
        elif not _same(project, cell):
            touched.append(cell)
    return touched, errors


def _same(project: Project, cell: LedgerCell) -> bool:
    """Tell a cell that is only written otherwise: 12.50 as text, the same causes in another order."""
    if cell.column in _PLAIN:
        stored = getattr(project, _PLAIN[cell.column])
        if isinstance(cell.value, list):
            return set(stored) == set(cell.value)
        return bool((stored if stored != "" else None) == (cell.value if cell.value != "" else None))
    if cell.column == _PERSON:
        return bool((project.responsible_person or "", project.telephone or "") == cell.value)
    money = {_EARMARKED: project.funding_earmarked_yuan, _OTHER: project.funding_other_yuan}
    money[_SUBTOTAL] = project.funding_total_yuan
    return cell.column in money and bool(money[cell.column] == cell.value)


def _refusals(project: Project, cells: Sequence[LedgerCell], row: LedgerRow, editor: Editor) -> list[CellError]:
    if not cells:
        return []
    if not editor.handles(project):
        reason = "只有该项目承办单位的经办人可以改"
        return [CellError(cell.row, cell.cell, cell.head, reason) for cell in cells]
    by_column = {cell.column: cell for cell in cells}
    found = [(cell, _refusal(project, cell)) for cell in cells]
    errors = [CellError(cell.row, cell.cell, cell.head, reason) for cell, reason in found if reason]
    return [*errors, *_linkage_refusal(project, by_column, row), *_operation_refusal(by_column, row)]


def _refusal(project: Project, cell: LedgerCell) -> str:
    if cell.column == 4:
        return "四个一批分类由会议研究、审定，不能在台账里改"
    if cell.column == _MEASURES and project.category:
        return "处置整改措施已随分类审定，不能在台账里改；请由会议调整"
    if cell.column == _SUBTOTAL:
        return "小计由专项资金和其他资金相加，不用填写"
    if cell.column in (_EARMARKED, _OTHER):
        if cell.value is None:
            return "金额为空"
        if _single_source(project, cell.column) is None:
            return "这项资金已按来源和级次分开填写，请在实地调研表里改"
    return ""


def _single_source(project: Project, column: int) -> FundingSource | None:
    """Return the source a changed amount belongs to: only one that is not split into tiers can take it."""
    if column == _EARMARKED:
        sources = [FundingSource.EARMARKED]
    else:
        sources = [FundingSource.INTEGRATED, FundingSource.SECTOR, FundingSource.SOCIAL]
    held = {
        FundingSource(source): [tier for tier, yuan in tiers.items() if yuan]
        for source, tiers in funding_of(project).items()
        if FundingSource(source) in sources
    }
    used = [source for source, tiers in held.items() if tiers]
    if len(sources) == 1:
        used = sources
    if len(used) != 1 or any(tier != FundingTier.UNSPLIT for tier in held.get(used[0], [])):
        return None
    return used[0]


def _linkage_refusal(project: Project, cells: Mapping[int, LedgerCell], row: LedgerRow) -> list[CellError]:
    """Hold 联农带农 and its main gap together: 充分 has none, 不充分 has one."""
    if not {_LINKAGE, _GAP} & cells.keys():
        return []
    linkage = cells[_LINKAGE].value if _LINKAGE in cells else project.linkage
    gap = next(cell for cell in row.cells if cell.column == _GAP)
    if linkage == Linkage.PARTIAL and not gap.text:
        return [CellError(gap.row, gap.cell, gap.head, "联农带农不充分，须选一项原因")]
    if linkage != Linkage.PARTIAL and gap.text:
        return [CellError(gap.row, gap.cell, gap.head, "联农带农不是“不充分”，原因应清空")]
    return []


def _operation_refusal(cells: Mapping[int, LedgerCell], row: LedgerRow) -> list[CellError]:
    """Hold 生产经营情况 and its causes together (F4): difficult or stopped has some, normal has none."""
    if _OPERATION not in cells:
        return []
    told = cells[_OPERATION]
    operation, causes = told.value, next(cell for cell in row.cells if cell.column == _CAUSES)
    if operation is None:
        return [CellError(told.row, told.cell, told.head, "生产经营情况不能清空")]
    if operation == Operation.NORMAL and causes.text:
        return [CellError(causes.row, causes.cell, causes.head, "生产经营情况是“经营正常”，原因分析应清空")]
    if operation != Operation.NORMAL and not causes.text:
        return [CellError(causes.row, causes.cell, causes.head, "经营困难或终止经营的，须写明原因分析")]
    return []


def _in_order(cells: Sequence[LedgerCell]) -> list[LedgerCell]:
    return sorted(cells, key=lambda cell: cell.column)


def _write(project: Project, cell: LedgerCell) -> None:
    value = cell.value
    if cell.column in _PLAIN:
        name = _PLAIN[cell.column]
        setattr(project, name, str(value) if value is not None and name in _TERMS else value)
    elif cell.column == _PERSON:
        project.responsible_person, project.telephone = value
    elif cell.column == 12:
        project.township_text, project.village_text = value
    elif cell.column in (_EARMARKED, _OTHER):
        _fund(project, cell.column, value)
    elif cell.column == _OPERATION:
        project.operation, project.operation_ledger = str(value), None
    elif cell.column == _LINKAGE:
        project.linkage = str(value) if value is not None else None
        if value != Linkage.PARTIAL:
            project.linkage_gaps = []
    elif cell.column == _GAP:
        others = [gap for gap in project.linkage_gaps[1:] if gap != value]
        project.linkage_gaps = [str(value), *others] if value is not None else []


_TERMS = frozenset({"industry", "operating_mode", "function", "use"})


def _fund(project: Project, column: int, yuan: Decimal) -> None:
    source = _single_source(project, column)
    assert source is not None  # refused otherwise
    funding = funding_of(project)
    known = sum((sum(tiers.values(), Decimal(0)) for tiers in funding.values()), Decimal(0))
    unattributed = project.funding_total_yuan - known  # what an export told beyond the sources it named
    if column == _OTHER:
        unattributed = Decimal(0)  # it stood in this very cell
    set_funding(project, {**funding, source: {FundingTier.UNSPLIT: yuan}}, unattributed)


def _change(project: Project, cell: LedgerCell, current: Sequence[Cell]) -> CellChange:
    return CellChange(
        cell.row, cell.cell, project.number, project.name, cell.head, _text(current[cell.column]), cell.plain
    )


def _text(cell: Cell) -> str:
    return "" if cell is None else f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
