"""Which columns a decision table may have: what it can look at and what it can answer, with the words people read.

The classification looks at what a survey found and answers what the steps ask of it (C1–C5): its inputs can be left
out and taken back, its outputs and its policy are the release's. Every other table looks at variables of the case and
sets some of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from bpmn.condition_words import VariableKind, fixed_words, variable_kind
from bpmn.decisions import Column, DecisionTable, HitPolicy, read_cell, read_table
from bpmn.deployment import shipped_bundle
from bpmn.refusals import ActRefused
from bpmn.surroundings import CLASSIFICATION
from bpmn.wording import VARIABLES

_KINDS: Mapping[VariableKind, str] = {VariableKind.TRUTH: "boolean", VariableKind.NUMBER: "number"}


@dataclass(frozen=True)
class Offered:
    """The columns that can be added, by name; `fixed` where outputs and policy are not the administrator's."""

    inputs: Mapping[str, Column]
    outputs: Mapping[str, Column]
    fixed: bool


def offered(stem: str) -> Offered:
    """Return what a table of this name may be made of."""
    if stem == CLASSIFICATION:
        return Offered({each.name: each for each in _shipped().inputs}, {}, fixed=True)
    names = [name for name in VARIABLES if variable_kind(name) is not VariableKind.LIST]
    return Offered(
        {name: _column("input", name) for name in names}, {name: _column("output", name) for name in names}, fixed=False
    )


@cache
def _shipped() -> DecisionTable:
    return read_table(shipped_bundle().decisions[CLASSIFICATION].encode())


def _column(side: str, name: str) -> Column:
    words = fixed_words(name)
    values = read_cell(",".join(f'"{each}"' for each in words)) if words else None
    return Column(f"{side}_{name}", VARIABLES[name], name, _KINDS.get(variable_kind(name), "string"), values)


def columns_of(told: Any, before: Sequence[Column], known: Mapping[str, Column]) -> tuple[Column, ...]:
    """Return the columns an editor asks for: those the table has, and those it may have, called as it calls them.

    Raises ActRefused for any other, for one that is there twice, and where none is left.
    """
    held = {each.name: each for each in before}
    found = []
    for each in told if isinstance(told, list) else ():
        name, label = (str(each.get(key, "")) for key in ("name", "label")) if isinstance(each, Mapping) else ("", "")
        column = held.get(name) or known.get(name)
        if column is None:
            raise ActRefused("决策表里有不能用的列，没有保存")
        found.append(replace(column, label=label.strip()[:60] or column.label))
    if not found:
        raise ActRefused("决策表至少要有一列条件和一列结论，没有保存")
    if len({each.name for each in found}) < len(found):
        raise ActRefused("决策表里有两列相同，没有保存")
    return tuple(found)


def policy_of(told: Any, before: HitPolicy, *, fixed: bool) -> HitPolicy:
    """Return the policy an editor asks for; that of before where it is the release's or none is asked for."""
    return HitPolicy(told) if not fixed and told in set(HitPolicy) else before
