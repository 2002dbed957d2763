"""The people of a small county at their browsers: sign in, open, fill, submit, move the demonstration's clock.

Everything a story does goes through HTTP; the database is only read, to know which item waits for whom.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from html import unescape
from io import BytesIO
from itertools import count
from typing import Any

from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from bpmn.rehearsal.answers import files_wanted
from bpmn.runtime import Acting, OpenItem, open_item
from forms.fields import FieldType
from ledger.cases import Case, Timer, WorkItem, timers_of
from ledger.db import Base, day_of, transaction
from ledger.installation import installation
from ledger.journal import Moment
from ledger.meetings import Meeting
from ledger.papers import Attachment
from ledger.people import Unit
from ledger.projects import Project
from ledger.vocabulary import Category, ItemStatus, Role
from tests.walk import PDF, Walk, fill, person
from tests.webapp.conftest import Person, Site
from webapp.request import moment_of, real_now

_FILES = count(1)
STEPS_LIMIT = 40
QUIET_TABLES = frozenset({"journal", "sign_in", "user", "draft"})
"""What a refused attempt may leave: its audit row, the sign-in's last use, and what was typed."""


def pdf(words: str) -> tuple[BytesIO, str]:
    """Return a small file as a browser sends it; each has content of its own."""
    return BytesIO(PDF + f"{words} {next(_FILES)}".encode()), f"{words}.pdf"


@dataclass
class Town:
    """A county at work: each person signs in once; nobody's page is taken from another's."""

    site: Site
    signed_in: dict[tuple[int, str], Person] = field(default_factory=dict)

    def person(self, unit_id: int, role: Role | str = Role.HANDLER) -> Person:
        place = (unit_id, str(role))
        if place not in self.signed_in:
            self.signed_in[place] = self.site.person(unit_id, Role(role))
        return self.signed_in[place]

    def town(self, name: str, role: Role = Role.HANDLER) -> Person:
        return self.person(self.site.ground.county.townships[name].id, role)

    def bureau(self) -> Person:
        return self.person(self.site.ground.county.bureau.id)

    def office(self) -> Person:
        return self.person(self.site.ground.county.office.id)

    def now(self) -> datetime:
        """Return the moment the pages show."""
        with transaction(self.site.ground.sessions, writes=False) as session:
            return moment_of(installation(session), real_now()).at

    def today(self) -> date:
        return day_of(self.now())

    def until(self, day: str) -> None:
        """Move the demonstration's clock to `day`, as the switch in the page does; what is due happens."""
        moved = self.bureau().post("/demonstration/clock", {"by": "date", "on": day})
        assert moved.status_code == 303
        assert self.today().isoformat() == day

    def rows(self, table: type[Base], *where: Any) -> list[Any]:
        with transaction(self.site.ground.sessions, writes=False) as session:
            return list(session.scalars(select(table).where(*where)))

    def name_of(self, unit_id: int) -> str:
        name: str = self.rows(Unit, Unit.id == unit_id)[0].short_name
        return name

    def counts(self) -> dict[str, int]:
        """Return the number of rows of every table, but of those that a refusal may write."""
        with transaction(self.site.ground.sessions, writes=False) as session:
            tables = [table for table in Base.metadata.sorted_tables if table.name not in QUIET_TABLES]
            return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}

    def matter(self, number: int, category: Category = Category.UPGRADE) -> Matter:
        """Push one project of the county."""
        return Matter(self, Walk(self.site.ground, self.site.ground.projects[number], category=category))

    def matter_of(self, number: str, category: Category = Category.UPGRADE) -> Matter:
        """Take up the case of a project that was pushed."""
        project = self.rows(Project, Project.number == number)[0]
        case = self.rows(Case, Case.project_id == project.id)[0]
        return Matter(self, Walk(self.site.ground, project, category=category, case_id=case.id))

    def hold_meeting(self, unit_id: int, title: str, minutes: str = "会议研究了各项目。", **more: Any) -> int:
        """Enter a meeting of today; with `scan` the signed minutes lie with it."""
        answers = {
            "unit_id": str(unit_id),
            "campaign_id": str(self.site.ground.county.campaign.id),
            "title": title,
            "held_on": self.today().isoformat(),
            "place": "二楼会议室",
            "chair": "主持人甲",
            "attendance": "参会人甲、参会人乙",
            "minutes": minutes,
            **more,
        }
        made = self.person(unit_id).post("/meetings/new", answers, content_type="multipart/form-data")
        assert made.status_code == 303, sentences(made)
        return int(made.headers["Location"].rsplit("/", 1)[1])


