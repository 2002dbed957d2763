"""Two people, or a person and the clock, act on one case at once: who comes second is told so (issue 3 item 8).

Each scene says who is told what, which rows the journal gets and what waits afterwards; both databases. The order is
the scene's, never the scheduler's.
"""

from __future__ import annotations

from collections import Counter

import pytest

from bpmn.refusals import ActRefused, AlreadyDone, CaseClosed, ItemGone, NotYours, OutsidePublicity
from ledger.journal import history
from tests.interleaving import Told, interleave
from tests.interleavings.conftest import Shared
from tests.interleavings.scenes import (
    DONE,
    Scene,
    another_version,
    ask_fewer,
    ask_more,
    at,
    call_back,
    claim,
    complete,
    fire,
    former_version,
    late,
    leave,
    move,
    moved_over,
    objection,
    overdue,
    posted,
    prepared,
    publicity_over,
    send_back,
    set_date,
    sign,
    suspend,
    taken,
    terminate,
    transfer,
    urge,
    with_a_fourth_part,
    with_one_part_left,
    with_two_parts_left,
)
from tests.points import JOURNALED, LOCKED
from tests.replay import assert_case
from tests.walk import Walk

pytestmark = pytest.mark.usefixtures("quick_prints")

REVIEW = ["joint_review"]
RECEIVE, SURVEY, OPINION = complete("receive"), complete("field_survey"), complete("joint_review")
RETURN = send_back("field_survey", "receive")
UNCALL = call_back("receive")

ON_AN_ITEM = [
    Scene(
        "two complete one task, the first has the lock",
        at("receive"),
        RECEIVE,
        RECEIVE,
        (DONE, AlreadyDone),
        {"complete": 1},
        ["field_survey"],
        "办理",
        LOCKED,
    ),
    Scene(
        "two complete one task, the first has written its journal",
        at("receive"),
        RECEIVE,
        RECEIVE,
        (DONE, AlreadyDone),
        {"complete": 1},
        ["field_survey"],
        "办理",
        JOURNALED,
    ),
    Scene(
        "two complete one task, the first is committing",
        at("receive"),
        RECEIVE,
        RECEIVE,
        (DONE, AlreadyDone),
        {"complete": 1},
        ["field_survey"],
        "办理",
    ),
    Scene(
        "complete, then send back", at("field_survey"), SURVEY, RETURN, (DONE, AlreadyDone), {"complete": 1}, REVIEW * 3
    ),
    Scene(
        "send back, then complete", at("field_survey"), RETURN, SURVEY, (DONE, ItemGone), {"send_back": 1}, ["receive"]
    ),
    Scene(
        "send back twice", at("field_survey"), RETURN, RETURN, (DONE, ItemGone), {"send_back": 1}, ["receive"], "取消"
    ),
    Scene(
        "complete, then hand over",
        at("field_survey"),
        SURVEY,
        transfer("field_survey"),
        (DONE, AlreadyDone),
        {"complete": 1},
        REVIEW * 3,
    ),
    Scene(
        "hand over, then complete",
        at("field_survey"),
        transfer("field_survey"),
        SURVEY,
        (DONE, NotYours),
        {"transfer": 1},
        ["field_survey"],
    ),
    Scene(
        "hand over twice",
        at("field_survey"),
        transfer("field_survey"),
        transfer("field_survey"),
        (DONE, NotYours),
        {"transfer": 1},
        ["field_survey"],
    ),
    Scene(
        "hand over, then send back",
        at("field_survey"),
        transfer("field_survey"),
        RETURN,
        (DONE, NotYours),
        {"transfer": 1},
        ["field_survey"],
    ),
    Scene(
        "send back, then hand over",
        at("field_survey"),
        RETURN,
        transfer("field_survey"),
        (DONE, ItemGone),
        {"send_back": 1},
        ["receive"],
    ),
    Scene(
        "complete, then call back the step before",
        at("field_survey"),
        SURVEY,
        UNCALL,
        (DONE, ActRefused),
        {"complete": 1},
        REVIEW * 3,
        "已经有人办理",
    ),
    Scene(
        "call back, then complete what it led to",
        at("field_survey"),
        UNCALL,
        SURVEY,
        (DONE, ItemGone),
        {"call_back": 1},
        ["receive"],
    ),
    Scene(
        "call back twice", at("field_survey"), UNCALL, UNCALL, (DONE, ActRefused), {"call_back": 1}, ["receive"], "撤回"
    ),
    Scene(
        "send back, then call back",
        at("field_survey"),
        RETURN,
        UNCALL,
        (DONE, ActRefused),
        {"send_back": 1},
        ["receive"],
    ),
    Scene(
        "call back, then send back",
        at("field_survey"),
        UNCALL,
        RETURN,
        (DONE, ItemGone),
        {"call_back": 1},
        ["receive"],
    ),
    Scene(
        "claim, then complete what was seen before",
        at("receive"),
        claim("receive"),
        RECEIVE,
        (DONE, AlreadyDone),
        {"claim": 1},
        ["receive"],
    ),
    Scene(
        "complete, then claim",
        at("receive"),
        RECEIVE,
        claim("receive"),
        (DONE, AlreadyDone),
        {"complete": 1},
        ["field_survey"],
    ),
    Scene(
        "urge twice in a day",
        at("receive"),
        urge("receive"),
        urge("receive"),
        (DONE, ActRefused),
        {"urge": 1},
        ["receive"],
        "催办过",
    ),
    Scene(
        "urge, then complete",
        at("receive"),
        urge("receive"),
        RECEIVE,
        (DONE, DONE),
        {"urge": 1, "complete": 1},
        ["field_survey"],
    ),
    Scene(
        "sign twice",
        prepared,
        sign("evaluation", approve=True),
        sign("evaluation", approve=True),
        (DONE, AlreadyDone),
        {"sign": 1},
        ["reclassification"],
    ),
    Scene(
        "refuse to sign, then sign",
        prepared,
        sign("evaluation", approve=False),
        sign("evaluation", approve=True),
        (DONE, AlreadyDone),
        {"unsigned": 1},
        ["evaluation"],
    ),
    Scene(
        "sign, then call back",
        prepared,
        sign("evaluation", approve=True),
        call_back("evaluation"),
        (DONE, ActRefused),
        {"sign": 1},
        ["reclassification"],
    ),
]

