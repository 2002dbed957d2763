"""A decision table edited without quotes, written as DMN, tried with values (issue 9 item 3)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bpmn.comparison import differences
from bpmn.decisions import read_table
from bpmn.deployment import Bundle, shipped_bundle
from bpmn.table_writing import meeting_rules, model_of, text_of_model
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
    again = text_of_model(model_of(TABLE), TABLE)
    assert model_of(again) == model_of(TABLE)
    old, new = (Bundle(shipped_bundle().diagram, {"classification": text}, {}) for text in (TABLE, again))
    assert differences(old, new) == []


def test_values_have_the_words_of_the_scheme() -> None:
    category = model_of(TABLE)["outputs"][0]
    assert [each["label"] for each in category["values"]] == ["巩固", "提升", "盘活", "重建"]


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
    assert meeting_rules(read_table(text_of_model(model, TABLE).encode())) == [(1, 2)]
