"""The interface: who asks, the register and Annex 4 and 5, in the scope of the person (O1, M2, F4, F5)."""

from __future__ import annotations

from io import BytesIO

import pytest
from python_calamine import load_workbook
from sqlalchemy import select

from ledger.db import transaction
from ledger.journal import Entry
from ledger.projects import Project
from tests.webapp.api.conftest import Programs
from tests.webapp.conftest import Site


def test_who_asks_is_told_with_the_own_posts_and_counts(site: Site, programs: Programs) -> None:
    site.walk()
    found = programs("桑柘镇").get("/me").json
    assert found is not None
    assert found["person"]["posts"] == [
        {
            "unit_id": site.ground.county.townships["桑柘镇"].id,
            "unit": "桑柘镇",
            "unit_kind": "township",
            "role": "handler",
        }
    ]
    assert found["counts"] == {"open": 1, "receipt": 1, "copies": 0, "drafts": 0, "notices": 0, "rounds": 0}


def test_the_register_is_the_persons_own(both_sites: Site, both_programs: Programs) -> None:
    names = {project.name for project in both_sites.ground.projects}
    own = {name for name in names if "桑柘镇" in name}
    bureau, town = both_programs("bureau"), both_programs("桑柘镇")
    every = bureau.get("/projects").json
    assert every is not None
    assert ({row["name"] for row in every["rows"]}, every["total"], every["next"]) == (names, len(names), "")
    mine = town.get("/projects").json
    assert mine is not None
    assert {row["name"] for row in mine["rows"]} == own
    foreign = next(row["id"] for row in every["rows"] if row["name"] not in own)
    assert town.get(f"/projects/{foreign}").status_code == town.get("/projects/98765").status_code == 404
    one = bureau.get(f"/projects?q={every['rows'][0]['number']}").json
    assert one is not None
    assert [row["id"] for row in one["rows"]] == [every["rows"][0]["id"]]


def test_a_telephone_number_is_whole_only_for_who_handles_the_project(site: Site, programs: Programs) -> None:
    project = next(
        p for p in site.ground.projects if p.responsible_unit_id == site.ground.county.townships["桑柘镇"].id
    )
    told = {}
    for name in ("桑柘镇", "bureau"):
        program = programs(name)
        found, annex = program.get(f"/projects/{project.id}").json, program.get("/tables/annex5").json
        assert found is not None
        assert annex is not None
        row = next(row for row in annex["rows"] if row[2] == project.number)
        told[name] = (found["telephone"], row[annex["heads"].index("责任人及联系电话")].split()[-1])
    number = project.telephone or ""
    assert told["桑柘镇"] == (number, number)
    masked = f"{number[:3]}****{number[-4:]}"
    assert told["bureau"] == (masked, masked)


@pytest.mark.parametrize(("name", "columns"), [("annex4", 32), ("annex5", 28)])
def test_tables_are_counted_over_what_the_person_sees(site: Site, programs: Programs, name: str, columns: int) -> None:
    town = site.ground.county.townships["桑柘镇"]
    with transaction(site.ground.sessions, writes=False) as session:
        owned = session.scalars(select(Project.number).where(Project.responsible_unit_id == town.id)).all()
    bureau = programs("bureau")
    found = bureau.get(f"/tables/{name}?unit={town.id}").json
    assert found is not None
    assert len(found["heads"]) == columns
    if name == "annex5":
        assert sorted(row[2] for row in found["rows"]) == sorted(owned)
    else:
        assert found["rows"][-1][3] == len(owned)
    book = bureau.get(f"/tables/{name}?unit={town.id}&format=xlsx")
    sheet = load_workbook(BytesIO(book.data)).get_sheet_by_index(0).to_python()
    assert any(town.short_name in str(cell) or town.name in str(cell) for row in sheet for cell in row)
    with transaction(site.ground.sessions, writes=False) as session:
        assert len(session.scalars(select(Entry).where(Entry.act == "export")).all()) == 2
    assert programs("county", "supervisor").get(f"/tables/{name}").status_code == 200