@dataclass
class Matter:
    """One case on its way."""

    town: Town
    walk: Walk

    @property
    def case(self) -> Case:
        return self.walk.case

    @property
    def address(self) -> str:
        return f"/cases/{self.walk.case_id}"

    def unit(self, stem: str) -> str:
        """Return the name of the unit a step waits for."""
        return self.town.name_of(self.walk.item(stem).unit_id)

    def who(self, item: WorkItem) -> Person:
        return self.town.person(item.unit_id, item.role)

    def open(self, stem: str, instance: str | int | None = None) -> str:
        """Return an item's page as its own person sees it."""
        item = self.walk.item(stem, instance)
        answer = self.who(item).get(f"/items/{item.id}")
        assert answer.status_code == 200, (stem, answer.status_code)
        return answer.text

    def submit(self, stem: str, instance: str | int | None = None, **given: Any) -> TestResponse:
        """Fill an item's form with answers that hold, `given` over them, and post it as its own person.

        A value of None empties a field; FILE uploads one; a meeting is held when the form asks for one.
        """
        return self.pressing(stem, instance, **given)()

    def pressing(
        self, stem: str, instance: str | int | None = None, button: str = "submit", **given: Any
    ) -> Callable[[], TestResponse]:
        """Fill an item's form as `submit` does; return what presses `button`."""
        item = self.walk.item(stem, instance)
        self.walk.now = self.town.now()
        shown = self._shown(item)
        meeting = next((f.name for _s, f in shown.form.fields() if f.type is FieldType.MEETING), None)
        if meeting is not None and meeting not in given:
            given[meeting] = str(self._meeting(item))
            shown = self._shown(item)
        answers = {**self.walk.answers_for(shown), **self._number(shown), **given}
        posted: dict[str, Any] = dict(fill(shown, answers, day_of(self.walk.now)))
        for each in files_wanted(shown.form, shown.asked, posted, answers):
            posted[each.name] = pdf(each.label)
        page = {"_revision": str(item.revision), "_action": button}
        clerk = self.who(item)
        form = {**posted, **page, "csrf_token": clerk.token()}
        return lambda: clerk.client.post(f"/items/{item.id}", data=form, content_type="multipart/form-data")

    def do(self, stem: str, instance: str | int | None = None, **given: Any) -> TestResponse:
        """Submit and expect it to be taken; a signed step is signed by the unit's signer too."""
        item = self.walk.item(stem, instance)
        answer = self.submit(stem, instance, **given)
        assert answer.status_code == 303, (stem, complaints(answer))
        if any(each.id == item.id and each.status == ItemStatus.UNSIGNED for each in self.walk.items(stem)):
            signed = self.sign(stem)
            assert signed.status_code == 303, (stem, sentences(signed))
        return answer

    def refused(self, stem: str, instance: str | int | None = None, **given: Any) -> str:
        """Submit and expect a refusal that changes nothing; return its complaints."""
        before, item = self.town.counts(), self.walk.item(stem, instance)
        answer = self.submit(stem, instance, **given)
        assert answer.status_code == 422, (stem, answer.status_code)
        after, now = self.town.counts(), self.walk.item(stem, instance)
        files = ("attachment", "paper", "meeting")  # files and meetings of the attempt are kept, so nothing is lost
        assert {t: n for t, n in after.items() if t not in files} == {t: n for t, n in before.items() if t not in files}
        assert (now.revision, now.status) == (item.revision, item.status)
        return complaints(answer)

    def sign(self, stem: str, role: Role = Role.SIGNER, action: str = "approve", **more: str) -> TestResponse:
        item = self.walk.item(stem)
        page = {"_revision": str(item.revision), "_action": action, **more}
        return self.town.person(item.unit_id, role).post(f"/items/{item.id}/signature", page)

    def to(self, stem: str) -> Matter:
        """Let everybody do their part until `stem` waits; the clock goes on where only it can."""
        for _step in range(STEPS_LIMIT):
            waiting = self.walk.waiting()
            if stem in waiting:
                return self
            if waiting:
                self.do(waiting[0], self.walk.item(waiting[0]).instance)
            else:
                self.let_pass()
        raise AssertionError(f"{stem} is not reached, but {self.walk.waiting()}")

    def let_pass(self) -> None:
        """Move the clock to the day after the case's next timer is due."""
        due_at = min(timer.due_at for timer in self.timers())
        self.town.until(day_of(due_at).isoformat())

    def timers(self) -> list[Timer]:
        with transaction(self.town.site.ground.sessions, writes=False) as session:
            return list(timers_of(session, self.walk.case_id))

    def papers(self) -> dict[str, list[str]]:
        """Return the names of the case's own papers by kind."""
        found: dict[str, list[str]] = {}
        own = (Attachment.case_id == self.walk.case_id, Attachment.removed_at.is_(None))
        for paper in self.town.rows(Attachment, *own):
            found.setdefault(paper.kind, []).append(paper.name)
        return found

    def _shown(self, item: WorkItem) -> OpenItem:
        ground = self.town.site.ground
        with transaction(ground.sessions, writes=False) as session:
            acting = Acting(session, person(session, item.unit_id, item.role), self._moment(), ground.papers)
            return open_item(acting, item.id)

    def _number(self, shown: OpenItem) -> dict[str, str]:
        """Return the number of a 批复: one per meeting and unit (P6)."""
        if shown.item.stem != "reply":
            return {}
        meeting = shown.step.answers["decision"]["meeting"]
        return {"number": f"彭乡振组批〔2023〕{meeting}—{shown.project.responsible_unit_id}号"}

    def _moment(self) -> Moment:
        return Moment(self.walk.now, self.walk.now)

    def _meeting(self, item: WorkItem) -> int:
        """Return the unit's meeting of today; held when there is none, with signed minutes."""
        today = day_of(self.walk.now)
        held = self.town.rows(Meeting, Meeting.unit_id == item.unit_id, Meeting.held_on == today)
        if held:
            return int(held[-1].id)
        return self.town.hold_meeting(
            item.unit_id, f"{self.town.name_of(item.unit_id)}会议{today}", scan=pdf("会议纪要")
        )


