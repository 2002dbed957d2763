"""Which acts beside completing it a person may do with an item now, with the choices each of them asks for.

A page offers what stands here; the act itself checks everything again under the lock.
"""

from __future__ import annotations

from dataclasses import dataclass

from bpmn.acts import earlier, may_transfer
from bpmn.casefile import Acting, CaseFile, take_item
from bpmn.demands import is_bureau
from bpmn.lookups import RESPONSIBLE
from bpmn.reviewers import is_prescribed, may_ask, unasked
from ledger.cases import WAITING, WorkItem
from ledger.people import holders_in, units_of_kind
from ledger.vocabulary import CaseStatus, ItemStatus, Role, UnitKind

Choices = tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Offers:
    """What may be done with `item`; an empty choice means that its act is not to be had."""

    item: WorkItem
    project_name: str
    held_by: str = ""  # who claimed it, when somebody did
    claims: bool = False
    releases: bool = False
    explains_release: bool = False  # somebody else's claim is taken off with a reason
    returns: tuple[tuple[str, str], ...] = ()
    units: Choices = ()  # to transfer it to
    colleagues: Choices = ()  # to fill it
    reviewers: Choices = ()  # to be asked besides
    drops: bool = False
    urges: bool = False
    skips: bool = False
    calls_back: bool = False

    @property
    def anything(self) -> bool:
        chances = (self.claims, self.releases, self.drops, self.urges, self.skips, self.calls_back)
        return any(chances) or any((self.returns, self.units, self.colleagues, self.reviewers))


def offers(acting: Acting, item_id: int) -> Offers:
    """Return what the person may do with an item; whether they may see it is the caller's to ask (ItemGone)."""
    file, item = take_item(acting, item_id, lock=False)
    held_by = item.claimed_by.name if item.claimed_by is not None else ""
    about = Offers(item, file.project.name, held_by)
    if file.case.status != CaseStatus.RUNNING:
        return about
    if item.status not in WAITING:
        own = item.completed_by_id == acting.actor.user_id and acting.actor.in_unit(item.unit_id)
        return Offers(item, file.project.name, calls_back=own and item.status == ItemStatus.DONE)
    return _of_waiting(file, item, held_by)


def _of_waiting(file: CaseFile, item: WorkItem, held_by: str) -> Offers:
    actor = file.acting.actor
    mine = actor.holds(Role(item.role), item.unit_id) and item.claimed_by_id in (None, actor.user_id)
    own_claim = actor.user_id in (item.claimed_by_id, item.delegated_by_id) and item.claimed_by_id is not None
    above = actor.holds(Role.SIGNER, item.unit_id) or is_bureau(actor, file.project.county_id)
    asks = may_ask(file, item) and bool(file.element(item.element).multiple)
    skippable = file.element(item.element).attributes.get("skippable") == "true"
    return Offers(
        item=item,
        project_name=file.project.name,
        held_by=held_by,
        claims=mine and item.claimed_by_id is None,
        releases=item.claimed_by_id is not None and (own_claim or above),
        explains_release=not own_claim,
        returns=_returns(file, item) if mine else (),
        units=_units(file, item) if mine and may_transfer(file, item) else (),
        colleagues=_colleagues(file, item) if mine else (),
        reviewers=unasked(file, item) if asks else (),
        drops=asks and not is_prescribed(item),
        urges=not actor.in_unit(item.unit_id),
        skips=skippable and (mine or is_bureau(actor, file.project.county_id)),
    )


def _returns(file: CaseFile, item: WorkItem) -> tuple[tuple[str, str], ...]:
    return tuple((target, file.element(target).name) for target in earlier(file, item))


def _units(file: CaseFile, item: WorkItem) -> Choices:
    units = units_of_kind(file.session, file.project.county_id, (*RESPONSIBLE, UnitKind.VILLAGE))
    return tuple((unit.id, unit.short_name) for unit in units if unit.staffed and unit.id != item.unit_id)


def _colleagues(file: CaseFile, item: WorkItem) -> Choices:
    if item.role == Role.SIGNER or item.status != ItemStatus.OPEN or item.delegated_by_id is not None:
        return ()
    people = holders_in(file.session, item.unit_id, Role(item.role))
    return tuple((person.id, person.name) for person in people if person.id != file.acting.actor.user_id)
