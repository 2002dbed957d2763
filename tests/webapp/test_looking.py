"""Looking changes nothing: every page that is got leaves every table as it was (safety: no GET that changes)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ledger.db import transaction
from ledger.journal import Entry
from ledger.tables import METADATA
from tests.webapp.conftest import Site
from tests.webapp.test_authorisation import asked

LOOKERS = ("sangzhezhen.jingban", "xiangcunzhenxingju.jingban", "xitong", "shenji")
WHEN_LAST = "sign_in"  # when it was used last, once a minute
TOLD = {"denied", "export"}  # who was refused, and who took a list away, stands in the trail


@pytest.mark.usefixtures("quick_prints")
@pytest.mark.parametrize("login", LOOKERS)
def test_pages_that_are_got_change_nothing(site: Site, login: str) -> None:
    site.walk(0).to("party_meeting")
    person = site.visitor()
    assert person.sign_in(login).status_code == 303
    before, told = contents(site), acts(site)
    looked = {address: person.get(address).status_code for _rule, method, address in asked(site) if method == "GET"}
    assert [address for address, status in looked.items() if status >= 500] == []  # what fails is taken back unseen
    assert list(looked.values()).count(200) > 15
    after = contents(site)
    assert [name for name in after if after[name] != before[name]] == []
    assert set(acts(site)[len(told) :]) <= TOLD


def contents(site: Site) -> dict[str, str]:
    """Return what stands in each table; the trail is looked at by itself."""
    apart = {WHEN_LAST, Entry.__tablename__}
    with transaction(site.ground.sessions, writes=False) as session:
        tables = [table for table in METADATA.sorted_tables if table.name not in apart]
        return {table.name: str(session.execute(select(table)).all()) for table in tables}


def acts(site: Site) -> list[str]:
    with transaction(site.ground.sessions, writes=False) as session:
        return list(session.scalars(select(Entry.act).order_by(Entry.id)))
