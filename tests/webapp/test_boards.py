"""看板: every figure is what lies behind it, each person within their own area (R6, O1, issue 8 items 3 and 8)."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from sqlalchemy import select

from bpmn.supervision import resume, suspend
from bpmn.tallying import renew_tallies
from forms.sheets.grid import load_workbook
from ledger.boards import Lights
from ledger.db import transaction
from ledger.installation import shift_clock
from ledger.journal import Entry
from ledger.papers import ArchiveWaiver, File, Place, attach
from ledger.people import User
from ledger.projects import Project, set_funding
from ledger.scope import CLOCK
from ledger.statistics import everything, rate_text, rates
from ledger.vocabulary import PaperKind, Role
from tests.walk import Walk
from tests.webapp.conftest import Person, Site, exported
from tests.webapp.test_process_map import supervisor, text
from webapp import boards

LINKED = re.compile(r'href="(/board/projects\?[^"]*)"[^>]*>(?:<span[^>]*>[▲◆●]</span>)?(\d+)</a>')
SCREEN = re.compile(r'href="(/board/projects\?[^"]*)"[^>]*>(\d+)</a>')
LINES = re.compile(r'class="fw-semibold text-decoration-none" href="/(?:cases|projects)/')


@pytest.fixture
def laid(site: Site) -> list[Walk]:
    """Four of five projects pushed, one of them late, one suspended; classes, conditions and progress of each kind."""
    walks = [site.walk(number) for number in range(4)]
    with transaction(site.ground.sessions) as session:
        given = session.scalars(select(Project).order_by(Project.id)).all()
        for project, category, operation, linkage, percent in zip(
            given,
            ("consolidate", "upgrade", "upgrade", None, "rebuild"),
            ("normal", "stopped", "difficult", None, "stopped"),
            ("full", "partial", "partial", None, "full"),
            (None, 45, 100, None, 10),
            strict=True,
        ):
            project.category, project.operation, project.linkage = category, operation, linkage
            project.progress_percent = percent
        given[4].exited_on = site.ground.now.date()
    bureau = site.ground.county.bureau.id
    with walks[1].acting(Role.HANDLER, bureau) as acting:
        suspend(acting, walks[1].case_id, "等待上级意见")
    walks[0].pass_days(1)
    walks[0].complete("receive")
    for walk in walks:
        walk.now = walks[0].now + timedelta(days=3)
    site.catch_up(walks[0])
    renew_tallies(site.ground.sessions, walks[0].now)
    return walks


def county_supervisor(site: Site) -> Person:
    return site.person(site.ground.county.county.id, Role.SUPERVISOR)


def test_every_figure_is_as_many_projects_as_its_list(site: Site, laid: list[Walk]) -> None:
    person = county_supervisor(site)
    found = {unescape(url): int(count) for url, count in LINKED.findall(text(person, "/board"))}
    assert len(found) > 15
    assert {url: len(LINES.findall(text(person, url))) for url in found} == found


def test_money_by_source_leads_to_the_projects_that_have_it(site: Site, laid: list[Walk]) -> None:
    with transaction(site.ground.sessions) as session:
        first, second, *others = session.scalars(select(Project).order_by(Project.id)).all()
        set_funding(first, {"earmarked": {"central": Decimal("1200000.50")}, "social": {"county": Decimal(300000)}})
        set_funding(second, {"earmarked": {"city": Decimal("99999.50")}}, unattributed_yuan=Decimal(10))
        for each in others:
            set_funding(each, {"earmarked": {"central": Decimal(0)}})
    renew_tallies(site.ground.sessions, laid[0].now + timedelta(days=1))
    person = county_supervisor(site)
    found = re.findall(r'href="(/board/projects\?[^"]*source=[a-z]+[^"]*)">([\d.,]+)</a>', text(person, "/board"))
    listed = {}
    for url, shown in found:
        page = text(person, unescape(url))
        listed[shown] = re.findall(r"这一来源 ([\d.,]+) 元", page)
        assert len(LINES.findall(page)) == len(listed[shown])
    assert listed == {"130.00": ["1,200,000.50", "99,999.50"], "30.00": ["300,000.00"], "0.00": ["10.00"]}
    assert "有财政专项扶贫资金(衔接资金)的项目" in text(person, unescape(found[0][0]))


def test_p13_each_row_of_annex_6_says_who_brings_what_is_missing_and_leads_to_its_projects(
    site: Site, laid: list[Walk]
) -> None:
    (brought, waived, *_rest), now = laid, site.ground.now
    with transaction(site.ground.sessions) as session:
        asked, agreed = session.scalars(select(User.id).order_by(User.id).limit(2))
        signed = File("合同.pdf", "application/pdf", b"%PDF-1.4")
        attach(session, site.ground.papers, signed, Place(PaperKind.CONTRACT, case_id=brought.case_id), CLOCK, now)
        for walk in (brought, waived):  # what was declared and came all the same is there
            told = {"row": 5, "reason": "自营", "requested_by_id": asked, "confirmed_by_id": agreed}
            session.add(ArchiveWaiver(case_id=walk.case_id, requested_at=now, confirmed_at=now, **told))
    renew_tallies(site.ground.sessions, laid[0].now + timedelta(days=1))
    person = county_supervisor(site)
    page = text(person, "/board")
    assert "合作协议或项目协议书或合同书：由责任单位经办人，实地调研或归档时上传" in page
    assert "领导小组会议纪要：由领导小组办公室，审定后生成或上传" in page
    for standing, walk in (("t", brought), ("w", waived)):
        (url,) = set(re.findall(rf'href="(/board/projects\?[^"]*archive=\w+-5-{standing}[^"]*)">1</a>', page))
        listed = text(person, unescape(url))
        assert LINES.findall(listed) == [LINES.findall(listed)[0]]
        assert walk.project.number in listed
    assert len(LINES.findall(text(person, "/board/projects?archive=village-5-x"))) == len(site.ground.projects)


def test_r6_the_rates_are_those_of_the_projects_themselves(site: Site, laid: list[Walk]) -> None:
    with transaction(site.ground.sessions, writes=False) as session:
        known = rates(session, everything())
    page = text(county_supervisor(site), "/board")
    assert (known.project_count, known.stopped_count, known.weak_linkage_count) == (4, 1, 2)
    for label, rate in (("停产闲置率", known.stopped), ("经营困难率", known.difficult)):
        assert re.search(rf'{label}</span><span class="tile-figure">{re.escape(rate_text(rate))}</span>', page)


def test_lights_tell_what_is_late_soon_and_neither() -> None:
    assert Lights(red=1, green=9).light == "red"
    assert Lights(yellow=1, green=9).light == "yellow"
    assert Lights(green=9).light == "green"
    assert Lights(suspended=3).light is None


def test_three_lights_of_the_county(site: Site, laid: list[Walk]) -> None:
    """Received on 11-06 with two working days: late on 11-10; surveyed until 11-21: neither late nor soon."""
    page = text(county_supervisor(site), "/board")
    for light, count in (("红灯", 2), ("黄灯", 0), ("绿灯", 1)):
        assert f'aria-label="{light} {count} 个"' in page


def test_a_suspended_case_is_not_overdue_and_has_its_own_mark_on_board_and_map(site: Site, laid: list[Walk]) -> None:
    """One rule on every page: three items are past their date, one of them in a suspended case (8.1, 8.3)."""
    person = county_supervisor(site)
    board, map_ = text(person, "/board"), text(person, "/map")
    assert 'aria-label="签收项目：超期 2 个"' in map_
    assert 'aria-label="签收项目：在办 3 个"' in map_
    assert 'aria-label="签收项目：已暂停 1 个"' in map_
    assert 'aria-label="已暂停 1 个"' in board
    assert "全部 2 项超期任务" in board
    resting = text(person, "/map/steps/receive?status=suspended")
    assert f"/cases/{laid[1].case_id}" in resting
    assert len(LINES.findall(resting)) == 1
    assert f"/cases/{laid[1].case_id}" not in text(person, "/map/steps/receive?late=1")
    with laid[1].acting(Role.HANDLER, site.ground.county.bureau.id) as acting:
        resume(acting, laid[1].case_id, "已核实")
    renew_tallies(site.ground.sessions, laid[1].now)
    assert "已暂停 1 个" not in text(person, "/board")


def test_money_of_units_and_of_all_leads_to_the_projects_and_steps_are_listed(site: Site, laid: list[Walk]) -> None:
    person = county_supervisor(site)
    page = text(person, "/board")
    money = re.findall(r'href="(/board/projects\?[^"]*)">[\d,]+\.\d\d</a>', page)
    units = {unescape(url) for url in money if "branch=" in url}
    assert len(units) == len({project.responsible_unit_id for project in site.ground.projects})
    assert sum(len(LINES.findall(text(person, url))) for url in units) == len(site.ground.projects)
    whole = next(unescape(url) for url in money if "branch" not in url and "source" not in url)
    assert len(LINES.findall(text(person, whole))) == len(site.ground.projects)
    steps = page.split("各环节在办项目")[1]
    assert re.search(r'签收项目</th><td class="yuan"><a href="/map/steps/receive\?[^"]*">3</a>', steps)


def test_units_that_are_late_are_ranked_and_lead_to_what_they_hold(site: Site, laid: list[Walk]) -> None:
    person = county_supervisor(site)
    listed = text(person, "/board/late")
    assert len(LINES.findall(listed)) == 2  # what lies in a suspended case is not overdue
    holders = re.findall(r"签收项目<span[^>]*>（([^）]+)）", listed)
    units = {unit.short_name: unit.id for unit in site.ground.county.townships.values()}
    for name in set(holders) & units.keys():
        assert len(LINES.findall(text(person, f"/board/late?holder={units[name]}"))) == holders.count(name)


def test_o1_a_town_sees_its_own_board_and_no_other(site: Site, laid: list[Walk]) -> None:
    county = site.ground.county
    town, other = county.townships["桑柘镇"], county.townships["保家镇"]
    person = supervisor(site, town.id)
    own = [p for p in site.ground.projects if town.id in (p.responsible_unit_id, p.township_id)]
    page = text(person, "/board")
    assert f'项目总数</span><span class="tile-figure">{len(own)}</span>' in page
    assert other.short_name not in page
    assert all(project.number in text(person, "/board/projects") for project in own)
    foreign = next(p for p in site.ground.projects if p not in own)
    assert foreign.number not in text(person, "/board/projects")
    for path in ("/board", "/board/screen", "/board/screen/figures", "/board/projects", "/board/late"):
        assert person.get(f"{path}?area={other.id}").status_code == 404
        assert person.get(f"{path}?area={county.county.id}").status_code == 404
    for path in ("/board", "/board/projects", "/board/late"):
        assert person.post(f"{path}?area={other.id}").status_code == 404


def test_a_village_has_a_board_of_its_own(site: Site, laid: list[Walk]) -> None:
    village_id = next(p.village_id for p in site.ground.projects if p.village_id is not None)
    own = [p for p in site.ground.projects if p.village_id == village_id]
    page = text(site.person(village_id), "/board")
    assert f'项目总数</span><span class="tile-figure">{len(own)}</span>' in page


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN])
def test_administrators_see_no_board(site: Site, role: Role) -> None:
    person = site.person(site.ground.county.county.id, role)
    assert {person.get(path).status_code for path in ("/board", "/board/screen", "/board/projects")} == {403}


def test_m2_no_list_of_the_board_shows_a_telephone_number(site: Site, laid: list[Walk]) -> None:
    person = county_supervisor(site)
    numbers = [project.telephone or "" for project in site.ground.projects]
    pages = [text(person, path) for path in ("/board", "/board/projects", "/board/late", "/board/screen")]
    assert not any(number in page for number in numbers for page in pages)
    shown = text(person, f"/projects/{site.ground.projects[0].id}")
    assert numbers[0] not in shown
    assert f"{numbers[0][:3]}****{numbers[0][-4:]}" in shown


def test_the_table_and_the_lists_are_workbooks_with_their_rows_journaled(site: Site, laid: list[Walk]) -> None:
    person = county_supervisor(site)
    for path in ("/board", "/board/projects?category=upgrade", "/board/late"):
        answer = person.post(path)
        assert answer.status_code == 200
        assert load_workbook(answer.get_data()).sheets
    with transaction(site.ground.sessions, writes=False) as session:
        kept = [entry.detail for entry in session.scalars(select(Entry).where(Entry.act == "export"))]
    assert '"rows":2' in kept[1]
    assert '"rows":2' in kept[2]


def test_a_workbook_that_was_cut_says_so(site: Site, laid: list[Walk], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "MOST_EXPORTED", 2)
    person = county_supervisor(site)
    for path in ("/board/projects", "/board/projects?category=upgrade", "/stalled?kind=suspended"):
        (title, *_rest), *_rows = exported(person.post(path))
        assert ("只列出前 2 行" in title) == (path == "/board/projects")


def test_the_large_screen_asks_for_itself_every_minute(site: Site, laid: list[Walk]) -> None:
    person = county_supervisor(site)
    page, fresh = text(person, "/board/screen"), text(person, "/board/screen/figures")
    assert 'hx-trigger="every 60s"' in page
    assert 'hx-trigger="every 60s"' in fresh
    assert "<html" not in fresh


def test_figures_of_the_large_screen_lead_to_their_projects(site: Site, laid: list[Walk]) -> None:
    person = county_supervisor(site)
    page = text(person, "/board/screen")
    figures = page[page.index("screen-tiles") : page.index("三率变化")] + page[page.index("各单位三色灯") :]
    found = {unescape(url): int(count) for url, count in SCREEN.findall(figures)}
    assert len(found) > 8
    assert {url: len(LINES.findall(text(person, url))) for url in found} == found


def test_r6_a_past_point_of_the_trend_leads_to_that_days_ledger_and_todays_to_the_projects(
    site: Site, laid: list[Walk]
) -> None:
    renew_tallies(site.ground.sessions, laid[0].now + timedelta(days=1))
    with transaction(site.ground.sessions) as session:
        shift_clock(session, 24 * 3600)
    town = site.ground.county.townships["桑柘镇"].id
    for person, past in ((county_supervisor(site), "/snapshots/state"), (supervisor(site, town), "/board/projects")):
        charts = [json.loads(unescape(each)) for each in re.findall(r"data-chart='([^']*)'", text(person, "/board"))]
        (trend,) = (each for each in charts if each["kind"] == "lines")
        assert len(trend["series"]) == 3
        for each in trend["series"]:
            assert each["urls"][0].startswith(past)
            assert each["urls"][-1].startswith("/board/projects")
            assert [person.get(url).status_code for url in each["urls"]] == [200] * len(each["urls"])


def test_a_board_without_projects_says_so(site: Site) -> None:
    assert "这个范围里还没有项目" in text(county_supervisor(site), "/board")
