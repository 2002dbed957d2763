"""The interface: 事件通知 made, counted and ended by a program of the person who hears them."""

from __future__ import annotations

from sqlalchemy import select

from ledger.db import transaction
from ledger.journal import Entry
from tests.webapp.api.conftest import Programs, program_of
from tests.webapp.conftest import Site
from tests.webapp.test_hooks import allowed

URL = "https://a.test/events"


def test_a_program_makes_counts_and_ends_its_hooks(site: Site, programs: Programs) -> None:
    refused = programs("桑柘镇").post("/webhooks", {"url": URL})
    assert (refused.status_code, "允许的范围" in refused.json["errors"][0]["detail"]) == (400, True)  # type: ignore[index]
    hearing = allowed(site, "a.test")
    town, stranger = (program_of(hearing, site.ground.county.townships[name].id) for name in ("桑柘镇", "保家镇"))
    made = town.post("/webhooks", {"url": URL}).json
    assert made is not None
    assert len(made["secret"]) > 30
    assert made["hook"] == {**made["hook"], "url": URL, "sent": 0, "waiting": 0, "given_up": 0}
    assert town.get("/webhooks").json == [made["hook"]]
    number = made["hook"]["id"]
    assert stranger.get("/webhooks").json == []
    assert stranger.post(f"/webhooks/{number}/end", {}).status_code == 404
    assert town.post(f"/webhooks/{number}/end", {}).status_code == 200
    assert town.get("/webhooks").json == []
    with transaction(site.ground.sessions, writes=False) as session:
        acts = session.scalars(select(Entry.act).where(Entry.act.startswith("hook")).order_by(Entry.id)).all()
    assert acts == ["hook_created", "hook_ended"]
