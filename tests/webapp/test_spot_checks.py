"""督查抽查 over HTTP (R5): drawn twice gives the same projects; found, mended, looked at again; the appraisal sheet."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from math import ceil

import pytest
from sqlalchemy import select, update

from bpmn.casefile import Acting
from bpmn.round_periods import open_due
from ledger.appraisal import Span, appraisals
from ledger.db import day_of, transaction
from ledger.installation import shift_clock
from ledger.journal import Entry, Moment
from ledger.projects import Project
from ledger.rounds import RoundItem
from ledger.scope import CLOCK
from ledger.spot_checks import SpotCheck, SpotCheckProject
from tests.walk import PDF, local
from tests.webapp.conftest import Person, Site, exported

DRAW = {"title": "第四季度抽查", "strata": ["unit", "category"], "percent": "50", "seed": "2023-04"}


def drawn(site: Site, person: Person, **changed: str) -> tuple[str, list[str]]:
    """Draw and return the address of the draw and the numbers of the projects."""
    county = {"county": str(site.ground.county.county.id)}
    answer = person.post("/checks/new", {**DRAW, **county, **changed})
    assert answer.status_code == 303, answer.text
    path = answer.headers["Location"]
    with transaction(site.ground.sessions, writes=False) as session:
        wanted = select(Project.number).join(SpotCheckProject, SpotCheckProject.project_id == Project.id)
        check_id = int(path.rsplit("/", 1)[1])
        return path, list(session.scalars(wanted.where(SpotCheckProject.check_id == check_id)))


def first_of(site: Site, town: str) -> SpotCheckProject:
    with transaction(site.ground.sessions, writes=False) as session:
        unit = site.ground.county.townships[town].id
        return session.scalars(select(SpotCheckProject).where(SpotCheckProject.unit_id == unit)).first() or pytest.fail(
            "none"
        )


def test_r5_a_check_drawn_twice_gives_the_same_projects(both_sites: Site) -> None:
    site = both_sites
    bureau = site.bureau()
    (path, first), (_again, second) = drawn(site, bureau), drawn(site, bureau)
    assert first == second
    assert first
    page = bureau.get(path).text
    assert ("与原来一致" in page, "2023-04" in page) == (True, True)
    with transaction(site.ground.sessions) as session:  # the register goes on, what was drawn stays
        session.execute(update(Project).values(category="rebuild"))
    assert "与原来一致" in bureau.get(path).text
    with transaction(site.ground.sessions) as session:
        check = session.scalars(select(SpotCheck).order_by(SpotCheck.id)).first()
        assert check is not None
        check.seed = "别的"  # somebody alters the record
    assert "与原来不一致" in bureau.get(path).text
    assert {row[1] for row in exported(bureau.post(path))} >= set(first)
    assert site.town().post(path).status_code == 404


def test_r5_anybody_can_draw_again_from_the_workbook_alone(site: Site) -> None:
    """Drawn once more by an own program from what the sheet says: seed, share, layers and numbers (art. 21)."""
    bureau = site.bureau()
    path, numbers = drawn(site, bureau)
    page = bureau.get(f"{path}/pool").text
    assert all(number in page for number in numbers)
    assert "sha256sum" in page
    (title, *_), (rule, *_), heads, *rows = exported(bureau.post(f"{path}/pool"))
    *rows, (method, *_) = [row for row in rows if any(row)]
    assert "第四季度抽查" in title
    assert "SHA-256" in method
    seed, percent = rule.split("种子：")[1].split("　")[0], int(rule.split("每层")[1].split("%")[0])
    column = {head: n for n, head in enumerate(heads)}
    layers: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        lot = sha256(f"{seed}\n{row[column['项目编号']]}".encode()).hexdigest()
        assert lot == row[column["抽签值（SHA-256）"]]
        layers.setdefault(f"{row[column['责任单位']]}{row[column['分类']]}", []).append((lot, row[column["项目编号"]]))
    chosen = [number for each in layers.values() for _lot, number in sorted(each)[: ceil(len(each) * percent / 100)]]
    assert sorted(chosen) == sorted(numbers)
    assert len(rows) == len(site.ground.projects)
    assert site.town().get(f"{path}/pool").status_code == site.town().post(f"{path}/pool").status_code == 404


def test_r5_a_report_sent_back_counts_as_returned(site: Site) -> None:
    county, now = site.ground.county, local(2023, 11, 22)
    with transaction(site.ground.sessions) as session:
        acting = Acting(session, CLOCK, Moment(now, now), site.ground.papers)
        open_due(acting, county.county.id)
        town = county.townships["桑柘镇"].id
        item = session.scalars(select(RoundItem).where(RoundItem.unit_id == town)).first()
        assert item is not None
        item.returned_reason = "数字有误"
        session.flush()
        span = Span(day_of(now), day_of(now))
        sheets = {each.unit.id: each for each in appraisals(session, county.county.id, span, local(2023, 11, 23))}
    assert sheets[town].counts["returned"] == 1
    assert sum(each.counts["returned"] for each in sheets.values()) == 1


def test_r5_a_problem_is_found_mended_looked_at_and_counts(site: Site) -> None:
    bureau = site.bureau()
    drawn(site, bureau, percent="100", seed="")
    row = first_of(site, "桑柘镇")
    path, town = f"/checks/projects/{row.id}", site.town()
    assert town.post(path, {"text": "已整改"}).status_code == 409  # nothing was found yet
    found = {"checked_on": "2023-11-06", "text": "冷库停用", "until": "2023-11-10"}
    assert bureau.post(path, {**found, "checked_on": "2023-11-07"}).status_code == 422
    photos = {"photos": (BytesIO(PDF), "现场.pdf")}
    assert bureau.post(path, {**found, **photos}, content_type="multipart/form-data").status_code == 303
    page = town.get(path).text
    assert ("现场.pdf" in page, "冷库停用" in page, "2023-11-10" in page) == (True, True, True)
    paper = page.split('href="/papers/')[1].split('"')[0]
    assert town.get(f"/papers/{paper}").status_code == 200
    stranger = site.town("保家镇")
    assert [stranger.get(each).status_code for each in (path, f"/papers/{paper}", "/checks/1")] == [404, 404, 404]
    with transaction(site.ground.sessions) as session:
        shift_clock(session, int(timedelta(days=7).total_seconds()))  # mended on the 13th, three days late
    assert town.post(path, {"text": "已恢复使用"}).status_code == 303
    assert bureau.post(path, {"text": "仍未通电", "until": "2023-11-20"}).status_code == 303
    assert town.post(path, {"text": "已通电"}).status_code == 303
    assert bureau.post(path, {"text": "到位"}).status_code == 303
    assert "整改到位" in bureau.get(path).text
    with transaction(site.ground.sessions, writes=False) as session:
        now = local(2023, 11, 14)
        span = Span(day_of(now) - timedelta(days=60), day_of(now))
        sheets = {s.unit.short_name: s for s in appraisals(session, site.ground.county.county.id, span, now)}
        acts = set(session.scalars(select(Entry.act).where(Entry.act.startswith("spot_check"))))
    assert (sheets["桑柘镇"].counts["problems"], sheets["桑柘镇"].score) == (1, 97)
    assert sheets["保家镇"].score == 100
    assert acts == {
        "spot_check_drawn",
        "spot_check_found",
        "spot_check_mended",
        "spot_check_again",
        "spot_check_settled",
    }


def test_r5_the_sheet_shows_its_formula_and_a_unit_sees_its_own(site: Site) -> None:
    own, whole = site.town().get("/appraisals").text, site.bureau().get("/appraisals").text
    assert "得分 = 100 − 迟报、补报×2 − 未报×4 − 被退回×1 − 超期办理×1 − 抽查发现问题×3 − 整改逾期×5，最低为0" in whole
    assert ("保家镇" in own, "保家镇" in whole) == (False, True)
    for person, units in ((site.town(), {"桑柘镇"}), (site.bureau(), {"桑柘镇", "保家镇", "鹿角镇"})):
        found = {str(row[0]): row[-1] for row in exported(person.post("/appraisals?since=2023-11-01"))}
        assert {name for name in found if name.endswith("镇")} == units
        assert found["桑柘镇"] == 100
    with transaction(site.ground.sessions, writes=False) as session:
        assert len(session.scalars(select(Entry).where(Entry.act == "export")).all()) == 2


def test_r5_who_may_draw(site: Site) -> None:
    assert site.town().get("/checks/new").status_code == 403
    assert site.office().post("/checks/new", DRAW).status_code == 403
    wrong = site.bureau().post("/checks/new", {**DRAW, "county": "98765", "percent": "0"})
    assert (wrong.status_code, "抽取比例" in wrong.text) == (422, True)
