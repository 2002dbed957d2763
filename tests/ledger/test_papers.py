"""Papers are stored once by content; Annex 6 says what a case still lacks (F6, P5, P13)."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import archive
from ledger.cases import Case, WorkItem
from ledger.db import SessionFactory, transaction
from ledger.demonstration import build_county, build_projects, campaign_of
from ledger.meetings import Meeting, MeetingVerdict, Reply, ReplyCase
from ledger.papers import (
    Attachment,
    File,
    Paper,
    PaperDamaged,
    Place,
    attach,
    attachments_of_case,
    files_of_item,
    paper_counts,
    read_paper,
    remove_attachment,
    renew_reply,
)
from ledger.people import User
from ledger.procedures import Procedure
from ledger.scope import Actor, actor_of
from ledger.vocabulary import CaseStatus, ItemStatus, MeetingKind, PaperKind

NOW, DAY = datetime(2023, 11, 6, 1, 0, tzinfo=UTC), date(2023, 11, 6)
REPORT = File("实地调研情况报告.docx", "application/msword", b"report")


@pytest.fixture
def case_id(sessions: SessionFactory) -> int:
    """A village-run project's case, bare: papers do not care how it came here."""
    with transaction(sessions) as session:
        built = build_county(session, NOW, ("桑柘镇",))
        project = build_projects(session, built, 1, NOW)[0]
        procedure = Procedure(
            process_id="p",
            number=1,
            name="p",
            sha256="0",
            diagram="",
            decisions={},
            forms={},
            deployed_at=NOW,
            deployed_by="系统",
        )
        session.add(procedure)
        session.flush()
        case = Case(
            project_id=project.id,
            campaign_id=built.campaign.id,
            procedure_id=procedure.id,
            state=b"",
            status=CaseStatus.RUNNING,
            started_at=NOW,
        )
        session.add(case)
        session.flush()
        return case.id


def _actor(session: Session, login: str = "sangzhezhen.jingban") -> Actor:
    return actor_of(session.scalars(select(User).where(User.login == login)).one())


def _put(session: Session, papers: Path, case_id: int, *kinds: PaperKind) -> None:
    for kind in kinds:
        attach(session, papers, REPORT, Place(kind, case_id=case_id), _actor(session), NOW)


def test_the_same_content_is_stored_once(sessions: SessionFactory, case_id: int, tmp_path: Path) -> None:
    with transaction(sessions) as session:
        _put(session, tmp_path, case_id, PaperKind.SURVEY_REPORT, PaperKind.OTHER)
        digest = session.scalars(select(Paper.sha256)).one()
        assert read_paper(tmp_path, digest) == b"report"
        assert paper_counts(session, case_id) == {"survey_report": 1, "other": 1}
    assert sum(path.is_file() for path in tmp_path.rglob("*") if len(path.name) == 62) == 1


def test_a_damaged_or_lost_file_is_named(sessions: SessionFactory, case_id: int, tmp_path: Path) -> None:
    with transaction(sessions) as session:
        _put(session, tmp_path, case_id, PaperKind.OTHER)
        digest = session.scalars(select(Paper.sha256)).one()
    stored = tmp_path / digest[:2] / digest[2:]
    stored.write_bytes(b"other")
    with pytest.raises(PaperDamaged, match="损坏"):
        read_paper(tmp_path, digest)
    stored.unlink()
    with pytest.raises(PaperDamaged, match="丢失"):
        read_paper(tmp_path, digest)


def test_p5_what_a_submission_lacks(sessions: SessionFactory, case_id: int, tmp_path: Path) -> None:
    with transaction(sessions) as session:
        case = session.get_one(Case, case_id)
        assert archive.missing_for_submission(session, case) == (
            "分类及处置措施审批表",
            "实地调研情况报告",
            "党组（委）会议纪要",
        )
        _put(session, tmp_path, case_id, PaperKind.APPLICATION, PaperKind.SURVEY_REPORT, PaperKind.PARTY_MINUTES)
        assert archive.missing_for_submission(session, case) == ()
        case.project.category = "rebuild"
        assert archive.missing_for_submission(session, case) == ("项目评估报告",)


def test_f6_minutes_count_for_the_cases_the_meeting_decided(
    sessions: SessionFactory, case_id: int, tmp_path: Path
) -> None:
    with transaction(sessions) as session:
        case = session.get_one(Case, case_id)
        meeting_id = _meeting(session, case, 1)
        attach(session, tmp_path, REPORT, Place(PaperKind.GROUP_MINUTES, meeting_id=meeting_id), _actor(session), NOW)
        assert attachments_of_case(session, case_id) == []
        item = _item(session, case)
        session.add(MeetingVerdict(meeting_id=meeting_id, case_id=case_id, item_id=item.id, verdict="approve"))
        session.flush()
        assert [paper.kind for paper in attachments_of_case(session, case_id)] == ["group_minutes"]


def _item(session: Session, case: Case) -> WorkItem:
    item = WorkItem(
        case_id=case.id,
        token="t",
        element="decision",
        name="审定",
        stem="decision",
        article="14",
        unit_id=case.project.county_id,
        role="handler",
        status=ItemStatus.OPEN,
        sent_by="",
        created_at=NOW,
        due_at=NOW,
    )
    session.add(item)
    session.flush()
    return item


