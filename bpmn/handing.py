"""离岗移交: what a person who leaves had taken goes to a colleague, or back to the unit (issue 5).

What waits belongs to a unit and a role; only what somebody took, was asked to fill or began to write hangs on the
person. No token moves and no date changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bpmn.casefile import Acting, take_item
from bpmn.demands import reason_of, settled
from bpmn.refusals import ActRefused, NotYours
from ledger.cases import WorkItem
from ledger.holdings import held_items, move_draft
from ledger.people import User, holders_in
from ledger.scope import Actor
from ledger.substitutes import end_all_of, units_led
from ledger.taking import case_by_id
from ledger.vocabulary import Role


@dataclass(frozen=True)
class Leaving:
    """Who leaves, who takes over (None: whoever of the unit comes first), and why."""

    user_id: int
    receiver_id: int | None
    reason: str


@dataclass(frozen=True)
class HandedOver:
    """What was handed over: items, drafts that went along, arrangements of 代办 that ended."""

    item_count: int
    draft_count: int
    ended_count: int


def hand_over(acting: Acting, leaver: User, leaving: Leaving) -> HandedOver:
    """Hand over all that one person holds. Raises NotYours, and ActRefused for a receiver who cannot do it."""
    if not may_hand_over(acting.actor, leaver):
        raise NotYours("移交由本单位审核人或系统管理员办理")
    words = reason_of(leaving.reason, "移交")
    session = acting.session
    receiver = session.get(User, leaving.receiver_id) if leaving.receiver_id is not None else None
    if leaving.receiver_id is not None and (receiver is None or receiver.disabled_at is not None):
        raise ActRefused("接收人不存在或已停用")
    held = _locked(acting, leaver)
    drafts = sum(_hand_over(acting, item_id, leaver, receiver, words) for item_id in held)
    return HandedOver(len(held), drafts, end_all_of(session, leaver.id, acting.moment))


def may_hand_over(actor: Actor, leaver: User) -> bool:
    """Say whether a person may hand over what another holds: 审核人 of a common unit, or 系统管理员."""
    places = units_led(actor)
    led = bool(leaver.posts) and all(post.unit_id in places for post in leaver.posts)
    return actor.holds(Role.SYSTEM_ADMIN) or (led and leaver.id != actor.user_id)


def receivers(session: Session, leaver: User) -> Sequence[User]:
    """Return who could take over all that a person holds: who holds each post that one of the items waits for."""
    needed = {(item.unit_id, item.role) for item in held_items(session, leaver.id)}
    wanted = [holders_in(session, unit_id, Role(role)) for unit_id, role in needed]
    common = set.intersection(*({user.id for user in each} for each in wanted)) if wanted else set()
    found = {user.id: user for each in wanted for user in each}
    return [found[user_id] for user_id in sorted(common - {leaver.id})]


def _locked(acting: Acting, leaver: User) -> list[int]:
    """Return what a person holds, its cases locked in the order of their numbers, as every bulk act locks them."""
    for case_id in sorted({item.case_id for item in held_items(acting.session, leaver.id)}):
        case_by_id(acting.session, case_id, lock=True)
    # read again: somebody may have completed one, or handed it over, while we waited
    return [item.id for item in held_items(acting.session, leaver.id)]


def _hand_over(acting: Acting, item_id: int, leaver: User, receiver: User | None, words: str) -> int:
    file, item = take_item(acting, item_id)
    if receiver is not None and not _holds(receiver, item):
        raise ActRefused(f"{receiver.name}不是{item.unit.short_name}的{Role(item.role).label}，不能接收“{item.name}”")
    new = receiver.id if receiver is not None else None
    if item.claimed_by_id == leaver.id:
        # what was asked of who leaves goes back to who asked, unless somebody takes over
        item.claimed_by_id = new if new is not None else item.delegated_by_id
        item.delegated_by_id = item.delegated_by_id if new is not None else None
    if item.delegated_by_id == leaver.id:
        item.delegated_by_id = new
    moved = new is not None and move_draft(acting.session, item_id, leaver.id, new)
    to = receiver.name if receiver is not None else item.unit.short_name
    detail = {"from": leaver.name, "to": to, "reason": words, "summary": f"{leaver.name}移交给{to}：{words}"}
    settled(file, "hand_over", detail, item)
    return int(moved)


def _holds(receiver: User, item: WorkItem) -> bool:
    return any(post.unit_id == item.unit_id and post.role == item.role for post in receiver.posts)
