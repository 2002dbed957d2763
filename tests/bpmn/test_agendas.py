"""A meeting's agenda: drawn from what waits, filled in alike and by exception, decided in one act (P4, P6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, select, update

from bpmn.agendas import Wish, decide_agenda, draw_up, fill_in
from bpmn.casefile import Acting
from bpmn.refusals import ActRefused
from ledger.agendas import (
    Drawing,
    Standing,
    agenda_of,
    candidates_for,
    put_in_order,
    take_off_agenda,
)
from ledger.cases import Case
from ledger.db import day_of, transaction
from ledger.gatherings import NewMeeting, create_meeting
from ledger.listing import Filters
from ledger.meetings import AgendaItem, Meeting, MeetingVerdict
from ledger.papers import Attachment
from ledger.vocabulary import MeetingKind, PaperKind, Role
from tests.walk import Ground, Walk

pytestmark = pytest.mark.usefixtures("quick_prints")
Answer = TypeVar("Answer")
APPROVE = Wish({"verdict": ["approve"]}, anew=True)


class Gathering:
    """The leading group's meeting over walks that came before it, in the hands of the office's clerk."""

    def __init__(self, ground: Ground, walks: list[Walk], **more: Any) -> None:
        self.ground, self.walks = ground, walks
        office = ground.county.office.id
        new = NewMeeting(
            kind=MeetingKind.GROUP,
            unit_id=office,
            campaign_id=ground.county.campaign.id,
            title="领导小组第一次会议",
            held_on=day_of(walks[0].now),
            place="二楼会议室",
            chair="组长甲",
            attendance=("成员甲", "成员乙"),
            minutes="",
        )
        given = {**new.__dict__, **more}
        with walks[0].acting(Role.HANDLER, office) as acting:
            self.id = create_meeting(acting.session, NewMeeting(**given), acting.actor, acting.now).id

    def act(self, deed: Callable[[Acting, Meeting], Answer]) -> Answer:
        with self.walks[0].acting(Role.HANDLER, self.ground.county.office.id) as acting:
            return deed(acting, acting.session.get_one(Meeting, self.id))

    @property
    def items(self) -> list[int]:
        return [walk.item("decision").id for walk in self.walks]

    def standings(self) -> list[Standing]:
        return self.act(lambda acting, meeting: [line.standing for line in agenda_of(acting.session, meeting.id)])


def at_decision(ground: Ground, count: int) -> list[Walk]:
    walks = [Walk(ground, project) for project in ground.projects[:count]]
    for walk in walks:
        walk.to("decision")
    return walks


def drawn(ground: Ground, count: int = 3, **more: Any) -> Gathering:
    gathering = Gathering(ground, at_decision(ground, count), **more)
    items = gathering.items
    assert gathering.act(lambda acting, meeting: draw_up(acting, meeting, items)) == count
    return gathering


def test_p6_an_agenda_is_drawn_from_what_waits_by_filters(ground: Ground) -> None:
    gathering = Gathering(ground, at_decision(ground, 3))
    first = gathering.walks[0].project

    def found(drawing: Drawing) -> list[str]:
        return gathering.act(lambda acting, meeting: [c.name for c in candidates_for(acting.session, meeting, drawing)])

    assert sorted(found(Drawing())) == sorted(walk.project.name for walk in gathering.walks)
    assert found(Drawing(Filters(text=first.number))) == [first.name]
    assert len(found(Drawing(Filters(category="upgrade")))) == 3
    assert found(Drawing(Filters(category="revive"))) == []
    assert found(Drawing(unit_id=first.responsible_unit_id)) == [
        walk.project.name
        for walk in gathering.walks
        if first.responsible_unit_id in (walk.project.responsible_unit_id, walk.project.township_id)
    ]
    items = gathering.items
    gathering.act(lambda acting, meeting: draw_up(acting, meeting, items[:2]))
    assert len(found(Drawing())) == 1
    (line, _other) = gathering.act(lambda acting, meeting: agenda_of(acting.session, meeting.id))
    assert (line.name, line.proposed_category, line.proposed) == (first.name, "upgrade", "初步处置意见已核实")


def test_p6_order_is_the_meetings_own(ground: Ground) -> None:
    gathering = drawn(ground)
    one, two, three = gathering.items

    def order() -> list[int]:
        return gathering.act(lambda acting, meeting: [line.item_id for line in agenda_of(acting.session, meeting.id)])

    gathering.act(lambda acting, meeting: put_in_order(acting.session, meeting.id, [three, 10**6, one]))
    assert order() == [three, one, two]
    assert gathering.act(lambda acting, meeting: take_off_agenda(acting.session, meeting.id, [one])) == 1
    assert order() == [three, two]


def test_p6_a_bulk_setting_then_exceptions_then_one_act(ground: Ground) -> None:
    gathering = drawn(ground)
    _one, two, three = gathering.items
    items = gathering.items
    gathering.act(lambda acting, meeting: fill_in(acting, meeting, items, APPROVE))
    assert gathering.standings() == [Standing.READY] * 3
    changed = Wish({"verdict": ["change"], "category": ["consolidate"], "reason": ["链条完备"]})
    gathering.act(lambda acting, meeting: fill_in(acting, meeting, [two], changed))
    back = Wish({"verdict": ["return"], "reason": ["材料不实"]})
    gathering.act(lambda acting, meeting: fill_in(acting, meeting, [three], back))
    report = gathering.act(decide_agenda)
    assert [done.happened for done in report] == [True] * 3
    assert [walk.waiting() for walk in gathering.walks] == [["reply"], ["reply"], ["party_meeting"]]
    assert gathering.standings() == [Standing.DONE] * 3
    with transaction(ground.sessions, writes=False) as session:
        verdicts = session.scalars(select(MeetingVerdict).where(MeetingVerdict.meeting_id == gathering.id)).all()
        assert [(v.verdict, v.category) for v in verdicts] == [
            ("approve", "upgrade"),
            ("change", "consolidate"),
            ("return", None),
        ]
        minutes = session.get_one(Meeting, gathering.id).minutes
        assert "会议逐个研究了3个项目：同意1个、调整后同意1个、退回研究1个；按类别分，巩固1个、提升1个。" in minutes
        written = (Attachment.meeting_id == gathering.id, Attachment.removed_at.is_(None))
        assert session.scalars(select(Attachment.kind).where(*written)).all() == [PaperKind.GROUP_MINUTES]


def test_p6_what_will_be_refused_is_said_before_the_meeting_and_leaves_the_others(ground: Ground) -> None:
    gathering = drawn(ground)
    one, two, _three = gathering.items
    gathering.act(lambda acting, meeting: fill_in(acting, meeting, [one], APPROVE))
    other = Wish({"verdict": ["approve"], "category": ["rebuild"], "specially_studied": ["true"]})
    (filling,) = gathering.act(lambda acting, meeting: fill_in(acting, meeting, [two], other))
    assert "评估报告" in filling.problem
    assert gathering.standings() == [Standing.READY, Standing.WRONG, Standing.EMPTY]
    report = gathering.act(decide_agenda)
    assert [(done.subject_id, done.happened) for done in report] == [(one, True), (two, False)]
    assert gathering.standings() == [Standing.DONE, Standing.WRONG, Standing.EMPTY]
    assert [walk.waiting() for walk in gathering.walks] == [["reply"], ["decision"], ["decision"]]


def test_p6_a_broken_project_is_reported_and_leaves_the_others(ground: Ground) -> None:
    gathering = drawn(ground)
    items = gathering.items
    gathering.act(lambda acting, meeting: fill_in(acting, meeting, items, APPROVE))
    with transaction(ground.sessions) as session:
        broken = update(Case).where(Case.id == gathering.walks[1].case_id)
        session.execute(broken.values(state=b"somebody else wrote this"))
    report = gathering.act(decide_agenda)
    assert [done.happened for done in report] == [True, False, True]
    assert gathering.standings() == [Standing.DONE, Standing.WRONG, Standing.DONE]
    gathering.act(lambda acting, meeting: fill_in(acting, meeting, [items[1]], APPROVE))
    with transaction(ground.sessions, writes=False) as session:
        assert "流程状态" in session.scalars(select(AgendaItem.problem).where(AgendaItem.item_id == items[1])).one()


def test_what_changed_meanwhile_is_refused_and_what_left_is_told(sqlite_ground: Ground) -> None:
    gathering = drawn(sqlite_ground)
    items = gathering.items
    gathering.act(lambda acting, meeting: fill_in(acting, meeting, items, APPROVE))
    gathering.walks[0].complete("decision")
    assert gathering.standings() == [Standing.GONE, Standing.READY, Standing.READY]
    with transaction(sqlite_ground.sessions) as session:
        session.execute(
            update(AgendaItem).where(AgendaItem.item_id == items[1]).values(item_revision=AgendaItem.item_revision - 1)
        )
    report = gathering.act(decide_agenda)
    assert [(done.subject_id, done.happened) for done in report] == [(items[1], False), (items[2], True)]


def test_no_decision_before_the_day_without_people_or_lines(sqlite_ground: Ground) -> None:
    walks = at_decision(sqlite_ground, 1)
    tomorrow = day_of(walks[0].now) + timedelta(days=1)
    for more, sentence in (
        ({"held_on": tomorrow}, "还没有召开"),
        ({"attendance": ()}, "出席人员"),
        ({}, "没有填好结论"),
    ):
        gathering = Gathering(sqlite_ground, walks, **more)
        with pytest.raises(ActRefused, match=sentence):
            gathering.act(decide_agenda)
    with transaction(sqlite_ground.sessions, writes=False) as session:
        assert session.scalars(select(func.count()).select_from(MeetingVerdict)).one() == 1  # 党组's alone


def test_p4_a_party_group_meeting_fills_its_own_step(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    walk.to("party_meeting")
    unit_id = walk.item("party_meeting").unit_id
    gathering = Gathering(sqlite_ground, [walk], kind=MeetingKind.PARTY, unit_id=unit_id)
    item_id = walk.item("party_meeting").id
    with walk.acting(Role.HANDLER, unit_id) as acting:
        meeting = acting.session.get_one(Meeting, gathering.id)
        assert [c.item_id for c in candidates_for(acting.session, meeting, Drawing())] == [item_id]
        draw_up(acting, meeting, [item_id])
        (filling,) = fill_in(acting, meeting, [item_id], Wish({"verdict": ["on"]}, anew=True))
        assert (filling.category, filling.problem) == ("upgrade", "")
        assert [done.happened for done in decide_agenda(acting, meeting)] == [True]
    assert walk.waiting() == ["application"]
