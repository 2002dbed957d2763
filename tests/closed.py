"""A township's cases at every stage, brought from open to suspended to terminated, and what is asked of them there.

Over an open case each act of `tests.closed_askings` would leave its row in the trail, so the question is well put;
over a closed one it is refused, whoever asks, and no table changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from ledger.api_tokens import create_token
from ledger.archive import request_waiver
from ledger.cases import Case, WorkItem, timers_of
from ledger.db import transaction
from ledger.journal import Entry
from ledger.outside import notice_token
from ledger.people import User
from ledger.scope import actor_of
from ledger.tables import METADATA
from tests.audited import BUREAU, CLERK, OFFICE, OTHER, SIGNER, SYSTEM, WATCH, Quick
from tests.closed_askings import DONE, FINISHED, NOBODY, SUSPENDED, TERMINATED, Asking
from tests.interleavings import scenes
from tests.walk import Walk
from tests.webapp.conftest import Person, Site

REFUSED = frozenset({404, 409, 422})  # gone, done by whom, or told on the page it was typed on; never who may not
STATES = (DONE, FINISHED, SUSPENDED, TERMINATED)  # in the order in which one county can have them
FOREIGN = OTHER
BYSTANDERS = (BUREAU, SIGNER, OTHER, WATCH)
EVERYBODY = (
    *(CLERK, *BYSTANDERS, OFFICE, "sangzhezhen.yundingcun", "caizhengju.huishen", "linyeju.jingban"),
    *("linyeju.shenhe", "baojiazhen.shenhe", "nongyenongcunwei.jingban", SYSTEM, "anquan", "shenji"),
)
QUIET = {"sign_in", "journal", "api_token", "draft", "outside_attempt", "incident"}
"""When something was used last, who was refused, what was typed, how often a stranger tried, what was taken back."""
_STAGES = {"receive": "receive", "taken": "receive", "survey": "field_survey", "review": "joint_review"}


@dataclass
class World:
    """Cases of 桑柘镇 at the stages the rows speak of, another that has come to its end, and who asks."""

    site: Site
    walks: dict[str, Walk]
    finished: Walk
    people: dict[str, Person] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def arrive(self, login: str) -> None:
        """Sign somebody in and give them a token: acts of their own."""
        self.people[login] = Quick(self.site.app.test_client())
        if login != NOBODY:
            assert self.people[login].sign_in(login).status_code == 303
            with transaction(self.site.ground.sessions) as session:
                user = session.scalars(select(User).where(User.login == login)).one()
                self.tokens[login] = create_token(session, user.id, "测试", 30, datetime.now(UTC))[0]
        self.people[login].token()

    def subject(self, asking: Asking, state: str) -> tuple[Walk, WorkItem] | None:
        """Return the case and the step that a row is about in a state; None where there is none."""
        name, stem = asking.place
        walk = {FINISHED: self.finished, DONE: self.walks["hanging"]}.get(state, self.walks[name])
        if state == DONE and (name == "hanging" or "{item}" not in asking.path):
            return None
        found = walk.items(stem)
        return (walk, found[-1]) if found else None

    def ask(self, asking: Asking, login: str, subject: tuple[Walk, WorkItem], *, nobodys: bool = False) -> TestResponse:
        """Ask as somebody; `nobodys`: of numbers that nobody has."""
        walk, item = subject
        with walk.session() as session:
            timers, token = timers_of(session, walk.case_id), notice_token(session, walk.case_id)
        timer = timers[0].id if timers else 1
        numbers = {"case": walk.case_id, "item": item.id, "timer": timer}
        path = asking.path.format(**(dict.fromkeys(numbers, 999_999) if nobodys else numbers), token=token)
        sent = dict(asking.sent(walk, item))
        if not asking.by_program:
            return self.people[login].post(path, sent, content_type="multipart/form-data")
        if "timer_id" in sent:
            sent["timer_id"] = timer
        headers, client = {"Authorization": f"Bearer {self.tokens[login]}"}, self.site.app.test_client()
        if "file" in sent:
            return client.post(path, data=sent, headers=headers, buffered=True)
        return client.post(path, json=sent, headers=headers, buffered=True)

    def bring_to(self, state: str) -> None:
        """Let the open cases rest, or end them."""
        for walk in self.walks.values():
            if state == SUSPENDED:
                scenes.suspend(walk)()
            elif state == TERMINATED:
                scenes.terminate(walk)()


def lay(site: Site, people: Collection[str]) -> World:
    """Bring cases of one township to their stages, and one to its end."""
    town = site.ground.county.townships["桑柘镇"].id
    own = [project for project in site.ground.projects if project.responsible_unit_id == town]
    walks = {name: Walk(site.ground, own.pop(0)) for name in (*_STAGES, "signed", "hanging")}
    for name, stem in _STAGES.items():
        walks[name].to(stem)
    scenes.claim("receive")(walks["taken"])()
    scenes.ask_more()(walks["review"])()
    walks["signed"].to("evaluation")
    walks["signed"].complete("evaluation", sign=False)
    walks["hanging"].now = walks["signed"].now  # the pages have one clock
    scenes.posted(walks["hanging"])
    walks["hanging"].pass_days(1)
    finished = Walk(site.ground, own.pop(0))
    finished.to_end()
    with transaction(site.ground.sessions) as session:
        clerk = actor_of(session.scalars(select(User).where(User.login == CLERK)).one())
        for walk in (walks["taken"], finished):  # a row of the folder that the unit's second person has not agreed to
            case = session.get_one(Case, walk.case_id)
            case.status, kept = "running", case.status
            request_waiver(session, case, 5, "由村自营", clerk, walk.now)
            case.status = kept
    world = World(site, walks, finished)
    for login in (NOBODY, *people):
        world.arrive(login)
    site.catch_up(walks["hanging"])
    return world


class TakenBack(Exception):
    """What was asked would have been committed; it is taken back."""


@contextmanager
def taken_back(site: Site) -> Iterator[list[str]]:
    """Let what is asked come to its commit and no further; yields the acts that would have been written."""
    met: list[str] = []
    with transaction(site.ground.sessions, writes=False) as session:
        before = session.scalars(select(func.max(Entry.id))).one() or 0

    def refuse(session: Session) -> None:
        if session.in_nested_transaction():
            return
        session.flush()
        found = session.scalars(select(Entry.act).where(Entry.id > before, Entry.act != "denied")).all()
        if found:
            met.extend(found)
            raise TakenBack

    event.listen(Session, "before_commit", refuse)
    try:
        yield met
    finally:
        event.remove(Session, "before_commit", refuse)


def contents(site: Site) -> dict[str, str]:
    """Return what stands in each table but for what every question may leave."""
    with transaction(site.ground.sessions, writes=False) as session:
        tables = [table for table in METADATA.sorted_tables if table.name not in QUIET]
        found = {table.name: str(session.execute(select(table)).all()) for table in tables}
        acts = session.scalars(select(Entry.act).where(Entry.act != "denied").order_by(Entry.id)).all()
        return {**found, "acts": str(acts)}


def faults(world: World, asking: Asking, state: str, bystanders: Collection[str] = ()) -> Iterator[str]:
    """Ask one thing in one state as who is entitled and as others; yield what is not as the rules say."""
    subject, said = world.subject(asking, state), f"{state} {asking.act} {asking.path}"
    if subject is None:
        return
    with taken_back(world.site) as met:
        status = world.ask(asking, asking.who, subject).status_code
    if state in asking.allowed and asking.act not in met:
        yield f"{said}: {asking.who} is refused with {status}, though {asking.allowed[state]}"
    elif state not in asking.allowed and (met or status not in REFUSED):
        yield f"{said}: {asking.who} gets {status} and leaves {met}"
    for login in (each for each in bystanders if asking.who not in (each, NOBODY)):
        with taken_back(world.site) as met:
            status = world.ask(asking, login, subject).status_code
        if state not in asking.allowed and (met or not 400 <= status < 500):
            yield f"{said}: {login} gets {status} and leaves {met}"
        elif status >= 500 and not met:
            yield f"{said}: {login} gets {status}"


def leaks(world: World, asking: Asking, state: str) -> Iterator[str]:
    """Ask as another township: the answer is that of a number that nobody has."""
    subject = world.subject(asking, state)
    if asking.who == NOBODY or subject is None:
        return
    foreign = world.ask(asking, FOREIGN, subject).status_code
    unknown = world.ask(asking, FOREIGN, subject, nobodys=True).status_code
    if foreign != unknown or foreign not in (403, 404):
        yield f"{state} {asking.act} {asking.path}: {FOREIGN} gets {foreign}, of a number that nobody has {unknown}"
