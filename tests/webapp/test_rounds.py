"""The bureau's Thursday over HTTP (R2): two units are late, the week is closed, its summary written; who sees what."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from ledger.db import transaction
from ledger.installation import shift_clock
from ledger.journal import Moment
from ledger.projects import Project
from ledger.rounds import RoundItem, RoundSummary, UnitRound, previous_figures
from ledger.vocabulary import Role
from scheduler.recurring import open_recurring
from scheduler.sweep import Ground as ClockGround
from tests.walk import PDF, local
from tests.webapp.conftest import Site, exported

WEEK = "2023-W47"


class Thursday:
    """The site with a clock that is moved by hand and a scheduler that passes by."""

    def __init__(self, site: Site) -> None:
        self.site, self.now = site, local(2023, 11, 6, 9, 1)
        self.county_id = site.ground.county.county.id

    def at(self, now: datetime) -> None:
        with transaction(self.site.ground.sessions) as session:
            shift_clock(session, int((now - self.now).total_seconds()))
        self.now = now
        open_recurring(ClockGround(self.site.ground.sessions, self.site.ground.papers), Moment(now, now))

    def row(self, town: str) -> UnitRound:
        with transaction(self.site.ground.sessions, writes=False) as session:
            unit = self.site.ground.county.townships[town].id
            return session.scalars(
                select(UnitRound).where(UnitRound.unit_id == unit, UnitRound.occurrence == WEEK)
            ).one()

    def item(self, row: UnitRound) -> RoundItem:
        with transaction(self.site.ground.sessions, writes=False) as session:
            wanted = (RoundItem.round_id == row.id, RoundItem.completed_at.is_(None))
            return session.scalars(select(RoundItem).where(*wanted)).one()

    def report(self, town: str, **given: str) -> int:
        item = self.item(self.row(town))
        data = {"_revision": str(item.revision), "_action": "submit", "measures": "按计划推进", "confirmed": "true"}
        return self.site.town(town).post(f"/rounds/items/{item.id}", {**data, **given}).status_code

    @property
    def path(self) -> str:
        return f"/rounds/{self.county_id}/weekly/{WEEK}"


@pytest.fixture
def thursday(site: Site) -> Thursday:
    found = Thursday(site)
    found.at(local(2023, 11, 17, 9))
    return found


def test_r2_the_bureau_closes_a_week_with_two_late_units(thursday: Thursday) -> None:
    site = thursday.site
    page = site.town().get("/rounds").text
    assert ("2023年11月23日周调度" in page, "全县各期" in page) == (True, False)
    assert thursday.report("桑柘镇") == 303
    thursday.at(local(2023, 11, 23, 16, 30))
    bureau = site.bureau()
    page = bureau.get(thursday.path).text
    assert "未报" in page
    assert "催办全部未报单位" in page
    assert bureau.post(f"{thursday.path}/chase").status_code == 303
    assert "催办：2023年11月23日周调度" in site.town("保家镇").get("/notices").text
    assert [thursday.report(town) for town in ("保家镇", "鹿角镇")] == [303, 303]
    assert bureau.post(f"{thursday.path}/close", {"note": "两个镇迟报，已提醒"}).status_code == 303
    page = bureau.get(thursday.path).text
    assert "迟报：保家镇、鹿角镇" in page
    with transaction(site.ground.sessions, writes=False) as session:
        summary = session.scalars(select(RoundSummary)).one()
        assert summary.late == ["保家镇", "鹿角镇"]
        assert "桑柘镇" not in summary.missing
    paper = page.split('href="/papers/')[1].split('"')[0]
    assert bureau.get(f"/papers/{paper}").data.startswith(b"PK")
    assert site.town().get(f"/papers/{paper}").status_code == 404
    assert "已关闭" in bureau.get("/rounds").text
    units = {row[0]: row[1] for row in exported(bureau.post(thursday.path))}
    assert (units["桑柘镇"], units["保家镇"], units["鹿角镇"]) == ("按时", "迟报", "迟报")
    assert site.town().post(thursday.path).status_code == 404


def test_r2_last_week_stands_beside_this_week_for_the_unit_the_county_and_on_paper(
    thursday: Thursday, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, bureau, printed = thursday.site, thursday.site.bureau(), []
    monkeypatch.setattr("bpmn.prints.print_paper", lambda title, facts, *_: printed.append((title, facts)) or b"PK")
    assert thursday.report("桑柘镇") == 303
    first, row = thursday.row("桑柘镇").figures or {}, thursday.row("桑柘镇")
    thursday.at(local(2023, 11, 24, 9))
    assert bureau.post(f"{thursday.path}/close").status_code == 303
    with transaction(site.ground.sessions) as session:  # the register goes on: one project fewer of the town's
        gone = session.scalars(select(Project).where(Project.responsible_unit_id == row.unit_id)).first()
        assert gone is not None
        gone.exited_on = local(2023, 11, 24).date()
        session.flush()
        wanted = (UnitRound.unit_id == row.unit_id, UnitRound.occurrence == "2023-W48")
        following = session.scalars(select(UnitRound).where(*wanted)).one()
        assert (previous_figures(session, following), previous_figures(session, row)) == (first, None)
        number, item = following.id, session.scalars(select(RoundItem).where(RoundItem.round_id == following.id)).one()
    count = first["project_count"]
    beside = rf'>{count}</td><td class="text-end fw-semibold">{count - 1}</td><td class="[^"]*">-1</td>'
    assert re.search(beside, site.town().get(f"/rounds/{number}").text)
    given = {"_revision": str(item.revision), "_action": "submit", "measures": "按计划推进", "confirmed": "true"}
    assert site.town().post(f"/rounds/items/{item.id}", given).status_code == 303
    thursday.at(local(2023, 12, 1, 9))
    path = thursday.path.replace("W47", "W48")
    assert re.search(beside, bureau.get(path).text)
    assert bureau.post(f"{path}/close").status_code == 303
    (_title, before), (_same, facts) = ((title, str(facts)) for title, facts in printed if "汇总" in title)
    assert (f"项目总数-1（上期{count}）" in facts, "上期" in before) == (True, False)


def test_r2_a_missed_week_is_opened_later_by_the_bureau_alone(site: Site) -> None:
    thursday = Thursday(site)
    thursday.at(local(2023, 11, 24, 9))
    bureau = site.bureau()
    assert "2023年11月23日周调度" in bureau.get("/rounds").text
    assert site.town().post(f"{thursday.path}/backfill").status_code == 403
    assert bureau.post(f"{thursday.path}/backfill").status_code == 303
    assert thursday.report("桑柘镇") == 303
    assert "补报" in bureau.get(thursday.path).text


def test_o1_a_township_sees_its_own_rounds_and_no_other(thursday: Thursday) -> None:
    site, row = thursday.site, thursday.row("桑柘镇")
    item = thursday.item(row)
    stranger = site.town("保家镇")
    assert [stranger.get(path).status_code for path in (f"/rounds/{row.id}", thursday.path, "/rounds/98765")] == [
        404
    ] * 3
    assert stranger.post(f"/rounds/items/{item.id}", {"_action": "submit"}).status_code == 404
    assert site.bureau().post(f"/rounds/items/{item.id}", {"_action": "draft"}).status_code == 404
    assert site.town().get(f"/rounds/{row.id}").status_code == 200
    assert site.town(role=Role.SIGNER).get(f"/rounds/{row.id}").status_code == 200
    assert site.visitor().get("/rounds").status_code == 302


def test_what_is_typed_is_kept_and_files_can_be_taken_off(site: Site) -> None:
    thursday = Thursday(site)
    thursday.at(local(2023, 11, 8, 9))
    town = site.town()
    page = town.get("/rounds").text
    rounds = [int(part.split('"')[0]) for part in page.split('href="/rounds/')[1:] if part.split('"')[0].isdecimal()]
    with transaction(site.ground.sessions, writes=False) as session:
        wanted = (UnitRound.id.in_(rounds), UnitRound.kind == "plan")
        row = session.scalars(select(UnitRound).where(*wanted)).one()
    item = thursday.item(row)
    given = {"_revision": str(item.revision), "title": "清理处置意见", "paper": (BytesIO(PDF), "意见.pdf")}
    answer = town.post(f"/rounds/items/{item.id}", {**given, "_action": "submit"}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert ("印发日期" in answer.text, "意见.pdf" in answer.text, 'value="清理处置意见"' in answer.text) == (True,) * 3
    paper = answer.text.split('name="_remove" value="')[1].split('"')[0]
    assert town.post(f"/rounds/items/{item.id}", {"title": "第二稿", "_remove": paper}).status_code == 303
    page = town.get(f"/rounds/{row.id}").text
    assert ('name="_remove"' in page, 'value="第二稿"' in page) == (False, True)


def test_r2_the_bureau_sets_another_due_moment(thursday: Thursday) -> None:
    bureau, base = thursday.site.bureau(), f"/rounds/{thursday.county_id}/weekly"
    assert "2023-11-23 16:00" in bureau.get(f"{base}/dates").text
    moved = {"due_at": "2023-11-22T12:00", "reason": "全县会议"}
    assert bureau.post(f"{base}/{WEEK}/due", moved).status_code == 303
    assert thursday.row("桑柘镇").due_at == local(2023, 11, 22, 12)
    assert bureau.post(f"{base}/{WEEK}/due", {**moved, "due_at": "不是时间"}).status_code in (409, 422)
    assert thursday.site.town().get(f"{base}/dates").status_code == 403


def test_a_kind_is_paused_and_held_again(thursday: Thursday) -> None:
    bureau, path = thursday.site.bureau(), f"/rounds/{thursday.county_id}/weekly/pause"
    assert bureau.post(path, {"paused": "1"}).status_code == 303
    assert "已停止" in bureau.get("/rounds").text
    before = thursday.site.count(UnitRound)
    thursday.at(thursday.now + timedelta(days=7))
    assert thursday.site.count(UnitRound) == before
    assert bureau.post(path, {"paused": "0"}).status_code == 303
    thursday.at(thursday.now + timedelta(minutes=1))
    assert thursday.site.count(UnitRound) > before
