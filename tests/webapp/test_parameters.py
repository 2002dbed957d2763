"""参数: each with its meaning, range, default and present value; changed in range only, audited (issue 9 item 8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson

from ledger.db import transaction
from ledger.journal import Entry
from ledger.parameters import MEANINGS
from ledger.settings import Settings
from ledger.vocabulary import Role
from tests.webapp.conftest import Site
from webapp.in_force import EVERY, renew_parameters
from webapp.parameters import STARTED


def test_every_setting_is_told_once() -> None:
    assert sorted([*STARTED, *(each.name for each in MEANINGS)]) == sorted(Settings.model_fields)
    assert all(each.least <= Settings.model_fields[each.name].default <= each.most for each in MEANINGS)


def test_a_parameter_is_changed_within_its_range_and_audited(site: Site) -> None:
    admin = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    refused = admin.post("/parameters", {"name": "idle_minutes", "value": "31"})
    page = refused.get_data(as_text=True)
    assert (refused.status_code, "应为5—30分钟" in page, 'value="31"' in page) == (422, True, True)
    assert admin.post("/parameters", {"name": "https", "value": "1"}).status_code == 404
    assert admin.post("/parameters", {"name": "idle_minutes", "value": "10"}).status_code == 303
    assert 'value="10"' in admin.get("/parameters").get_data(as_text=True)
    assert site.app.extensions["sigeyipi_settings"].idle_minutes == 10
    with transaction(site.ground.sessions, writes=False) as session:
        entry = session.query(Entry).filter(Entry.act == "parameter_changed").one()
        assert orjson.loads(entry.detail)["value"] == [30, 10]
    assert (
        site.person(site.ground.county.county.id, Role.SECURITY_ADMIN)
        .post("/parameters", {"name": "idle_minutes", "value": "20"})
        .status_code
        == 403
    )


def test_other_processes_read_a_change_within_a_minute(site: Site) -> None:
    admin = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    now, other = datetime(2023, 11, 6, tzinfo=UTC), {"sigeyipi_settings": Settings(round_limit=60)}
    with transaction(site.ground.sessions, writes=False) as session:
        renew_parameters(other, session, now)
        assert other["sigeyipi_settings"].round_limit == 60
    admin.post("/parameters", {"name": "round_limit", "value": "70"})
    with transaction(site.ground.sessions, writes=False) as session:
        renew_parameters(other, session, now + EVERY - timedelta(seconds=1))
        assert other["sigeyipi_settings"].round_limit == 60
        renew_parameters(other, session, now + EVERY)
    assert other["sigeyipi_settings"].round_limit == 70


def test_no_secret_is_shown(site: Site) -> None:
    known = site.app.extensions["sigeyipi_settings"]
    site.app.extensions["sigeyipi_settings"] = known.model_copy(update={"database": "postgresql://u:geheim@h/d"})
    page = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN).get("/parameters").get_data(as_text=True)
    assert "geheim" not in page
    assert "SIGEYIPI_BACKUP" in page
