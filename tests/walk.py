"""Walks a case through the procedure: made-up people, and for every form answers that hold, whatever it asks.

walk = Walk(ground, project)
walk.to("decision")                        # completes what comes before with answers of the walk's class
walk.complete("decision", verdict="return", reason="材料不实")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bpmn.deployment import deploy, shipped_bundle
from bpmn.rehearsal.answers import FILE, files_wanted
from bpmn.rehearsal.answers import fill as filled
from bpmn.round_procedures import shipped_rounds
from bpmn.runtime import Acting, Completed, OpenItem, complete_item, fire_timer, open_item, sign_item, start_case
from forms.fields import FieldType, options_of
from ledger.cases import WAITING, Case, WorkItem, due_timers
from ledger.db import SHANGHAI, SessionFactory, day_of, transaction
from ledger.demonstration import BEGINS_AT, County, build_county, build_projects
from ledger.installation import found
from ledger.journal import Moment
from ledger.meetings import Meeting
from ledger.papers import File, Place, attach
from ledger.people import Post, User
from ledger.projects import Project
from ledger.scope import CLOCK, Actor, actor_of
from ledger.vocabulary import Category, Level, MeetingKind, PaperKind, Role
from ledger.working_days import seed_calendar

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
STEPS_LIMIT = 60  # a walk that takes longer runs in circles

FINDINGS = {
    Category.CONSOLIDATE: ["momentum", "chain_complete", "sales_smooth", "competitive", "risk_controlled"],
    Category.UPGRADE: ["runs_normally", "chain_weak", "processing_weak"],
    Category.REVIVE: ["stopped_for_now", "assets_idle", "revivable"],
    Category.REBUILD: ["failed", "management_failed"],
}


@dataclass
class Ground:
    """A small county with the shipped procedure deployed and some projects waiting for their push."""

    sessions: SessionFactory
    papers: Path
    county: County
    projects: list[Project]
    now: datetime = BEGINS_AT


def lay_ground(
    sessions: SessionFactory,
    papers: Path,
    projects: int = 5,
    now: datetime = BEGINS_AT,
    townships: tuple[str, ...] = ("桑柘镇", "保家镇", "鹿角镇"),
) -> Ground:
    """Enter a calendar, a county of townships, its people and projects over all levels; deploy the procedure."""
    with transaction(sessions) as session:
        found(session, now, demonstration=True)
        seed_calendar(session)
        county = build_county(session, now, townships=townships)
        made = build_projects(session, county, projects, now)
        deploy(session, shipped_bundle(), "测试", now)
        for bundle in shipped_rounds():
            deploy(session, bundle, "测试", now)
    return Ground(sessions, papers, county, made, now)


def local(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    """Return a moment in Asia/Shanghai."""
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


@dataclass
class Walk:
    """One case and the people who act on it; `now` stands still until it is moved."""

    ground: Ground
    project: Project
    category: Category = Category.UPGRADE
    now: datetime = BEGINS_AT
    case_id: int = 0
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.case_id:
            with self.acting(Role.HANDLER, self.ground.county.bureau.id) as acting:
                project = acting.session.get_one(Project, self.project.id)
                campaign = acting.session.merge(self.ground.county.campaign, load=False)
                self.case_id = start_case(acting, project, campaign).id

    # -- who and what there is

    @contextmanager
    def session(self) -> Iterator[Session]:
        with transaction(self.ground.sessions, writes=False) as session:
            yield session

    @contextmanager
    def acting(self, role: Role | str, unit_id: int, nth: int = 0) -> Iterator[Acting]:
        """Begin a transaction as the person who holds `role` in the unit, and commit it."""
        with transaction(self.ground.sessions) as session:
            yield Acting(session, person(session, unit_id, role, nth), self.moment, self.ground.papers)

    @property
    def moment(self) -> Moment:
        return Moment(self.now, self.now)

    @property
    def case(self) -> Case:
        with self.session() as session:
            return session.get_one(Case, self.case_id)

    def waiting(self) -> list[str]:
        """Return the stems that wait, in the order they came."""
        return [item.stem for item in self.items() if item.status in WAITING]

    def items(self, stem: str | None = None) -> list[WorkItem]:
        with self.session() as session:
            wanted = select(WorkItem).where(WorkItem.case_id == self.case_id).order_by(WorkItem.id)
            return [item for item in session.scalars(wanted) if stem in (None, item.stem)]

    def item(self, stem: str, instance: str | int | None = None) -> WorkItem:
        """Return the waiting item of a step, the first one when there are several parts."""
        wanted = None if instance is None else str(instance)
        found = [item for item in self.items(stem) if item.status in WAITING and wanted in (None, item.instance)]
        assert found, f"{stem} does not wait, but {self.waiting()}"
        return found[0]

    # -- acts

    def complete(
        self,
        stem: str,
        *,
        instance: str | int | None = None,
        sign: bool = True,
        revision: int | None = None,
        **given: Any,
    ) -> Completed:
        """Complete a step as its own person with answers that hold, `given` over them; signed steps are signed too."""
        item = self.item(stem, instance)
        with self.acting(item.role, item.unit_id) as acting:
            shown = self.prepare(acting, item, given)
            posted = fill(shown, {**self.answers_for(shown), **given}, day_of(self.now))
            done = complete_item(acting, item.id, revision or item.revision, posted)
        self.log.append(stem)
        if sign and item.signed:
            return self.sign(stem)
        return done

    def prepare(self, acting: Acting, item: WorkItem, given: Mapping[str, Any]) -> OpenItem:
        """Open an item with what its form needs beside it: the meeting held and the files uploaded."""
        shown = open_item(acting, item.id)
        if any(each.type is FieldType.MEETING for _section, each in shown.form.fields()):
            self.hold_meeting(acting, item)
            shown = open_item(acting, item.id)
        posted = fill(shown, {**self.answers_for(shown), **given}, day_of(self.now))
        for each in files_wanted(shown.form, shown.asked, posted, {**self.answers_for(shown), **given}):
            place = Place(PaperKind(each.kind), case_id=self.case_id, item_id=item.id, field=each.name)
            file = File(f"{each.label}.pdf", "application/pdf", PDF + f"{item.id} {each.name}".encode())
            attach(acting.session, acting.papers, file, place, acting.actor, acting.now)
        return open_item(acting, item.id)

    def hold_meeting(self, acting: Acting, item: WorkItem) -> None:
        """Enter a meeting of the item's unit held today, with minutes and their scan."""
        kind = MeetingKind.GROUP if item.stem == "decision" else MeetingKind.PARTY
        case = acting.session.get_one(Case, self.case_id)
        meeting = Meeting(
            kind=kind,
            unit_id=item.unit_id,
            campaign_id=case.campaign_id,
            title=f"{kind.label}{item.id}",
            held_on=day_of(self.now),
            place="二楼会议室",
            chair="主持人甲",
            attendance=["参会人甲", "参会人乙"],
            minutes="会议研究了项目的分类和处置措施。",
            created_at=self.now,
            created_by="测试",
        )
        acting.session.add(meeting)
        acting.session.flush()
        papers = PaperKind.GROUP_MINUTES if kind is MeetingKind.GROUP else PaperKind.PARTY_MINUTES
        scan = File("会议纪要.pdf", "application/pdf", PDF + f"meeting {meeting.id}".encode())
        attach(acting.session, acting.papers, scan, Place(papers, meeting_id=meeting.id), acting.actor, acting.now)

    def sign(self, stem: str, *, approve: bool = True, opinion: str = "同意") -> Completed:
        item = self.item(stem)
        with self.acting(Role.SIGNER, item.unit_id) as acting:
            return sign_item(acting, item.id, item.revision, approve, opinion)

    def fire(self) -> int:
        """Fire what is due at the walk's moment; returns how many timers fired."""
        with transaction(self.ground.sessions) as session:
            due = due_timers(session, self.now, 50)
            return sum(fire_timer(Acting(session, CLOCK, self.moment, self.ground.papers), each) for each in due)

    def pass_days(self, days: int) -> None:
        self.now += timedelta(days=days)

    def to(self, stem: str) -> None:
        """Complete everything until `stem` waits; time passes where only the clock can go on."""
        for _step in range(STEPS_LIMIT):
            waiting = self.waiting()
            if stem in waiting:
                return
            if waiting:
                self.complete(waiting[0])
            else:
                self.pass_days(1)
                self.fire()
        raise AssertionError(f"{stem} is not reached: {self.log}, now {self.waiting()}")

    def to_end(self) -> None:
        """Complete everything until the case ends."""
        for _step in range(STEPS_LIMIT):
            if self.case.ended_at is not None:
                return
            self.complete(self.waiting()[0]) if self.waiting() else self.pass_days(1)
            self.fire()
        raise AssertionError(f"the case does not end: {self.log}, now {self.waiting()}")

    def answers_for(self, shown: OpenItem) -> dict[str, Any]:
        """Return what this walk's class means at a step."""
        today = day_of(self.now)
        category = str(self.category)
        stopped = self.category in (Category.REVIVE, Category.REBUILD)
        by_stem: dict[str, dict[str, Any]] = {
            "receive": {"verdict": "taken"},
            "reassign": {"verdict": "unit"},
            "field_survey": {
                "findings": FINDINGS[self.category],
                "operation": "stopped" if stopped else "normal",
                "linkage": "full",
                "contract": FILE,
                "surveyed_on": today.isoformat(),
            },
            "preliminary_opinion": {"verdict": "on", "category": category},
            "party_meeting": {"verdict": "on", "category": category},
            "submission": {"into": "new"},
            "acceptance_check": {"verdict": "accept"},
            "decision": self._decision(shown),
            "reply": {"number": f"彭乡振组批〔2023〕{shown.item.id}号"},
            "disposal_plan": {"plan_due_on": (today + timedelta(days=20)).isoformat()},
            "disposal": {"action": "done", "percent": 100, "photos": FILE},
            "evaluation": {"reached": "yes"},
            "reclassification": {"category": str(Category.CONSOLIDATE), "findings": FINDINGS[Category.CONSOLIDATE]},
            "filing": {"verdict": "confirm", "exit_verdict": "confirm"},
            "exit_recovery": {"action": "settled", "recovered_yuan": "1000.00", "vouchers": FILE},
        }
        return {**by_stem.get(shown.item.stem, {}), **newest_meeting(shown)}

    def _decision(self, shown: OpenItem) -> dict[str, Any]:
        variables = shown.step.variables
        if variables.get("write_off_proposed"):
            return {"verdict": "approve", "exit": "decided", "write_off": "approved"}
        if variables.get("exit_proposed") or variables.get("exit_decided"):
            due_on = (day_of(self.now) + timedelta(days=30)).isoformat()
            return {"verdict": "approve", "exit": "decided", "recover_yuan": "1000.00", "exit_due_on": due_on}
        return {"verdict": "approve", "exit": "none", "category": str(self.category)}


