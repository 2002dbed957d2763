"""Each township asks for what the next one has: the answer is that of what nobody has (safety 3, 4)."""

from __future__ import annotations

import pytest

from tests.foreign import leaks, owned, spread
from tests.webapp.conftest import Site


@pytest.mark.usefixtures("quick_prints")
def test_what_the_next_township_has_does_not_exist(site: Site) -> None:
    """Three of them here, on what is there in the middle of a survey; `make prove NAME=foreign` asks among 39."""
    things = owned(site.ground, spread(site.ground))
    assert len(things) == 3
    for n, mine in enumerate(things):
        person = site.person(mine.town.id)
        assert person.get(f"/cases/{mine.numbers['case_id']}").status_code == 200
        count, found = leaks(site, person, things[n - 1])
        assert found == []
        assert count > 50