ON_A_JOINT_STEP = [
    Scene(
        "two of three bodies give their opinion",
        at("joint_review"),
        OPINION,
        complete("joint_review", 1),
        (DONE, DONE),
        {"complete": 2},
        REVIEW,
    ),
    Scene(
        "the last two bodies give their opinion",
        with_two_parts_left,
        OPINION,
        complete("joint_review", 1),
        (DONE, DONE),
        {"complete": 2},
        ["preliminary_opinion"],
    ),
    Scene("an opinion, then 逾期", late, OPINION, overdue(), (DONE, ItemGone), {"complete": 1}, REVIEW * 2),
    Scene("逾期, then the opinion", late, overdue(), OPINION, (DONE, AlreadyDone), {"overdue": 1}, REVIEW * 2),
    Scene("逾期 twice", late, overdue(), overdue(), (DONE, ItemGone), {"overdue": 1}, REVIEW * 2),
    Scene(
        "an opinion, then another body sends back",
        at("joint_review"),
        OPINION,
        send_back("joint_review", "field_survey", 1),
        (DONE, DONE),
        {"complete": 1, "send_back": 1},
        ["field_survey"],
    ),
    Scene(
        "a body sends back, then another's opinion",
        at("joint_review"),
        send_back("joint_review", "field_survey", 1),
        OPINION,
        (DONE, ItemGone),
        {"send_back": 1},
        ["field_survey"],
    ),
    Scene(
        "one more is asked, then the last opinion comes",
        with_one_part_left,
        ask_more(),
        OPINION,
        (DONE, DONE),
        {"add_reviewer": 1, "complete": 1},
        REVIEW,
    ),
    Scene(
        "the last opinion comes, then one more is asked",
        with_one_part_left,
        OPINION,
        ask_more(),
        (DONE, AlreadyDone),
        {"complete": 1},
        ["preliminary_opinion"],
    ),
    Scene(
        "one more is asked twice",
        at("joint_review"),
        ask_more(),
        ask_more(),
        (DONE, ActRefused),
        {"add_reviewer": 1},
        REVIEW * 4,
    ),
    Scene(
        "one fewer is asked, then its opinion comes",
        with_a_fourth_part,
        ask_fewer(3),
        complete("joint_review", 3),
        (DONE, ItemGone),
        {"drop_reviewer": 1},
        REVIEW * 3,
    ),
    Scene(
        "both notices are posted",
        at("notice_unit"),
        complete("notice_unit"),
        complete("notice_site"),
        (DONE, DONE),
        {"complete": 2},
        [],
    ),
]

