"""The small language in which a diagram states conditions, timers and collections.

It looks like Python and is none of it: the source is parsed to a syntax tree, held against an
allow-list and then walked by this module, so that no text of a diagram is ever run as a program.
There are no attributes, no indexing and no calls but a few named functions. Numbers with a
fraction are decimals, as money is; what cannot be compared or computed is an error, never a guess.
"""

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

LENGTH_LIMIT = 1000
NODE_LIMIT = 200
DEPTH_LIMIT = 20
BRACKET_LIMIT = 60
LITERAL_LIMIT = 10**15
RESULT_LIMIT = Decimal(10) ** 30

BUILT_IN: Mapping[str, Callable[..., object]] = {
    "len": len,
    "min": min,
    "max": max,
    "abs": abs,
    "count": lambda values, wanted: list(values).count(wanted),
}
GIVEN = frozenset({"publicity_end", "campaign_end", "working_days_end", "today"})
"""Functions the surroundings of a run supply; see `bpmn.runtime`."""

FUNCTIONS = frozenset(BUILT_IN) | GIVEN

PUBLISHED = frozenset(
    {
        "level",
        "suggested_category",
        "category",
        "previous_category",
        "verdict",
        "approved",
        "needs_assessment",
        "objection_open",
        "objection_upheld",
        "exit_proposed",
        "exit_decided",
        "write_off_proposed",
        "write_off_approved",
        "reached",
        "round",
        "reviewing_bodies",
        "amount_yuan",
        "unit_posted_on",
        "site_posted_on",
        "plan_due_on",
        "exit_due_on",
        "consulted",
        "business_unit",
    }
)
"""Variables every case has and a condition may name (spec/procedure.md)."""

COUNTED = frozenset({"nr_total", "nr_done", "nr_open", "results"})
"""What the completion condition of a joint activity may name besides: how many take part, are done, are not,
and what those who are done decided (the variable named by `sgyp:result`, in the order they were done)."""

WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
"""Spellings that decision tables and other editors use for Python's constants."""

