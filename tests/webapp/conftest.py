"""The standing cast of the web's tests: an owner, a teammate, and a stranger who must be refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from ledger.db import transaction
from ledger.demonstration import BEGINS_AT, PASSWORD
from ledger.installation import shift_clock
from ledger.people import Post, User
from ledger.settings import Settings
from ledger.vocabulary import Role
from tests.walk import Ground, Walk
from webapp import background, create_app

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def exported(answer: TestResponse) -> list[tuple[Any, ...]]:
    """Return the rows of the workbook that a list was taken away as, its title and heads among them."""
    return list(openpyxl.load_workbook(BytesIO(answer.data)).worksheets[0].values)


@dataclass
class Person:
    """Somebody at a browser."""

    client: FlaskClient
    kept: tuple[str, str] = ("", "")  # the form cookie and the token that belongs to it

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, buffered=True, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Post a form as the page would: with its token."""
        answer = self.client.post(path, data={**(data or {}), "csrf_token": self.token()}, buffered=True, **more)
        answer.request.environ["wsgi.input"].close()  # the test client leaves a large body's file open
        return answer

    def token(self) -> str:
        """Return the token of this person's forms; it holds as long as the cookie it is made from."""
        seed = self._seed()
        if not seed or self.kept[0] != seed:
            token = self._read_token()
            self.kept = (self._seed(), token)
        return self.kept[1]

    def _seed(self) -> str:
        cookie = self.client.get_cookie(self.client.application.config["SESSION_COOKIE_NAME"])
        return cookie.value if cookie else ""

    def _read_token(self) -> str:
        page = self.client.get("/login", follow_redirects=True).get_data(as_text=True)
        found = _TOKEN.search(page)
        assert found is not None
        return found[1]

    def sign_in(self, login: str, password: str = PASSWORD) -> TestResponse:
        return self.post("/login", {"login": login, "password": password})


@dataclass
class Site:
    """The application over a small county, at the directive's day."""

    app: Flask
    ground: Ground

    def visitor(self) -> Person:
        return Person(self.app.test_client())

    def person(self, unit_id: int, role: Role = Role.HANDLER) -> Person:
        """Return who holds `role` in the unit, signed in."""
        with transaction(self.ground.sessions, writes=False) as session:
            wanted = select(User.login).join(Post).where(Post.unit_id == unit_id, Post.role == role)
            login = session.scalars(wanted.order_by(User.id)).first()
        assert login is not None
        person = self.visitor()
        assert person.sign_in(login).status_code == 303
        return person

    def town(self, name: str = "桑柘镇", role: Role = Role.HANDLER) -> Person:
        return self.person(self.ground.county.townships[name].id, role)

    def bureau(self) -> Person:
        return self.person(self.ground.county.bureau.id)

    def office(self) -> Person:
        return self.person(self.ground.county.office.id)

    def walk(self, number: int = 0) -> Walk:
        """Push one project of the county; 0 is run by 桑柘镇 for its village."""
        return Walk(self.ground, self.ground.projects[number])

    def catch_up(self, walk: Walk) -> None:
        """Let the pages' clock stand where the walk's does."""
        with transaction(self.ground.sessions) as session:
            shift_clock(session, int((walk.now - BEGINS_AT).total_seconds()))

    def user_id(self, login: str) -> int:
        with transaction(self.ground.sessions, writes=False) as session:
            return session.scalars(select(User.id).where(User.login == login)).one()

    def count(self, table: type[Any]) -> int:
        with transaction(self.ground.sessions, writes=False) as session:
            return len(session.scalars(select(table)).all())


def site_over(ground: Ground, real_now: datetime) -> Site:
    """Build the application with the demonstration's clock standing at the directive's day."""
    with transaction(ground.sessions) as session:
        shift_clock(session, int((BEGINS_AT - real_now).total_seconds()) + 60)
    settings = Settings(data=ground.papers.parent)
    app = create_app(ground.sessions, settings)
    background.install(app, lambda work: work())  # a test waits for it
    return Site(app, ground)


@pytest.fixture
def site(sqlite_ground: Ground) -> Site:
    return site_over(sqlite_ground, datetime.now().astimezone())


@pytest.fixture
def both_sites(ground: Ground) -> Site:
    """The application on both kinds of database."""
    return site_over(ground, datetime.now().astimezone())


@pytest.fixture(scope="session")
def data_cases() -> Path:
    return Path(__file__).parents[1] / "cases" / "data"
