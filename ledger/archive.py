"""Annex 6 (归档目录): which papers a case must hold, at submission and before it is closed (P5, P13).

The list differs by who runs the project only in its wording: the village's fifth row also takes other material.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, contains_eager, defer

from ledger.cases import Case
from ledger.papers import ArchiveWaiver, Attachment, attachments_of_case, kinds_of_cases, paper_counts
from ledger.people import Unit
from ledger.projects import Project
from ledger.scope import Actor
from ledger.vocabulary import CaseStatus, Level, PaperKind, RowStanding


@dataclass(frozen=True)
class ArchiveHeading:
    """One row of Annex 6: any paper of `needs` fills it; `also` are filed beneath it."""

    row: int
    title: str
    needs: tuple[frozenset[PaperKind], ...]  # one paper of each group
    also: frozenset[PaperKind] = frozenset()

    @property
    def brought(self) -> tuple[str, ...]:
        """What the row needs, each with who has to bring it."""
        return tuple(f"{_kinds_of(group)}：由{_bringer(group)}" for group in self.needs)


@dataclass(frozen=True)
class ArchiveRow:
    """A row of Annex 6 as a case stands."""

    row: int
    title: str
    attachments: tuple[Attachment, ...]
    lacking: tuple[str, ...]  # kinds of paper that are not there
    waiver: ArchiveWaiver | None
    bringers: tuple[str, ...] = ()  # who has to bring what is lacking, and when
    withheld: tuple[Attachment, ...] = ()  # that are there, but not for who reads this

    @property
    def standing(self) -> RowStanding:
        if not self.lacking:
            return RowStanding.THERE
        return RowStanding.LACKING if self.missing else RowStanding.WAIVED

    @property
    def missing(self) -> bool:
        waived = self.waiver is not None and self.waiver.confirmed_at is not None
        return bool(self.lacking) and not waived


_AT_ONCE = 50  # cases held in memory while an archive is written
_FORM = "经营性帮扶产业项目“四个一批”分类及处置措施审批表"
_CONTRACT = frozenset({PaperKind.CONTRACT, PaperKind.AGREEMENT})
_HEADINGS = (
    ArchiveHeading(1, _FORM, (frozenset({PaperKind.APPLICATION}),), frozenset({PaperKind.VILLAGE_SCAN})),
    ArchiveHeading(2, "经营性帮扶产业项目“四个一批”分类统计表", (frozenset({PaperKind.ANNEX4}),)),
    ArchiveHeading(3, "经营性帮扶产业项目“四个一批”管理台账", (frozenset({PaperKind.ANNEX5}),)),
    ArchiveHeading(
        4,
        "“四个一批”分类及处置措施会议纪要",
        (frozenset({PaperKind.PARTY_MINUTES}), frozenset({PaperKind.GROUP_MINUTES})),
    ),
    ArchiveHeading(5, "项目协议书或合同书", (_CONTRACT,)),
    ArchiveHeading(
        6,
        "批复和项目地公告等其他材料",
        (frozenset({PaperKind.REPLY}), frozenset({PaperKind.NOTICE})),
        frozenset(PaperKind) - {PaperKind.APPLICATION, PaperKind.VILLAGE_SCAN, PaperKind.ANNEX4, PaperKind.ANNEX5}
        - {PaperKind.PARTY_MINUTES, PaperKind.GROUP_MINUTES} - _CONTRACT,
    ),
)  # fmt: skip
BRINGS: Mapping[PaperKind, str] = {
    PaperKind.APPLICATION: "责任单位经办人，填写审批表时生成",
    PaperKind.ANNEX4: "责任单位经办人，报送时生成",
    PaperKind.ANNEX5: "责任单位经办人，报送时生成",
    PaperKind.PARTY_MINUTES: "责任单位经办人，党组（委）会研究后生成或上传",
    PaperKind.GROUP_MINUTES: "领导小组办公室，审定后生成或上传",
    PaperKind.CONTRACT: "责任单位经办人，实地调研或归档时上传",
    PaperKind.REPLY: "领导小组办公室，下达批复时生成",
    PaperKind.NOTICE: "责任单位和项目所在地，张贴公告时生成或上传",
}
"""Who has to bring what the rows need, and when it comes."""
_VILLAGE_FIFTH = ArchiveHeading(5, "项目协议书或合同书等其他材料", (_CONTRACT,))
LEDGER_NAMES = {
    Level.DEPARTMENT: "行业部门主管项目台账",
    Level.TOWNSHIP: "乡镇(街道)主管项目台账",
    Level.VILLAGE: "村本级主管和实施项目台账",
}
# what a 报送批次 carries per case (P5, art. 13 and 18); 请示, Annex 4 and 5 are the batch's own
_SUBMITTED = (PaperKind.APPLICATION, PaperKind.SURVEY_REPORT, PaperKind.PARTY_MINUTES)


def headings_of(level: str | None) -> tuple[ArchiveHeading, ...]:
    """Return the six rows of Annex 6 for a project run at `level`."""
    if level != Level.VILLAGE:
        return _HEADINGS
    return tuple(_VILLAGE_FIFTH if heading.row == _VILLAGE_FIFTH.row else heading for heading in _HEADINGS)


def cases_with_projects(session: Session, condition: ColumnElement[bool]) -> Iterator[Case]:
    """Yield the cases for which `condition` holds, by unit and 项目编号, a few at a time."""
    owner = select(Unit.code).where(Unit.id == Project.responsible_unit_id).scalar_subquery()
    wanted = (
        select(Case)
        .join(Case.project)
        .where(condition)
        .options(contains_eager(Case.project).joinedload(Project.responsible_unit), defer(Case.state))
        .order_by(owner, Project.number, Case.id)
    )
    yield from session.scalars(wanted.execution_options(yield_per=_AT_ONCE))


def of_case(case_id: int) -> ColumnElement[bool]:
    """Return the condition that holds for one case."""
    return Case.id == case_id


def of_ended_cases() -> ColumnElement[bool]:
    """Return the condition that holds for cases that have ended."""
    return Case.ended_at.is_not(None)


def archive_rows(session: Session, case: Case) -> tuple[ArchiveRow, ...]:
    """Return Annex 6 of `case`: what is there, what is missing, what was declared not applicable."""
    papers = attachments_of_case(session, case.id)
    waivers = {w.row: w for w in session.scalars(select(ArchiveWaiver).where(ArchiveWaiver.case_id == case.id))}
    return tuple(_row(heading, papers, waivers.get(heading.row)) for heading in headings_of(case.project.level))


def _row(heading: ArchiveHeading, papers: Sequence[Attachment], waiver: ArchiveWaiver | None) -> ArchiveRow:
    wanted = heading.also.union(*heading.needs)
    there = {paper.kind for paper in papers}
    empty = [group for group in heading.needs if not group & there]
    lacking = tuple(map(_kinds_of, empty))
    filed = tuple(paper for paper in papers if paper.kind in wanted)
    return ArchiveRow(heading.row, heading.title, filed, lacking, waiver, tuple(map(_bringer, empty)))


def _kinds_of(group: frozenset[PaperKind]) -> str:
    return "或".join(kind.label for kind in sorted(group))


def _bringer(group: frozenset[PaperKind]) -> str:
    return next(BRINGS[kind] for kind in sorted(group) if kind in BRINGS)


def lacking_words(row: ArchiveRow) -> tuple[str, ...]:
    """Return what a row lacks, each with who has to bring it."""
    return tuple(f"{what}（{who}）" for what, who in zip(row.lacking, row.bringers, strict=True))


def letters_of(session: Session, cases: Sequence[Case], levels: Mapping[int, str]) -> dict[int, tuple[str, str]]:
    """Return for each of these cases its level and a letter of RowStanding per row, in two statements.

    `levels` says the level of a case's project by the case's id.
    """
    there: dict[int, set[str]] = {}
    for case_id, kind in session.execute(kinds_of_cases([case.id for case in cases])):
        there.setdefault(case_id, set()).add(kind)
    agreed = (ArchiveWaiver.case_id.in_([case.id for case in cases]), ArchiveWaiver.confirmed_at.is_not(None))
    waived = {(w.case_id, w.row) for w in session.scalars(select(ArchiveWaiver).where(*agreed))}
    found = {}
    for case in cases:
        letters = ""
        for heading in headings_of(levels[case.id]):
            filled = all(group & there.get(case.id, set()) for group in heading.needs)
            standing = RowStanding.WAIVED if (case.id, heading.row) in waived else RowStanding.LACKING
            letters += RowStanding.THERE if filled else standing
        found[case.id] = (levels[case.id], letters)
    return found


def counts_for_archive(case: Case) -> bool:
    """Say whether a case is one whose papers are filed: not one that was withdrawn or ended early."""
    return case.status not in (CaseStatus.WITHDRAWN, CaseStatus.TERMINATED)


def missing_for_archive(session: Session, case: Case) -> tuple[str, ...]:
    """Return a Chinese line per row of Annex 6 that is still empty; closing is refused while there is one."""
    return tuple(
        f"第{row.row}项《{row.title}》缺：{'、'.join(lacking_words(row))}"
        for row in archive_rows(session, case)
        if row.missing
    )


def missing_for_submission(session: Session, case: Case) -> tuple[str, ...]:
    """Return the papers a case lacks before it can be sent with a batch; 重建 also needs its assessment (art. 10)."""
    there = paper_counts(session, case.id)
    needed = list(_SUBMITTED)
    if case.project.category == "rebuild":
        needed.append(PaperKind.ASSESSMENT)
    return tuple(kind.label for kind in needed if kind not in there)


class WaiverRefused(ValueError):
    """不适用须由另一人确认."""


def request_waiver(session: Session, case: Case, row: int, reason: str, actor: Actor, now: datetime) -> ArchiveWaiver:
    """Ask that row `row` of Annex 6 be taken as not applicable, with a reason; a second person must agree."""
    _require_running(case)
    rows = {known.row: known for known in archive_rows(session, case)}
    if row not in rows or not reason.strip() or actor.user_id is None:
        raise WaiverRefused("请写明该项不适用的理由")
    waiver = rows[row].waiver
    if waiver is None:
        waiver = ArchiveWaiver(case_id=case.id, row=row)
        session.add(waiver)
    elif waiver.confirmed_at is not None:
        raise WaiverRefused("该项已确认为不适用")
    waiver.reason, waiver.requested_by_id, waiver.requested_at = reason.strip(), actor.user_id, now
    return waiver


def confirm_waiver(session: Session, waiver: ArchiveWaiver, actor: Actor, now: datetime) -> None:
    """Agree to a requested waiver; the person who asked may not."""
    _require_running(session.get_one(Case, waiver.case_id))
    if actor.user_id is None or actor.user_id == waiver.requested_by_id:
        raise WaiverRefused("不适用须由另一人确认，申请人不能自己确认")
    if waiver.confirmed_at is not None:
        raise WaiverRefused("该项已确认为不适用")
    waiver.confirmed_by_id, waiver.confirmed_at = actor.user_id, now


def _require_running(case: Case) -> None:
    """Refuse for a case that rests or has ended: what its folder held then is what was decided on."""
    if case.status != CaseStatus.RUNNING:
        raise WaiverRefused("流程已暂停或已经结束，归档目录不再变动")
