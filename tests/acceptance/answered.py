"""The pages that only answer a form, to which nobody comes by an address: refused, done together, kept, uncovered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ledger.cases import WorkItem
from ledger.db import transaction
from ledger.outside import notice_token
from ledger.vocabulary import ItemStatus, Role
from tests.webapp.conftest import Person, Site


@dataclass(frozen=True)
class Answer:
    """What was sent off, by whom, and the text of the page that came."""

    name: str
    text: str


def answers(site: Site) -> Iterator[Answer]:
    """Yield each such page of a county that works at every step; `tests.acceptance.every_page` made it work."""
    taken, signed = _waits(site, "receive", ItemStatus.OPEN), _waits(site, "evaluation", ItemStatus.UNSIGNED)
    done, clerk = _waits(site, "receive", ItemStatus.DONE, taken.unit_id), site.person(taken.unit_id)
    signer = site.person(signed.unit_id, Role.SIGNER)
    case, item = f"/cases/{taken.case_id}", f"/items/{taken.id}"
    together = {"_item": [str(taken.id)], f"_revision-{taken.id}": str(taken.revision)}
    sent: tuple[tuple[str, Person, str, dict[str, Any], int], ...] = (
        ("a remark of no words", clerk, f"{case}/comments", {}, 422),
        ("a copy to nobody", clerk, f"{case}/copies/new", {}, 422),
        ("a transfer to nowhere", clerk, f"{item}/transfer", {"_revision": str(taken.revision)}, 409),
        ("a step of who is signed out", site.visitor(), item, {"reason": "原因"}, 401),
        ("what is done already", clerk, f"/items/{done.id}", {"reason": "原因"}, 409),
        ("a signature refused", signer, f"/items/{signed.id}/signature", {}, 422),
        ("a meeting of no name", site.office(), "/meetings/new", {}, 422),
        ("an objection of no words", site.visitor(), _notice(site), {}, 422),
        ("a telephone", site.bureau(), f"/projects/{taken.case.project_id}/telephone", {"reason": "核实异议"}, 200),
        ("a page of others", clerk, "/people/new", {}, 403),
        ("many at once, nothing said", clerk, "/inbox/bulk", together, 422),
        ("many at once", clerk, "/inbox/bulk", {**together, "verdict": "taken"}, 200),
        ("many at once, too late", clerk, "/inbox/bulk?stem=receive", together, 422),
    )
    for name, person, path, given, status in sent:
        came = person.post(path, given)
        assert came.status_code == status, (name, came.status_code, came.text)
        yield Answer(name, came.text)


def _waits(site: Site, stem: str, status: ItemStatus, unit_id: int | None = None) -> WorkItem:
    wanted = select(WorkItem).where(WorkItem.stem == stem, WorkItem.status == status)
    if unit_id is not None:
        wanted = wanted.where(WorkItem.unit_id == unit_id)
    with transaction(site.ground.sessions, writes=False) as session:
        return session.scalars(wanted.options(joinedload(WorkItem.case)).order_by(WorkItem.id)).first() or _none(stem)


def _none(stem: str) -> NoReturn:
    raise AssertionError(f"nothing stands at {stem}")


def _notice(site: Site) -> str:
    """Return the address of a notice's public page."""
    case_id = _waits(site, "notice_site", ItemStatus.DONE).case_id
    with transaction(site.ground.sessions) as session:
        return f"/gonggao/{case_id}/{notice_token(session, case_id)}"
