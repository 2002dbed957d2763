"""Rounds (R1–R4): opened once, filled in by the unit, taken in or sent back, closed with who is late and missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import count

import pytest
from sqlalchemy import select

from bpmn.casefile import Acting
from bpmn.refusals import ActRefused, AlreadyDone, NotYours
from bpmn.replanning import replan
from bpmn.round_periods import Period, backfill, chase, close, missed, open_due, pause, set_due
from bpmn.rounds import complete_round_item, open_round_item
from forms.fields import FieldType, Posted
from forms.parsing import FormErrors
from ledger.campaigns import Campaign
from ledger.db import end_of_day, transaction
from ledger.journal import Moment
from ledger.numbers import IssuedNumber
from ledger.outbox import Message
from ledger.papers import Attachment, File, Place, attach, read_paper
from ledger.projects import Project
from ledger.round_lists import Standing, closing, standing_of, waiting_rounds
from ledger.rounds import RoundItem, RoundSummary, UnitRound, occurrences
from ledger.scope import CLOCK
from ledger.snapshots import Snapshot
from ledger.vocabulary import PaperKind, Role, RoundKind
from ledger.working_days import dates_of, load_calendar
from tests.walk import PDF, Ground, local, person

pytestmark = pytest.mark.usefixtures("quick_prints")
WEEK = "2023-W47"  # Thursday 23 November
_SERIAL = count(1)


class County:
    """The ground with rounds deployed, and acts at a moment by one of its people."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.now = local(2023, 11, 17, 9)

    @contextmanager
    def acting(self, unit_id: int | None = None, role: Role = Role.HANDLER) -> Iterator[Acting]:
        with transaction(self.ground.sessions) as session:
            actor = CLOCK if unit_id is None else person(session, unit_id, role)
            yield Acting(session, actor, Moment(self.now, self.now), self.ground.papers)

    @property
    def id(self) -> int:
        return self.ground.county.county.id

    def town(self, name: str) -> int:
        return self.ground.county.townships[name].id

    def open(self) -> int:
        with self.acting() as acting:
            return open_due(acting, self.id)

    def row(self, kind: RoundKind, unit_id: int) -> UnitRound:
        with transaction(self.ground.sessions, writes=False) as session:
            wanted = (UnitRound.kind == kind, UnitRound.unit_id == unit_id)
            return session.scalars(
                select(UnitRound).where(*wanted).order_by(UnitRound.id.desc())
            ).first() or pytest.fail("no round")

    def item(self, row: UnitRound) -> RoundItem:
        with transaction(self.ground.sessions, writes=False) as session:
            wanted = (RoundItem.round_id == row.id, RoundItem.completed_at.is_(None))
            return session.scalars(select(RoundItem).where(*wanted)).one()

    def complete(self, row: UnitRound, *, nobody: bool = False, **given: str) -> RoundItem:
        """Complete what waits in a round as its own person; files that the form demands are put in."""
        item = self.item(row)
        with self.acting(item.unit_id, Role(item.role)) as acting:
            shown = open_round_item(acting, item.id)
            for _section, each in shown.form.fields():
                if each.type is FieldType.FILE and each.required:
                    place = Place(PaperKind(each.kind), round_item_id=item.id, field=each.name)
                    content = PDF + str(next(_SERIAL)).encode()
                    attach(
                        acting.session,
                        acting.papers,
                        File("a.pdf", "application/pdf", content),
                        place,
                        acting.actor,
                        self.now,
                    )
            acting.session.flush()
            posted: Posted = {**shown.initial_posted, **{name: [value] for name, value in given.items()}}
            complete_round_item(acting, item.id, item.revision, posted)
        return item

    def report(self, unit_id: int) -> UnitRound:
        """Hand in the week's report of a unit."""
        self.complete(self.row(RoundKind.WEEKLY, unit_id), confirmed="true")
        return self.row(RoundKind.WEEKLY, unit_id)

    def period(self, kind: RoundKind = RoundKind.WEEKLY, name: str = WEEK) -> Period:
        return Period(self.id, kind, name)


