"""A program with a person's token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from ledger.api_tokens import create_token
from ledger.db import transaction
from ledger.people import Post, User
from ledger.vocabulary import Role
from tests.webapp.conftest import Site


@dataclass
class Program:
    """Asks the interface with one token and no cookie."""

    client: FlaskClient
    token: str

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(f"/api/v1{path}", headers=self.headers, buffered=True, **more)

    def post(self, path: str, given: Any, **more: Any) -> TestResponse:
        return self.client.post(f"/api/v1{path}", json=given, headers=self.headers, buffered=True, **more)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def program_of(site: Site, unit_id: int, role: Role = Role.HANDLER) -> Program:
    """Return a program of who holds `role` in the unit."""
    with transaction(site.ground.sessions) as session:
        wanted = select(User.id).join(Post).where(Post.unit_id == unit_id, Post.role == role).order_by(User.id)
        token, _row = create_token(session, session.scalars(wanted).first() or 0, "测试", 30, datetime.now(UTC))
    return Program(site.app.test_client(), token)


def everybodys(site: Site) -> dict[str, Program]:
    """Return a program of each kind of person: who works on cases, who only looks on, and who administers."""
    county = site.ground.county
    village = next(unit for unit in county.villages.values() if unit.staffed)
    held = {
        "bureau": (county.bureau, Role.HANDLER),
        "clerk": (county.townships["桑柘镇"], Role.HANDLER),
        "signer": (county.townships["桑柘镇"], Role.SIGNER),
        "village": (village, Role.HANDLER),
        "reviewer": (county.reviewers[0], Role.HANDLER),
        "office": (county.office, Role.HANDLER),
        "supervisor": (county.county, Role.SUPERVISOR),
        "auditor": (county.county, Role.AUDIT_ADMIN),
        "system": (county.county, Role.SYSTEM_ADMIN),
    }
    return {name: program_of(site, unit.id, role) for name, (unit, role) in held.items()}


Programs = Callable[..., Program]


@pytest.fixture
def programs(site: Site) -> Programs:
    """Make programs over SQLite: `programs("桑柘镇")`, `programs("bureau")`."""
    return maker(site)


@pytest.fixture
def both_programs(both_sites: Site) -> Programs:
    """Make programs on both kinds of database."""
    return maker(both_sites)


def maker(site: Site) -> Programs:
    def make(name: str, role: Role = Role.HANDLER) -> Program:
        county = site.ground.county
        unit = county.townships.get(name) or county.departments.get(name) or getattr(county, name)
        return program_of(site, unit.id, role)

    return make
