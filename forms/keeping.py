"""What a form may not lose from one version to the next: fields are retired, never deleted, and keep their type.

Answers given years ago are read by the names of their fields; a handler of the release asks for its own fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def kept_faults(old: Mapping[str, Any] | None, new: Mapping[str, Any], *, needed: bool) -> list[str]:
    """Return in Chinese what a form's new definition may not do; `needed` says that a handler asks for its fields."""
    if old is None:
        return []
    before, after = _fields(old), _fields(new)
    return [sentence for name, each in before.items() for sentence in _faults(each, after.get(name), needed=needed)]


def _faults(old: Mapping[str, Any], new: Mapping[str, Any] | None, *, needed: bool) -> Iterator[str]:
    label = old.get("label") or old.get("name")
    if new is None:
        yield f"字段“{label}”已经用过，不能删除，只能停用"
    elif new.get("type") != old.get("type"):
        yield f"字段“{label}”已经用过，不能改类型；请停用它，另加一个字段"
    elif needed and new.get("retired") is True and not old.get("retired"):
        yield f"字段“{label}”是处理程序要用的，不能停用"


def _fields(form: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    sections = form.get("sections")
    found = [each.get("fields") for each in sections if isinstance(each, Mapping)] if isinstance(sections, list) else []
    fields = (each for fields in found if isinstance(fields, list) for each in fields if isinstance(each, Mapping))
    return {str(each.get("name")): each for each in fields}