def person(session: Session, unit_id: int, role: Role | str, nth: int = 0) -> Actor:
    """Return the n-th person who holds a role in a unit; one is appointed when there is none."""
    wanted = select(User).join(Post, Post.user_id == User.id).where(Post.unit_id == unit_id, Post.role == str(role))
    users = session.scalars(wanted.order_by(User.id)).all()
    assert len(users) > nth, f"nobody is {role} in unit {unit_id}"
    return actor_of(users[nth])


def newest_meeting(shown: OpenItem) -> dict[str, str]:
    """Name the meeting held last for an item: those of other walks may be held at other times."""
    asking = [each for _section, each in shown.form.fields() if each.type is FieldType.MEETING]
    options = {each.name: [option.value for option in options_of(each, shown.asked)] for each in asking}
    return {name: max(ids, key=int) for name, ids in options.items() if ids}


def fill(shown: OpenItem, given: Mapping[str, Any], today: date) -> dict[str, list[str]]:
    """Return what a browser would post for an item's page; see `bpmn.rehearsal.answers.fill`."""
    return filled(shown.form, shown.asked, shown.initial_posted, given, today)


def project_of_level(ground: Ground, level: Level, nth: int = 0) -> Project:
    """Return the n-th project run at a level."""
    return [project for project in ground.projects if project.level == level][nth]
