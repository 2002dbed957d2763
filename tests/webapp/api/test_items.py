"""The interface: lists, an item with its form, and the acts the pages offer, under the same rules."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from ledger.vocabulary import Role
from tests.walk import PDF
from tests.webapp.api.conftest import Program, Programs
from tests.webapp.conftest import Site

WHY = {"reason": "填写有误"}


def opened(program: Program, item_id: int) -> Any:
    found = program.get(f"/items/{item_id}").json
    assert found is not None
    return found


def test_lists_are_the_pages_lists(both_sites: Site, both_programs: Programs) -> None:
    walk = both_sites.walk()
    town, bureau, stranger = both_programs("桑柘镇"), both_programs("bureau"), both_programs("保家镇")
    for program, name, count in (
        (town, "inbox", 1),
        (town, "receipt", 1),
        (town, "done", 0),
        (bureau, "inbox", 0),
        (bureau, "under_way", 1),
        (stranger, "under_way", 0),
    ):
        page = program.get(f"/items?list={name}").json
        assert page is not None
        assert len(page["rows"]) == count, name
    page = town.get(f"/items?q={walk.project.number}").json
    assert page is not None
    row = page["rows"][0]
    assert (row["id"], row["limit"], page["counts"]["soon"]) == (walk.item("receive").id, "soon", 1)
    assert town.get("/items?list=started").status_code == 400
    assert town.get("/items?after=unsinn").status_code == 422


def test_an_item_is_read_filled_and_completed(both_sites: Site, both_programs: Programs) -> None:
    walk = both_sites.walk()
    town = both_programs("桑柘镇")
    item = opened(town, walk.item("receive").id)
    assert (item["mine"], item["stem"]) == (True, "receive")
    names = {field["name"] for field in item["fields"]}
    assert names >= set(item["form"]["properties"])
    choice = next(field for field in item["fields"] if field["options"])
    path = f"/items/{item['id']}/complete"
    refused = town.post(path, {"revision": item["revision"], "answers": {"unsinn": "1"}})
    assert refused.status_code == 422
    assert refused.json is not None
    assert "unsinn" in {error["field"] for error in refused.json["errors"]} | {
        e["detail"] for e in refused.json["errors"]
    }
    answers = {**item["answers"], choice["name"]: choice["options"][0]["value"]}
    done = town.post(path, {"revision": item["revision"], "answers": answers})
    assert done.status_code == 200, done.text
    assert done.json is not None
    assert [each["name"] for each in done.json["next"]] == ["实地调研"]
    again = town.post(path, {"revision": item["revision"], "answers": answers})
    assert (again.status_code, "已由" in again.json["detail"]) == (409, True)  # type: ignore[index]


def test_many_items_are_completed_at_once_and_each_row_is_told(both_sites: Site, both_programs: Programs) -> None:
    town_id = both_sites.ground.county.townships["桑柘镇"].id
    own = [n for n, project in enumerate(both_sites.ground.projects) if project.responsible_unit_id == town_id]
    foreign = next(n for n in range(len(both_sites.ground.projects)) if n not in own)
    walks = [both_sites.walk(number) for number in (*own[:2], foreign)]
    items = [walk.item("receive") for walk in walks]
    taken = {"verdict": "taken", "level": "village"}
    rows = [{"item_id": item.id, "revision": item.revision, "answers": taken} for item in items]
    rows.append({"item_id": items[0].id, "revision": items[0].revision, "answers": {}})
    report = both_programs("桑柘镇").post("/items/complete", {"rows": rows}).json
    assert report is not None
    assert [(row["item_id"], row["happened"]) for row in report] == [
        (items[0].id, True),
        (items[1].id, True),
        (items[2].id, False),
        (items[0].id, False),
    ]
    assert report[0]["completed"]["next"][0]["name"] == "实地调研"
    assert [walk.waiting() for walk in walks] == [["field_survey"], ["field_survey"], ["receive"]]


def test_only_the_unit_and_role_of_an_item_act_on_it(site: Site, programs: Programs) -> None:
    walk = site.walk()
    item = walk.item("receive")
    given = {"revision": item.revision, "answers": {}}
    path = f"/items/{item.id}/complete"
    assert programs("保家镇").post(path, given).status_code == 404
    assert programs("bureau").post(path, given).status_code == 403
    assert programs("桑柘镇", Role.SIGNER).post(path, given).status_code == 403
    assert programs("county", Role.SUPERVISOR).post(path, given).status_code == 403
    assert opened(programs("bureau"), item.id)["mine"] is False


def test_acts_besides_completing(both_sites: Site, both_programs: Programs) -> None:
    walk = both_sites.walk()
    walk.complete("receive")
    town = both_programs("桑柘镇")
    survey = walk.item("field_survey")
    targets = town.get(f"/items/{survey.id}/return-targets").json
    assert targets
    claimed = town.post(f"/items/{survey.id}/claim", {"revision": survey.revision})
    assert claimed.status_code == 200, claimed.text
    released = town.post(f"/items/{survey.id}/release", {"revision": survey.revision + 1})
    assert released.status_code == 200, released.text
    assert town.get(f"/items/{survey.id}/colleagues").status_code == 200
    assert town.get(f"/items/{survey.id}/candidates").json == []
    revision = opened(town, survey.id)["revision"]
    stale = town.post(f"/items/{survey.id}/send-back", {"revision": revision - 1, "target": "x", **WHY})
    assert stale.status_code == 409
    wrong = town.post(f"/items/{survey.id}/send-back", {"revision": revision, "target": "x", **WHY})
    assert wrong.status_code == 409
    back = {"revision": revision, "target": targets[0]["element"], **WHY}
    assert town.post(f"/items/{survey.id}/send-back", back).json["next"][0]["name"] == targets[0]["name"]  # type: ignore[index]
    assert walk.waiting() == ["receive"]


def test_what_was_just_done_is_called_back(site: Site, programs: Programs) -> None:
    walk = site.walk()
    item = walk.item("receive")
    walk.complete("receive")
    town = programs("桑柘镇")
    assert town.post(f"/items/{item.id}/call-back", WHY).status_code == 200
    assert walk.waiting() == ["receive"]
    assert town.post(f"/items/{item.id}/call-back", WHY).status_code == 409


def test_urging_counts_who_is_told_and_only_once_a_day(site: Site, programs: Programs) -> None:
    item = site.walk().item("receive")
    bureau = programs("bureau")
    assert bureau.post(f"/items/{item.id}/urge", {"words": "请尽快"}).json == {"people": 1}
    assert bureau.post(f"/items/{item.id}/urge", {}).status_code == 409


def test_a_file_is_added_to_a_field_and_nowhere_else(site: Site, programs: Programs) -> None:
    walk = site.walk()
    walk.complete("receive")
    item = walk.item("field_survey")
    town = programs("桑柘镇")
    field = next(each["name"] for each in opened(town, item.id)["fields"] if each["type"] == "file")
    path = f"/api/v1/items/{item.id}/papers"

    def send(program: Program, name: str, content: bytes = PDF) -> Any:
        data = {"field": name, "file": (BytesIO(content), "现场.pdf")}
        return program.client.post(path, data=data, headers=program.headers, content_type="multipart/form-data")

    sent = send(town, field)
    assert sent.status_code == 200, sent.text
    assert [paper["id"] for paper in opened(town, item.id)["papers"]] == [sent.json["id"]]
    assert send(town, "unsinn").status_code == 422
    assert send(town, field, b"kein pdf").status_code == 422
    assert send(programs("保家镇"), field).status_code == 404
    assert send(programs("bureau"), field).status_code == 403


@pytest.mark.parametrize("approve", [True, False])
def test_a_prepared_item_is_signed_or_given_back(site: Site, programs: Programs, approve: bool) -> None:
    walk = site.walk()
    walk.to("evaluation")
    walk.complete("evaluation", sign=False)
    site.catch_up(walk)
    item = walk.item("evaluation")
    signer = programs("桑柘镇", Role.SIGNER)
    path = f"/items/{item.id}/sign"
    if not approve:
        assert signer.post(path, {"revision": item.revision, "approve": False}).status_code == 400
    given = {"revision": item.revision, "approve": approve, "opinion": "数据核对无误"}
    assert programs("桑柘镇").post(path, given).status_code == 403
    done = signer.post(path, given)
    assert done.status_code == 200, done.text
    assert ("evaluation" in walk.waiting()) is not approve