COMPARISONS: Mapping[type[ast.cmpop], Callable[..., object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, whole: item in whole,
    ast.NotIn: lambda item, whole: item not in whole,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
ARITHMETIC: Mapping[type[ast.operator], Callable[..., object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: Decimal(left) / Decimal(right),
}


class ExpressionError(ValueError):
    """An expression that may not be used, or that has no value now; the message is a Chinese sentence."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as written: `arguments` holds the constants, None where an argument is computed."""

    name: str
    arguments: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression; immutable, so that one may serve any number of runs."""

    source: str
    names: frozenset[str]
    calls: tuple[Call, ...]
    tree: ast.expr = field(repr=False, compare=False)

    @property
    def constant(self) -> object:
        """The literal this expression consists of, or None when it must be computed."""
        return self.tree.value if isinstance(self.tree, ast.Constant) else None

    @property
    def plain(self) -> tuple[str, str | bool] | None:
        """The variable and the word or truth it is compared with, where the expression is no more than that."""
        match self.tree:
            case ast.Compare(ast.Name(name), [ast.Eq()], [ast.Constant(str() | bool() as wanted)]):
                return name, wanted
            case ast.Name(name):
                return name, True
            case ast.UnaryOp(ast.Not(), ast.Name(name)):
                return name, False
        return None

    def value(self, variables: Mapping[str, object], functions: Mapping[str, Callable[..., object]]) -> object:
        """Compute the value with these variables and functions; raises `ExpressionError` when there is none."""
        try:
            return Walk(variables, functions).value(self.tree)
        except ExpressionError as error:
            raise ExpressionError(f"表达式“{shorten(self.source)}”无法计算：{error}") from error
        except (TypeError, ValueError, ArithmeticError) as error:
            raise ExpressionError(f"表达式“{shorten(self.source)}”无法计算：类型不合或数值超出范围。") from error


def compile_expression(source: str, names: Collection[str] | None = None) -> Expression:
    """Check `source` against the language, and its variables against `names` when given.

    Raises `ExpressionError`. The result is cached by its text.
    """
    expression = _compiled(source)
    if names is not None:
        unknown = sorted(expression.names - frozenset(names))
        if unknown:
            raise ExpressionError(f"表达式“{shorten(source)}”用到了未公布的变量：{'、'.join(unknown)}。")
    return expression


@lru_cache(maxsize=4096)
def _compiled(source: str) -> Expression:
    text = source.strip()
    if not text:
        raise ExpressionError("表达式是空的。")
    if len(text) > LENGTH_LIMIT:
        raise ExpressionError(f"表达式过长，最多 {LENGTH_LIMIT} 个字符。")
    if text.count("(") + text.count("[") > BRACKET_LIMIT:
        raise ExpressionError(f"表达式“{shorten(text)}”括号过多。")
    if "\\" in text:
        raise ExpressionError(f"表达式“{shorten(text)}”里不允许反斜杠。")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = f"（第 {error.offset} 个字符附近）" if isinstance(error, SyntaxError) and error.offset else ""
        raise ExpressionError(f"表达式“{shorten(text)}”写法有误{place}。") from error
    survey = Survey(text)
    survey.visit(tree, 0)
    return Expression(source=text, names=frozenset(survey.names), calls=tuple(survey.calls), tree=survey.rewrite(tree))


def shorten(text: str, limit: int = 60) -> str:
    """Cut `text` for a message."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Survey:
    """Holds a syntax tree against the allow-list and collects what it names and calls."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.names: set[str] = set()
        self.calls: list[Call] = []
        self.count = 0

    def refuse(self, why: str) -> ExpressionError:
        return ExpressionError(f"表达式“{shorten(self.source)}”不能用：{why}。")

    def visit(self, node: ast.expr, depth: int) -> None:
        self.count += 1
        if self.count > NODE_LIMIT or depth > DEPTH_LIMIT:
            raise self.refuse("过于复杂")
        for child in self.parts(node):
            self.visit(child, depth + 1)

    def parts(self, node: ast.expr) -> list[ast.expr]:
        """Return the operands of an allowed node; raise for any other."""
        match node:
            case ast.Constant():
                return self.constant(node)
            case ast.Name():
                return self.name(node)
            case ast.BoolOp():
                return node.values
            case ast.UnaryOp(op=ast.Not() | ast.USub()):
                return [node.operand]
            case ast.Compare():
                return self.comparison(node)
            case ast.BinOp():
                return self.arithmetic(node)
            case ast.List() | ast.Tuple():
                return node.elts
            case ast.Call():
                return self.call(node)
        raise self.refuse(f"不允许这种写法（{type(node).__name__}）")

    def constant(self, node: ast.Constant) -> list[ast.expr]:
        value = node.value
        if not (value is None or type(value) in (bool, int, float, str)):
            raise self.refuse("不支持的常量")
        if type(value) in (int, float) and not -LITERAL_LIMIT <= value <= LITERAL_LIMIT:  # type: ignore[operator]
            raise self.refuse("数值过大")
        return []

    def name(self, node: ast.Name) -> list[ast.expr]:
        if node.id in WORDS:
            return []
        if node.id.startswith("_"):
            raise self.refuse("变量名不能以下划线开头")
        if node.id in FUNCTIONS:
            raise self.refuse(f"{node.id} 是函数，要带括号使用")
        self.names.add(node.id)
        return []

    def comparison(self, node: ast.Compare) -> list[ast.expr]:
        for how, right in zip(node.ops, node.comparators, strict=True):
            if type(how) not in COMPARISONS:
                raise self.refuse("不支持的比较")
            if isinstance(how, ast.Is | ast.IsNot) and not (isinstance(right, ast.Constant) and right.value is None):
                raise self.refuse("is 只能用于 None，比较值请用 ==")
        return [node.left, *node.comparators]

    def arithmetic(self, node: ast.BinOp) -> list[ast.expr]:
        if type(node.op) not in ARITHMETIC:
            raise self.refuse("只支持加减乘除")
        for side in (node.left, node.right):
            if isinstance(side, ast.List | ast.Tuple | ast.Compare | ast.BoolOp) or (
                isinstance(side, ast.Constant) and type(side.value) not in (int, float)
            ):
                raise self.refuse("算术只用于数值")
        return [node.left, node.right]

    def call(self, node: ast.Call) -> list[ast.expr]:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
            raise self.refuse("不允许调用这个函数")
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise self.refuse("函数的参数只能逐个写出")
        arguments = tuple(a.value if isinstance(a, ast.Constant) else None for a in node.args)
        self.calls.append(Call(node.func.id, arguments))
        return node.args

    def rewrite(self, tree: ast.expr) -> ast.expr:
        """Turn the alternative spellings into constants and fractions into decimals."""
        return Rewrite().visit(tree)  # type: ignore[no-any-return]


class Rewrite(ast.NodeTransformer):
    """Replaces `true` by True and 0.1 by the decimal one tenth."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(WORDS[node.id]) if node.id in WORDS else node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        # The tree is only ever walked here, so a decimal may stand where Python knows none.
        return ast.Constant(Decimal(repr(node.value))) if type(node.value) is float else node  # type: ignore[arg-type]


class Walk:
    """One computation: the tree is walked with these variables and functions."""

    def __init__(self, variables: Mapping[str, object], functions: Mapping[str, Callable[..., object]]) -> None:
        self.variables = variables
        self.functions = functions

    def value(self, node: ast.expr) -> object:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return self.variable(node.id)
            case ast.BoolOp():
                return self.either(node)
            case ast.UnaryOp():
                operand = self.value(node.operand)
                return not operand if isinstance(node.op, ast.Not) else -number(operand)
            case ast.Compare():
                return self.compare(node)
            case ast.BinOp():
                return self.compute(node)
            case ast.List() | ast.Tuple():
                return [self.value(element) for element in node.elts]
            case ast.Call():
                return self.call(node)
        raise AssertionError(node)

    def variable(self, name: str) -> object:
        if name not in self.variables:
            raise ExpressionError(f"变量 {name} 尚未赋值。")
        return self.variables[name]

    def either(self, node: ast.BoolOp) -> object:
        wanted = isinstance(node.op, ast.Or)
        result: object = None
        for operand in node.values:
            result = self.value(operand)
            if bool(result) is wanted:
                break
        return result

    def compare(self, node: ast.Compare) -> bool:
        left = self.value(node.left)
        for how, operand in zip(node.ops, node.comparators, strict=True):
            right = self.value(operand)
            if not COMPARISONS[type(how)](left, right):
                return False
            left = right
        return True

    def compute(self, node: ast.BinOp) -> object:
        left, right = number(self.value(node.left)), number(self.value(node.right))
        return number(ARITHMETIC[type(node.op)](left, right))

    def call(self, node: ast.Call) -> object:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        function = BUILT_IN.get(name) or self.functions.get(name)
        if function is None:
            raise ExpressionError(f"这里不能使用函数 {name}。")
        return function(*[self.value(argument) for argument in node.args])


def number(value: object) -> int | Decimal:
    """Return `value` as an exact number; raises `ExpressionError` for anything else."""
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ExpressionError("算术只用于数值。")
    if not -RESULT_LIMIT <= value <= RESULT_LIMIT:
        raise ExpressionError("数值超出范围。")
    return value


def is_iso_date(text: str) -> bool:
    """Tell whether `text` is an ISO calendar date such as 2023-12-04."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10
