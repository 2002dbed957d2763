"""The interface: a case whole, its papers, the bureau's acts on it, objections and copies."""

from __future__ import annotations

from tests.walk import PDF
from tests.webapp.api.conftest import Programs
from tests.webapp.conftest import Site

PARTS = ("", "/trail", "/position", "/papers")


def test_a_case_is_told_whole_and_a_foreign_one_is_not_found(both_sites: Site, both_programs: Programs) -> None:
    walk = both_sites.walk()
    walk.complete("receive")
    town, stranger = both_programs("桑柘镇"), both_programs("保家镇")
    found = town.get(f"/cases/{walk.case_id}").json
    assert found is not None
    assert found["project"]["number"] == walk.project.number
    assert [item["stem"] for item in found["waiting"]] == ["field_survey"]
    trail = town.get(f"/cases/{walk.case_id}/trail").json
    assert trail is not None
    assert [entry["act"] for entry in trail] == ["start", "complete"]
    place = town.get(f"/cases/{walk.case_id}/position").json
    assert place is not None
    assert found["waiting"][0]["element"] in place["current"]
    for part in PARTS:
        for case_id in (walk.case_id, 98765):
            assert stranger.get(f"/cases/{case_id}{part}").status_code == 404
    foreign, unknown = (stranger.get(f"/cases/{n}").json for n in (walk.case_id, 98765))
    assert foreign is not None
    assert unknown is not None
    assert foreign["detail"] == unknown["detail"]


def test_papers_are_described_and_fetched_in_scope(site: Site, programs: Programs) -> None:
    walk = site.walk()
    walk.to("joint_review")
    town = programs("桑柘镇")
    papers = town.get(f"/cases/{walk.case_id}/papers").json
    assert papers
    photo = next(paper for paper in papers if paper["kind"] == "photo")
    assert town.get(f"/papers/{photo['id']}").json == photo
    content = town.get(f"/papers/{photo['id']}/content")
    assert content.data.startswith(PDF[:5])
    assert len(content.data) == photo["size"]
    for path in (f"/papers/{photo['id']}", f"/papers/{photo['id']}/content"):
        assert programs("保家镇").get(path).status_code == 404


def test_the_bureau_suspends_resumes_moves_and_ends_a_case(both_sites: Site, both_programs: Programs) -> None:
    walk = both_sites.walk()
    walk.complete("receive")
    bureau, town = both_programs("bureau"), both_programs("桑柘镇")
    path, why = f"/cases/{walk.case_id}", {"reason": "汛期不能到现场"}
    assert town.post(f"{path}/suspend", why).status_code == 403
    assert bureau.post(f"{path}/suspend", why).status_code == 200
    assert bureau.get(path).json["case"]["status"] == "suspended"  # type: ignore[index]
    assert bureau.post(f"{path}/suspend", why).status_code == 409
    assert bureau.post(f"{path}/resume", why).status_code == 200
    waiting = bureau.get(path).json["waiting"][0]  # type: ignore[index]
    targets = bureau.get(f"{path}/move-targets?token={waiting['token']}").json
    assert targets
    moved = bureau.post(f"{path}/move", {"token": waiting["token"], "target": targets[0]["element"], **why})
    assert (moved.status_code, moved.json["next"][0]["name"]) == (200, targets[0]["name"])  # type: ignore[index]
    wrong = bureau.post(f"{path}/change-timer", {"timer_id": 1, "last_on": "30.11.2023", **why})
    assert wrong.status_code == 400
    assert bureau.post(f"{path}/change-timer", {"timer_id": 98765, "last_on": "2023-11-30", **why}).status_code == 409
    assert bureau.post(f"{path}/terminate", why).status_code == 200
    assert bureau.get(path).json["waiting"] == []  # type: ignore[index]


def test_objections_and_copies_are_refused_in_words(site: Site, programs: Programs) -> None:
    walk = site.walk()
    town, stranger = programs("桑柘镇"), programs("保家镇")
    objection = {"raised_by": "某村民", "content": "分类不实"}
    early = town.post(f"/cases/{walk.case_id}/objections", objection)
    assert (early.status_code, early.json["detail"]) == (422, "不在公告期内，不能登记异议")  # type: ignore[index]
    assert stranger.post(f"/cases/{walk.case_id}/objections", objection).status_code == 404
    bureau_id = site.ground.county.bureau.id
    sent = town.post(f"/cases/{walk.case_id}/copies", {"units": [bureau_id], "note": "请知悉"})
    assert sent.json == {"people": 2}
    nobody = town.post(f"/cases/{walk.case_id}/copies", {"units": []})
    assert nobody.status_code == 422
    assert stranger.post(f"/cases/{walk.case_id}/copies", {"units": [bureau_id]}).status_code == 404
