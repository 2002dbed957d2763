"""How an operation of the interface is declared: once, for the route, its permission, its checks and its description.

What a body may hold is a JSON Schema, checked before the view runs; the same schema is what the description prints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import wraps
from typing import Any

import orjson
from flask import Blueprint, Response, request
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from ledger.db import SHANGHAI
from webapp.permissions import allows
from webapp.request import Permission

Schema = Mapping[str, Any]
View = Callable[..., Any]
JSON = "application/json"
_LARGEST = 2**31  # no row has a higher number
bp = Blueprint("api", __name__, url_prefix="/api/v1")


@dataclass(frozen=True)
class Asked:
    """One parameter of a query."""

    name: str
    words: str
    schema: Schema


@dataclass(frozen=True)
class Operation:
    """One operation as it is described; `takes` None: no body, `gives` None: bytes of a file."""

    name: str
    method: str
    path: str  # as Flask writes it, below the prefix
    words: str
    permission: Permission
    gives: Schema | None
    takes: Schema | None
    asks: tuple[Asked, ...]
    media_type: str


OPERATIONS: list[Operation] = []


class BodyRefused(ValueError):
    """请求内容不符合接口说明; `errors` maps the place in the body ("" for all of it) to a Chinese sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("；".join(errors.values()))
        self.errors = dict(errors)


def reads(
    path: str, words: str, permission: Permission, gives: Schema | None, asks: tuple[Asked, ...] = ()
) -> Callable[[View], View]:
    """Declare a GET; the view returns what is to be written as JSON, or a Response of its own."""

    def declare(view: View) -> View:
        @wraps(view)
        def answer(**path_values: Any) -> Response:
            check_query(asks)
            return written(view(**path_values))

        return _declared(Operation(view.__name__, "GET", path, words, permission, gives, None, asks, JSON), answer)

    return declare


def acts(path: str, words: str, permission: Permission, takes: Schema, gives: Schema) -> Callable[[View], View]:
    """Declare a POST with a JSON object for a body; the view gets it as `given`."""

    def declare(view: View) -> View:
        @wraps(view)
        def answer(**path_values: Any) -> Response:
            return written(view(**path_values, given=read_body(takes)))

        return _declared(Operation(view.__name__, "POST", path, words, permission, gives, takes, (), JSON), answer)

    return declare


def sends_file(path: str, words: str, permission: Permission, takes: Schema, gives: Schema) -> Callable[[View], View]:
    """Declare a POST of a file as multipart/form-data; the view reads it with `webapp.uploads`."""

    def declare(view: View) -> View:
        @wraps(view)
        def answer(**path_values: Any) -> Response:
            return written(view(**path_values))

        form = "multipart/form-data"
        return _declared(Operation(view.__name__, "POST", path, words, permission, gives, takes, (), form), answer)

    return declare


def _declared(operation: Operation, answer: View) -> View:
    OPERATIONS.append(operation)
    allows(operation.permission)(answer)
    bp.add_url_rule(operation.path, operation.name, answer, methods=[operation.method])
    return answer


def check_query(asks: tuple[Asked, ...]) -> None:
    """Refuse a question that is not as described: a filter misspelt must not answer everything."""
    known, errors = {each.name: each.schema for each in asks}, {}
    for name, text in request.args.items():
        schema = known.get(name)
        if schema is None:
            errors[name] = "没有这个查询参数"
        elif schema.get("type") == "integer" and not (text.isascii() and text.isdecimal() and int(text) < _LARGEST):
            errors[name] = "应为编号（整数）"
        elif "enum" in schema and text not in ("", *schema["enum"]):
            errors[name] = f"只能是 {'、'.join(map(str, schema['enum']))}"
        elif "\0" in text:
            errors[name] = "有不能查询的字符"
    if errors:
        raise BodyRefused(errors)


def read_body(takes: Schema) -> dict[str, Any]:
    """Return the request's JSON object; BodyRefused with everything that is wrong with it."""
    if request.mimetype != JSON:
        raise UnsupportedMediaType
    try:
        given = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as unreadable:
        raise BodyRefused({"": "请求内容不是 JSON"}) from unreadable
    errors = {_place(error): _sentence(error) for error in Draft202012Validator(takes).iter_errors(given)}
    if errors:
        raise BodyRefused(errors)
    if "\\u0000" in orjson.dumps(given).decode():
        raise BodyRefused({"": "内容里有不能保存的字符"})  # PostgreSQL stores no NUL
    found: dict[str, Any] = given
    return found


def _place(error: ValidationError) -> str:
    path = [str(part) for part in error.absolute_path]
    if error.validator == "required":
        demanded: Any = error.validator_value
        path.append(next(name for name in demanded if error.message.startswith(repr(name))))
    return ".".join(path)


def _sentence(error: ValidationError) -> str:
    """Say what is wrong in Chinese; what a program sends wrong is for its author to read."""
    limit: Any = error.validator_value
    match error.validator:
        case "required":
            return "缺少这一项"
        case "additionalProperties":
            return "有接口说明里没有的项"
        case "type":
            return f"类型应为 {limit if isinstance(limit, str) else ' 或 '.join(limit)}"
        case "enum":
            return f"只能是 {'、'.join(str(value) for value in limit)}"
        case "maxLength":
            return f"最多 {limit} 字"
        case _:
            return f"不符合 {error.validator}：{limit}"


def written(result: Any) -> Response:
    """Return a view's result as JSON: moments in Asia/Shanghai, amounts as exact text."""
    if isinstance(result, Response):
        return result
    options = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS
    return Response(orjson.dumps(result, _plain, options), mimetype=JSON)


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
