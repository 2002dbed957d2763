"""What a person may do with an item besides completing it: send back, call back, hand over, urge.

Each act is the runtime's walk in the caller's transaction: lock the case → check item, person and revision → let the
engine move → write rows → one journal row. A token moves only to where the diagram could have brought it (engine
rule 4). The item left behind is cancelled and not done: its answers were never given.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from bpmn.casefile import Acting, CaseFile, take_item
from bpmn.completed import Completed
from bpmn.demands import (
    REASON_LIMIT,
    is_bureau,
    reason_of,
    require_mine,
    require_reachable,
    require_running,
    require_waiting,
    settled,
)
from bpmn.engine import without_parts
from bpmn.exploration import legal_targets
from bpmn.moving_on import Sender, journal, require_revision, save
from bpmn.refusals import ActRefused, NotYours
from bpmn.returning import require_straight_way
from bpmn.round_limit import is_worn_out
from bpmn.steps import OBJECTION, signature
from ledger.cases import WAITING, WorkItem, objections_of
from ledger.db import day_of
from ledger.deadlines import holders
from ledger.former_answers import keep_answers
from ledger.journal import last_act
from ledger.message_texts import worded
from ledger.message_words import TextKind
from ledger.outbox import AT_ONCE, Line, Notice, post
from ledger.passages import passages
from ledger.people import Unit
from ledger.urges import keep_urge, urged
from ledger.vocabulary import ItemStatus, Role

PAGE = "page"
COMPLETIONS = frozenset({"complete", "sign"})
URGE = "urge"

KEPT_LANES = frozenset({"县乡村振兴局", "领导小组办公室", "会审单位"})
"""What the scheme gives to one body by name cannot be handed to another."""

FINAL: Mapping[str, str] = {
    "submission": "材料已随批次报送，请联系领导小组办公室退回",
    "reply": "批复已经编号印发，不能撤回",
    "evaluation": "成效评定已经签字计入轮次，不能撤回",
}
"""Steps whose completion numbered, sent or counted something that taking a token back does not undo."""


def return_targets(acting: Acting, item_id: int) -> tuple[tuple[str, str], ...]:
    """Return id and name of the steps an item may be sent back to, in the order of the diagram (ItemGone).

    What is done or cancelled stands nowhere and goes nowhere.
    """
    file, item = take_item(acting, item_id, lock=False)
    if item.status not in WAITING:
        return ()
    return tuple((target, file.element(target).name) for target in earlier(file, item))


def send_back(
    acting: Acting, item_id: int, revision: int, target: str, reason: str, *, straight_back: bool = False
) -> Completed:
    """Send a case back (退回) from a waiting item to a step it has done before, all parallel parts with it.

    With `straight_back` what is completed there comes back to this step at once (办完直接回到我这里).

    Raises ItemGone, AlreadyDone, NotYours, CaseClosed, and ActRefused for a step that cannot be reached or no reason.
    """
    file, item = take_item(acting, item_id)
    require_mine(file, item, revision)
    words = reason_of(reason, "退回")
    name = file.element(target).name if target in file.version.diagram.elements else target
    if item.stem == OBJECTION and objections_of(file.session, file.case.id, open_only=True):
        raise ActRefused("还有异议没有核查，请先登记核查结论")
    if target not in earlier(file, item):
        raise ActRefused(f"不能从“{item.name}”退回到“{name}”")
    if is_worn_out(file, target):
        raise ActRefused(f"“{name}”已经办理{acting.round_limit}次，请与县乡村振兴局商定后再退回")
    if straight_back:
        require_straight_way(file, item, target)
    item.completed_by_id = acting.actor.user_id
    new = _move(file, item, target, Sender(signature(file, item), item, f"{item.name}退回：{words}"))
    if straight_back and len(new) == 1:
        new[0].returns_to = item.element
    detail = {"token": item.token, "target": target, "reason": words, "summary": f"退回到{name}：{words}"}
    return settled(file, "send_back", detail, item, new)


def call_back(acting: Acting, item_id: int, reason: str) -> Completed:
    """Take one's own completed item back (撤回) while nobody has acted on what it led to; it is open again as filled.

    Raises ItemGone, NotYours, CaseClosed, and ActRefused when somebody acted or the step cannot be undone.
    """
    file, item = take_item(acting, item_id)
    words = reason_of(reason, "撤回")
    require_running(file)
    if item.status != ItemStatus.DONE:
        raise ActRefused("该任务还没有办结，或已经撤回")
    if item.completed_by_id != acting.actor.user_id or not acting.actor.in_unit(item.unit_id):
        raise NotYours("只有办理人本人可以撤回")
    if item.instance is not None:
        raise ActRefused("会审和征求意见由多方办理，不能撤回")
    if item.stem in FINAL:
        raise ActRefused(FINAL[item.stem])
    following = _following(file, item)
    new = _reopen(file, item, following[0])
    summary = f"撤回{item.name}：{words}"
    detail = {"token": following[0].token, "target": item.element, "reason": words, "summary": summary}
    return settled(file, "call_back", detail, item, new)


def transfer(acting: Acting, item_id: int, revision: int, unit_id: int, reason: str) -> Completed:
    """Hand an item over (转办) to the 经办人 of another unit of the county; its dates stay.

    Raises ItemGone, AlreadyDone, NotYours, CaseClosed, and ActRefused for an item or unit that cannot.
    """
    file, item = take_item(acting, item_id)
    require_mine(file, item, revision)
    words = reason_of(reason, "转办")
    if not may_transfer(file, item):
        raise ActRefused(f"“{item.name}”只能由{item.unit.short_name}办理，不能转办")
    unit = _receiving(file, item, unit_id)
    sender = item.unit.short_name
    item.sent_by = signature(file, item)
    item.unit, item.unit_id = unit, unit.id
    item.claimed_by_id = item.delegated_by_id = None
    detail = {"token": item.token, "from": sender, "to": unit.short_name, "reason": words}
    return settled(file, "transfer", {**detail, "summary": f"转办给{unit.short_name}：{words}"}, item, [item])


def may_transfer(file: CaseFile, item: WorkItem) -> bool:
    """Say whether the scheme leaves open which unit does an item: no signature, no joint step, no body named."""
    element = file.element(item.element)
    lane = element.attributes.get("who") or element.lane or ""
    return item.role == Role.HANDLER and item.instance is None and lane not in KEPT_LANES


def skip(acting: Acting, item_id: int, revision: int, reason: str) -> Completed:
    """Leave a step out (跳过) where the diagram allows it (`sgyp:skippable`): the token goes on, no answers are given.

    By who holds the item or the bureau. Raises ItemGone, AlreadyDone, NotYours, CaseClosed, ActRefused.
    """
    file, item = take_item(acting, item_id)
    if is_bureau(acting.actor, file.project.county_id):
        require_waiting(file, item)
        require_revision(file, item, revision)
    else:
        require_mine(file, item, revision)
    words = reason_of(reason, "跳过")
    if file.element(item.element).attributes.get("skippable") != "true":
        raise ActRefused(f"“{item.name}”不能跳过")
    item.status, item.completed_at = ItemStatus.SKIPPED, file.now
    item.completed_by_id = acting.actor.user_id
    file.run.complete(item.token, {})
    require_reachable(file, f"“{item.name}”现在不能跳过")
    new = save(file, Sender(signature(file, item), item, f"{item.name}跳过：{words}"))
    return settled(file, "skip", {"token": item.token, "reason": words, "summary": f"跳过：{words}"}, item, new)


def urge(acting: Acting, item_id: int, words: str = "") -> int:
    """Urge (催办) whoever an item waits for, once a day whoever urges; returns how many people are told.

    Whether the person may see the case is the caller's to ask. Raises ItemGone, CaseClosed and ActRefused.
    """
    file, item = take_item(acting, item_id)
    require_waiting(file, item)
    if acting.actor.in_unit(item.unit_id):
        raise ActRefused("这是本单位的任务，不用催办")
    last = urged(file.session, item.id)
    if last is not None and day_of(last.last_at) == day_of(file.now):
        raise ActRefused(f"今天{last.last_by}已经催办过，请明天再催")
    words = " ".join(words.split())[:REASON_LIMIT]
    said = {"项目": file.project.name, "任务": item.name, "谁": acting.signature, "附言": f"：{words}" if words else ""}
    text = worded(file.session, TextKind.URGE, **said)
    notices = [_urging(file, item, person, *text) for person in _holders_of(file, item)]
    told = post(file.session, notices, file.now)
    if not told:
        raise ActRefused(f"{item.unit.short_name}还没有可以通知的人员")
    keep_urge(file.session, item.id, acting.signature, file.now)
    journal(file, URGE, {"words": words, "told": told, "summary": f"催办{item.unit.short_name}"}, item=item)
    file.session.flush()
    return told


def _holders_of(file: CaseFile, item: WorkItem) -> list[int]:
    """Return the people an item waits for."""
    people = holders(file.session, (Role(item.role),), day_of(file.now))
    return sorted({person.user_id for person in people if person.unit_id == item.unit_id})


def _urging(file: CaseFile, item: WorkItem, user_id: int, subject: str, body: str) -> Notice:
    key = f"{URGE}:{item.id}:{day_of(file.now).isoformat()}:{user_id}"
    return Notice(key, PAGE, user_id, subject, body, AT_ONCE, (Line(item.id, body, subject),))


def earlier(file: CaseFile, item: WorkItem) -> tuple[str, ...]:
    """Return the steps this case did before it first came to the item's own, as far as it may be brought there."""
    came = passages(file.session, file.case.id, before=item.element)
    before = {element for element, passage in came.items() if passage.done}
    return legal_targets(file.version.markings, file.run, item.token, before)


