"""Nothing closed is changed, whoever asks; foreign and unknown get one answer (safety 3 and 5, issue 10).

Here who is entitled asks, and another township, on SQLite; `make prove NAME=closed`: every role on both.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ledger.db import SessionFactory
from tests.closed import FOREIGN, STATES, contents, faults, lay, leaks
from tests.closed_askings import ASKINGS, LEFT_OUT, NOBODY, OPEN, TERMINATED
from tests.walk import lay_ground
from tests.webapp.conftest import Site, site_over


@pytest.mark.usefixtures("quick_prints")
@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_what_is_closed_stays_as_it_is(sessions: SessionFactory, tmp_path: Path) -> None:
    site = site_over(lay_ground(sessions, tmp_path / "papers", projects=20), datetime.now().astimezone())
    world, found = lay(site, {*(each.who for each in ASKINGS), FOREIGN} - {NOBODY}), list[str]()
    for state in (OPEN, *STATES):
        world.bring_to(state)
        before = contents(site)
        for asking in ASKINGS:
            if state in (OPEN, TERMINATED) or not asking.by_program:
                found += faults(world, asking, state)
            if state == OPEN:
                found += leaks(world, asking, state)
        after = contents(site)
        found += [f"{state}: {name} changed" for name in after if after[name] != before[name]]
    assert found == [], "\n".join(found)


def test_every_act_on_a_case_is_asked(site: Site) -> None:
    """An act that comes new is in the table, or named as left out with its reason."""
    about = ("/cases/<int:case_id>", "/items/<int:item_id>", "/api/v1/cases/<", "/api/v1/items/<", "/gonggao/")
    rules = {rule.rule for rule in site.app.url_map.iter_rules() if "POST" in (rule.methods or set())}
    routes = site.app.url_map.bind("")
    numbers = {"case": 1, "item": 1, "timer": 1, "token": "a"}
    asked = {routes.match(each.path.format(**numbers), "POST", return_rule=True)[0].rule for each in ASKINGS}
    assert {rule for rule in rules if rule.startswith(about)} == asked | LEFT_OUT.keys()
