"""The expression language: what it computes, what it refuses (design/engine.md, fourth fault; safety.md 1)."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bpmn.expressions import PUBLISHED, ExpressionError, compile_expression

CASES = Path(__file__).parents[1] / "cases" / "data" / "expressions.json"
HOSTILE = [
    (name, text) for name, texts in json.loads(CASES.read_text(encoding="utf-8")).items() for text in texts.values()
]


def value(source: str, **variables: object) -> object:
    return compile_expression(source).value(variables, {"today": lambda: date(2023, 11, 6)})


@pytest.mark.parametrize(("name", "source"), HOSTILE)
def test_every_hostile_expression_is_refused(name: str, source: str) -> None:
    with pytest.raises(ExpressionError, match="表达式"):
        compile_expression(source, PUBLISHED)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "   ",
        "a = 1",
        "a; b",
        "x.y",
        "x[0]",
        "f(1)",
        "len(*x)",
        "len(obj=x)",
        "lambda: 1",
        "{1: 2}",
        "{1}",
        "a if b else c",
        "`a`",
        "a and",
        "1 << 3",
        "2 ** 9",
        "5 % 2",
        "7 // 2",
        "~a",
        "a is b",
        "_a",
        "__builtins__",
        "b'x'",
        "1j",
        "...",
        "10000000000000000",
        "'a' * 3",
        "[1] + [2]",
        "len",
        "'a\\x41'",
        "x\x00y",
        "not " * 40 + "a",
        " or ".join(f"a == {n}" for n in range(120)),
        "a" * 1001,
        "(" * 61 + "1" + ")" * 61,
    ],
)
def test_what_stands_outside_the_language_is_refused(source: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(source)


@pytest.mark.parametrize(
    ("source", "variables", "expected"),
    [
        ("verdict == 'back'", {"verdict": "back"}, True),
        ("approved == True and category in ['盘活', '重建']", {"approved": True, "category": "重建"}, True),
        ("类别 == '重建'", {"类别": "提升"}, False),
        ("not reached", {"reached": None}, True),
        ("exit_proposed or write_off_proposed", {"exit_proposed": False, "write_off_proposed": True}, True),
        ("1 < n <= 3", {"n": 3}, True),
        ("1 < n <= 3", {"n": 4}, False),
        ("amount_yuan > 0.1 + 0.2", {"amount_yuan": Decimal("0.3")}, False),
        ("0.1 + 0.2", {}, Decimal("0.3")),
        ("7 / 2", {}, Decimal("3.5")),
        ("-n * 2", {"n": 3}, -6),
        ("len(bodies) >= 3", {"bodies": ["a", "b", "c"]}, True),
        ("max(1, n)", {"n": 5}, 5),
        ("level is None", {"level": None}, True),
        ("level is not None", {"level": None}, False),
        ("true and not false", {}, True),
        ("level == null", {"level": None}, True),
        ("'a' not in bodies", {"bodies": ["b"]}, True),
        ("today()", {}, date(2023, 11, 6)),
        ("a == 1", {"a": "1"}, False),
    ],
)
def test_values(source: str, variables: dict[str, object], expected: object) -> None:
    assert value(source, **variables) == expected


@pytest.mark.parametrize(
    ("source", "variables"),
    [
        ("n > 1", {}),
        ("n > 1", {"n": None}),
        ("n > 1", {"n": "2"}),
        ("n + 1", {"n": True}),
        ("n * n", {"n": 10**16}),
        ("1 / n", {"n": 0}),
        ("len(n)", {"n": 3}),
        ("'a' in n", {"n": 3}),
        ("campaign_end('survey')", {}),
    ],
)
def test_what_has_no_value_is_an_error_in_chinese(source: str, variables: dict[str, object]) -> None:
    with pytest.raises(ExpressionError, match="无法计算"):
        value(source, **variables)


def test_the_second_operand_is_not_looked_at_when_the_first_decides() -> None:
    assert value("a or missing", a=True) is True
    assert value("a and missing", a=False) is False


def test_only_published_names_when_names_are_given() -> None:
    with pytest.raises(ExpressionError, match="未公布的变量：no_such"):
        compile_expression("no_such > 1", PUBLISHED)
    assert compile_expression("publicity_end(5)", PUBLISHED).names == frozenset()


def test_names_and_calls_are_told() -> None:
    expression = compile_expression("a in [b, 1] and publicity_end(5) > today()")
    assert expression.names == {"a", "b"}
    assert [(call.name, call.arguments) for call in expression.calls] == [("publicity_end", (5,)), ("today", ())]


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("verdict == 'back'", ("verdict", "back")),
        ("approved", ("approved", True)),
        ("not approved", ("approved", False)),
        ("round == 1", None),
        ("verdict != 'back'", None),
        ("verdict == 'back' or approved", None),
    ],
)
def test_a_comparison_with_one_word_or_truth_is_told_apart(source: str, plain: tuple[str, object] | None) -> None:
    assert compile_expression(source).plain == plain