@pytest.fixture
def county(ground: Ground) -> County:
    return County(ground)


def test_r2_each_occurrence_is_opened_once_for_every_unit(county: County) -> None:
    units = 3 + len(
        {p.responsible_unit_id for p in county.ground.projects}
        - {t.id for t in county.ground.county.townships.values()}
    )
    assert county.open() == units
    assert county.open() == 0
    row = county.row(RoundKind.WEEKLY, county.town("桑柘镇"))
    assert (row.occurrence, row.due_at, row.backfilled) == (WEEK, local(2023, 11, 23, 16), False)
    assert county.item(row).due_at == row.due_at
    county.now = local(2023, 11, 23, 15, 59)
    assert county.open() == 0
    county.now = local(2023, 11, 24)
    assert county.open() == units
    county.now = local(2023, 12, 1)  # the week, the month and the year
    assert county.open() == 3 * units


def test_r2_a_report_is_filled_from_the_data_confirmed_and_compared(county: County) -> None:
    county.open()
    town = county.town("桑柘镇")
    with transaction(county.ground.sessions) as session:
        own = session.scalars(select(Project).where(Project.responsible_unit_id == town)).all()
        own[0].category, own[0].progress_percent, own[0].progress = "revive", 60, "已进场"
        own[0].operation = "stopped"
    row, item = county.row(RoundKind.WEEKLY, town), county.item(county.row(RoundKind.WEEKLY, town))
    with county.acting(town) as acting:
        shown = open_round_item(acting, item.id)
        assert shown.initial_posted["measures"] == [f"盘活　{own[0].name}：60%，已进场"]
        with pytest.raises(FormErrors, match="同意上报"):
            complete_round_item(acting, item.id, item.revision, {"measures": ["有进展"]})
    with county.acting(county.town("保家镇")) as acting, pytest.raises(NotYours):
        complete_round_item(acting, item.id, item.revision, {})
    row = county.report(town)
    assert (row.submitted_at, row.late, row.ended_at) == (county.now, False, None)
    assert row.figures is not None
    assert (row.figures["revive_count"], row.figures["revive_begun_count"], row.figures["stopped_count"]) == (1, 1, 1)
    assert row.figures["project_count"] == len(own)
    with county.acting(town) as acting, pytest.raises(AlreadyDone):
        complete_round_item(acting, item.id, item.revision, {})


def test_r2_the_bureau_sends_a_report_back_and_it_counts_as_missing_until_it_comes_again(county: County) -> None:
    county.open()
    town = county.town("桑柘镇")
    county.complete(county.report(town), verdict="back", reason="进展没有写明")
    row = county.row(RoundKind.WEEKLY, town)
    assert (row.submitted_at, county.item(row).returned_reason) == (None, "退回补正：进展没有写明")
    county.now = local(2023, 11, 23, 16, 1)
    assert standing_of(row, county.now) is Standing.MISSING
    row = county.report(town)
    assert (row.late, standing_of(row, county.now)) == (True, Standing.LATE)
    county.complete(row, verdict="accept")
    assert county.row(RoundKind.WEEKLY, town).ended_at == county.now


