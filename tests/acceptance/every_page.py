"""Every page of the product with something on it, and who looks at it: a county with work at every step.

What no page is drawn for is named in `LEFT_OUT` with its reason, so that a new page cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path

from sqlalchemy import select

from bpmn.casefile import Acting
from bpmn.deployment import deploy
from bpmn.round_periods import open_due
from bpmn.tallying import renew_tallies
from ledger.approvals import ApprovalKind, Wish, ask
from ledger.cases import WorkItem
from ledger.db import transaction
from ledger.incidents import Failure, write_incident
from ledger.installation import installation, shift_clock
from ledger.journal import Moment
from ledger.outside import notice_token
from ledger.people import Post, User
from ledger.projects import Project
from ledger.rounds import RoundItem
from ledger.scope import CLOCK, actor_of
from ledger.vocabulary import IncidentKind
from scheduler.keeping import Keeper
from scheduler.recurring import open_recurring
from scheduler.sweep import Ground as ClockGround
from tests.bpmn.test_called_processes import SURVEY, bundle, calling, process
from tests.forms.test_preview import pdf
from tests.walk import Ground, Walk, local
from tests.webapp.conftest import Person, Site

CLERK, SURVEYOR = "sangzhezhen.jingban", "lujiaozhen.jingban"
SIGNER, REVIEWER = "sangzhezhen.shenhe", "caizhengju.huishen"
BUREAU, OFFICE, SYSTEM, AUDIT = "xiangcunzhenxingju.jingban", "lingdaoxiaozubangongshi.jingban", "xitong", "shenji"
HALF = "anquan"  # whose password was right and whose code is asked for
EXPORT = Path(__file__).parents[1] / "cases" / "xlsx" / "ok_control.xlsx"
STEPS = ("application", "joint_review", "decision", "notice_site", "field_survey")  # where the five projects wait
FURTHER = (
    *("receive", "preliminary_opinion", "party_meeting", "submission", "acceptance_check"),
    *("disposal_plan", "disposal", "evaluation"),
)
"""Where further projects wait, so that the form of each of these steps is looked at too."""

FOR_A_PC = {"design.edit", "table_design.edit"}  # what one draws and edits there is wider than a phone
PIECES = {"boards.screen_figures", "form_design.preview", "table_design.attempt"}
"""What answers a part of a page: title, language and styles are the page's."""

MISSING = "/cases/999999999"

LEFT_OUT = {
    "answers a file": (
        *("personal.mine", "auditing.archive", "auditing.export", "reports.archive_of_case", "binders.file"),
        *(
            "called.diagram",
            "cases.diagram",
            "publicity.code",
            "publicity.notice",
            "time_machine.diagram",
            "bundles.take_draft_out",
        ),
        *("design.diagram", "design.saved_content", "bundles.take_out", "design.version_diagram", "imports.errors"),
        *("process_map.diagram", "messaging.export", "numbering.workbook", "papers.download", "previews.page"),
        *("pdf.file", "papers.blank", "people_lists.template", "procedure.diagram", "reports.statistics"),
        *("reports.register", "reports.archive", "static", "paper_designs.download", "paper_designs.trial"),
    ),
    "answers values for a program": (
        *("called.state", "cases.state", "time_machine.state", "design.choices", "design.problems"),
        *("process_map.heat", "health.healthz"),
    ),
    "answers a line of a page that is looked at whole": (
        *("lists.counts", "suggesting.show", "binders.progress", "moving.progress", "rehearsals.progress"),
        *("imports.progress", "pdf.progress"),
    ),
    "leads on to another page": ("inbox.home", "time_machine.latest"),
    "is there only where the county has a portal (tests/webapp/test_portal.py)": (
        *("portal.begin", "portal.back", "portal.leave"),
    ),
}
"""Routes without a page of their own, by reason; those of the interface for programs answer none at all."""


@dataclass
class Looker:
    """Somebody signed in and the pages looked at as they see them; without a login: nobody signed in."""

    login: str
    person: Person
    paths: list[str] = field(default_factory=list)
    emptied: str = ""  # the form they send off with nothing in it


