"""A few of the kills of `make prove NAME=kills`, and the list of all of them (issue 3 item 8)."""

from __future__ import annotations

import re

import pytest

from tests.conftest import REPOSITORY
from tests.kill_acts import ACTS, QUICK
from tests.kills import Act, survive, walk_for
from tests.walk import Ground

pytestmark = pytest.mark.usefixtures("quick_prints")


@pytest.mark.parametrize("act", QUICK, ids=lambda act: act.name)
def test_a_killed_act_has_happened_or_not(ground: Ground, act: Act) -> None:
    assert survive(act, walk_for(act, ground, ground.projects[0])).kills == len(act.names)


def test_the_kill_points_are_listed() -> None:
    listed = (REPOSITORY / "docs" / "decisions" / "kills.md").read_text(encoding="utf-8")
    assert re.findall(r"^\d+\. `(.+)`$", listed, re.MULTILINE) == [name for act in ACTS for name in act.names]
