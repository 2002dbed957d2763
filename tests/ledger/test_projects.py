"""What a project keeps by itself: the initials people search by."""

from __future__ import annotations

from sqlalchemy import select

from ledger.db import transaction
from ledger.inbox import under_way
from ledger.listing import Filters
from ledger.projects import Project, initials
from ledger.vocabulary import Role
from tests.walk import Ground, Walk, person


def test_search_initials() -> None:
    assert initials("桑柘镇茶叶加工厂") == "szzcyjgc"


def test_a_name_corrected_by_a_survey_is_found_by_its_new_initials(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[0])
    walk.complete("receive")
    walk.complete("field_survey", name="龙门村辣椒烘干房")
    with transaction(ground.sessions, writes=False) as session:
        project = session.scalars(select(Project).where(Project.id == walk.project.id)).one()
        assert (project.name, project.pinyin_initials) == ("龙门村辣椒烘干房", "lmcljhgf")
        bureau = person(session, ground.county.bureau.id, Role.HANDLER)
        found = under_way(session, bureau, walk.now, Filters(text="LJHG"))
        assert {row.project_id for row in found.rows} == {project.id}
