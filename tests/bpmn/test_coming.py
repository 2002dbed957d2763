"""What an item's page foretells is what then comes: step, units and day (interface 10)."""

from __future__ import annotations

import pytest

from bpmn.coming import CLOCK_UNIT, Coming, coming
from bpmn.runtime import open_item
from ledger.cases import WorkItem
from ledger.working_days import Due
from tests.walk import Ground, Walk, local

pytestmark = pytest.mark.usefixtures("quick_prints")


def foretold(walk: Walk, stem: str) -> tuple[Coming, ...]:
    item = walk.item(stem)
    with walk.acting(item.role, item.unit_id) as acting:
        opened = open_item(acting, item.id)
        return coming(opened.file, opened.item)


def due(item: WorkItem) -> Due:
    return Due(item.due_at, item.compressed)


def test_what_is_foretold_at_every_step_then_comes(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    compared = []
    while "notice_site" not in walk.waiting():
        (stem, *more) = walk.waiting()
        steps, known = foretold(walk, stem), {item.id for item in walk.items()}
        walk.complete(stem)
        with walk.session() as session:
            new = [session.get_one(WorkItem, item.id) for item in walk.items() if item.id not in known]
            by_step: dict[tuple[str, Due], set[str]] = {}
            for item in new:
                by_step.setdefault((item.name, due(item)), set()).add(item.unit.short_name)
        for (name, last), units in by_step.items():
            (told,) = [each for each in steps if each.name == name]
            assert (set(told.units.split("、")), told.due) == (units, last)
            compared.append(name)
        assert by_step or more or walk.waiting(), stem
    assert {"实地调研", "会审", "公告"} & set(compared), compared
    assert len(compared) >= 8


def test_a_signed_step_goes_to_the_signer_first_and_the_clock_has_no_day(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    walk.to("notice_unit")
    assert CLOCK_UNIT in {each.units for each in foretold(walk, "notice_unit") if each.due is None}
    walk.to("evaluation")
    item = walk.item("evaluation")
    (told,) = foretold(walk, "evaluation")
    assert (told.name, told.units, told.due) == ("审核签字", "桑柘镇审核人", due(item))
    walk.complete("evaluation", sign=False)
    assert len(foretold(walk, "evaluation")) > 1


def test_days_are_counted_from_the_day_the_page_is_looked_at(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    walk.to("joint_review")
    walk.now = local(2023, 11, 8)
    walk.to("submission")
    (told,) = [each for each in foretold(walk, "submission") if each.name == "材料审核"]
    assert told.due is not None
    assert told.due.at.date().isoformat() == "2023-11-10"  # two working days after Wednesday, 8 November
