"""加签, 减签 in 会审 and 征求意见: who may be asked besides those the scheme names, and who is never dropped."""

from __future__ import annotations

import pytest

from bpmn.refusals import ActRefused, NotYours
from bpmn.runtime import Completed, add_reviewer, candidates, drop_reviewer, send_back
from ledger.cases import WorkItem
from ledger.people import Unit
from ledger.vocabulary import CaseStatus, Category, Role
from tests.walk import Ground, Walk

pytestmark = pytest.mark.usefixtures("quick_prints")
WHY = "涉及林地，请一并提出意见"


def begun(ground: Ground, stem: str, category: Category = Category.UPGRADE) -> Walk:
    walk = Walk(ground, ground.projects[1], category)
    walk.to(stem)
    return walk


def responsible(walk: Walk) -> int:
    unit_id = walk.project.responsible_unit_id
    assert unit_id is not None
    return unit_id


def asked(walk: Walk, stem: str, unit: Unit, reason: str = WHY) -> Completed:
    with walk.acting(Role.HANDLER, responsible(walk)) as acting:
        return add_reviewer(acting, walk.item(stem).id, unit.id, reason)


def dropped(walk: Walk, item: WorkItem, reason: str = "已征求过意见") -> Completed:
    with walk.acting(Role.HANDLER, responsible(walk)) as acting:
        return drop_reviewer(acting, item.id, reason)


def department(ground: Ground) -> Unit:
    return next(iter(ground.county.departments.values()))


class TestAdd:
    def test_one_more_body_reviews_in_this_round_and_the_next(self, ground: Ground) -> None:
        walk = begun(ground, "joint_review")
        unit = department(ground)
        with walk.acting(Role.HANDLER, responsible(walk)) as acting:
            assert unit.id in dict(candidates(acting, walk.item("joint_review").id))
        done = asked(walk, "joint_review", unit)
        assert [(name, who) for name, who, _ in done.next] == [("会审", unit.short_name)]
        assert walk.waiting() == ["joint_review"] * 4
        for _part in range(3):
            walk.complete("joint_review")
        assert [item.unit_id for item in walk.items("joint_review") if item.completed_at is None] == [unit.id]
        walk.complete("joint_review")
        assert walk.waiting() == ["preliminary_opinion"]
        item = walk.item("preliminary_opinion")
        with walk.acting(Role.HANDLER, item.unit_id) as acting:
            send_back(acting, item.id, item.revision, "field_survey", "补充林地材料")
        walk.complete("field_survey", reviewers=[str(unit.id)])
        assert walk.waiting().count("joint_review") == 4

    def test_refused_with_the_reason(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "joint_review")
        township = next(iter(sqlite_ground.county.townships.values()))
        unit = department(sqlite_ground)
        for wrong, reason, sentence in [
            (township, WHY, "不能加签"),
            (sqlite_ground.county.reviewers[0], WHY, "已在"),
            (unit, "", "原因"),
        ]:
            with pytest.raises(ActRefused, match=sentence):
                asked(walk, "joint_review", wrong, reason)
        with (
            pytest.raises(NotYours, match="责任单位"),
            walk.acting(Role.HANDLER, sqlite_ground.county.reviewers[0].id) as acting,
        ):
            add_reviewer(acting, walk.item("joint_review").id, unit.id, WHY)
        assert walk.waiting() == ["joint_review"] * 3
        walk.to("application")
        with pytest.raises(ActRefused, match="不是多方办理"):
            asked(walk, "application", unit)

    def test_art_10_a_neighbouring_township_is_heard_before_a_rebuilding(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "consultation", Category.REBUILD)
        own = {item.unit_id for item in walk.items("consultation")}
        other = next(unit for unit in sqlite_ground.county.townships.values() if unit.id not in own)
        asked(walk, "consultation", other)
        assert walk.waiting() == ["consultation"] * 4
        walk.complete("consultation", instance=other.id)
        walk.to("disposal_plan")
        walk.complete("disposal_plan")
        walk.to_end()
        assert walk.case.status == CaseStatus.ARCHIVED


class TestDrop:
    def test_who_was_added_and_the_last_one_ends_the_step(self, ground: Ground) -> None:
        walk = begun(ground, "joint_review")
        asked(walk, "joint_review", department(ground))
        for _part in range(3):
            walk.complete("joint_review")
        (left,) = [item for item in walk.items("joint_review") if item.completed_at is None]
        done = dropped(walk, left)
        assert [name for name, _, _ in done.next] == ["初步意见"]
        assert walk.waiting() == ["preliminary_opinion"]

    def test_p3_never_whom_the_scheme_names(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "joint_review")
        for item in walk.items("joint_review"):
            with pytest.raises(ActRefused, match="不能减签"):
                dropped(walk, item)
        assert walk.waiting() == ["joint_review"] * 3
