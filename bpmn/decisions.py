"""Decision tables (DMN 1.3) with semantics of our own: what a table says is what it does.

Hit policies UNIQUE, FIRST and COLLECT without aggregation. Cells are written in the language of
`bpmn.expressions`; an input cell is a list of tests, of which one must hold: a value, a comparison such
as `>= 2`, an interval such as `[1..5)`, `not(…)`, or `-` for whatever it may be.
"""

import hashlib
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from bpmn.engine.problems import DiagramProblems, Problem, error
from bpmn.engine.xml import DMN, Node, read_tree
from bpmn.expressions import LENGTH_LIMIT, Expression, ExpressionError, compile_expression

Read = TypeVar("Read")

RULE_LIMIT = 200
COLUMN_LIMIT = 40

COMPARE: Mapping[str, Callable[..., object]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
}
COMPARISON = re.compile(r"(<=|>=|!=|==|<|>|=)(?!=)\s*(.+)", re.DOTALL)
INTERVAL = re.compile(r"([\[(\]])\s*(.+?)\s*\.\.\s*(.+?)\s*([\])\[])", re.DOTALL)
NEGATION = re.compile(r"not\s*\((.*)\)", re.DOTALL)


class HitPolicy(StrEnum):
    """How many rules may answer: exactly one, the first in the table's order, or all that apply."""

    UNIQUE = "UNIQUE"
    FIRST = "FIRST"
    COLLECT = "COLLECT"


class AmbiguousDecision(ValueError):
    """Two rules of a UNIQUE table apply to the same case."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a cell; `(`, `)` of an interval are two tests that must hold together."""

    compare: str
    operand: Expression

    def holds(self, value: object, variables: Mapping[str, object]) -> bool:
        """Tell whether a value passes; what is not known yet (None) passes only a test for it."""
        operand = self.operand.value(variables, {})
        if self.compare in ("=", "==", "!="):
            same = value == operand and isinstance(value, bool) == isinstance(operand, bool)
            return same if self.compare != "!=" else not same
        if value is None or operand is None:
            return False
        try:
            return bool(COMPARE[self.compare](plain_number(value), plain_number(operand)))
        except TypeError as problem:
            raise ExpressionError(f"不能比较“{value}”和“{operand}”。") from problem


@dataclass(frozen=True, slots=True)
class Cell:
    """An input cell: any of its alternatives, each a tuple of tests that hold together; none means anything goes."""

    text: str
    alternatives: tuple[tuple[Comparison, ...], ...]
    negated: bool = False

    def holds(self, value: object, variables: Mapping[str, object]) -> bool:
        """Tell whether a value passes the cell."""
        if not self.alternatives:
            return True
        passed = any(all(test.holds(value, variables) for test in tests) for tests in self.alternatives)
        return passed is not self.negated


@dataclass(frozen=True, slots=True)
class Column:
    """An input or an output of a table; `name` is the output's variable or the input's expression as written."""

    id: str
    label: str
    name: str
    kind: str
    values: Cell | None
    expression: Expression | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One row as written."""

    id: str
    description: str
    cells: tuple[Cell, ...]
    answers: tuple[Expression | None, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One answer: the rule that gave it and the values of the outputs by name."""

    rule: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class DecisionTable:
    """A deployed table; immutable."""

    sha256: str
    id: str
    name: str
    policy: HitPolicy
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rules: tuple[Rule, ...] = field(repr=False)

    @property
    def names(self) -> frozenset[str]:
        """The variables the table looks at."""
        cells = [
            test.operand for rule in self.rules for cell in rule.cells for tests in cell.alternatives for test in tests
        ]
        answers = [answer for rule in self.rules for answer in rule.answers if answer]
        asked = [column.expression for column in self.inputs if column.expression]
        return frozenset[str]().union(*(expression.names for expression in [*asked, *cells, *answers]))

    def decide(self, variables: Mapping[str, object]) -> tuple[Row, ...]:
        """Return the answers for these variables in the table's order, none when no rule applies.

        Raises `AmbiguousDecision` for a UNIQUE table two rules of which apply and `ExpressionError` when
        a variable is missing or cannot be compared.
        """
        values = [column.expression.value(variables, {}) if column.expression else None for column in self.inputs]
        rows = []
        for rule in self.rules:
            if all(cell.holds(value, variables) for cell, value in zip(rule.cells, values, strict=True)):
                rows.append(self.answer(rule, variables))
                if self.policy is HitPolicy.FIRST:
                    break
        if self.policy is HitPolicy.UNIQUE and len(rows) > 1:
            raise AmbiguousDecision(
                f"决策表“{self.name}”有 {len(rows)} 条规则同时成立：{'、'.join(r.rule for r in rows)}。"
            )
        return tuple(rows)

    def answer(self, rule: Rule, variables: Mapping[str, object]) -> Row:
        """Compute the outputs of one rule."""
        pairs = zip(self.outputs, rule.answers, strict=True)
        return Row(rule.id, MappingProxyType({c.name: a.value(variables, {}) if a else None for c, a in pairs}))


