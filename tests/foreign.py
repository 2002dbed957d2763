"""Townships that ask for what the others have: nothing of it may exist for them (safety 3, 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from ledger.cases import WorkItem
from ledger.db import transaction
from ledger.papers import Attachment
from ledger.people import Unit
from ledger.projects import Project
from ledger.vocabulary import Level
from tests.walk import Ground, Walk
from tests.webapp.conftest import Person, Site

NOBODY = "999999"
REFUSED = (403, 404)


@dataclass(frozen=True)
class Owned:
    """What one township has: the numbers of its project, case, item and, where there is one, its paper."""

    town: Unit
    numbers: Mapping[str, str]


def spread(ground: Ground) -> list[Unit]:
    """Give each township the project of its turn, run by itself; returns the townships."""
    towns = list(ground.county.townships.values())
    with transaction(ground.sessions) as session:
        for town, project in zip(towns, ground.projects, strict=False):
            mine = session.get_one(Project, project.id)
            mine.responsible_unit_id, mine.township_id, mine.village_id = town.id, town.id, None
            mine.level = Level.TOWNSHIP
    return towns


def owned(ground: Ground, towns: Iterable[Unit]) -> list[Owned]:
    """Push each township's project and survey it, so that it has an item and papers; returns the numbers of all."""
    found = []
    for town, project in zip(towns, ground.projects, strict=False):
        walk = Walk(ground, project)
        walk.to("preliminary_opinion")
        with transaction(ground.sessions, writes=False) as session:
            item = session.scalars(select(WorkItem.id).where(WorkItem.case_id == walk.case_id).limit(1)).one()
            papers = select(Attachment.id).where(Attachment.case_id == walk.case_id).limit(1)
            paper = session.scalars(papers).first()
        numbers = {"project_id": str(project.id), "case_id": str(walk.case_id), "item_id": str(item)}
        found.append(Owned(town, numbers | ({"attachment_id": str(paper)} if paper else {})))
    return found


def addresses(site: Site, numbers: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Return method, address and the address of nobody's for each page that is about such numbers alone."""
    for rule in site.app.url_map.iter_rules():
        if not rule.arguments or not rule.arguments <= numbers.keys() or rule.endpoint.startswith("api."):
            continue
        there, nowhere = rule.build(dict(numbers)), rule.build(dict.fromkeys(rule.arguments, NOBODY))
        assert there is not None
        assert nowhere is not None
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield method, there[1], nowhere[1]


def leaks(site: Site, asking: Person, theirs: Owned) -> tuple[int, list[str]]:
    """Ask for all that somebody else has; return how often, and where the answer tells that it exists."""
    found, count = [], 0
    for method, there, nowhere in addresses(site, theirs.numbers):
        count += 1
        press = asking.get if method == "GET" else asking.post
        foreign, unknown = press(there), press(nowhere)
        if foreign.status_code not in REFUSED or foreign.status_code != unknown.status_code:
            found.append(f"{method} {there} {foreign.status_code}, {nowhere} {unknown.status_code}")
    return count, found
