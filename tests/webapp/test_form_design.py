"""The forms of a draft: made by an administrator, never losing what was asked before (issue 9 item 4)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.vocabulary import Role
from tests.webapp.conftest import Person, Site
from tests.webapp.test_design import begun


@pytest.fixture
def drawer(site: Site) -> Person:
    return site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)


def saved(drawer: Person, address: str, form: dict[str, Any], revision: int) -> tuple[int, dict[str, Any]]:
    answer = drawer.post(address, {"revision": revision, "content": json.dumps(form)})
    return answer.status_code, answer.get_json()


def test_a_form_of_one_s_own_is_saved_previewed_and_chosen(drawer: Person) -> None:
    draft = begun(drawer)
    address = str(drawer.post(f"{draft}/forms", {"title": "纪委复核意见"}).headers["Location"])
    assert address.endswith("/forms/own_1")
    fields = [
        {"name": "verdict", "label": "复核结论", "type": "radio", "options": [{"value": "yes", "label": "同意"}]},
        {"name": "day", "label": "复核日期", "type": "date", "show_if": {"verdict": ["yes"]}},
    ]
    form = {"stem": "own_1", "title": "纪委复核意见", "sections": [{"title": "复核", "fields": fields}]}
    status, told = saved(drawer, address, form, 1)
    assert (status, told["revision"], told["problems"]) == (200, 2, [])
    preview = drawer.get(f"{address}/preview").get_data(as_text=True)
    assert "复核结论" in preview
    assert "data-show-if" in preview
    fields[1]["show_if"] = {"nobody": ["yes"]}
    status, told = saved(drawer, address, form, 2)
    assert (status, "它应是排在前面的字段" in told["problems"][0]) == (200, True)
    chosen = drawer.get(f"{draft}/catalogue.json").get_json()["forms"]
    assert [(each["value"], each["label"]) for each in chosen] == [("own_1", "纪委复核意见")]
    codes = {each["code"] for each in drawer.get(f"{draft}/problems.json").get_json()["problems"]}
    assert codes == {"form"}
    assert "纪委复核意见" in drawer.get(f"{draft}/forms").get_data(as_text=True)


def test_what_a_handler_asks_for_stays(drawer: Person) -> None:
    draft = begun(drawer)
    address = f"{draft}/forms/receive"
    page = drawer.get(address)
    assert page.status_code == 200
    form = {"stem": "receive", "title": "签收", "sections": [{"title": "空", "fields": []}]}
    status, told = saved(drawer, address, form, 1)
    assert (status, "不能删除，只能停用" in told["message"]) == (422, True)
    status, told = saved(drawer, address, {**form, "stem": "other"}, 1)
    assert (status, told["message"]) == (422, "表单的编号不能改，没有保存")
    assert drawer.post(address, {"revision": 1, "content": "{"}).status_code == 422


def test_every_shipped_form_has_its_page(drawer: Person) -> None:
    draft = begun(drawer)
    for stem in ("field_survey", "consultation", "decision", "disposal", "filing"):
        page = drawer.get(f"{draft}/forms/{stem}").get_data(as_text=True)
        assert "表单还有错误" not in page


def test_permissions_of_each_step_are_set_in_a_table_of_the_form(drawer: Person) -> None:
    draft = begun(drawer)
    address = f"{draft}/forms/village_opinion/permissions"
    page = drawer.get(address).get_data(as_text=True)
    assert 'aria-label="意见，村级意见"' in page
    refused = drawer.post(address, {"revision": 1, "verdict@village_opinion": "hidden"})
    assert (refused.status_code, "是处理程序要用的必填项" in refused.get_data(as_text=True)) == (422, True)
    assert drawer.post(address, {"revision": 1, "state@village_opinion": "hidden"}).status_code == 303
    diagram = drawer.get(f"{draft}/diagram.bpmn").get_data(as_text=True)
    assert diagram.count("sgyp:fields=") == 1
    assert 'sgyp:fields="state:hidden"' in diagram
    assert drawer.post(address, {"revision": 1}).status_code == 409  # somebody has saved the diagram meanwhile
    assert "字段权限" in drawer.get(f"{draft}/changes").get_data(as_text=True)
    assert drawer.post(address, {"revision": 2}).status_code == 303
    assert "sgyp:fields" not in drawer.get(f"{draft}/diagram.bpmn").get_data(as_text=True)
    assert "没有改动" in drawer.get(f"{draft}/changes").get_data(as_text=True)
