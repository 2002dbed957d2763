"""Open an item: as its page shows it, or to be completed in one walk by a program that fills in what it sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bpmn.casefile import Acting, CaseFile, take_item
from bpmn.completed import Completed
from bpmn.lookups import attached_to
from bpmn.moving_on import carry_on, check, let_decide, refuse_own_work
from bpmn.steps import Posing, pose
from forms.fields import Asked, Form, Posted
from forms.rendering import posted_from, project_answers
from handlers.outcome import Answers, Step
from ledger.cases import WAITING, Case, WorkItem
from ledger.projects import Project
from ledger.vocabulary import ItemStatus
from ledger.writing import write_rows


@dataclass(frozen=True)
class OpenItem:
    """An item as its page shows it; `mine` when the person may act on it now."""

    item: WorkItem
    case: Case
    project: Project
    form: Form
    asked: Asked
    initial_posted: dict[str, list[str]]
    step: Step
    mine: bool
    file: CaseFile


def open_item(acting: Acting, item_id: int) -> OpenItem:
    """Return an item as its page shows it; whether the person may see the case is the caller's to ask (ItemGone)."""
    file, item = take_item(acting, item_id, lock=False)
    return _opened(file, pose(file, item, page=True))


def _opened(file: CaseFile, posing: Posing) -> OpenItem:
    item = posing.item
    return OpenItem(
        item=item,
        case=file.case,
        project=file.project,
        form=posing.form,
        asked=posing.asked,
        initial_posted=posted_from(posing.form, _initial(posing)),
        step=posing.step,
        mine=item.status in WAITING and (item.unit_id, item.role) in file.acting.actor.places,
        file=file,
    )


def _initial(posing: Posing) -> Answers:
    """Start from what was prepared or answered on this very item, else from the project and the handler."""
    item = posing.item
    if item.answers is not None and (item.status == ItemStatus.DONE or not posing.step.entries):
        return item.answers  # type: ignore[no-any-return]  # a JSON column
    return {**project_answers(posing.form, posing.step.project), **posing.handler.prepare(posing.step)}


def answer_item(acting: Acting, item_id: int, answer: Callable[[OpenItem], Posted]) -> Completed:
    """Open an item and complete it with what `answer` makes of its page, in one walk; `answer` may attach files.

    Raises what `complete_item` raises.
    """
    file, item = take_item(acting, item_id)
    check(file, item, item.revision, ItemStatus.OPEN)
    refuse_own_work(file, item)
    posing = pose(file, item, page=True)
    posted = answer(_opened(file, posing))
    if acting.session.new:  # files came along with the answers
        write_rows(acting.session)
        asked = replace(posing.asked, attached=attached_to(file, item))
        posing = replace(posing, asked=asked)
    return carry_on(file, item, let_decide(file, posing, posted))