def furnished(site: Site) -> list[Looker]:
    """Let a county work and return who looks at which of its pages."""
    now = site.ground.now
    Keeper(site.ground.sessions).keep(Moment(now, now))
    walks = [Walk(site.ground, project) for project in site.ground.projects]
    for walk, step in zip(walks, STEPS, strict=True):
        walk.to(step)
    for stem in walks[3].waiting():
        walks[3].complete(stem)
    *more, last = _more_projects(site, len(FURTHER) + 1)
    further = [Walk(site.ground, project) for project in more]
    called = _call(site, last)
    for walk, step in zip(further, FURTHER, strict=True):
        walk.to(step)
    further[-1].complete("evaluation", sign=False)
    open_recurring(ClockGround(site.ground.sessions, site.ground.papers), Moment(now, now))
    lookers = {login: _signed_in(site, login) for login in (CLERK, SURVEYOR, SIGNER, REVIEWER, BUREAU, OFFICE, SYSTEM)}
    people = {login: looker.person for login, looker in lookers.items()}
    paths = {
        CLERK: [*_clerks(people[CLERK], walks), f"/cases/{called.case_id}/calls/field_survey/picture"],
        SURVEYOR: [f"/items/{walks[4].item('field_survey').id}"],
        SIGNER: ["/handovers", _first(people[SIGNER], "/handovers", r"/handovers/\d+")],
        REVIEWER: [path.format(walks[1].item("joint_review").id) for path in ("/items/{}", "/inbox/bulk?item={}")],
        BUREAU: list(_bureaus(site, people[BUREAU], walks)),
        OFFICE: list(_offices(site, people[OFFICE], walks)),
        SYSTEM: list(_administrators(site, people[SYSTEM], walks[0], called)),
    }
    for login, each in paths.items():
        lookers[login].paths += each
    for walk, step in zip(further, FURTHER, strict=True):
        login, path = _whose(site, walk.item(step))
        if login not in lookers:
            lookers[login] = _signed_in(site, login)
        lookers[login].paths.append(path)
    lookers[CLERK].paths.append(MISSING)
    lookers[CLERK].emptied = _whose(site, further[1].item(FURTHER[1]))[1]
    with transaction(site.ground.sessions) as session:
        token = notice_token(session, walks[3].case_id)
    _let_time_pass(site)
    nobody = Looker("", site.visitor(), ["/login", f"/gonggao/{walks[3].case_id}/{token}"])
    return [_half_signed_in(site), nobody, *lookers.values(), _signed_in(site, AUDIT, "/audit")]


def _signed_in(site: Site, login: str, *paths: str) -> Looker:
    person = site.visitor()
    assert person.sign_in(login).status_code == 303
    return Looker(login, person, list(paths))


def _half_signed_in(site: Site) -> Looker:
    """Ask an administrator for the code for the first time, as it is outside a demonstration."""
    person = site.visitor()
    for drill in (False, True):
        with transaction(site.ground.sessions) as session:
            installation(session).demonstration = drill
        if not drill:
            assert person.sign_in(HALF).headers["Location"] == "/login/code"
    return Looker(HALF, person, ["/login/code"])


def _more_projects(site: Site, count: int) -> list[Project]:
    """Enter projects like the county's first one: they are run by the same clerk."""
    like = site.ground.projects[0]
    kept = {column.key: getattr(like, column.key) for column in Project.__table__.columns}
    kept.pop("id")
    with transaction(site.ground.sessions) as session:
        made = [
            Project(**{**kept, "number": f"5000020235002438{n:05}", "name": f"{like.name}{n}号"}) for n in range(count)
        ]
        session.add_all(made)
        session.flush()
    return made


def _call(site: Site, project: Project) -> Walk:
    """Deploy a version whose survey is a process of its own; returns a case that stands in it."""
    with transaction(site.ground.sessions) as session:
        for each in (bundle(process("survey", SURVEY)), calling()):
            deploy(session, each, "管理员", site.ground.now)
    called = Walk(site.ground, project)
    called.to("field_survey")
    return called


def _whose(site: Site, item: WorkItem) -> tuple[str, str]:
    """Return the sign-in name of who has an item, and its page."""
    with transaction(site.ground.sessions, writes=False) as session:
        wanted = select(User.login).join(Post).where(Post.unit_id == item.unit_id, Post.role == item.role)
        return session.scalars(wanted.order_by(User.id)).first() or "", f"/items/{item.id}"


def _let_time_pass(site: Site) -> None:
    """Twelve days go by: work is late, counted, and something failed meanwhile."""
    later = site.ground.now + timedelta(days=12)
    with transaction(site.ground.sessions) as session:
        shift_clock(session, int(timedelta(days=12).total_seconds()))
        item = session.scalars(select(WorkItem).order_by(WorkItem.id)).first()
        assert item is not None
        write_incident(session, Failure(IncidentKind.ITEM, item.id, item.case_id, "材料文件夹写不进去"), later)
        person = session.scalars(select(User).where(User.login == SYSTEM)).one()
        wanted = {"before": "桑柘镇 经办人", "after": "桑柘镇 审核人", "login": CLERK, "name": "经办人甲", "posts": []}
        ask(session, Wish(ApprovalKind.POSTS, person.id, wanted, "岗位调整"), actor_of(person), later)
    renew_tallies(site.ground.sessions, later)


def _first(person: Person, path: str, pattern: str) -> str:
    """Return the first link of a page that looks so."""
    found = re.search(f'href="({pattern})"', person.get(path, follow_redirects=True).text)
    assert found is not None, (path, pattern)
    return found[1]


