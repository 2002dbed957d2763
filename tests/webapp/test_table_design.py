"""A decision table edited without quotes, written as DMN, tried with values (issue 9 item 3)."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from bpmn.comparison import differences
from bpmn.decisions import read_table
from bpmn.deployment import Bundle, shipped_bundle
from bpmn.refusals import ActRefused
from bpmn.table_writing import blank_table, meeting_rules, model_of, text_of_model
from ledger.findings import inputs
from ledger.vocabulary import Role
from tests.webapp.conftest import Person, Site
from tests.webapp.test_design import begun

TABLE = shipped_bundle().decisions["classification"]
STOPPED = {"strengths_count": "0", "runs_normally": "false", "defects_count": "0", "stopped_for_now": "true"}
REVIVABLE = {**STOPPED, "idle_or_unperformed": "true", "revivable": "true", "failures_count": "0"}


@pytest.fixture
def drawer(site: Site) -> Person:
    return site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)


def saved(drawer: Person, address: str, model: Any, revision: int) -> tuple[int, dict[str, Any]]:
    answer = drawer.post(address, {"revision": revision, "content": json.dumps(model)})
    return answer.status_code, answer.get_json()


def test_what_is_read_and_written_again_is_the_same() -> None:
    again = text_of_model(model_of(TABLE), TABLE, "classification")
    assert model_of(again) == model_of(TABLE)
    old, new = (Bundle(shipped_bundle().diagram, {"classification": text}, {}) for text in (TABLE, again))
    assert differences(old, new) == []


def test_values_have_the_words_of_the_scheme() -> None:
    category = model_of(TABLE)["outputs"][0]
    assert [each["label"] for each in category["values"]] == ["巩固", "提升", "盘活", "重建"]


def test_a_conclusion_of_a_step_is_chosen_in_the_words_of_the_forms(drawer: Person) -> None:
    answer = drawer.post(f"{begun(drawer)}/tables", {"title": "走哪条路"})
    page = drawer.get(answer.headers["Location"]).get_data(as_text=True)
    found = re.search(r'data-model="([^"]+)"', page)
    assert found is not None
    model = json.loads(html.unescape(found[1]))
    verdict = next(each for each in model["outputs"] if each["name"] == "verdict")
    words = {each["value"]: each["label"] for each in verdict["values"]}
    assert words["accept"] == "接收，提请审定"
    assert words["back"].startswith("退回")
    assert len(words) == len({*words.values()})
    assert next(each for each in model["offered"]["inputs"] if each["name"] == "verdict")["values"] == verdict["values"]


def test_a_gap_is_told_in_the_words_of_the_lists(drawer: Person) -> None:
    address = str(drawer.post(f"{begun(drawer)}/tables", {"title": "走哪条路"}).headers["Location"])
    page = drawer.get(address).get_data(as_text=True)
    found = re.search(r'data-model="([^"]+)"', page)
    assert found is not None
    model = json.loads(html.unescape(found[1]))
    model["rules"][0]["cells"] = ['"upgrade"']
    status, told = saved(drawer, address, model, 1)
    assert (status, told["problems"]) == (200, ["提醒：没有规则对应这种情形：“认定的类别”为“巩固”。"])


def test_what_is_only_a_reminder_says_so(drawer: Person) -> None:
    page = drawer.get(f"{begun(drawer)}/tables/classification").get_data(as_text=True)
    assert re.findall(r'<li class="(errtxt|table-note)">(..)', page) == [("table-note", "提醒")]


def test_a_rule_is_changed_and_tried(drawer: Person) -> None:
    address = f"{begun(drawer)}/tables/classification"
    assert "四个一批分类建议" in drawer.get(address).get_data(as_text=True)
    tried = drawer.get(f"{address}/try", query_string=REVIVABLE).get_data(as_text=True)
    assert "盘活" in tried
    model = model_of(TABLE)
    for rule in model["rules"]:
        if "revive" in rule["answers"][0]:
            rule["answers"][0] = '"rebuild"'
    status, told = saved(drawer, address, model, 1)
    assert (status, told["revision"]) == (200, 2)
    assert "重建" in drawer.get(f"{address}/try", query_string=REVIVABLE).get_data(as_text=True)


def test_what_cannot_be_read_is_not_saved(drawer: Person) -> None:
    address = f"{begun(drawer)}/tables/classification"
    model = model_of(TABLE)
    model["rules"][0]["cells"][0] = ">= ("
    assert saved(drawer, address, model, 1)[0] == 422
    model["rules"][0]["cells"] = ["5"]
    assert saved(drawer, address, model, 1)[0] == 422
    assert saved(drawer, address, [], 1)[0] == 422
    model = model_of(TABLE)
    model["rules"][0]["answers"][0] = '"elsewhere"'
    status, told = saved(drawer, address, model, 1)
    assert (status, any("不在允许的取值里" in each for each in told["problems"])) == (200, True)


def test_rules_that_meet_with_different_answers_are_told() -> None:
    model = model_of(TABLE)
    every = {"id": "every", "description": "", "cells": [""] * 7, "answers": ['"revive"', '""', '""']}
    model["rules"] = [model["rules"][0], every]
    assert meeting_rules(read_table(text_of_model(model, TABLE, "classification").encode())) == [(1, 2)]


def test_columns_come_and_go_with_their_cells() -> None:
    model = model_of(TABLE)
    gone = model["inputs"].pop()
    for rule in model["rules"]:
        rule["cells"].pop()
    model["inputs"][0]["label"] = "巩固条件"
    fewer = text_of_model({**model, "policy": "FIRST", "outputs": []}, TABLE, "classification")
    table = read_table(fewer.encode())
    assert table.inputs[0].label == "巩固条件"
    assert gone["name"] not in table.names
    # what the steps ask of the classification is not the administrator's
    assert (table.policy, [each.name for each in table.outputs]) == ("COLLECT", ["category", "article", "reason"])
    back = model_of(fewer)
    back["inputs"].append({"name": gone["name"], "label": gone["label"]})
    for rule in back["rules"]:
        rule["cells"].append(">= 1")
    assert gone["name"] in read_table(text_of_model(back, fewer, "classification").encode()).names


@pytest.mark.parametrize(
    "inputs",
    [
        [],
        [{"name": "password", "label": "口令"}],
        [{"name": "category", "label": "类"}] * 2,
        ["category"],
        "category",
    ],
)
def test_columns_nobody_offers_are_refused(inputs: Any) -> None:
    old = blank_table("own_table_1", "补助标准")
    model = {**model_of(old), "inputs": inputs}
    with pytest.raises(ActRefused):
        text_of_model(model, old, "own_table_1")


def test_a_table_of_ones_own_is_made_and_tried_with_a_project(site: Site, drawer: Person) -> None:
    walk = site.walk(0)
    walk.to("village_opinion")
    draft = begun(drawer)
    assert drawer.post(f"{draft}/tables", {"title": " "}).status_code == 422
    address = str(drawer.post(f"{draft}/tables", {"title": "复核<b>标准"}).headers["Location"])
    page = drawer.get(address).get_data(as_text=True)
    assert "复核&lt;b&gt;标准" in page
    assert f'<option value="{walk.case_id}">' in page
    model = model_of(blank_table("own_table_1", "复核标准"))
    assert [each["label"] for each in model["inputs"][0]["values"]] == ["巩固", "提升", "盘活", "重建"]
    model["inputs"].append({"name": "level", "label": "层级"})
    model["rules"] = [
        {"id": "a", "description": "", "cells": ['"consolidate"', '"village"'], "answers": ['"快办"']},
        {"id": "b", "description": "", "cells": ["", ""], "answers": ['"复核"']},
    ]
    status, told = saved(drawer, address, model, 1)
    assert (status, told["problems"]) == (200, [])
    tried = drawer.get(f"{address}/try", query_string={"case": walk.case_id}).get_data(as_text=True)
    assert "层级：<strong>村级" in tried
    assert "规则 " in tried
    assert drawer.get(f"{address}/try", query_string={"case": 10**6}).status_code == 404
    assert drawer.get(f"{draft}/problems.json").get_json()["problems"] == []
    assert "决策表" in drawer.get(f"{draft}/changes").get_data(as_text=True)


def test_the_classification_is_tried_with_what_a_survey_found(site: Site, drawer: Person) -> None:
    walk = site.walk(0)
    walk.to("joint_review")
    address = f"{begun(drawer)}/tables/classification"
    tried = drawer.get(f"{address}/try", query_string={"case": walk.case_id}).get_data(as_text=True)
    known = inputs(walk.project.findings or ())
    assert f"巩固条件项数：<strong>{known['strengths_count']}" in tried
