"""Sign what another person of the unit prepared, or give it back."""

from __future__ import annotations

from bpmn.casefile import Acting, take_item
from bpmn.completed import Completed
from bpmn.moving_on import check, finish, journal, names_of
from bpmn.refusals import NotYours
from bpmn.steps import pose, signature, with_meeting
from ledger.former_answers import keep_answers
from ledger.vocabulary import ItemStatus, Role
from ledger.writing import write_rows


def sign_item(acting: Acting, item_id: int, revision: int, approve: bool, opinion: str) -> Completed:
    """Sign what another person of the unit prepared, or give it back with an opinion; the preparer may not sign."""
    file, item = take_item(acting, item_id)
    check(file, item, revision, ItemStatus.UNSIGNED)
    if names_of(file) & {item.prepared_by_id, item.prepared_for_id, item.delegated_to_id}:
        raise NotYours("填写人不能审核自己填写的内容，请由本单位其他审核人签字")
    file.forget_draft(item)
    if not approve:
        keep_answers(file.session, item)
        item.status, item.role, item.returned_reason = ItemStatus.OPEN, Role.HANDLER, opinion
        item.claimed_by_id = None
        item.sent_by = signature(file, item)
        journal(file, "unsigned", {"opinion": opinion}, item=item)
        write_rows(file.session)
        return Completed(file.case.id, item.id, True, False, ((item.name, item.unit.short_name, item.due_at),))
    posing = pose(file, item)
    answers = item.answers or {}
    outcome = posing.handler.complete(with_meeting(file, posing, answers), answers)
    return finish(file, posing, answers, outcome, opinion)