def plain_number(value: object) -> object:
    """Let decimals and binary fractions be compared exactly."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def read_table(xml: bytes) -> DecisionTable:
    """Return the table in a DMN file with one decision; raises `DiagramProblems` with everything found."""
    root = read_tree(xml)
    decision, table = table_of(root)
    problems: list[Problem] = []
    policy = table.get("hitPolicy") or "UNIQUE"
    if policy not in HitPolicy.__members__ or table.get("aggregation"):
        message = f"不支持命中策略“{policy} {table.get('aggregation')}”。"
        problems.append(error("hit_policy", message, "可用 UNIQUE、FIRST 或不带汇总的 COLLECT。", table.get("id")))
        policy = "UNIQUE"
    inputs = tuple(input_of(node, problems) for node in table.all("input"))
    outputs = tuple(output_of(node, problems) for node in table.all("output"))
    rules = tuple(rule_of(node, number, inputs, outputs, problems) for number, node in enumerate(table.all("rule"), 1))
    problems += size_problems(table, inputs, outputs, rules)
    if problems:
        raise DiagramProblems(tuple(problems))
    name = decision.get("name") or decision.get("id")
    digest = hashlib.sha256(xml).hexdigest()
    return DecisionTable(digest, decision.get("id"), name, HitPolicy(policy), inputs, outputs, rules)


def table_of(root: Node) -> tuple[Node, Node]:
    """Return the one decision of a file and its table."""
    if root.space != DMN or root.tag != "definitions":
        raise refused("not_dmn", "文件不是 DMN 1.3 决策表。", "请上传扩展名为 .dmn 的文件。")
    decisions = root.all("decision")
    if len(decisions) != 1:
        raise refused("decision_count", f"文件里应当恰好有一个决策，现有 {len(decisions)} 个。", "请每个文件只放一个。")
    table = decisions[0].find("decisionTable")
    if table is None:
        raise refused("no_table", "决策里没有决策表。", "请用决策表表达，不用字面表达式。")
    return decisions[0], table


def refused(code: str, message: str, remedy: str) -> DiagramProblems:
    """Build the refusal of a whole file."""
    return DiagramProblems((error(code, message, remedy),))


def size_problems(
    table: Node, inputs: tuple[Column, ...], outputs: tuple[Column, ...], rules: tuple[Rule, ...]
) -> list[Problem]:
    """Say where a table is empty, too big or names an output twice."""
    where = table.get("id")
    problems = []
    if not inputs or not outputs or not rules:
        problems.append(error("empty_table", "决策表缺少输入、输出或规则。", "请补全。", where))
    if len(rules) > RULE_LIMIT or len(inputs) + len(outputs) > COLUMN_LIMIT:
        message = f"决策表过大：最多 {RULE_LIMIT} 条规则、{COLUMN_LIMIT} 列。"
        problems.append(error("too_big", message, "请拆分决策表。", where))
    names = [column.name for column in outputs]
    if len(set(names)) < len(names):
        problems.append(error("duplicate_output", "有两个输出同名。", "请给每个输出不同的名称。", where))
    ids = [rule.id for rule in rules]
    if len(set(ids)) < len(ids):
        problems.append(error("duplicate_id", "有两条规则编号相同。", "请给每条规则不同的编号。", where))
    return problems


def text_of(node: Node | None) -> str:
    """Return what stands in an entry's `text`."""
    written = node.find("text") if node else None
    return written.text.strip() if written else ""


