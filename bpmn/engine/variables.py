"""What a case may remember in its state: a few small scalars and lists of them, nothing a person typed freely."""

import math
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from bpmn.engine.errors import VariableRefused

NAME_LIMIT = 60
COUNT_LIMIT = 100
TEXT_LIMIT = 200
LIST_LIMIT = 100


def checked(variables: Mapping[str, object]) -> dict[str, object]:
    """Return the variables as they may be kept; raises `VariableRefused` naming the first that may not."""
    if len(variables) > COUNT_LIMIT:
        raise VariableRefused(f"流程变量超过 {COUNT_LIMIT} 个。")
    kept: dict[str, object] = {}
    for name, value in variables.items():
        if not is_name(name):
            raise VariableRefused(f"流程变量的名称“{str(name)[:NAME_LIMIT]}”不合规则。")
        if value is None or value is True or value is False:
            kept[name] = value
        elif isinstance(value, list | tuple):
            if len(value) > LIST_LIMIT or not all(is_scalar(item) for item in value):
                raise VariableRefused(f"流程变量 {name} 只能是至多 {LIST_LIMIT} 个简单值的列表。")
            kept[name] = list(value)
        elif is_scalar(value):
            kept[name] = value
        else:
            raise VariableRefused(f"流程变量 {name} 只能是简短的文字、数、是否、空值，或它们的列表。")
    return kept


@lru_cache(maxsize=4096)
def is_name(name: object) -> bool:
    """Tell whether a variable may be called so; cached, for it is asked of every variable at every step."""
    return isinstance(name, str) and name.isidentifier() and len(name) <= NAME_LIMIT


def is_scalar(value: object) -> bool:
    """Tell whether a value is a scalar the state keeps exactly."""
    if isinstance(value, str):
        return len(value) <= TEXT_LIMIT
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, Decimal):
        return value.is_finite() and len(str(value)) <= NAME_LIMIT
    return isinstance(value, float) and math.isfinite(value)
