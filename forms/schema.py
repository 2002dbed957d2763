"""A form as a JSON Schema (Draft 2020-12), and its complaints as sentences for the person who filled it in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from forms.fields import AREA_LENGTH, SILENT, TEXT_LENGTH, Asked, Field, FieldType, Form, options_of
from ledger.vocabulary import FundingSource, FundingTier

Schema = dict[str, Any]
_TABLE_ROWS = 200
_FIRST_YEAR, _LAST_YEAR = 1949, 2100
_LARGEST = 999_999_999
_AMOUNT_PATTERN = r"^[0-9]{1,12}\.[0-9]{2}$"
_DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_AMOUNT = {"type": "string", "pattern": _AMOUNT_PATTERN}
_DAY = {"type": "string", "pattern": _DAY_PATTERN}
_VERBS = {
    **dict.fromkeys((FieldType.RADIO, FieldType.SELECT, FieldType.CHECKS, FieldType.MEETING), "请选择"),
    FieldType.FILE: "请上传",
    FieldType.TICK: "请勾选",
}


def json_schema(form: Form, asked: Asked) -> Schema:
    """Return what clean answers to this form must satisfy, conditions included; nothing else is allowed in them."""
    properties: Schema = {}
    conditional: list[Schema] = []
    required: list[str] = []
    for section, each in form.fields():
        if each.retired or each.type in SILENT:
            continue
        properties[each.name] = {"title": each.label, **schema_of(each, asked)}
        if not each.required or (each.type == FieldType.RECORDS and not asked.records.get(each.name)):
            continue
        condition = _condition((section.show_if, each.show_if), asked)
        if condition is True:
            required.append(each.name)
        elif condition is not False:
            conditional.append({"if": condition, "then": {"required": [each.name]}})
    return {
        "$schema": Draft202012Validator.META_SCHEMA["$id"],
        "title": form.title,
        "type": "object",
        "properties": properties,
        "required": required,
        "allOf": conditional,
        "additionalProperties": False,
    }


def _condition(show_ifs: Iterable[Mapping[str, tuple[str, ...]]], asked: Asked) -> bool | Schema:
    """Return when a field is asked: always, never, or a schema over the other answers."""
    parts: list[Schema] = []
    for name, values in (item for show_if in show_ifs for item in show_if.items()):
        if not name.startswith("$"):
            parts.append(_answered(name, values))
        elif asked.about(name) not in values:
            return False
    return {"allOf": parts} if parts else True


def _answered(name: str, values: tuple[str, ...]) -> Schema:
    ticks = [word == "true" for word in values if word in ("true", "false")]
    numbers = [int(word) for word in values if word.isdecimal()]
    one_of = [*values, *ticks, *numbers]
    among_several = {"type": "array", "contains": {"enum": list(values)}}
    return {"required": [name], "properties": {name: {"anyOf": [{"enum": one_of}, among_several]}}}


def schema_of(each: Field, asked: Asked) -> Schema:
    """Return the schema of one field's answer."""
    return _SCHEMAS[each.type](each, asked)


def _text(each: Field, _asked: Asked) -> Schema:
    default = AREA_LENGTH if each.type == FieldType.TEXTAREA else TEXT_LENGTH
    return {"type": "string", "minLength": 1, "maxLength": each.max_length or default}


def _money(each: Field, _asked: Asked) -> Schema:
    return dict(_AMOUNT)


def _integer(each: Field, _asked: Asked) -> Schema:
    return _between(each, 0, _LARGEST)


def _percent(each: Field, _asked: Asked) -> Schema:
    return _between(each, 0, 100)


def _year(each: Field, _asked: Asked) -> Schema:
    return _between(each, _FIRST_YEAR, _LAST_YEAR)


def _between(each: Field, least: int, most: int) -> Schema:
    return {
        "type": "integer",
        "minimum": least if each.min is None else each.min,
        "maximum": most if each.max is None else each.max,
    }


def _day(_each: Field, _asked: Asked) -> Schema:
    return dict(_DAY)


def _choice(each: Field, asked: Asked) -> Schema:
    return {"type": "string", "enum": [option.value for option in options_of(each, asked)]}


def _checks(each: Field, asked: Asked) -> Schema:
    items = {"enum": [option.value for option in options_of(each, asked)]}
    return {"type": "array", "items": items, "uniqueItems": True, **_count(each)}


def _count(each: Field) -> Schema:
    least = max(each.min or 0, 1 if each.required else 0)
    return {"minItems": least, **({} if each.max is None else {"maxItems": each.max})}


