"""Acts on one case made ready to be done, and the scenes two of them meet in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bpmn import acts, holding, reviewers, runtime, supervision
from bpmn.bulk import Filled, complete_items
from bpmn.casefile import Acting
from bpmn.handing import Leaving, hand_over
from bpmn.migration import Order, move_back, move_case
from ledger.cases import WAITING, WorkItem, timers_of
from ledger.db import day_of, transaction
from ledger.people import User
from ledger.scope import CLOCK
from ledger.vocabulary import Role
from tests.bpmn.redrawn import WORDS, newly, others
from tests.points import COMMITTING, Point
from tests.walk import Walk, fill

WHY = "材料需要核对"

Ready = Callable[[], object]
Preparing = Callable[[Walk], Ready]
"""Looks at a case as a page shows it and returns the act that somebody who saw it does."""


@dataclass(frozen=True)
class Scene:
    """Two acts on a case that has come to `stage`: what each is told, what is journaled, what waits then.

    `told` has a value for who succeeds, or the error's class; `sentence` is in what the loser is told.
    """

    name: str
    stage: Callable[[Walk], None]
    first: Preparing
    second: Preparing
    told: tuple[object, object]
    journaled: dict[str, int]
    waiting: list[str]
    sentence: str = ""
    point: Point = field(default=COMMITTING)


DONE = object()
"""Told to who succeeds, where the value does not matter."""


def as_holder(walk: Walk, item: WorkItem, act: Callable[[Acting], object], role: Role | str = "") -> Ready:
    """Do an act as who holds an item, in a transaction of its own."""

    def ready() -> object:
        with walk.acting(role or item.role, item.unit_id) as acting:
            return act(acting)

    return ready


def as_unit(walk: Walk, unit_id: int, act: Callable[[Acting], object]) -> Ready:
    """Do an act as a unit's 经办人."""

    def ready() -> object:
        with walk.acting(Role.HANDLER, unit_id) as acting:
            return act(acting)

    return ready


def bureau(walk: Walk, act: Callable[[Acting], object]) -> Ready:
    return as_unit(walk, walk.ground.county.bureau.id, act)


def responsible(walk: Walk, act: Callable[[Acting], object]) -> Ready:
    return as_unit(walk, walk.project.responsible_unit_id or 0, act)


# -- acts on an item


def complete(stem: str, nth: int = 0, **given: Any) -> Preparing:
    """Complete the n-th waiting item of a step."""

    def prepare(walk: Walk) -> Ready:
        item, row = filled(walk, stem, nth, given)
        return as_holder(walk, item, lambda acting: runtime.complete_item(acting, item.id, row.revision, row.posted))

    return prepare


def filled(walk: Walk, stem: str, nth: int, given: Mapping[str, Any]) -> tuple[WorkItem, Filled]:
    """Return the n-th waiting item of a step and what is to be posted on it."""
    item = [item for item in walk.items(stem) if item.status in WAITING][nth]
    with walk.acting(item.role, item.unit_id) as acting:
        shown = walk.prepare(acting, item, given)
        posted = fill(shown, {**walk.answers_for(shown), **given}, day_of(walk.now))
    return item, Filled(item.id, item.revision, posted)


def complete_all(walks: Sequence[Walk], stem: str, **given: Any) -> Ready:
    """Complete a step of several cases in one act; answers what became of each, by case."""
    rows = [filled(walk, stem, 0, given) for walk in walks]

    def act(acting: Acting) -> object:
        report = complete_items(acting, [row for _item, row in rows])
        return [done.happened for done in report]

    return as_holder(walks[0], rows[0][0], act)


def send_back(stem: str, target: str, nth: int = 0) -> Preparing:
    def prepare(walk: Walk) -> Ready:
        item = [item for item in walk.items(stem) if item.status in WAITING][nth]
        return as_holder(walk, item, lambda a: acts.send_back(a, item.id, item.revision, target, WHY))

    return prepare


def transfer(stem: str) -> Preparing:
    def prepare(walk: Walk) -> Ready:
        item = walk.item(stem)
        other = next(unit.id for unit in walk.ground.county.townships.values() if unit.id != item.unit_id)
        return as_holder(walk, item, lambda acting: acts.transfer(acting, item.id, item.revision, other, WHY))

    return prepare


def call_back(stem: str) -> Preparing:
    """Call the newest finished item of a step back."""

    def prepare(walk: Walk) -> Ready:
        item = walk.items(stem)[-1]
        return as_holder(walk, item, lambda acting: acts.call_back(acting, item.id, WHY))

    return prepare


def claim(stem: str) -> Preparing:
    def prepare(walk: Walk) -> Ready:
        item = walk.item(stem)
        return as_holder(walk, item, lambda acting: holding.claim(acting, item.id, item.revision))

    return prepare


def sign(stem: str, *, approve: bool) -> Preparing:
    def prepare(walk: Walk) -> Ready:
        item = walk.item(stem)
        return as_holder(
            walk, item, lambda acting: runtime.sign_item(acting, item.id, item.revision, approve, WHY), Role.SIGNER
        )

    return prepare


def urge(stem: str) -> Preparing:
    def prepare(walk: Walk) -> Ready:
        item = walk.item(stem)
        return bureau(walk, lambda acting: acts.urge(acting, item.id))

    return prepare


