"""批量办理: chosen in the list, looked over, done with one form, and a result for each (design point 8)."""

from __future__ import annotations

import re

from tests.walk import Walk
from tests.webapp.conftest import Site


def own_walks(site: Site, count: int = 2) -> list[Walk]:
    town_id = site.ground.county.townships["桑柘镇"].id
    own = [n for n, project in enumerate(site.ground.projects) if project.responsible_unit_id == town_id]
    return [site.walk(number) for number in own[:count]]


def chosen(walks: list[Walk]) -> str:
    return "&".join(f"item={walk.items()[-1].id}" for walk in walks)


def hidden(page: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="(_[^"]+)" value="([^"]*)"', page):
        fields.setdefault(name, []).append(value)
    return fields


def test_items_chosen_in_the_list_are_done_with_one_form(both_sites: Site) -> None:
    walks, town = own_walks(both_sites), both_sites.town()
    assert town.get("/inbox").text.count('form="bulk" name="item"') == 2
    page = town.get(f"/inbox/bulk?{chosen(walks)}").text
    assert all(walk.project.name in page for walk in walks)
    assert "提交 2 件" in page
    assert "系统导出的责任单位" not in page  # of one project alone
    done = town.post("/inbox/bulk", {**hidden(page), "verdict": "taken"})
    assert "已办结 2 件" in done.text, done.text
    assert [walk.waiting() for walk in walks] == [["field_survey"], ["field_survey"]]
    levels = {walk.items("receive")[0].answers["level"] for walk in walks}
    assert levels == {walk.project.level for walk in walks}


def test_what_somebody_did_meanwhile_is_told_and_the_rest_is_done(site: Site) -> None:
    walks, town = own_walks(site), site.town()
    fields = hidden(town.get(f"/inbox/bulk?{chosen(walks)}").text)
    fields[f"_revision-{walks[0].item('receive').id}"] = ["0"]
    done = town.post("/inbox/bulk", {**fields, "verdict": "taken"}).text
    assert "已办结 1 件，1 件没有办成" in done
    assert [walk.waiting() for walk in walks] == [["receive"], ["field_survey"]]
    wrong = town.post("/inbox/bulk", {**hidden(town.get(f"/inbox/bulk?{chosen(walks[:1])}").text), "verdict": "back"})
    assert "退回理由" in wrong.text
    assert walks[0].waiting() == ["receive"]


def test_only_ones_own_items_of_one_step_that_allows_it(site: Site) -> None:
    walks, town, stranger = own_walks(site), site.town(), site.town("保家镇")
    path = f"/inbox/bulk?{chosen(walks)}"
    assert stranger.get(path).status_code == 422
    assert stranger.post("/inbox/bulk", {"_item": [str(w.item("receive").id) for w in walks]}).status_code in (302, 422)
    assert town.get("/inbox/bulk").headers["Location"] == "/inbox"
    assert town.get("/inbox/bulk?item=x").status_code == 422
    walks[0].complete("receive")
    mixed = town.get(f"/inbox/bulk?{chosen(walks)}")
    assert (mixed.status_code, "须是同一环节" in mixed.text) == (422, True)
    single = town.get(f"/inbox/bulk?{chosen(walks[:1])}")
    assert (single.status_code, "须逐件办理" in single.text) == (422, True)
    many = "&".join("item=1" for _ in range(51))
    assert "一次最多" in town.get(f"/inbox/bulk?{many}").text
    assert 'name="item"' not in site.bureau().get("/under-way").text