def test_r2_a_week_is_closed_with_who_is_late_and_who_is_missing(county: County) -> None:
    county.open()
    bureau = county.ground.county.bureau.id
    first, second, third = (county.town(name) for name in ("桑柘镇", "保家镇", "鹿角镇"))
    county.report(first)
    with county.acting(bureau) as acting, pytest.raises(ActRefused, match="还没有到截止时间"):
        close(acting, county.period(), "")
    county.now = local(2023, 11, 23, 17)
    county.report(second)
    with county.acting(bureau) as acting:
        others = chase(acting, county.period())
    with county.acting(first) as acting, pytest.raises(NotYours):
        chase(acting, county.period())
    with county.acting(bureau) as acting:
        summary = close(acting, county.period(), "其余已电话督促")
        assert (summary.number, summary.late) == (1, ["保家镇"])
        assert "鹿角镇" in summary.missing
        assert len(summary.missing) == others
    assert county.row(RoundKind.WEEKLY, first).ended_at == county.now  # taken in with the week
    rows = [county.row(RoundKind.WEEKLY, unit) for unit in (first, second)]
    counts = [(row.figures or {})["project_count"] for row in rows]
    with transaction(county.ground.sessions, writes=False) as session:
        known = session.scalars(select(RoundSummary)).one()
        assert known.figures["project_count"] == sum(counts)
        paper = session.scalars(select(Attachment).where(Attachment.round_summary_id == known.id)).one()
        assert paper.name == "2023年11月23日周调度情况汇总.docx"
        told = session.scalars(select(Message).where(Message.subject == "催办：2023年11月23日周调度")).all()
        assert len({message.user_id for message in told}) >= others
    county.report(third)
    with county.acting(bureau) as acting:
        again = close(acting, county.period(), "")
        assert (again.number, again.late) == (2, ["保家镇", "鹿角镇"])


def test_r2_the_weeks_paper_says_the_four_points_with_the_units_words(county: County) -> None:
    """Art. 22: the ledger, 盘活 and 重建 measures, the rates, other work; by unit, and of how many units."""
    county.now = local(2023, 11, 20)
    county.open()
    words = {"measures": "冷库已通电\n合作社已进场", "other": "培训村干部30人", "remark": "一个项目待核"}
    county.complete(county.row(RoundKind.WEEKLY, county.town("桑柘镇")), confirmed="true", **words)
    county.now = local(2023, 11, 23, 17)
    county.report(county.town("保家镇"))
    with county.acting(county.ground.county.bureau.id) as acting:
        summary = close(acting, county.period(), "两个单位已提醒")
        paper = acting.session.scalars(select(Attachment).where(Attachment.round_summary_id == summary.id)).one()
        text = read_paper(acting.papers, paper.sha256).decode()
        missing = summary.missing
    counts = (f"'应报': '{len(missing) + 2}', '已报': '2', '迟报': '保家镇'", "、".join(missing))
    for told in (*counts, "冷库已通电；合作社已进场", "培训村干部30人", "一个项目待核", "两个单位已提醒"):
        assert told in text, told


def test_r2_a_missed_week_is_filled_in_later_and_marked(county: County) -> None:
    county.now = local(2023, 11, 24, 9)  # nobody opened the week of 23 November
    county.open()
    with county.acting(county.ground.county.bureau.id) as acting:
        lacking = {each.name for each, _units in missed(acting, county.id, acting.now - timedelta(days=10))}
        assert lacking == {"2023-W46", WEEK, f"campaign-{county.ground.county.campaign.id}"}
        opened = backfill(acting, county.period(), acting.now - timedelta(days=10))
        assert opened >= 3
        with pytest.raises(ActRefused, match="都已开启"):
            backfill(acting, county.period(), acting.now - timedelta(days=10))
    with transaction(county.ground.sessions, writes=False) as session:
        wanted = (UnitRound.occurrence == WEEK, UnitRound.unit_id == county.town("桑柘镇"))
        row = session.scalars(select(UnitRound).where(*wanted)).one()
    assert (row.backfilled, row.due_at) == (True, local(2023, 11, 23, 16))
    county.complete(row, confirmed="true")
    with transaction(county.ground.sessions, writes=False) as session:
        row = session.get_one(UnitRound, row.id)
    assert (row.late, standing_of(row, county.now)) == (True, Standing.BACKFILLED)


