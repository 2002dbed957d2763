"""How to drive every act the journal knows: made to fail once its row is written, then let through.

Each module has a table of drives by act. What fails leaves nothing behind, neither the act nor its row; what succeeds
leaves one row that says who did what (safety rule 14).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.db import transaction
from ledger.demonstration import PASSWORD
from ledger.journal import Entry
from ledger.people import User
from tests.audited.outside import Outside
from tests.walk import Walk
from tests.webapp.conftest import Person, Site

CLERK, OTHER, SIGNER = "sangzhezhen.jingban", "baojiazhen.jingban", "sangzhezhen.shenhe"
LEAVER = "lujiaozhen.jingban"
BUREAU, OFFICE = "xiangcunzhenxingju.jingban", "lingdaoxiaozubangongshi.jingban"
SYSTEM, SECURITY, AUDIT, WATCH = "xitong", "anquan", "shenji", "ducha"
EVERYBODY = (CLERK, OTHER, LEAVER, SIGNER, BUREAU, OFFICE, SYSTEM, SECURITY, AUDIT, WATCH)
HOOK = "http://127.0.0.1:9/events"
MULTIPART = "multipart/form-data"


@dataclass(frozen=True)
class Drive:
    """One act made ready: `do` does it and may be tried again when it failed.

    `who` is the login the row must name, "" for the clock or a stranger; `told` is what the row's detail must hold.
    `effect` is what the act changes, where parts of the work commit before it by design; without one nothing at all
    may be committed when the act fails.
    """

    do: Callable[[], object]
    who: str
    told: Mapping[str, Any] = field(default_factory=dict)
    effect: Callable[[Session], object] | None = None


class Quick(Person):
    """Somebody who takes the form's token from a page that lists nothing."""

    def _read_token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/password", follow_redirects=True).text)
        assert found is not None
        return found[1]


@dataclass
class Stage:
    """A county with many projects that wait for their push, and the people in it."""

    site: Site
    outside: Outside
    used: int = 0
    walks: dict[str, Walk] = field(default_factory=dict)
    recovery: list[str] = field(default_factory=list)

    @cached_property
    def person(self) -> Callable[[str], Person]:
        """Sign people in once each."""

        @cache
        def signed_in(login: str) -> Person:
            person = Quick(self.site.app.test_client())
            assert person.sign_in(login, PASSWORD).status_code == 303
            return person

        return signed_in

    def walk(self, stem: str = "receive") -> Walk:
        """Push a fresh project that 桑柘镇 runs, and bring it to a step."""
        ground = self.site.ground
        town = ground.county.townships["桑柘镇"].id
        while ground.projects[self.used].responsible_unit_id != town:
            self.used += 1
        made = Walk(ground, ground.projects[self.used])
        self.used += 1
        made.to(stem)
        return made

    def shared(self, stem: str) -> Walk:
        """Return the one case that waits at a step for acts that leave it there."""
        return self.once(stem, lambda: self.walk(stem))

    def once(self, name: str, make: Callable[[], Walk]) -> Walk:
        """Return the case known by a name, made when it is first asked for."""
        if name not in self.walks:
            self.walks[name] = make()
        return self.walks[name]

    def post(self, login: str, path: str, data: Mapping[str, Any] | None = None, **more: Any) -> Callable[[], object]:
        """Return an act that is one form sent; what is in `data` may be made anew at each try by a function."""
        made = dict(data or {})
        self.person(login).token()  # a page is opened before its form is sent, and notes that the session is in use

        def send() -> object:
            given = {name: value() if callable(value) else value for name, value in made.items()}
            return self.person(login).post(path, given, **more)

        return send

    def user_id(self, login: str) -> int:
        return self.site.user_id(login)

    def newest(self, table: type[Any]) -> int:
        """Return the number of the newest row of a table."""
        with transaction(self.site.ground.sessions, writes=False) as session:
            return session.scalars(select(table.id).order_by(table.id.desc()).limit(1)).one()

    def read(self, effect: Callable[[Session], object]) -> object:
        with transaction(self.site.ground.sessions, writes=False) as session:
            return effect(session)

    def entries(self, act: str) -> list[Entry]:
        with transaction(self.site.ground.sessions, writes=False) as session:
            return list(session.scalars(select(Entry).where(Entry.act == act).order_by(Entry.id)))

    def login_of(self, user_id: int | None) -> str:
        if user_id is None:
            return ""
        with transaction(self.site.ground.sessions, writes=False) as session:
            return session.scalars(select(User.login).where(User.id == user_id)).one()


Maker = Callable[[Stage], Drive]
