"""The interface: a meeting a decision can name, a case's archive, and a file taken away again (P4, P13)."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

from tests.walk import PDF
from tests.webapp.api.conftest import Programs
from tests.webapp.conftest import Site


def test_p4_a_meeting_entered_by_a_program_can_be_chosen(site: Site, programs: Programs) -> None:
    walk = site.walk()
    walk.to("party_meeting")
    town, unit, campaign = programs("桑柘镇"), walk.item("party_meeting").unit_id, site.ground.county.campaign.id
    answers = {"unit_id": unit, "campaign_id": campaign, "title": "党组会", "held_on": "2023-11-20", "chair": "甲"}
    wrong = town.post("/meetings", {"answers": {**answers, "unit_id": 98765}})
    assert wrong.status_code == 422
    made = town.post("/meetings", {"answers": {**answers, "place": "会议室", "attendance": "乙、丙"}})
    assert made.status_code == 200, made.text
    told = made.json
    assert told is not None
    assert (told["title"], told["kind"], told["held_on"]) == ("党组会", "party", "2023-11-20")
    assert told in town.get("/meetings").json["rows"]  # type: ignore[index]
    fields = town.get(f"/items/{walk.item('party_meeting').id}").json["fields"]  # type: ignore[index]
    offered = [option["value"] for each in fields for option in each["options"] if each["type"] == "meeting"]
    assert str(told["id"]) in offered
    assert programs("保家镇").get("/meetings").json["rows"] == []  # type: ignore[index]


def test_p13_an_archive_is_fetched_in_scope(site: Site, programs: Programs) -> None:
    walk = site.walk()
    walk.to("joint_review")
    answer = programs("桑柘镇").get(f"/cases/{walk.case_id}/archive")
    assert answer.mimetype == "application/zip"
    with ZipFile(BytesIO(answer.data)) as package:
        assert package.testzip() is None
        assert any(walk.project.number in name for name in package.namelist())
    assert programs("保家镇").get(f"/cases/{walk.case_id}/archive").status_code == 404


def test_a_file_brought_to_an_item_is_taken_away_again(site: Site, programs: Programs) -> None:
    walk = site.walk()
    walk.complete("receive")
    town, path = programs("桑柘镇"), f"/items/{walk.item('field_survey').id}/papers"
    sent = {"field": "photos", "file": (BytesIO(PDF), "现场.pdf")}
    brought = town.client.post(f"/api/v1{path}", data=sent, headers=town.headers)
    assert brought.status_code == 200, brought.text
    number = brought.json["id"]  # type: ignore[index]
    assert programs("保家镇").post(f"{path}/{number}/remove", {}).status_code == 404
    assert town.post(f"{path}/{number}/remove", {}).json == []
    assert town.post(f"{path}/{number}/remove", {}).status_code == 404
