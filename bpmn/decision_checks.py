"""What is wrong with a decision table that can be read: rules that overlap, cases nobody thought of, unknown names.

A column's cells divide its values into finitely many kinds; one sample of each is tried, so the answers
are exact as long as the cells hold literals only.
"""

import itertools
import math
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

from bpmn.decisions import Cell, Column, DecisionTable, HitPolicy, Rule, read_table
from bpmn.engine.problems import DiagramProblems, Problem, Severity, error, warning
from bpmn.expressions import PUBLISHED, ExpressionError
from ledger import vocabulary
from ledger.vocabulary import Term

SAMPLE_LIMIT = 20_000
NEARBY = Decimal("0.000001")
OTHER_TEXT = "（其他）"


def check_table(xml: bytes, names: Collection[str] = PUBLISHED) -> list[Problem]:
    """Return every problem of a DMN file, errors first; `names` are the variables it may look at."""
    try:
        table = read_table(xml)
    except DiagramProblems as refusal:
        return list(refusal.problems)
    problems = [*name_problems(table, frozenset(names)), *answer_problems(table), *overlap_problems(table)]
    problems += gap_problems(table)
    return sorted(problems, key=lambda problem: problem.severity is Severity.WARNING)


def name_problems(table: DecisionTable, names: frozenset[str]) -> Iterator[Problem]:
    unknown = sorted(table.names - names)
    if unknown:
        message = f"决策表用到了未公布的变量：{'、'.join(unknown)}。"
        yield error("unknown_variable", message, "请改用已公布的变量名。", table.id, table.name)


def answer_problems(table: DecisionTable) -> Iterator[Problem]:
    for number, rule in enumerate(table.rules, 1):
        for column, answer in zip(table.outputs, rule.answers, strict=True):
            value = answer.constant if answer else None
            if value is not None and column.values and not may_hold(column.values, value):
                message = f"规则 {number} 的结论“{column.label}”不在允许的取值里：{value}。"
                allowed = "、".join(labels_of([tests[0].operand.constant for tests in column.values.alternatives]))
                yield error("bad_output", message, f"可取：{allowed}。", rule.id, column.label)


def overlap_problems(table: DecisionTable) -> Iterator[Problem]:
    """Two rules of a UNIQUE table that can hold together."""
    if table.policy is not HitPolicy.UNIQUE:
        return
    samples = [samples_of(table, number) for number in range(len(table.inputs))]
    for (one, first), (other, second) in itertools.combinations(enumerate(table.rules, 1), 2):
        if all(together(a, b, kinds) for a, b, kinds in zip(first.cells, second.cells, samples, strict=True)):
            remedy = "请收紧其中一条的条件，或者在“几条规则同时成立时”里改选。"
            yield error("overlap", f"规则 {one} 和 {other} 可能同时成立。", remedy, second.id, table.name)


def labels_of(values: Sequence[Any]) -> list[str]:
    """Return the words people read for the identifiers of one of the scheme's closed lists; else the values."""
    wanted = {str(each) for each in values}
    for each in vars(vocabulary).values():
        if isinstance(each, type) and issubclass(each, Term) and each is not Term and wanted and wanted <= set(each):
            return [each(str(value)).label for value in values]
    return [str(each) for each in values]


def _said(column: Column, value: object) -> str:
    if isinstance(value, bool):
        return "“是”" if value else "“否”"
    allowed = [tests[0].operand.constant for tests in column.values.alternatives] if column.values else []
    words = dict(zip(allowed, labels_of(allowed), strict=True))
    return f"“{words.get(value, value)}”"


def may_hold(cell: Cell, value: object) -> bool:
    """Tell whether a value passes a cell; assumed when it cannot be tried."""
    try:
        return cell.holds(value, {})
    except ExpressionError:
        return True


def together(first: Cell, second: Cell, samples: list[object]) -> bool:
    """Tell whether one value can pass both cells; assumed when they cannot be tried."""
    return any(may_hold(first, sample) and may_hold(second, sample) for sample in samples)


def gap_problems(table: DecisionTable) -> Iterator[Problem]:
    """A case no rule answers, told by an example, and a rule that never answers; COLLECT tables may have both."""
    if table.policy is HitPolicy.COLLECT:
        return
    samples = [samples_of(table, number) for number in range(len(table.inputs))]
    if math.prod(len(kinds) for kinds in samples) > SAMPLE_LIMIT:
        yield warning("not_explored", "决策表过大，没有检查是否有遗漏的情形。", "请人工核对。", table.id, table.name)
        return
    answering: set[str] = set()
    gap: tuple[object, ...] | None = None
    for case in itertools.product(*samples):
        rule = next((rule for rule in table.rules if applies(rule, case)), None)
        if rule is not None:
            answering.add(rule.id)
        elif gap is None and None not in case:
            gap = case
    if gap is not None:
        pairs = zip(table.inputs, gap, strict=True)
        told = "，".join(f"“{column.label or column.name}”为{_said(column, value)}" for column, value in pairs)
        yield warning("gap", f"没有规则对应这种情形：{told}。", "请补一条规则。", table.id, table.name)
    for number, rule in enumerate(table.rules, 1):
        if rule.id not in answering:
            message = f"规则 {number} 永远轮不到：前面的规则已经包括了它的情形。"
            yield warning("masked", message, "请调整规则的顺序或条件。", rule.id, table.name)


def applies(rule: Rule, case: tuple[object, ...]) -> bool:
    """Tell whether a rule answers a sample case; assumed when it cannot be tried."""
    return all(may_hold(cell, value) for cell, value in zip(rule.cells, case, strict=True))


def samples_of(table: DecisionTable, number: int) -> list[object]:
    """Return one value of each kind the cells of a column tell apart, None among them."""
    column = table.inputs[number]
    cells = [rule.cells[number] for rule in table.rules]
    literals = {test.operand.constant for cell in cells for tests in cell.alternatives for test in tests}
    return [None, *kinds_of(column, literals - {None})]


def kinds_of(column: Column, literals: set[object]) -> list[object]:
    """Return the sample values of a column by its type."""
    if column.kind == "boolean":
        return [True, False]
    if column.kind in ("number", "integer", "long", "double"):
        numbers = sorted({Decimal(str(n)) for n in literals if isinstance(n, int | Decimal)})
        near = {n + step for n in numbers for step in (-NEARBY, 0, NEARBY)} or {Decimal(0)}
        return sorted(near)  # type: ignore[return-value] # a list of decimals is a list of objects
    if column.values and column.values.alternatives and not column.values.negated:
        return [tests[0].operand.constant for tests in column.values.alternatives]
    return [*sorted(literals, key=str), OTHER_TEXT]