def _tick(each: Field, _asked: Asked) -> Schema:
    return {"const": True} if each.required else {"type": "boolean"}


def _matrix(each: Field, _asked: Asked) -> Schema:
    rows = {
        str(source): {
            "type": "object",
            "properties": {str(tier): dict(_AMOUNT) for tier in tiers_of(source)},
            "additionalProperties": False,
        }
        for source in FundingSource
    }
    return {"type": "object", "properties": rows, "minProperties": 1, "additionalProperties": False}


def tiers_of(source: FundingSource) -> tuple[FundingTier, ...]:
    """Return the cells of one row of 投资规模: society's money comes in one sum."""
    return (FundingTier.UNSPLIT,) if source == FundingSource.SOCIAL else tuple(FundingTier)


def _file(each: Field, asked: Asked) -> Schema:
    return {"type": "array", "items": {"enum": list(asked.attached.get(each.name, ()))}, **_count(each)}


def _table(each: Field, asked: Asked) -> Schema:
    row = _row(each.columns, asked, {})
    return {"type": "array", "items": row, "maxItems": _TABLE_ROWS, **_count(each)}


def _records(each: Field, asked: Asked) -> Schema:
    keys = [key for key, _caption in asked.records.get(each.name, ())]
    return {"type": "array", "items": _row(each.columns, asked, {"key": {"enum": keys}})}


def _row(columns: Sequence[Field], asked: Asked, fixed: Schema) -> Schema:
    needed = [(column.name, _condition((column.show_if,), asked)) for column in columns if column.required]
    return {
        "type": "object",
        "properties": {**fixed, **{column.name: schema_of(column, asked) for column in columns}},
        "required": [*fixed, *(name for name, condition in needed if condition is True)],
        "allOf": [
            {"if": condition, "then": {"required": [name]}} for name, condition in needed if isinstance(condition, dict)
        ],
        "additionalProperties": False,
    }


_SCHEMAS: Mapping[FieldType, Callable[[Field, Asked], Schema]] = {
    FieldType.TEXT: _text,
    FieldType.TEXTAREA: _text,
    FieldType.MONEY: _money,
    FieldType.INTEGER: _integer,
    FieldType.PERCENT: _percent,
    FieldType.YEAR: _year,
    FieldType.DATE: _day,
    FieldType.RADIO: _choice,
    FieldType.SELECT: _choice,
    FieldType.MEETING: _choice,
    FieldType.CHECKS: _checks,
    FieldType.TICK: _tick,
    FieldType.MATRIX: _matrix,
    FieldType.FILE: _file,
    FieldType.TABLE: _table,
    FieldType.RECORDS: _records,
}


def complaints(form: Form, asked: Asked, answers: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield (path of the answer, Chinese sentence) for everything the form does not allow."""
    fields = {each.name: each for _section, each in form.fields()}
    for error in Draft202012Validator(json_schema(form, asked)).iter_errors(answers):
        path = tuple(error.absolute_path)
        if error.validator == "required":
            path = (*path, _missing(error))
        yield path, _sentence(_field_at(fields, path), error)


def _missing(error: ValidationError) -> str:
    """Return the one property this `required` error is about: jsonschema raises one error for each."""
    demanded: Any = error.validator_value
    return next(str(name) for name in demanded if error.message.startswith(repr(name)))


def _field_at(fields: Mapping[str, Field], path: tuple[str | int, ...]) -> Field:
    each = fields[str(path[0])]
    for part in path[1:]:
        each = next((column for column in each.columns if column.name == part), each)
    return each


def _sentence(each: Field, error: ValidationError) -> str:
    """Say it in Chinese, beginning with the field's label as the page prints it."""
    limit: Any = error.validator_value
    match error.validator:
        case "required" | "minProperties" | "minLength" | "const":
            return f"{_VERBS.get(each.type, '请填写')}{each.label}"
        case "minItems":
            least = f"（至少 {limit} 项）" if limit > 1 else ""
            return f"{_VERBS.get(each.type, '请填写')}{each.label}{least}"
        case "maxItems":
            return f"{each.label}最多 {limit} 项"
        case "maxLength":
            return f"{each.label}最多 {limit} 字，现有 {len(str(error.instance))} 字"
        case "minimum":
            return f"{each.label}不能小于 {limit}"
        case "maximum":
            return f"{each.label}不能大于 {limit}"
        case "enum":
            return f"请从列表中选择{each.label}"
        case _:
            return f"{each.label}填写有误"
