"""Who of a unit does an item: 领取, 放回, 委托办理, 交回. None of them moves a token.

An item is for everybody who holds its role in its unit until one of them takes it; then only that person acts on it.
A colleague asked to fill an item gives it back to who asked, who alone completes it: asking does not pass on a duty.
Who filled an item for another does not sign it (safety rule 5).
"""

from __future__ import annotations

from bpmn.casefile import Acting, CaseFile, take_item
from bpmn.completed import Completed
from bpmn.demands import is_bureau, reason_of, require_mine, require_waiting, settled
from bpmn.moving_on import require_revision
from bpmn.refusals import ActRefused, NotYours
from bpmn.steps import pose
from forms.fields import Posted, with_words
from forms.parsing import parse
from ledger.cases import WorkItem, drop_draft
from ledger.holdings import move_draft
from ledger.message_texts import worded
from ledger.message_words import TextKind
from ledger.outbox import AT_ONCE, Line, Notice, post
from ledger.people import User, holders_in
from ledger.scope import actor_of
from ledger.vocabulary import ItemStatus, Role

PAGE = "page"


def claim(acting: Acting, item_id: int, revision: int) -> Completed:
    """Take an item for oneself (领取). Raises ItemGone, AlreadyDone, NotYours, CaseClosed, ActRefused."""
    file, item = take_item(acting, item_id)
    require_mine(file, item, revision)
    if item.claimed_by_id is not None:
        raise ActRefused("该任务已由您领取")
    item.claimed_by_id = acting.actor.user_id
    return settled(file, "claim", {"summary": "领取任务"}, item)


def release(acting: Acting, item_id: int, revision: int, reason: str = "") -> Completed:
    """Put a claimed item back (放回), or take back what one asked a colleague to fill.

    By who holds it or asked; with a reason also by the unit's 审核人 and the bureau, so that nobody's absence stops
    a case. Raises ItemGone, AlreadyDone, NotYours, CaseClosed, ActRefused.
    """
    file, item = take_item(acting, item_id)
    require_waiting(file, item)
    require_revision(file, item, revision)
    if item.claimed_by_id is None:
        raise ActRefused("该任务没有人领取，不用放回")
    me, asked_by = acting.actor.user_id, item.delegated_by_id
    detail = {"summary": "放回任务"}
    if me in (item.claimed_by_id, asked_by):
        if asked_by is not None:
            move_draft(acting.session, item.id, item.claimed_by_id, asked_by)  # what the asker had begun comes back
        item.claimed_by_id = asked_by
    elif acting.actor.holds(Role.SIGNER, item.unit_id) or is_bureau(acting.actor, file.project.county_id):
        words = reason_of(reason, "放回")
        item.claimed_by_id, detail = None, {"reason": words, "summary": f"放回任务：{words}"}
    else:
        raise NotYours("任务由领取人放回，或由本单位审核人、县乡村振兴局写明原因后放回")
    item.delegated_by_id = None
    return settled(file, "release", detail, item)


def colleagues(acting: Acting, item_id: int) -> tuple[tuple[int, str], ...]:
    """Return id and name of those who may be asked to fill an item: who hold its role in its unit, oneself aside."""
    _file, item = take_item(acting, item_id, lock=False)
    people = holders_in(acting.session, item.unit_id, Role(item.role))
    return tuple((person.id, person.name) for person in people if person.id != acting.actor.user_id)


def delegate(acting: Acting, item_id: int, revision: int, user_id: int, reason: str) -> Completed:
    """Ask a colleague of the unit to fill an item (委托办理), going on from one's draft; it comes back to who asked.

    Raises ItemGone, AlreadyDone, NotYours, CaseClosed, and ActRefused for a signature or a stranger.
    """
    file, item = take_item(acting, item_id)
    require_mine(file, item, revision)
    words = reason_of(reason, "委托")
    if item.role == Role.SIGNER or item.status != ItemStatus.OPEN:
        raise ActRefused("审核签字不能委托他人")
    if item.delegated_by_id is not None:
        raise ActRefused("这是委托您填写的任务，不能再委托他人")
    colleague = _colleague(file, item, user_id)
    item.claimed_by_id = item.delegated_to_id = colleague.id
    item.delegated_by_id = acting.actor.user_id
    move_draft(acting.session, item.id, acting.actor.user_id or 0, colleague.id)  # the colleague goes on from there
    _tell(file, item, colleague.id, TextKind.DELEGATED, f"：{words}")
    detail = {"to": colleague.name, "reason": words, "summary": f"委托{colleague.name}填写：{words}"}
    return settled(file, "delegate", detail, item)


def hand_back(acting: Acting, item_id: int, revision: int, posted: Posted) -> Completed:
    """Give a filled item back to who asked (交回); the answers stand there to be looked at and submitted.

    Raises ItemGone, AlreadyDone, NotYours, CaseClosed, FormErrors, ActRefused.
    """
    file, item = take_item(acting, item_id)
    require_mine(file, item, revision)
    asked_by = item.delegated_by_id
    if asked_by is None:
        raise ActRefused("该任务不是委托办理的，不用交回")
    posing = pose(file, item)
    item.answers = with_words(posing.form, parse(posing.form, posted, posing.asked), posing.asked)
    drop_draft(acting.session, item.id, acting.actor.user_id or 0)  # the asker's own words are the asker's to drop
    item.claimed_by_id, item.delegated_by_id = asked_by, None
    _tell(file, item, asked_by, TextKind.HANDED_BACK)
    return settled(file, "hand_back", {"summary": "填好交回"}, item)


def _colleague(file: CaseFile, item: WorkItem, user_id: int) -> User:
    found = file.session.get(User, user_id)
    if found is None or found.disabled_at is not None or not actor_of(found).holds(Role(item.role), item.unit_id):
        raise ActRefused(f"只能委托{item.unit.short_name}的{Role(item.role).label}")
    if found.id == file.acting.actor.user_id:
        raise ActRefused("不能委托给自己")
    return found


def _tell(file: CaseFile, item: WorkItem, user_id: int, kind: TextKind, words: str = "") -> None:
    said = {"项目": file.project.name, "任务": item.name, "谁": file.acting.signature, "附言": words}
    subject, body = worded(file.session, kind, **said)
    key, lines = f"hold:{item.id}:{item.revision}:{user_id}", (Line(item.id, body, subject),)
    post(file.session, [Notice(key, PAGE, user_id, subject, body, AT_ONCE, lines)], file.now)