def _clerks(person: Person, walks: list[Walk]) -> Iterator[str]:
    yield from ("/inbox", "/inbox/next", "/inbox/receipt", "/inbox/done")
    yield from ("/started", "/copies", "/drafts", "/under-way")
    yield from ("/notices", "/notices/choices", "/settings/own", "/settings/own/substitutes", "/account", "/password")
    yield from ("/projects", f"/projects/{walks[0].project.id}", "/procedure", "/stalled", "/reports", "/interface")
    yield from (f"/help{name}" for name in ("", "/clerk", "/design", "/problems"))
    yield from ("/tokens", "/hooks", "/reports/annex5/return", "/rounds", "/campaigns")
    yield _first(person, "/rounds", r"/rounds/\d+")
    case, item = f"/cases/{walks[0].case_id}", walks[0].item("application")
    photo = (BytesIO(pdf([(500, 700)])), "现场照片.pdf")
    typed = {"_revision": str(item.revision), "_action": "draft", "measures": "补种新品种", "photos": photo}
    person.post(f"/items/{item.id}", typed, content_type="multipart/form-data")
    yield from (f"/items/{item.id}", f"/items/{item.id}/acts", f"{case}/copies/new")
    yield _first(person, f"{case}/then", r"/cases/\d+/then/\d+")
    yield from (f"{case}?tab={tab}" for tab in ("overview", "trail", "diagram", "papers", "comments"))
    yield f"/items/{walks[0].items('receive')[0].id}/sent"
    yield from (f"{case}/binder", "/numbers")
    book = person.get("/reports/annex5.xlsx").data
    sent = {"workbook": (BytesIO(book), "台账.xlsx")}
    yield person.post("/reports/annex5/return", sent, content_type="multipart/form-data").headers["Location"]
    paper = _first(person, f"{case}?tab=papers", r"/papers/\d+/view")
    yield from (paper, paper.replace("view", "pdf"))
    listed = f"/rounds/items/{_monthly_update(walks[0].ground)}/projects"
    yield from (listed, _first(person, listed, rf"{listed}/\d+"))


def _monthly_update(ground: Ground) -> int:
    """Open December's monthly updates; return the town's step."""
    with transaction(ground.sessions) as session:
        at = local(2023, 12, 4)
        open_due(Acting(session, CLOCK, Moment(at, at), ground.papers), ground.county.county.id)
        own = (RoundItem.stem == "monthly_update", RoundItem.unit_id == ground.county.townships["桑柘镇"].id)
        return session.scalars(select(RoundItem.id).where(*own)).one()


def _bureaus(site: Site, person: Person, walks: list[Walk]) -> Iterator[str]:
    yield from ("/imports/new", "/unassigned", "/board", "/board/projects", "/board/late", "/board/screen", "/map")
    public = f"/cases/{walks[3].case_id}/publicity"
    yield from (public, f"{public}/poster")
    yield from ("/board/screen/figures", "/snapshots/state", "/snapshots/compare?from=2023-11-05")
    yield from ("/map/versions", "/map/steps/receive", "/checks", "/checks/new", "/appraisals", "/campaigns/new")
    yield from ("/campaigns/1/edit", f"/cases/{walks[0].case_id}/acts", "/snapshots", "/batches")
    county = site.ground.county.county.id
    yield from (f"/rounds/{county}/weekly/dates", _first(person, "/rounds", rf"/rounds/{county}/\w+/(?!dates)[\w-]+"))
    sent = {"workbook": (BytesIO(EXPORT.read_bytes()), "项目清单.xlsx")}
    yield person.post("/imports/new", sent, content_type="multipart/form-data").headers["Location"]
    draw = {"title": "第四季度抽查", "strata": ["unit"], "percent": "50", "seed": "2023-04", "county": str(county)}
    drawn = person.post("/checks/new", draw).headers["Location"]
    yield from (
        drawn,
        f"{drawn}/pool",
        _first(person, drawn, r"/checks/projects/\d+"),
        _first(person, "/batches", r"/batches/\d+"),
    )


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


def _administrators(site: Site, person: Person, walk: Walk, called: Walk) -> Iterator[str]:
    yield from ("/people", "/people/new", "/people/import", "/people/1", "/people/1/edit", "/units", "/units/2")
    yield from (
        "/approvals",
        "/backups",
        "/parameters",
        "/vocabularies",
        "/calendar",
        "/incidents",
        "/messages",
        "/messages/rules",
        "/purge",
    )
    yield from ("/design", "/design/import", "/design/versions/1", "/design/versions/1/changes")
    version = f"/design/versions/{called.case.procedure_id}/moving"
    yield from (version, person.post(f"{version}/trial", {"case": str(walk.case_id)}).headers["Location"])
    yield from ("/templates", _first(person, "/templates", r"/templates/\w+"))
    yield from ("/messages/texts", _first(person, "/messages/texts", r"/messages/texts/\w+"))
    draft = str(person.post("/design/versions/1/drafts").headers["Location"])
    yield from (draft, f"{draft}/changes", f"{draft}/play", f"{draft}/saves", f"{draft}/forms", f"{draft}/tables")
    form = f"{draft}/forms/field_survey"
    yield from (form, f"{form}/permissions", f"{form}/preview", f"{draft}/rehearsals", f"{draft}/walk")
    table = _first(person, f"{draft}/tables", rf"{draft}/tables/\w+")
    yield from (table, f"{table}/try")
    run = person.post(f"{draft}/rehearsals", {"which": "running", "count": "10"}).headers["Location"]
    yield from (run, _first(person, run, rf"{run}/outcomes/\d+"))
