"""The OpenAPI document is made of the declarations, names every route, and answers are as it describes them."""

from __future__ import annotations

import re
from typing import Any

from jsonschema import Draft202012Validator

from ledger.vocabulary import Role
from tests.webapp.api.conftest import Programs
from tests.webapp.conftest import Site
from webapp.api.description import description
from webapp.api.operations import OPERATIONS

DOCUMENT = description("测试")


def test_every_route_is_described_once_and_no_other(site: Site) -> None:
    routes = {
        (re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")), method.lower())
        for rule in site.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == routes
    names = [operation.name for operation in OPERATIONS]
    assert len(names) == len(set(names)) == len(described)


def test_the_document_is_openapi_and_its_schemas_are_schemas(site: Site) -> None:
    answer = site.app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["openapi"].startswith("3.1")
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            for schema in _schemas(operation):
                Draft202012Validator.check_schema(schema)
            assert {"401", "403"} <= set(operation["responses"]) or operation.get("security") == []


def test_answers_are_as_described(site: Site, programs: Programs) -> None:
    walk = site.walk()
    walk.to("joint_review")
    item = walk.item("joint_review")
    bureau = programs("bureau")
    values = {"case_id": walk.case_id, "project_id": walk.project.id, "item_id": item.id}
    asked = 0
    for operation in OPERATIONS:
        if operation.method != "GET" or operation.gives is None:
            continue
        path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda part: str(values.get(part[1], 1)), operation.path)
        query = {"/items": "?list=under_way", f"/cases/{walk.case_id}/move-targets": f"?token={item.token}"}
        answer = bureau.get(path + query.get(path, ""))
        assert answer.status_code == 200, (path, answer.text)
        Draft202012Validator(operation.gives).validate(answer.json)
        asked += 1
    assert asked >= 14


def test_the_page_names_every_operation_and_asks_nothing_from_elsewhere(site: Site) -> None:
    page = site.town().get("/interface").text
    for operation in OPERATIONS:
        assert operation.words in page, operation.path
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert site.person(site.ground.county.county.id, Role.SUPERVISOR).get("/interface").status_code == 200


def _schemas(operation: dict[str, Any]) -> list[dict[str, Any]]:
    found = [parameter["schema"] for parameter in operation["parameters"]]
    for content in operation["responses"]["200"]["content"].values():
        found += [content["schema"]] if "schema" in content else []
    body = operation.get("requestBody", {"content": {}})
    return found + [content["schema"] for content in body["content"].values()]


def test_every_kind_of_answer_is_described(programs: Programs) -> None:
    """A table comes as values or as a workbook, as asked; the document names both (found by schemathesis)."""
    for path in ("/tables/annex4", "/tables/annex5"):
        described = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]
        answers = [programs("bureau").get(f"{path}{asked}") for asked in ("", "?format=xlsx")]
        assert [answer.mimetype for answer in answers] == list(described)
