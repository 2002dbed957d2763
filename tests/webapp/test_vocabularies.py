"""词汇表: lists of the installation's own, extended and retired, never deleted (issue 9 item 8)."""

from __future__ import annotations

import json

import orjson
import pytest

from ledger.choice_lists import ListRefused, add_entry, make_list, offered_entries, retire_entry, whole_lists
from ledger.db import transaction
from ledger.journal import Entry
from ledger.vocabulary import Role
from tests.walk import Ground
from tests.webapp.conftest import Person, Site
from tests.webapp.test_design import begun
from webapp.vocabularies import FIXED


@pytest.fixture
def drawer(site: Site) -> Person:
    return site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)


def noted(site: Site, act: str) -> list[object]:
    with transaction(site.ground.sessions, writes=False) as session:
        found = session.query(Entry).filter(Entry.act == act).order_by(Entry.id)
        return [orjson.loads(each.detail)["value"] for each in found]


def test_what_is_retired_is_not_offered_and_what_was_is_not_entered_twice(sqlite_ground: Ground) -> None:
    with transaction(sqlite_ground.sessions) as session:
        head = make_list(session, " 作物  品种 ", "管理员", sqlite_ground.now)
        first, second = (add_entry(session, head.id, label) for label in ("李子", "脆红李"))
        retire_entry(first, sqlite_ground.now)
        assert [each.label for each in offered_entries(session, head.source)] == ["脆红李"]
        assert offered_entries(session, "list:999") == []
        for wrong in ("李子", "脆红李", " ", "字" * 61, "a\u200bb"):
            with pytest.raises(ListRefused):
                add_entry(session, head.id, wrong)
        with pytest.raises(ListRefused, match="作物 品种"):
            make_list(session, "作物 品种", "管理员", sqlite_ground.now)
        assert [each.label for each in whole_lists(session)[0].entries] == ["李子", second.label]


def test_a_list_is_made_and_a_form_chooses_from_it(site: Site, drawer: Person) -> None:
    assert drawer.post("/vocabularies", {"title": "作物品种"}).status_code == 303
    for label in ("李子", "脆红李"):
        assert drawer.post("/vocabularies/1/entries", {"label": label}).status_code == 303
    refused = drawer.post("/vocabularies/1/entries", {"label": "李子"})
    assert (refused.status_code, "“李子”已经在列表里" in refused.get_data(as_text=True)) == (422, True)
    draft = begun(drawer)
    address = str(drawer.post(f"{draft}/forms", {"title": "品种"}).headers["Location"])
    assert json.dumps("作物品种：李子、脆红李")[1:-1] in drawer.get(address).get_data(as_text=True)
    field = {"name": "kind", "label": "品种", "type": "select", "required": True, "source": "list:1"}
    form = {"stem": "own_1", "title": "品种", "sections": [{"title": "品种", "fields": [field]}]}
    answer = drawer.post(address, {"revision": 1, "content": json.dumps(form)})
    assert answer.get_json()["problems"] == []
    assert "脆红李" in drawer.get(f"{address}/preview").get_data(as_text=True)
    for entry in (1, 2):
        assert drawer.post(f"/vocabularies/1/entries/{entry}/retire").status_code == 303
    told = drawer.get(f"{draft}/problems.json").get_json()["problems"]
    assert [each["message"] for each in told] == ["表单的字段“品种”要从列表里选，列表没有或者是空的。"]
    assert drawer.post("/vocabularies/1/entries/2/restore").status_code == 303
    assert drawer.get(f"{draft}/problems.json").get_json()["problems"] == []
    assert drawer.post("/vocabularies/2/entries/1/retire").status_code == 404
    assert noted(site, "list_entry_retired") == [["李子：可选", "李子：停用"], ["脆红李：可选", "脆红李：停用"]]
    assert noted(site, "list_entry_restored") == [["脆红李：停用", "脆红李：可选"]]


def test_the_scheme_s_own_lists_are_shown_whole(drawer: Person) -> None:
    page = drawer.get("/vocabularies").get_data(as_text=True)
    assert all(words in page for words in FIXED.values())
    assert "产业选择不准、配套设施原因、资金短缺" in page
