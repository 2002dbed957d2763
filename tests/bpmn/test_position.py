"""The picture of a case: done, current, overdue, flows, and words a person reads on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bpmn.position import left, position
from ledger.cases import Case
from ledger.working_days import Calendar
from tests.walk import Ground, Walk, local

pytestmark = pytest.mark.usefixtures("quick_prints")
PLAIN = Calendar({}, frozenset({2023}))


def picture(walk: Walk) -> dict[str, Any]:
    with walk.session() as session:
        return position(session, session.get_one(Case, walk.case_id), walk.now)


def test_a_new_case_stands_at_its_first_step(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    shown = picture(walk)
    unit = walk.project.unit_text.removesuffix("人民政府")
    assert shown == {
        "done": ["start"],
        "current": ["receive"],
        "overdue": [],
        "flows": ["flow_start_receive"],
        "notes": {"receive": {"text": f"{unit} 剩 2 个工作日", "kind": "current"}},
    }


def test_phases_are_current_while_open_and_done_after(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    walk.complete("receive")
    walk.complete("field_survey")
    shown = picture(walk)
    assert shown["current"] == ["joint_review", "survey_review"]
    assert {"receive", "field_survey"} <= set(shown["done"])
    assert shown["notes"]["joint_review"]["text"] == "3个单位 剩 3 个工作日"
    assert shown["notes"]["field_survey"] == {"text": "11-06 " + person_of(walk, "field_survey"), "kind": "done"}
    walk.to("party_meeting")
    shown = picture(walk)
    assert {"survey_review", "joint_review"} <= set(shown["done"])
    assert shown["current"] == ["party_meeting", "study_submission"]
    assert "flow_survey_review_study_submission" in shown["flows"]


def person_of(walk: Walk, stem: str) -> str:
    with walk.session() as session:
        item = session.merge(walk.items(stem)[-1], load=False)
        assert item.completed_by is not None
        return item.completed_by.name


def test_a_step_entered_again_is_current_not_done(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    walk.to("preliminary_opinion")
    walk.complete("preliminary_opinion", verdict="survey", reason="数据不全")
    shown = picture(walk)
    assert shown["current"] == ["field_survey", "survey_review"]
    assert not {"field_survey", "survey_review"} & set(shown["done"])


def test_overdue_and_waiting_timers(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    walk.now = local(2023, 11, 9, 9)
    shown = picture(walk)
    assert shown["overdue"] == ["receive"]
    assert shown["notes"]["receive"]["kind"] == "overdue"
    assert shown["notes"]["receive"]["text"].endswith("超期 1 个工作日")
    walk.to("notice_unit")
    walk.complete("notice_unit")
    walk.complete("notice_site")
    shown = picture(walk)
    assert "publicity_over" in shown["current"]
    assert shown["notes"]["publicity_over"] == {"text": "剩 5 个工作日", "kind": "current"}


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (local(2023, 11, 17, 9), "剩 1 个工作日"),  # Friday, due by the end of Monday
        (local(2023, 11, 18, 9), "剩 1 个工作日"),
        (local(2023, 11, 20, 23, 59), "今日到期"),
        (local(2023, 11, 21, 0), "超期 1 个工作日"),
        (local(2023, 11, 22, 9), "超期 2 个工作日"),
    ],
)
def test_time_left_in_working_days(now: datetime, words: str) -> None:
    assert left(PLAIN, local(2023, 11, 21, 0), now) == words


def test_on_a_free_day_after_a_friday_it_is_overdue(sqlite_ground: Ground) -> None:
    assert left(PLAIN, local(2023, 11, 18, 0), local(2023, 11, 19, 9)) == "超期 1 个工作日"