def complaints(answer: TestResponse) -> str:
    """Return what a refused form says at its head, without white space."""
    found = re.search(r'error-summary".*?</div>', answer.get_data(as_text=True), re.DOTALL)
    assert found is not None
    return words(f"<{found[0]}")


def sentences(answer: TestResponse) -> str:
    """Return the words of a page without its tags."""
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.get_data(as_text=True), flags=re.DOTALL)
    return " ".join(unescape(text).split())


def words(page: str) -> str:
    """Return the words of a page's text, without tags and without white space."""
    return "".join(unescape(re.sub(r"<[^>]+>", "", page)).split())


def workbook(rows: list[list[Any]]) -> BytesIO:
    """Return rows as an .xlsx file."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    content = BytesIO()
    book.save(content)
    return BytesIO(content.getvalue())


def table(content: bytes) -> list[dict[str, Any]]:
    """Return the rows below the head of a workbook we wrote: a column in a group is named “group：column”."""
    rows = [list(row) for row in load_workbook(BytesIO(content), data_only=True).active.iter_rows(values_only=True)]
    head = next(number for number, row in enumerate(rows) if row[0] == "序号")
    names, group = [], ""
    for upper, leaf in zip(rows[head], rows[head + 1], strict=True):
        group = upper or group  # a merged cell has its text in its first column
        names.append(f"{group}：{leaf}" if leaf else group)
    return [dict(zip(names, row, strict=True)) for row in rows[head + 2 :]]
