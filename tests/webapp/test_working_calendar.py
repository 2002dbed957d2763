"""工作日历: pasted, looked at, asked for by one, put in force by another within a week (T1; issue 10, row 7)."""

from __future__ import annotations

from sqlalchemy import select

from ledger.approvals import LIVES, Approval
from ledger.db import transaction
from ledger.journal import Entry
from ledger.vocabulary import Role
from ledger.working_days import CalendarYear, special_days
from tests.webapp.conftest import Person, Site

TEXT = (
    "一、元旦：1月1日（周五）至3日（周日）放假，共3天。"
    "二、春节：2月5日（周五）至11日（周四）放假调休，共7天。2月14日（周日）上班。"
)


def test_t1_a_notice_is_looked_at_before_it_is_entered(site: Site) -> None:
    keeper = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    asked = {"year": "2027", "text": TEXT, "source": "国办发明电"}
    page = keeper.post("/calendar/check", asked)
    assert (page.status_code, "2027-02-14" in page.get_data(as_text=True)) == (200, True)
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.get(CalendarYear, 2027) is None
    assert keeper.post("/calendar", asked).status_code == 303
    assert settle(keeper, site) is None  # nobody approves what they asked for
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.get(CalendarYear, 2027) is None
    assert "等待另一名管理员" in keeper.get("/calendar").get_data(as_text=True)
    second = site.person(site.ground.county.county.id, Role.SECURITY_ADMIN)
    assert "2027-02-14 上班" in second.get("/approvals").get_data(as_text=True)
    entry = settle(second, site)
    assert entry is not None
    assert '"year":2027' in entry.detail
    with transaction(site.ground.sessions, writes=False) as session:
        free = [row.day.isoformat() for row in special_days(session, 2027) if not row.working]
        assert free == ["2027-01-01", "2027-02-05", *(f"2027-02-{day:02}" for day in (8, 9, 10, 11))]
        assert session.get_one(CalendarYear, 2027).source == "国办发明电"
    assert "国办发明电" in keeper.get("/calendar?year=2027").get_data(as_text=True)


def settle(person: Person, site: Site) -> Entry | None:
    """Approve what waits; returns the row of a calendar that was entered."""
    person.post("/approvals", {"approval": "1", "verdict": "approve"})
    with transaction(site.ground.sessions, writes=False) as session:
        return session.scalars(select(Entry).where(Entry.act == "calendar_entered")).one_or_none()


def test_a_calendar_is_asked_for_once_and_lapses_after_a_week(site: Site) -> None:
    keeper = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    second = site.person(site.ground.county.county.id, Role.SECURITY_ADMIN)
    asked = {"year": "2027", "text": TEXT, "source": "国办发明电"}
    keeper.post("/calendar", asked)
    assert "已有一项“工作日历”申请" in keeper.post("/calendar", asked, follow_redirects=True).get_data(as_text=True)
    with transaction(site.ground.sessions) as session:
        waiting = session.get_one(Approval, 1)
        waiting.asked_at, waiting.expires_at = waiting.asked_at - LIVES, waiting.expires_at - LIVES
    assert settle(second, site) is None
    assert "已失效" in second.get("/approvals").get_data(as_text=True)
    assert "等待另一名管理员" not in keeper.get("/calendar").get_data(as_text=True)
    assert keeper.post("/calendar", asked).status_code == 303
    with transaction(site.ground.sessions, writes=False) as session:
        assert len(session.scalars(select(Approval)).all()) == 2


def test_t1_a_notice_of_another_year_is_refused_and_changes_nothing(site: Site) -> None:
    keeper = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    for path in ("/calendar/check", "/calendar"):
        answer = keeper.post(path, {"year": "2028", "text": TEXT})
        assert (answer.status_code, "请核对年份" in answer.get_data(as_text=True)) == (422, True)
    assert keeper.post("/calendar", {"year": "0", "text": TEXT}).status_code == 400
    assert site.town().get("/calendar").status_code == 403
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.get(CalendarYear, 2028) is None
