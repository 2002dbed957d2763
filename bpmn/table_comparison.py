"""What differs between two versions of a decision table: its name, description, policy, columns and rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bpmn.decisions import Column, DecisionTable, HitPolicy, read_table, table_of
from bpmn.difference import TABLE_PART, ChangeKind, Difference
from bpmn.engine import DiagramProblems
from bpmn.engine.xml import Node, read_tree
from bpmn.table_writing import cell_words
from bpmn.wording import VARIABLES

POLICIES: Mapping[HitPolicy, str] = {
    HitPolicy.UNIQUE: "只能有一条规则成立",
    HitPolicy.FIRST: "取第一条成立的规则",
    HitPolicy.COLLECT: "取全部成立的规则",
}
_TYPES = {"string": "文字", "number": "数", "integer": "数", "double": "数", "boolean": "是或否", "date": "日期"}


def table_title(content: str, stem: str) -> str:
    """Return what a table is called; its own name in the bundle where it cannot be read."""
    try:
        return read_table(content.encode()).name or stem
    except DiagramProblems:
        return stem


def table_changes(old: str, new: str, stem: str) -> Iterator[Difference]:
    """Yield what changed in a table; that its content changed where either version cannot be read."""
    try:
        before, after = read_table(old.encode()), read_table(new.encode())
    except DiagramProblems:
        yield Difference(ChangeKind.CHANGED, TABLE_PART, "", stem, "内容")
        return
    said = (
        ("名称", before.name, after.name),
        ("说明", _description(old), _description(new)),
        ("命中策略", POLICIES[before.policy], POLICIES[after.policy]),
    )
    for what, left, right in said:
        if left != right:
            yield Difference(ChangeKind.CHANGED, TABLE_PART, "", after.name, what, left, right)
    yield from _columns("条件列", before.inputs, after.inputs, after.name)
    yield from _columns("结论列", before.outputs, after.outputs, after.name)
    yield from _rules(before, after)


def _description(content: str) -> str:
    """Return what a table says of itself: the description of its decision, else of the table."""
    decision, table = table_of(read_tree(content.encode()))
    return next((text for text in (_text(decision), _text(table)) if text), "")


def _text(node: Node) -> str:
    found = node.find("description")
    return found.text.strip() if found else ""


def _columns(word: str, before: tuple[Column, ...], after: tuple[Column, ...], name: str) -> Iterator[Difference]:
    """Yield the columns that are new, gone, renamed, of another type or another place."""
    left, right = {each.id: each for each in before}, {each.id: each for each in after}
    for gone in (each for each in before if each.id not in right):
        yield Difference(ChangeKind.REMOVED, TABLE_PART, "", name, f"{word}“{_label(gone)}”", _whole(gone))
    for fresh in (each for each in after if each.id not in left):
        yield Difference(ChangeKind.ADDED, TABLE_PART, "", name, f"{word}“{_label(fresh)}”", "", _whole(fresh))
    for each in (right[key] for key in left if key in right):
        was = left[each.id]
        said = (
            ("名称", _label(was), _label(each)),
            ("取值来源" if each.expression or was.expression else "变量", _about(was), _about(each)),
            ("类型", _type(was), _type(each)),
            ("可取的值", was.values.text if was.values else "", each.values.text if each.values else ""),
        )
        for what, old, new in said:
            if old != new:
                told = f"{word}“{_label(each)}”的{what}"
                yield Difference(ChangeKind.CHANGED, TABLE_PART, "", name, told, old or "任意", new or "任意")
    order = [key for key in left if key in right], [key for key in right if key in left]
    if order[0] != order[1]:
        sides = ["、".join(_label(side[key]) for key in keys) for keys, side in zip(order, (left, right), strict=True)]
        yield Difference(ChangeKind.MOVED, TABLE_PART, "", name, f"{word}的顺序", *sides)


def _label(column: Column) -> str:
    return column.label or column.name


def _about(column: Column) -> str:
    return VARIABLES.get(column.name, column.name)


def _type(column: Column) -> str:
    return _TYPES.get(column.kind, column.kind)


def _whole(column: Column) -> str:
    about, kind = _about(column), _type(column)
    return "，".join(each for each in (about if about != _label(column) else "", kind) if each)


def _rules(before: DecisionTable, after: DecisionTable) -> Iterator[Difference]:
    rows = _rows(before), _rows(after)
    for rule in [*rows[0], *(each for each in rows[1] if each not in rows[0])]:
        left, right = rows[0].get(rule), rows[1].get(rule)
        if left is not None and right is not None:
            shared = [key for key in left if key in right and left[key] != right[key]]
            if not shared:
                continue  # what came or went with a column is told there
            kind, cells = ChangeKind.CHANGED, shared
        else:
            kind = ChangeKind.ADDED if left is None else ChangeKind.REMOVED
            cells = list(right or left or {})
        sides = [_cells(side, cells) for side in (left, right)]
        yield Difference(kind, TABLE_PART, "", after.name, f"规则 {_place(before, after, rule)}", *sides)
    kept = [key for key in rows[0] if key in rows[1]]
    if kept != [key for key in rows[1] if key in rows[0]]:
        yield Difference(ChangeKind.MOVED, TABLE_PART, "", after.name, "规则的顺序")


def _cells(side: Mapping[str, tuple[str, str]] | None, keys: list[str]) -> str:
    """Say a rule's cells by the labels of their columns."""
    return "" if side is None else "；".join(f"{side[key][0]}：{side[key][1] or '任意'}" for key in keys if key in side)


def _rows(table: DecisionTable) -> dict[str, dict[str, tuple[str, str]]]:
    """Return the cells of every rule, by rule and column: (what the column is called, what stands in it)."""
    columns = (*table.inputs, *table.outputs)
    return {
        rule.id: {
            "": ("说明", rule.description),
            **{
                column.id: (_label(column), cell_words(column, text))
                for column, text in zip(
                    columns,
                    [*(cell.text for cell in rule.cells), *(each.source if each else "" for each in rule.answers)],
                    strict=True,
                )
            },
        }
        for rule in table.rules
    }


def _place(before: DecisionTable, after: DecisionTable, rule: str) -> str:
    for table in (after, before):
        for number, each in enumerate(table.rules, 1):
            if each.id == rule:
                return str(number)
    return rule
