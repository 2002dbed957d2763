"""Every page of the product with something on it, and who looks at it: a county with work at many steps.

Left out are the pages that need a history of their own: a called process, a workbook that came back, cases moved to a
new version, two snapshots compared, the second step of signing in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from ledger.journal import Moment
from scheduler.recurring import open_recurring
from scheduler.sweep import Ground as ClockGround
from tests.forms.test_preview import pdf
from tests.walk import Walk
from tests.webapp.conftest import Person, Site

CLERK, SURVEYOR = "sangzhezhen.jingban", "lujiaozhen.jingban"
SIGNER, REVIEWER = "sangzhezhen.shenhe", "caizhengju.huishen"
BUREAU, OFFICE, SYSTEM, AUDIT = "xiangcunzhenxingju.jingban", "lingdaoxiaozubangongshi.jingban", "xitong", "shenji"
EXPORT = Path(__file__).parents[1] / "cases" / "xlsx" / "ok_control.xlsx"
STEPS = ("application", "joint_review", "decision", "notice_site", "field_survey")  # where the five projects wait
FOR_A_PC = {"design.edit", "table_design.edit"}  # what one draws and edits there is wider than a phone


def furnished(site: Site) -> dict[str, list[str]]:
    """Let a county work and return the addresses of its pages, by who opens them; \"\" is nobody signed in."""
    walks = [Walk(site.ground, project) for project in site.ground.projects]
    for walk, step in zip(walks, STEPS, strict=True):
        walk.to(step)
    for stem in walks[3].waiting():
        walks[3].complete(stem)
    now = site.ground.now
    open_recurring(ClockGround(site.ground.sessions, site.ground.papers), Moment(now, now))
    people = {login: site.visitor() for login in (CLERK, SURVEYOR, SIGNER, REVIEWER, BUREAU, OFFICE, SYSTEM, AUDIT)}
    for login, person in people.items():
        assert person.sign_in(login).status_code == 303
    return {
        "": ["/login"],
        CLERK: list(_clerks(people[CLERK], walks)),
        SURVEYOR: [f"/items/{walks[4].item('field_survey').id}"],
        SIGNER: ["/handovers", _first(people[SIGNER], "/handovers", r"/handovers/\d+")],
        REVIEWER: [
            address.format(walks[1].item("joint_review").id) for address in ("/items/{}", "/inbox/bulk?item={}")
        ],
        BUREAU: list(_bureaus(site, people[BUREAU], walks)),
        OFFICE: list(_offices(site, people[OFFICE], walks)),
        SYSTEM: list(_administrators(people[SYSTEM])),
        AUDIT: ["/audit"],
    }


def _first(person: Person, path: str, pattern: str) -> str:
    """Return the first link of a page that looks so."""
    found = re.search(f'href="({pattern})"', person.get(path, follow_redirects=True).text)
    assert found is not None, (path, pattern)
    return found[1]


def _clerks(person: Person, walks: list[Walk]) -> Iterator[str]:
    yield from ("/inbox", "/inbox/receipt", "/inbox/done", "/started", "/copies", "/drafts", "/under-way")
    yield from ("/notices", "/notices/choices", "/settings/own", "/settings/own/substitutes", "/account", "/password")
    yield from ("/projects", f"/projects/{walks[0].project.id}", "/procedure", "/stalled", "/reports", "/interface")
    yield from ("/help", "/help/clerk", "/tokens", "/hooks", "/reports/annex5/return", "/rounds", "/campaigns")
    yield _first(person, "/rounds", r"/rounds/\d+")
    case, item = f"/cases/{walks[0].case_id}", walks[0].item("application")
    photo = (BytesIO(pdf([(500, 700)])), "现场照片.pdf")
    typed = {"_revision": str(item.revision), "_action": "draft", "measures": "补种新品种", "photos": photo}
    person.post(f"/items/{item.id}", typed, content_type="multipart/form-data")
    yield from (f"/items/{item.id}", f"/items/{item.id}/acts", f"{case}/copies/new")
    yield _first(person, f"{case}/then", r"/cases/\d+/then/\d+")
    yield from (f"{case}?tab={tab}" for tab in ("overview", "trail", "diagram", "papers", "comments"))
    yield f"/items/{walks[0].items('receive')[0].id}/sent"
    paper = _first(person, f"{case}?tab=papers", r"/papers/\d+/view")
    yield from (paper, paper.replace("view", "pdf"))


def _bureaus(site: Site, person: Person, walks: list[Walk]) -> Iterator[str]:
    yield from ("/imports/new", "/unassigned", "/board", "/board/projects", "/board/late", "/board/screen", "/map")
    yield from ("/map/versions", "/map/steps/receive", "/checks", "/checks/new", "/appraisals", "/campaigns/new")
    yield from ("/campaigns/1/edit", f"/cases/{walks[0].case_id}/acts", "/snapshots", "/batches")
    county = site.ground.county.county.id
    yield from (f"/rounds/{county}/weekly/dates", _first(person, "/rounds", rf"/rounds/{county}/\w+/(?!dates)[\w-]+"))
    sent = {"workbook": (BytesIO(EXPORT.read_bytes()), "项目清单.xlsx")}
    yield person.post("/imports/new", sent, content_type="multipart/form-data").headers["Location"]
    draw = {"title": "第四季度抽查", "strata": ["unit"], "percent": "50", "seed": "2023-04", "county": str(county)}
    drawn = person.post("/checks/new", draw).headers["Location"]
    yield from (drawn, _first(person, drawn, r"/checks/projects/\d+"), _first(person, "/batches", r"/batches/\d+"))


def _offices(site: Site, person: Person, walks: list[Walk]) -> Iterator[str]:
    case = walks[3].case_id
    yield from ("/meetings", "/meetings/new", f"/items/{walks[2].item('decision').id}", f"/cases/{case}/objections/new")
    county = site.ground.county
    place = {"unit_id": str(county.office.id), "campaign_id": str(county.campaign.id), "place": "二楼会议室"}
    told = {"title": "县领导小组2023年第9次会议", "held_on": "2023-11-06", "chair": "组长甲"}
    made = person.post("/meetings/new", {**place, **told, "attendance": "成员甲、成员乙"})
    assert made.status_code == 303, made.text
    meeting = made.headers["Location"]
    yield f"{meeting}/agenda/add"
    person.post(f"{meeting}/agenda/add", {"_action": "all"})
    yield from (meeting, f"{meeting}/edit", f"{meeting}/decide", _first(person, meeting, rf"{meeting}/agenda/\d+"))


def _administrators(person: Person) -> Iterator[str]:
    yield from ("/people", "/people/new", "/people/import", "/people/1", "/people/1/edit", "/units", "/units/2")
    yield from ("/approvals", "/backups", "/calendar", "/incidents", "/messages", "/messages/rules", "/purge")
    yield from ("/design", "/design/import", "/design/versions/1", "/design/versions/1/changes")
    yield "/design/versions/1/moving"
    draft = str(person.post("/design/versions/1/drafts").headers["Location"])
    yield from (draft, f"{draft}/changes", f"{draft}/play", f"{draft}/saves", f"{draft}/forms", f"{draft}/tables")
    yield from (f"{draft}/forms/field_survey", f"{draft}/rehearsals", f"{draft}/walk")
    yield _first(person, f"{draft}/tables", rf"{draft}/tables/\w+")
