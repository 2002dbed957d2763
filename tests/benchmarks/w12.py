"""W12: a meeting of the leading group over 300 projects, as its clerk works through it: the server's whole answers.

Putting them on the agenda, taking all as proposed, showing the page, entering every verdict, and then the 批复 to the
first hundred: each one HTTP request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import select

from ledger.cases import Case, WorkItem
from ledger.db import transaction
from ledger.demonstration import BEGINS_AT
from ledger.installation import shift_clock
from ledger.papers import Attachment
from ledger.people import Post, User
from ledger.projects import Classification, Project
from ledger.settings import Settings
from ledger.vocabulary import Role
from tests.benchmarks.crowd import crowd, timed
from tests.benchmarks.figures import DATABASES, Figure, Place, place
from tests.walk import Walk, lay_ground
from tests.webapp.conftest import Person
from webapp import create_app
from webapp.request import real_now

CASES = 300
LIMIT = 3.0  # seconds
REPLY = "reply"


def measure() -> Iterator[Figure]:
    for database in DATABASES:
        with place(database) as here:
            yield from _meeting(here)


def _meeting(here: Place) -> Iterator[Figure]:
    ground = lay_ground(here.sessions, here.folder, 1)
    Walk(ground, ground.projects[0]).to("decision")
    crowd(here, CASES, Project, Case, WorkItem, Classification, Attachment)
    with transaction(here.sessions) as session:
        shift_clock(session, int((BEGINS_AT - real_now()).total_seconds()) + 60)
        office = ground.county.office.id
        wanted = select(User.login).join(Post).where(Post.unit_id == office, Post.role == Role.HANDLER)
        login = session.scalars(wanted.order_by(User.id)).first()
    assert login is not None
    clerk = Person(create_app(here.sessions, Settings(data=here.folder, requests_per_minute=0)).test_client())
    clerk.sign_in(login)
    answers = {"title": "领导小组会议", "held_on": "2023-11-06", "place": "二楼", "chair": "组长", "attendance": "甲"}
    chosen = {"unit_id": str(office), "campaign_id": str(ground.county.campaign.id)}
    address = clerk.post("/meetings/new", {**chosen, **answers}).headers["Location"]

    def step(name: str, path: str, data: dict[str, object] | None = None) -> Iterator[Figure]:
        with timed() as took:
            answer = clerk.get(path) if data is None else clerk.post(path, data)
        assert answer.status_code in (200, 303), answer.text
        yield Figure(f"w12 {name}", here.database, 1, took.wall, "s", LIMIT)
        yield Figure(f"w12 {name}, processor", here.database, 1, took.processor, "s", LIMIT)
        if data is None:
            yield Figure(f"w12 {name}, bytes", here.database, 1, len(answer.data), "B")

    yield from step("choose", f"{address}/agenda/add")
    yield from step("add", f"{address}/agenda/add", {"_action": "all"})
    items = re.findall(r'data-line="(\d+)"', clerk.get(address).text)
    assert len(items) == CASES
    yield from step("fill", f"{address}/agenda", {"row": items, "scope": "all", "_action": "agree"})
    yield from step("page", address)
    yield from step("decide", f"{address}/decide", {"minutes": "会议研究了三百个项目。"})
    assert f"已登记 {CASES}" in clerk.get(address).text
    yield from step("reply to 100, page", f"/inbox/bulk?stem={REPLY}")
    page = clerk.get(f"/inbox/bulk?stem={REPLY}").text
    fields: dict[str, object] = {"copied": "true", "issued_on": "2023-11-06"}
    for name, value in re.findall(r'type="hidden" name="(_[^"]+)" value="([^"]*)"', page):
        listed = fields.setdefault(name, [])
        assert isinstance(listed, list)
        listed.append(value)
    yield from step("reply to 100", "/inbox/bulk", fields)
