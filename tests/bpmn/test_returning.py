"""办完直接回到我这里: straight back to the sender, never past a word that must be had again; 跳过 where it is drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from bpmn.deployment import deploy, shipped_bundle
from bpmn.refusals import ActRefused, NotYours
from bpmn.runtime import Completed, send_back, skip
from ledger.db import transaction
from ledger.journal import history
from ledger.vocabulary import CaseStatus, ItemStatus, Level, Role
from tests.walk import Ground, Walk, project_of_level

pytestmark = pytest.mark.usefixtures("quick_prints")
WHY = "请补充测算依据"


def begun(ground: Ground, stem: str, level: Level = Level.TOWNSHIP) -> Walk:
    walk = Walk(ground, project_of_level(ground, level))
    walk.to(stem)
    return walk


def back(walk: Walk, stem: str, target: str) -> Completed:
    item = walk.item(stem)
    with walk.acting(item.role, item.unit_id) as acting:
        return send_back(acting, item.id, item.revision, target, WHY, straight_back=True)


def last_detail(walk: Walk) -> dict[str, Any]:
    with walk.session() as session:
        found: dict[str, Any] = orjson.loads(history(session, walk.case_id)[-1].detail)
        return found


class TestStraightBack:
    def test_the_corrected_step_goes_back_to_who_sent_it(self, ground: Ground) -> None:
        walk = begun(ground, "evaluation")
        back(walk, "evaluation", "disposal_plan")
        assert walk.item("disposal_plan").returns_to == "evaluation"
        done = walk.complete("disposal_plan")
        assert [name for name, _, _ in done.next] == ["成效评定"]
        assert walk.waiting() == ["evaluation"]
        assert last_detail(walk)["target"] == "evaluation"
        walk.to_end()
        assert walk.case.status == CaseStatus.ARCHIVED

    def test_a_decision_that_leads_backwards_stands(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "party_meeting")
        back(walk, "party_meeting", "preliminary_opinion")
        walk.complete("preliminary_opinion", verdict="survey", reason="还要再调研")
        assert walk.waiting() == ["field_survey"]
        assert "target" not in last_detail(walk)

    @pytest.mark.parametrize(
        ("stem", "target", "sentence"),
        [
            ("acceptance_check", "application", "“单位意见”须重新办理"),  # the 审核人 signs what was changed
            ("party_meeting", "field_survey", "“会审”须重新办理"),
            ("disposal", "reply", "须重新"),  # notices and the whole period
            ("filing", "disposal_plan", "须重新办理"),
        ],
    )
    def test_never_past_what_must_be_had_again(
        self, sqlite_ground: Ground, stem: str, target: str, sentence: str
    ) -> None:
        walk = begun(sqlite_ground, stem)
        with pytest.raises(ActRefused, match=sentence):
            back(walk, stem, target)
        assert walk.waiting() == [stem]

    def test_where_several_begin_at_once_the_diagram_s_way_is_taken(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "notice_unit")
        back(walk, "notice_unit", "reply")
        number = walk.items("reply")[0].answers["number"]
        walk.complete("reply", number=number)
        assert sorted(walk.waiting()) == ["notice_site", "notice_unit"]


class TestSkip:
    @pytest.fixture
    def skippable(self, sqlite_ground: Ground) -> Ground:
        """A county whose diagram lets the village's opinion be left out."""
        bundle = shipped_bundle()
        written = 'sgyp:handler="village_opinion"'
        diagram = bundle.diagram.replace(written, f'{written} sgyp:skippable="true"')
        assert diagram != bundle.diagram
        with transaction(sqlite_ground.sessions) as session:
            deploy(session, replace(bundle, diagram=diagram), "测试", sqlite_ground.now)
        return sqlite_ground

    def test_the_token_goes_on_and_no_answers_are_given(self, skippable: Ground) -> None:
        walk = begun(skippable, "village_opinion", Level.VILLAGE)
        item = walk.item("village_opinion")
        with walk.acting(Role.HANDLER, skippable.county.bureau.id) as acting:
            done = skip(acting, item.id, item.revision, "村委会换届，意见已附在申请表")
        assert [name for name, _, _ in done.next] == ["单位意见"]
        (left,) = walk.items("village_opinion")
        assert (left.status, left.answers) == (ItemStatus.SKIPPED, None)
        assert last_detail(walk)["reason"] == "村委会换届，意见已附在申请表"
        walk.to_end()
        assert walk.case.status == CaseStatus.ARCHIVED

    def test_refused_to_others_and_where_it_is_not_drawn(self, skippable: Ground) -> None:
        walk = begun(skippable, "application", Level.VILLAGE)
        item = walk.item("application")
        with pytest.raises(ActRefused, match="“填申请表”不能跳过"), walk.acting(item.role, item.unit_id) as acting:
            skip(acting, item.id, item.revision, WHY)
        walk.to("village_opinion")
        item = walk.item("village_opinion")
        with pytest.raises(NotYours), walk.acting(Role.HANDLER, skippable.county.office.id) as acting:
            skip(acting, item.id, item.revision, WHY)
        with pytest.raises(ActRefused, match="原因"), walk.acting(item.role, item.unit_id) as acting:
            skip(acting, item.id, item.revision, "")