def test_p6_a_reply_written_anew_leaves_an_earlier_one_as_it_is(
    sessions: SessionFactory, case_id: int, tmp_path: Path
) -> None:
    """Two cases of one unit are decided twice: the second reply, answered to both, takes no place of the first."""
    with transaction(sessions) as session:
        cases = [session.get_one(Case, case_id)]
        former = cases[0]
        later = campaign_of(former.project.county_id, 2024)
        session.add(later)
        session.flush()
        more = {"project_id": former.project_id, "campaign_id": later.id, "procedure_id": former.procedure_id}
        cases.append(Case(**more, state=b"", status=CaseStatus.RUNNING, started_at=NOW))
        session.add(cases[1])
        session.flush()
        held: dict[tuple[int, int], Attachment] = {}
        for nth in (1, 2):
            reply = Reply(
                meeting_id=_meeting(session, former, nth), unit_id=1, number=f"复〔2023〕{nth}号", issued_on=DAY
            )
            session.add(reply)
            session.flush()
            for each in cases:
                item = _item(session, each)
                session.add(ReplyCase(reply_id=reply.id, case_id=each.id, item_id=item.id))
                paper = File("批复.docx", "application/msword", f"{nth} answered to {each.id}".encode())
                place = Place(PaperKind.REPLY, case_id=each.id, item_id=item.id, written=True)
                held[nth, each.id] = attach(session, tmp_path, paper, place, _actor(session), NOW)
                session.flush()
                renew_reply(session, reply.id, held[nth, each.id])
        session.expire_all()
        told = {key: read_paper(tmp_path, paper.sha256).decode() for key, paper in held.items()}
        last = cases[1].id
        assert told == {(nth, case.id): f"{nth} answered to {last}" for nth in (1, 2) for case in cases}


def _meeting(session: Session, case: Case, nth: int) -> int:
    meeting = Meeting(
        kind=MeetingKind.GROUP,
        unit_id=case.project.county_id,
        campaign_id=case.campaign_id,
        title=f"领导小组第{nth}次会议",
        held_on=DAY,
        place="县政府",
        chair="组长",
        attendance=[],
        created_at=NOW,
        created_by="办公室",
    )
    session.add(meeting)
    session.flush()
    return meeting.id


def test_a_paper_taken_off_an_item_no_longer_counts(sessions: SessionFactory, case_id: int, tmp_path: Path) -> None:
    with transaction(sessions) as session:
        item = _item(session, session.get_one(Case, case_id))
        paper = attach(
            session, tmp_path, REPORT, Place(PaperKind.PHOTO, case_id=case_id, item_id=item.id), _actor(session), NOW
        )
        session.flush()
        assert files_of_item(session, item.id) == [(item.id, "", paper.id)]
        remove_attachment(paper, NOW)
        assert files_of_item(session, item.id) == []


def test_p13_every_row_of_annex_6_must_be_filled(sessions: SessionFactory, case_id: int, tmp_path: Path) -> None:
    with transaction(sessions) as session:
        case = session.get_one(Case, case_id)
        assert [row.title for row in archive.archive_rows(session, case)] == [
            "经营性帮扶产业项目“四个一批”分类及处置措施审批表",
            "经营性帮扶产业项目“四个一批”分类统计表",
            "经营性帮扶产业项目“四个一批”管理台账",
            "“四个一批”分类及处置措施会议纪要",
            "项目协议书或合同书等其他材料",
            "批复和项目地公告等其他材料",
        ]
        assert len(archive.missing_for_archive(session, case)) == 6
        _put(session, tmp_path, case_id, PaperKind.APPLICATION, PaperKind.ANNEX4, PaperKind.ANNEX5)
        # minutes of one of the two meetings, and a reply without a notice, are each only half a row
        _put(session, tmp_path, case_id, PaperKind.PARTY_MINUTES, PaperKind.REPLY)
        missing = archive.missing_for_archive(session, case)
        assert [line[:3] for line in missing] == ["第4项", "第5项", "第6项"]
        assert "领导小组会议纪要" in missing[0]
        assert "公告" in missing[2]
        _put(session, tmp_path, case_id, PaperKind.GROUP_MINUTES, PaperKind.AGREEMENT, PaperKind.NOTICE)
        assert archive.missing_for_archive(session, case) == ()


def test_p13_not_applicable_needs_a_second_person(sessions: SessionFactory, case_id: int) -> None:
    with transaction(sessions) as session:
        case = session.get_one(Case, case_id)
        handler, signer = _actor(session), _actor(session, "sangzhezhen.shenhe")
        waiver = archive.request_waiver(session, case, 5, "村集体自营，没有协议", handler, NOW)
        session.flush()
        assert len(archive.missing_for_archive(session, case)) == 6
        with pytest.raises(archive.WaiverRefused, match="另一人"):
            archive.confirm_waiver(session, waiver, handler, NOW)
        archive.confirm_waiver(session, waiver, signer, NOW)
        session.flush()
        assert [line[:3] for line in archive.missing_for_archive(session, case)] == [
            "第1项",
            "第2项",
            "第3项",
            "第4项",
            "第6项",
        ]
        with pytest.raises(archive.WaiverRefused, match="理由"):
            archive.request_waiver(session, case, 6, "  ", handler, NOW)