def test_r2_the_bureau_sets_another_moment_and_open_rounds_move(county: County) -> None:
    county.open()
    bureau, calendar_until = county.ground.county.bureau.id, date(2023, 12, 10)
    with county.acting(bureau) as acting:
        week = next(
            each
            for each in occurrences(
                acting.session, county.id, load_calendar(acting.session), date(2023, 11, 17), calendar_until
            )
            if each.name == WEEK
        )
        for wrong in (local(2023, 11, 25, 16), local(2023, 11, 16, 16), local(2023, 12, 1, 16)):
            with pytest.raises(ActRefused):
                set_due(acting, week, county.id, wrong, "会议")
        set_due(acting, week, county.id, local(2023, 11, 22, 12), "全县会议改期")
    row = county.row(RoundKind.WEEKLY, county.town("桑柘镇"))
    assert (row.due_at, county.item(row).due_at) == (local(2023, 11, 22, 12), local(2023, 11, 22, 12))
    county.now = local(2023, 11, 23, 8)  # the next one opens the working day after
    assert county.open() > 0


def test_r1_the_plan_is_signed_by_another_person_of_the_unit(county: County) -> None:
    county.now = local(2023, 11, 8)
    assert county.open() > 0
    town = county.town("桑柘镇")
    plan = {"title": "清理处置意见", "issued_on": "2023-11-08", "responsible": "张三", "content": "分四步"}
    county.complete(county.row(RoundKind.PLAN, town), **plan)
    item = county.complete(county.row(RoundKind.PLAN, town), verdict="back", reason="缺时限")
    assert item.role == Role.SIGNER
    county.complete(county.row(RoundKind.PLAN, town), **plan)
    county.complete(county.row(RoundKind.PLAN, town), verdict="accept")
    row = county.row(RoundKind.PLAN, town)
    assert (row.ended_at, row.due_at, row.late) == (county.now, end_of_day(date(2023, 11, 13)), False)
    with county.acting(town) as acting:  # 清理处置意见 is written and numbered when the signer agrees, once
        numbers = acting.session.scalars(select(IssuedNumber)).all()
        assert [(each.text, each.title, each.kind) for each in numbers] == [
            ("桑柘镇发〔2023〕1号", "清理处置意见", PaperKind.WORK_PLAN)
        ]
        (paper,) = acting.session.scalars(select(Attachment).where(Attachment.kind == PaperKind.WORK_PLAN))
        words = read_paper(acting.papers, paper.sha256).decode()
    assert all(text in words for text in ("桑柘镇发〔2023〕1号", "清理处置意见", "分四步", "责任人：张三。"))
    county.complete(
        county.row(RoundKind.MOBILISATION, town),
        **{"held_on": "2023-11-07", "place": "会议室", "chair": "李四", "attendee_count": "60", "content": "部署"},
        **{"trained_on": "2023-11-08", "trainer": "王五", "trainee_count": "40", "subjects": "政策"},
    )
    assert county.row(RoundKind.MOBILISATION, town).ended_at == county.now


def test_r3_the_monthly_update_files_both_tables_as_they_stood(county: County) -> None:
    county.now = local(2023, 12, 4)
    county.open()
    town = county.town("桑柘镇")
    row = county.row(RoundKind.MONTHLY, town)
    assert row.due_at == end_of_day(date(2023, 12, 7))
    ticks = {"ledger_confirmed": "true", "annex4_confirmed": "true"}
    item = county.complete(row, **ticks, explanation="调研还没有开始")
    with transaction(county.ground.sessions, writes=False) as session:
        papers = session.scalars(select(Attachment).where(Attachment.round_item_id == item.id)).all()
        assert sorted(paper.kind for paper in papers) == ["annex4", "annex5"]
    county.now = local(2023, 12, 8)
    with county.acting(county.ground.county.bureau.id) as acting:
        close(acting, county.period(RoundKind.MONTHLY, "2023-12"), "")
    with transaction(county.ground.sessions, writes=False) as session:
        (kept,) = session.scalars(select(Snapshot)).all()
    assert (kept.kind, kept.key, kept.taken_on) == ("round", "round 2023-12 1", date(2023, 12, 8))
    assert kept.project_count == len(county.ground.projects)