def _move(file: CaseFile, item: WorkItem, target: str, sender: Sender) -> list[WorkItem]:
    """Move the token, with the case's own variables this time, and write the rows."""
    file.run.move(item.token, target)
    require_reachable(file, f"流程不能从“{item.name}”回到“{file.element(target).name}”")
    return save(file, sender)


def _following(file: CaseFile, item: WorkItem) -> list[WorkItem]:
    """Return the items a completion led to; refused when it was not the last act on the case."""
    last = last_act(file.session, file.case.id, quiet=(URGE,))
    if last is None or last.item_id != item.id or last.act not in COMPLETIONS:
        raise ActRefused("后面的环节已经有人办理，不能撤回")
    count = len(orjson.loads(last.detail)["sent_to"])
    if not count:
        raise ActRefused(f"“{item.name}”办结后没有等待办理的任务，不能撤回")
    return file.items[-count:]


def _reopen(file: CaseFile, item: WorkItem, following: WorkItem) -> list[WorkItem]:
    """Bring the token back to a completed item, which opens again with what was filled in and its old dates."""
    before = {task.token for task in file.run.ready}
    file.run.move(following.token, item.element)
    new = [task for task in file.run.ready if task.token not in before]
    if len(new) != 1 or without_parts(file.run.marking) not in file.version.markings:
        raise ActRefused(f"流程不能从“{following.name}”回到“{item.name}”")
    keep_answers(file.session, item)
    item.token, item.status, item.completed_at, item.completed_by_id = new[0].token, ItemStatus.OPEN, None, None
    item.completed_for_id = None
    if item.signed:
        item.role, item.prepared_by_id, item.prepared_for_id = Role.HANDLER, None, None
    save(file, Sender(signature(file, item), following))
    return [item]


def _receiving(file: CaseFile, item: WorkItem, unit_id: int) -> Unit:
    unit = file.session.get(Unit, unit_id)
    if unit is None or unit.closed_at is not None or unit.county_id != file.project.county_id:
        raise ActRefused("转办的单位不存在，或不在本县")
    if unit.id == item.unit_id:
        raise ActRefused(f"该任务就在{unit.short_name}，不用转办")
    if not unit.staffed:
        raise ActRefused(f"{unit.short_name}还没有经办人，不能转办")
    return unit
