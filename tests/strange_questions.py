"""Questions to the interface drawn from its own description: half as described, half with something out of place.

Every answer must be one the description knows: of a kind below 500, and its content as its schema says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from webapp.api.description import PROBLEM, path_of
from webapp.api.operations import OPERATIONS, Operation

NUMBERS = (0, 1, 2, 3, 999_999, 2**31 - 1)
NOT_NUMBERS = (-1, 2**31, 2**63, 10**30, 1.5, "1", "", None, True, [], {})
TEXTS = (
    "",
    "甲",
    "同意",
    "2023-11-06",
    "2023-13-99",
    "a" * 5000,
    "\u202e反",
    "\ud7ff",
    "'; --",
    "{{7*7}}",
    "<b>",
    "\0",
    "💰",
)
STRANGE = (None, True, -1, 2**70, 1e308, "", "\0", [], [[]], {}, {"": None}, "a" * 300)
_HOLE = re.compile(r"<int:(\w+)>")


@dataclass(frozen=True)
class Answered:
    """One question and what is wrong with its answer, "" for nothing."""

    operation: str
    status: int
    wrong: str


def drawn(schema: Mapping[str, Any], random: Random, depth: int = 0) -> Any:
    """Return a value that a schema describes, as far as the parts we use of JSON Schema go."""
    if "enum" in schema:
        return random.choice(schema["enum"])
    kinds = schema.get("type", "string")
    kind = random.choice(kinds) if isinstance(kinds, list) else kinds
    if kind == "object":
        wanted = schema.get("properties", {})
        given = {name: drawn(each, random, depth + 1) for name, each in wanted.items() if random.random() < 0.9}
        needed = {name: drawn(wanted[name], random, depth + 1) for name in schema.get("required", ()) if name in wanted}
        return {**given, **needed}
    if kind == "array":
        return [drawn(schema.get("items", {}), random, depth + 1) for _ in range(random.choice((0, 1, 1, 2)))]
    simple: dict[str, Callable[[], Any]] = {
        "integer": lambda: random.choice(NUMBERS),
        "number": lambda: random.choice((*NUMBERS, 0.5)),
        "boolean": lambda: random.random() < 0.5,
        "null": lambda: None,
    }
    return simple.get(kind, lambda: random.choice(TEXTS))()


def spoiled(value: Any, random: Random) -> Any:
    """Put something out of place: another type somewhere, a name nobody knows, or all of it."""
    if isinstance(value, dict) and value and random.random() < 0.8:
        name = random.choice(sorted(value))
        changed = {**value, name: spoiled(value[name], random)}
        return {**changed, "strange": 1} if random.random() < 0.2 else changed
    if isinstance(value, list) and value and random.random() < 0.5:
        return [*value[1:], spoiled(value[0], random)]
    return random.choice((*STRANGE, *NOT_NUMBERS))


def ask(client: FlaskClient, token: str, seed: str) -> Iterator[Answered]:
    """Ask every operation once, whether the token may or not; the same seed asks the same."""
    for operation in OPERATIONS:
        random = Random(f"{seed} {operation.name}")
        answer = _asked(client, token, operation, random)
        yield Answered(operation.name, answer.status_code, _wrong(operation, answer))


def _asked(client: FlaskClient, token: str, operation: Operation, random: Random) -> TestResponse:
    path = _HOLE.sub(lambda _hole: str(random.choice((1, 1, 1, 2, 3, *NUMBERS))), "/api/v1" + operation.path)
    headers, spoil = {"Authorization": f"Bearer {token}"}, random.random() < 0.5
    if operation.method == "GET":
        query = {each.name: str(drawn(each.schema, random)) for each in operation.asks if random.random() < 0.5}
        if spoil and query:
            query[random.choice(sorted(query))] = str(random.choice((*TEXTS, *NOT_NUMBERS)))
        return client.get(f"{path}?{urlencode(query, quote_via=quote)}", headers=headers, buffered=True)
    given = drawn(operation.takes or {}, random)
    if operation.media_type != "application/json":
        sent: dict[str, Any] = {name: str(value) for name, value in given.items() if name != "file"}
        return client.post(
            path, data={**sent, "file": (BytesIO(b"%PDF-1.4"), "甲.pdf")}, headers=headers, buffered=True
        )
    body = spoiled(given, random) if spoil else given
    return client.post(path, json=body, headers=headers, buffered=True)


def _wrong(operation: Operation, answer: TestResponse) -> str:
    if answer.status_code >= 500:
        return f"{answer.status_code}: {answer.text[:200]}"
    if answer.status_code >= 400:
        faults = [] if answer.mimetype == "application/problem+json" else [f"a page of {answer.mimetype}"]
        schema: Mapping[str, Any] = {**PROBLEM, "required": []}  # without errors where no field is wrong
    else:
        faults, schema = [], operation.gives or {}
    if answer.is_json or answer.mimetype == "application/problem+json":
        faults += [each.message[:200] for each in Draft202012Validator(schema).iter_errors(answer.get_json(force=True))]
    return f"{answer.status_code} {path_of(operation)}: {faults[0]}" if faults else ""