def overdue(nth: int = 0) -> Preparing:
    """Record 逾期未反馈 for the n-th waiting part of the joint review."""

    def prepare(walk: Walk) -> Ready:
        item = [item for item in walk.items("joint_review") if item.status in WAITING][nth]
        return responsible(walk, lambda acting: runtime.record_overdue(acting, item.id))

    return prepare


def ask_more(stem: str = "joint_review") -> Preparing:
    def prepare(walk: Walk) -> Ready:
        item = walk.item(stem)
        unit = walk.ground.county.departments["县林业局"].id
        return responsible(walk, lambda acting: reviewers.add_reviewer(acting, item.id, unit, WHY))

    return prepare


def ask_fewer(nth: int) -> Preparing:
    def prepare(walk: Walk) -> Ready:
        item = [item for item in walk.items("joint_review") if item.status in WAITING][nth]
        return responsible(walk, lambda acting: reviewers.drop_reviewer(acting, item.id, WHY))

    return prepare


# -- acts on a case and by the clock


def suspend(walk: Walk) -> Ready:
    return bureau(walk, lambda acting: supervision.suspend(acting, walk.case_id, WHY))


def terminate(walk: Walk) -> Ready:
    return bureau(walk, lambda acting: supervision.terminate(acting, walk.case_id, WHY))


def move(stem: str, target: str) -> Preparing:
    def prepare(walk: Walk) -> Ready:
        token = walk.item(stem).token
        return bureau(walk, lambda acting: supervision.move_token(acting, walk.case_id, token, target, WHY))

    return prepare


def another_version(walk: Walk) -> Ready:
    """Move the case to the version that calls its steps otherwise, or to the one it was drawn from."""
    goal = newly(walk.ground, WORDS)
    if walk.case.procedure_id == goal:
        with walk.session() as session:
            goal = others(session, walk.case_id)[0]
    return bureau(walk, lambda acting: move_case(acting, walk.case_id, Order(goal)))


def former_version(walk: Walk) -> Ready:
    return bureau(walk, lambda acting: move_back(acting, walk.case_id))


def leave(stem: str) -> Preparing:
    """Hand over what hangs on who has taken a step."""

    def prepare(walk: Walk) -> Ready:
        leaver = walk.item(stem).claimed_by_id or 0
        county = walk.ground.county.county.id

        def ready() -> object:
            with walk.acting(Role.SYSTEM_ADMIN, county) as acting:
                return hand_over(acting, acting.session.get_one(User, leaver), Leaving(leaver, None, WHY)).item_count

        return ready

    return prepare


def objection(walk: Walk) -> Ready:
    return bureau(walk, lambda acting: runtime.register_objection(acting, walk.case_id, "村民", "", "面积不对").id)


def timer_id(walk: Walk) -> int:
    with walk.session() as session:
        return timers_of(session, walk.case_id)[0].id


def fire(walk: Walk) -> Ready:
    """Be a clock for which the case's timer is due."""
    timer = timer_id(walk)

    def ready() -> object:
        with transaction(walk.ground.sessions) as session:
            return runtime.fire_timer(Acting(session, CLOCK, walk.moment, walk.ground.papers), timer)

    return ready


def set_date(walk: Walk) -> Ready:
    """Let the running timer end a week later, on a working day."""
    timer = timer_id(walk)
    last = walk.now.date().replace(day=24)

    return bureau(walk, lambda acting: supervision.change_timer(acting, walk.case_id, timer, last, WHY))


# -- where a case has come to


def at(stem: str) -> Callable[[Walk], None]:
    return lambda walk: walk.to(stem)


def taken(stem: str) -> Callable[[Walk], None]:
    """A step that one person has taken."""

    def stage(walk: Walk) -> None:
        walk.to(stem)
        claim(stem)(walk)()

    return stage


def moved_over(stem: str) -> Callable[[Walk], None]:
    """A case moved to another version."""

    def stage(walk: Walk) -> None:
        walk.to(stem)
        another_version(walk)()

    return stage


def with_one_part_left(walk: Walk) -> None:
    """Two of three reviewing bodies have given their opinion."""
    walk.to("joint_review")
    walk.complete("joint_review")
    walk.complete("joint_review")


def with_two_parts_left(walk: Walk) -> None:
    walk.to("joint_review")
    walk.complete("joint_review")


def with_a_fourth_part(walk: Walk) -> None:
    walk.to("joint_review")
    ask_more()(walk)()


def late(walk: Walk) -> None:
    """The joint review is past its date."""
    walk.to("joint_review")
    walk.now = walk.item("joint_review").due_at


def posted(walk: Walk) -> None:
    """Both notices hang, the publicity period runs."""
    walk.to("notice_unit")
    walk.complete("notice_unit")
    walk.complete("notice_site")


def publicity_over(walk: Walk) -> None:
    """The publicity period is over by the clock, which has not come yet."""
    posted(walk)
    with walk.session() as session:
        walk.now = timers_of(session, walk.case_id)[0].due_at


def prepared(walk: Walk) -> None:
    """成效评定 is filled and waits for the signature."""
    walk.to("evaluation")
    walk.complete("evaluation", sign=False)
