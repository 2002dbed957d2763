"""A decision table as the editor has it and as DMN is written: one does not lose what the other says.

Only what we execute is written: one decision, one table, cells in the language of `bpmn.expressions`, columns of what
`bpmn.table_columns` offers.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr  # nosec B406  # writes, reads nothing

from bpmn.decision_checks import labels_of, samples_of, together
from bpmn.decisions import Column, DecisionTable, HitPolicy, read_table, table_of
from bpmn.engine.xml import DMN, read_tree
from bpmn.refusals import ActRefused
from bpmn.table_columns import columns_of, offered, policy_of

_ID = re.compile(r"[^\W\d][\w.\-]{0,79}")
_COMPARISON = re.compile(r"(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)")
_COMPARED: Mapping[str, str] = {">=": "不少于", "<=": "不多于", ">": "多于", "<": "少于"}
_TRUTHS: Mapping[str, str] = {"true": "是", "false": "否", "-": "任意"}
_PAIRS = 20
_LONG = 1000


def model_of(text: str) -> dict[str, Any]:
    """Return a table as the editor has it; raises DiagramProblems for a file that is none."""
    table = read_table(text.encode())
    decision, _ = table_of(read_tree(text.encode()))
    described = decision.find("description")
    return {
        "id": table.id,
        "name": table.name,
        "description": described.text.strip() if described else "",
        "policy": table.policy,
        "inputs": [column_model(each) for each in table.inputs],
        "outputs": [column_model(each) for each in table.outputs],
        "rules": [
            {
                "id": rule.id,
                "description": rule.description,
                "cells": [cell.text for cell in rule.cells],
                "answers": [each.source if each else "" for each in rule.answers],
            }
            for rule in table.rules
        ],
    }


def column_model(column: Column) -> dict[str, Any]:
    """Return a column as the editor has it, its values with the words people read."""
    values = [tests[0].operand.constant for tests in column.values.alternatives] if column.values else []
    return {
        "id": column.id,
        "label": column.label,
        "name": column.name,
        "kind": column.kind,
        "values": [{"value": str(each), "label": label} for each, label in zip(values, labels_of(values), strict=True)],
    }


def cell_words(column: Column, text: str) -> str:
    """Say a cell in the words of its column's values; one that says more stays as it is written."""
    known = {**{f'"{each["value"]}"': each["label"] for each in column_model(column)["values"]}, **_TRUTHS}
    found = _COMPARISON.fullmatch(text)
    if found:
        return f"{_COMPARED[found[1]]} {found[2]}"
    return "、".join(known.get(each.replace("'", '"'), each.strip("\"'")) for each in text.split(", ")) if text else ""


def text_of_model(model: Mapping[str, Any], old: str, stem: str) -> str:
    """Return the DMN of an edited table called `stem`, which was `old` before.

    Raises ActRefused for what no editor of ours sends, and DiagramProblems for rules that cannot be read.
    """
    before, may = read_table(old.encode()), offered(stem)
    inputs = columns_of(model.get("inputs"), before.inputs, may.inputs)
    outputs = before.outputs if may.fixed else columns_of(model.get("outputs"), before.outputs, may.outputs)
    rules, description = model.get("rules"), model.get("description", "")
    if not isinstance(rules, list) or not isinstance(description, str) or not all(map(_whole, rules)):
        raise ActRefused("决策表的内容不完整，没有保存")
    written = "".join(_rule_text(each, len(inputs), len(outputs)) for each in rules)
    text = _HEAD.format(
        dmn=DMN,
        definitions=quoteattr(f"{before.id}_definitions"),
        space=quoteattr(f"urn:sigeyipi:{before.id}"),
        id=quoteattr(before.id),
        table=quoteattr(f"{before.id}_table"),
        name=quoteattr(str(model.get("name") or before.name)[:120]),
        description=escape(description),
        policy=policy_of(model.get("policy"), before.policy, fixed=may.fixed),
        columns="".join(_columns_text(inputs, outputs)),
        rules=written,
    )
    read_table(text.encode())
    return text


_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="{dmn}" id={definitions} name={name} namespace={space}>
  <decision id={id} name={name}>
    <description>{description}</description>
    <decisionTable id={table} hitPolicy="{policy}">
{columns}{rules}    </decisionTable>
  </decision>
</definitions>
"""


def blank_table(stem: str, title: str) -> str:
    """Return a table of one rule to begin with, which looks at the class and gives a verdict."""
    may = offered(stem)
    return _HEAD.format(
        dmn=DMN,
        definitions=quoteattr(f"{stem}_definitions"),
        space=quoteattr(f"urn:sigeyipi:{stem}"),
        id=quoteattr(stem),
        table=quoteattr(f"{stem}_table"),
        name=quoteattr(title),
        description="",
        policy=HitPolicy.FIRST,
        columns="".join(_columns_text((may.inputs["category"],), (may.outputs["verdict"],))),
        rules=_rule_text({"id": "rule_1", "cells": [""], "answers": ['""']}, 1, 1),
    )


def _columns_text(inputs: Sequence[Column], outputs: Sequence[Column]) -> Iterator[str]:
    for each in inputs:
        asked = f"<inputExpression typeRef={quoteattr(each.kind)}><text>{escape(each.name)}</text></inputExpression>"
        inside = asked + _values_text(each, "inputValues")
        yield f"      <input id={quoteattr(each.id)} label={quoteattr(each.label)}>{inside}</input>\n"
    for each in outputs:
        head = f"id={quoteattr(each.id)} label={quoteattr(each.label)} name={quoteattr(each.name)}"
        yield f"      <output {head} typeRef={quoteattr(each.kind)}>{_values_text(each, 'outputValues')}</output>\n"


def _values_text(column: Column, tag: str) -> str:
    text = column.values.text if column.values else ""
    return f"<{tag}><text>{escape(text)}</text></{tag}>" if text else ""


def _whole(rule: Any) -> bool:
    if not isinstance(rule, Mapping) or not _ID.fullmatch(str(rule.get("id", ""))):
        return False
    texts = [rule.get("description", ""), *rule.get("cells", [None]), *rule.get("answers", [None])]
    return all(isinstance(each, str) and len(each) <= _LONG for each in texts)


def _rule_text(rule: Mapping[str, Any], input_count: int, output_count: int) -> str:
    if len(rule["cells"]) != input_count or len(rule["answers"]) != output_count:
        raise ActRefused("决策表的格数与列数不符，没有保存")
    cells = [f"<inputEntry><text>{escape(each)}</text></inputEntry>" for each in rule["cells"]]
    cells += [f"<outputEntry><text>{escape(each)}</text></outputEntry>" for each in rule["answers"]]
    described = f"<description>{escape(rule.get('description', ''))}</description>"
    return f"      <rule id={quoteattr(rule['id'])}>{described}{''.join(cells)}</rule>\n"


def meeting_rules(table: DecisionTable) -> list[tuple[int, int]]:
    """Return pairs of rules, by number, that may hold together with different first answers; of a COLLECT table."""
    if table.policy is not HitPolicy.COLLECT:
        return []
    samples = [samples_of(table, number) for number in range(len(table.inputs))]
    found = []
    for (left, first), (right, second) in itertools.combinations(enumerate(table.rules, 1), 2):
        differs = (first.answers[0] and first.answers[0].source) != (second.answers[0] and second.answers[0].source)
        if differs and all(together(a, b, k) for a, b, k in zip(first.cells, second.cells, samples, strict=True)):
            found.append((left, right))
    return found[:_PAIRS]