def test_r4_the_yearly_report_carries_a_statement_of_truth_and_goes_to_the_bureau_in_copy(county: County) -> None:
    county.now = local(2023, 12, 4)
    county.open()
    town = county.town("桑柘镇")
    texts = dict.fromkeys(("practice", "results", "problems", "plans"), "如实填写。")
    with county.acting(town) as acting:
        waiting = county.item(county.row(RoundKind.YEARLY, town))
        place = Place(PaperKind.YEARLY_REPORT, round_item_id=waiting.id, field="annexes")
        added = File("资产审计报告.pdf", "application/pdf", PDF)
        attach(acting.session, acting.papers, added, place, acting.actor, county.now)
    county.complete(county.row(RoundKind.YEARLY, town), **texts)
    signed = county.complete(county.row(RoundKind.YEARLY, town), verdict="accept", truth="true")
    taken = county.complete(county.row(RoundKind.YEARLY, town), verdict="accept")
    assert taken.unit_id == county.ground.county.office.id
    assert county.row(RoundKind.YEARLY, town).ended_at == county.now
    with transaction(county.ground.sessions, writes=False) as session:
        papers = session.scalars(select(Attachment).where(Attachment.round_item_id == signed.id)).all()
        assert sorted(paper.kind for paper in papers) == ["annex4", "annex5", "yearly_report"]
        report = next(paper for paper in papers if paper.kind == "yearly_report")
        assert report.name == "桑柘镇2023年经营性帮扶产业项目“四个一批”工作报告.docx"
        words = read_paper(county.ground.papers, report.sha256).decode()
        assert all(name in words for name in ("“四个一批”管理台账", "资产审计报告"))
        copies = session.scalars(select(Message).where(Message.subject.contains("抄送"))).all()
        bureau = person(session, county.ground.county.bureau.id, Role.HANDLER)
        assert bureau.user_id in {message.user_id for message in copies}


def test_the_end_of_a_period_is_told_to_who_collects_it(county: County) -> None:
    """The leading group's office closes the yearly reports, the bureau the weekly and monthly ones (R2–R4)."""
    county.now = local(2023, 12, 4)
    county.open()
    with transaction(county.ground.sessions, writes=False) as session:
        told = closing(session, county.now, local(2023, 12, 16))
    collectors = {title: unit_id for unit_id, title, _done, _missing in told}
    office, bureau = county.ground.county.office.id, county.ground.county.bureau.id
    yearly = {title for title in collectors if "年度" in title}
    assert {collectors[title] for title in yearly} == {office}
    assert {collectors[title] for title in collectors.keys() - yearly} == {bureau}
    assert len(collectors) > len(yearly) > 0


def test_t2_a_campaigns_rounds_move_with_its_dates(county: County) -> None:
    county.now = local(2023, 11, 8)
    county.open()
    with county.acting(county.ground.county.bureau.id) as acting:
        campaign = acting.session.get_one(Campaign, county.ground.county.campaign.id)
        replan(acting, campaign, {**dates_of(campaign), "plan": date(2023, 11, 14)}, "会议推迟", write=True)
    row = county.row(RoundKind.PLAN, county.town("桑柘镇"))
    assert row.due_at == county.item(row).due_at == end_of_day(date(2023, 11, 14))


def test_a_kind_that_is_paused_is_not_opened(county: County) -> None:
    bureau = county.ground.county.bureau.id
    with county.acting(bureau) as acting:
        pause(acting, county.id, RoundKind.WEEKLY, paused=True)
    assert county.open() == 0
    with county.acting(bureau) as acting:
        pause(acting, county.id, RoundKind.WEEKLY, paused=False)
    assert county.open() > 0
    with county.acting(county.town("桑柘镇")) as acting:
        assert acting.session.scalar(select(waiting_rounds(acting.actor))) == 1
        assert acting.session.scalar(select(waiting_rounds(replace(acting.actor, posts=())))) == 0