ON_A_CASE = [
    Scene(
        "suspend, then complete",
        at("receive"),
        suspend,
        RECEIVE,
        (DONE, CaseClosed),
        {"suspend": 1},
        ["receive"],
    ),
    Scene(
        "complete, then suspend",
        at("receive"),
        RECEIVE,
        suspend,
        (DONE, DONE),
        {"complete": 1, "suspend": 1},
        ["field_survey"],
    ),
    Scene(
        "terminate, then complete",
        at("receive"),
        terminate,
        RECEIVE,
        (DONE, ItemGone),
        {"terminate": 1},
        [],
    ),
    Scene(
        "complete, then terminate",
        at("receive"),
        RECEIVE,
        terminate,
        (DONE, DONE),
        {"complete": 1, "terminate": 1},
        [],
    ),
    Scene(
        "move a token, then complete where it stood",
        at("field_survey"),
        move("field_survey", "receive"),
        SURVEY,
        (DONE, ItemGone),
        {"move": 1},
        ["receive"],
    ),
    Scene(
        "complete, then move the token that stood there",
        at("field_survey"),
        SURVEY,
        move("field_survey", "receive"),
        (DONE, ActRefused),
        {"complete": 1},
        REVIEW * 3,
    ),
    Scene("two clocks", publicity_over, fire, fire, (True, False), {"timer": 1}, []),
    Scene(
        "two clocks, the first has the lock", publicity_over, fire, fire, (True, False), {"timer": 1}, [], "", LOCKED
    ),
    Scene(
        "the clock, then an objection",
        publicity_over,
        fire,
        objection,
        (True, OutsidePublicity),
        {"timer": 1},
        [],
    ),
    Scene(
        "an objection, then the clock",
        posted,
        objection,
        fire,
        (DONE, False),
        {"objection": 1},
        ["objection"],
    ),
    Scene("two objections", posted, objection, objection, (DONE, DONE), {"objection": 2}, ["objection"]),
    Scene("a later date, then the clock", posted, set_date, fire, (DONE, False), {"change_timer": 1}, []),
    Scene(
        "the clock, then a later date",
        publicity_over,
        fire,
        set_date,
        (True, ActRefused),
        {"timer": 1},
        [],
    ),
    Scene("suspend, then the clock", publicity_over, suspend, fire, (DONE, False), {"suspend": 1}, []),
]

ON_A_LEAVER = [
    Scene(
        "a leaver's step is handed over, then completed by the leaver",
        taken("receive"),
        leave("receive"),
        RECEIVE,
        (DONE, AlreadyDone),
        {"hand_over": 1},
        ["receive"],
    ),
    Scene(
        "a step is completed, then its leaver has nothing to hand over",
        taken("receive"),
        RECEIVE,
        leave("receive"),
        (DONE, DONE),
        {"complete": 1},
        ["field_survey"],
    ),
    Scene(
        "a leaver's step is handed over twice",
        taken("receive"),
        leave("receive"),
        leave("receive"),
        (DONE, DONE),
        {"hand_over": 1},
        ["receive"],
    ),
]

ON_A_VERSION = [
    Scene(
        "another version, then complete what was seen before",
        at("receive"),
        another_version,
        RECEIVE,
        (DONE, AlreadyDone),
        {"migrate": 1},
        ["receive"],
    ),
    Scene(
        "another version that leaves the step alone, then complete",
        at("field_survey"),
        another_version,
        SURVEY,
        (DONE, DONE),
        {"migrate": 1, "complete": 1},
        REVIEW * 3,
    ),
    Scene(
        "complete, then another version",
        at("receive"),
        RECEIVE,
        another_version,
        (DONE, DONE),
        {"complete": 1, "migrate": 1},
        ["field_survey"],
    ),
    Scene(
        "send back, then another version",
        at("field_survey"),
        RETURN,
        another_version,
        (DONE, DONE),
        {"send_back": 1, "migrate": 1},
        ["receive"],
    ),
    Scene(
        "another version twice",
        at("receive"),
        another_version,
        another_version,
        (DONE, ActRefused),
        {"migrate": 1},
        ["receive"],
        "已经在这一版",
    ),
    Scene(
        "complete, then the former version",
        moved_over("receive"),
        RECEIVE,
        former_version,
        (DONE, ActRefused),
        {"complete": 1},
        ["field_survey"],
        "已经有人办理",
    ),
    Scene(
        "the former version, then complete",
        moved_over("receive"),
        former_version,
        RECEIVE,
        (DONE, AlreadyDone),
        {"migrate_back": 1},
        ["receive"],
    ),
    Scene(
        "the clock, then another version",
        publicity_over,
        fire,
        another_version,
        (True, DONE),
        {"timer": 1, "migrate": 1},
        [],
    ),
    Scene(
        "another version, then the clock",
        publicity_over,
        another_version,
        fire,
        (DONE, True),
        {"migrate": 1, "timer": 1},
        [],
    ),
]

SCENES = [*ON_AN_ITEM, *ON_A_JOINT_STEP, *ON_A_CASE, *ON_A_LEAVER, *ON_A_VERSION]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_who_comes_second_is_told_so(shared: Shared, scene: Scene) -> None:
    walk = Walk(shared.ground, next(shared.untouched))
    scene.stage(walk)
    before = acts_of(walk)
    first, second = scene.first(walk), scene.second(walk)
    told = interleave(shared.ground.sessions, first, second, scene.point)
    for one, expected in zip(told, scene.told, strict=True):
        assert_told(one, expected, scene.sentence)
    assert acts_of(walk) - before == Counter(scene.journaled)
    assert walk.waiting() == scene.waiting
    assert_case(shared.ground.sessions, walk.case_id)


def acts_of(walk: Walk) -> Counter[str]:
    with walk.session() as session:
        return Counter(row.act for row in history(session, walk.case_id))


def assert_told(told: Told, expected: object, sentence: str) -> None:
    if isinstance(expected, type):
        assert isinstance(told.error, expected), told
        assert sentence in str(told.error)
    else:
        assert told.error is None, told
        assert expected is DONE or told.value is expected