def input_of(node: Node, problems: list[Problem]) -> Column:
    """Read an input column."""
    asked = node.find("inputExpression")
    text = text_of(asked)
    expression = attempt(partial(compile_expression, text), node, f"输入“{node.get('label')}”的表达式", problems)
    allowed = attempt(partial(read_cell, text_of(node.find("inputValues"))), node, "输入的取值", problems)
    kind = asked.get("typeRef") if asked else ""
    return Column(node.get("id"), node.get("label"), text, kind, allowed, expression)


def output_of(node: Node, problems: list[Problem]) -> Column:
    """Read an output column."""
    name = node.get("name")
    if not name.isidentifier():
        problems.append(
            error("output_name", f"输出“{node.get('label')}”没有可用的名称。", "请填写名称。", node.get("id"))
        )
    allowed = attempt(partial(read_cell, text_of(node.find("outputValues"))), node, "输出的取值", problems)
    return Column(node.get("id"), node.get("label"), name, node.get("typeRef"), allowed)


def rule_of(
    node: Node, number: int, inputs: tuple[Column, ...], outputs: tuple[Column, ...], problems: list[Problem]
) -> Rule:
    """Read one row."""
    entries, answers = node.all("inputEntry"), node.all("outputEntry")
    if len(entries) != len(inputs) or len(answers) != len(outputs):
        message = f"第 {number} 条规则的格数与列数不符。"
        problems.append(error("cell_count", message, "请重新从决策表编辑器导出。", node.get("id")))
    what = f"第 {number} 条规则"
    cells = tuple(attempt(partial(read_cell, text_of(e)), e, what, problems) or Cell("", ()) for e in entries)
    results = tuple(attempt(partial(read_answer, text_of(e)), e, what, problems) for e in answers)
    described = node.find("description")
    return Rule(node.get("id") or f"rule_{number}", described.text.strip() if described else "", cells, results)


def attempt(read: Callable[[], Read], node: Node, what: str, problems: list[Problem]) -> Read | None:
    """Read one text, noting what is wrong with it instead of stopping."""
    try:
        return read()
    except ExpressionError as problem:
        problems.append(error("cell", f"{what}有误：{problem}", "请修改这一格。", node.get("id"), node.get("label")))
        return None


def read_answer(text: str) -> Expression | None:
    """Read an output cell; empty means no value."""
    return compile_expression(text) if text and text != "-" else None


def read_cell(text: str) -> Cell:
    """Read an input cell; raises `ExpressionError`."""
    if text in ("", "-"):
        return Cell(text, ())
    if len(text) > LENGTH_LIMIT:
        raise ExpressionError(f"一格里最多 {LENGTH_LIMIT} 个字符。")
    negation = NEGATION.fullmatch(text)
    inner = negation[1] if negation else text
    return Cell(text, tuple(read_tests(part) for part in split(inner)), negated=negation is not None)


def read_tests(text: str) -> tuple[Comparison, ...]:
    """Read one alternative of a cell."""
    interval = INTERVAL.fullmatch(text)
    if interval:
        low, high = compile_expression(interval[2]), compile_expression(interval[3])
        return (
            Comparison(">=" if interval[1] == "[" else ">", low),
            Comparison("<=" if interval[4] == "]" else "<", high),
        )
    comparison = COMPARISON.fullmatch(text)
    if comparison:
        return (Comparison(comparison[1], compile_expression(comparison[2])),)
    return (Comparison("=", compile_expression(text)),)


def split(text: str) -> list[str]:
    """Cut a cell at the commas outside quotes and brackets; raises `ExpressionError` for an empty part."""
    parts, depth, quote, begin = [], 0, "", 0
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append(text[begin:place].strip())
            begin = place + 1
    parts.append(text[begin:].strip())
    if not all(parts):
        raise ExpressionError(f"“{text}”里有空的一项。")
    return parts
