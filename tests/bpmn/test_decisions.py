"""Decision tables: hit policies and cells as they are written, and what the checks find."""

from collections.abc import Mapping
from decimal import Decimal
from html import escape
from pathlib import Path

import pytest

from bpmn.decision_checks import check_table
from bpmn.decisions import AmbiguousDecision, read_cell, read_table
from bpmn.engine import DiagramProblems
from bpmn.expressions import ExpressionError

CASES = Path(__file__).parents[1] / "cases" / "bpmn"
HEAD = '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="urn:test">'


def table(policy: str, inputs: Mapping[str, str], rules: list[tuple[str, ...]], more: str = "") -> bytes:
    """Write a table with one output `category`; each rule is its input cells and its answer."""
    columns = "".join(
        f'<input id="i_{n}" label="{n}"><inputExpression id="x_{n}" typeRef="{kind}"><text>{n}</text>'
        "</inputExpression></input>"
        for n, kind in inputs.items()
    )
    rows = "".join(
        f'<rule id="r{number}">'
        + "".join(f'<inputEntry id="e{number}_{n}"><text>{escape(c)}</text></inputEntry>' for n, c in enumerate(cells))
        + f'<outputEntry id="o{number}"><text>{escape(answer)}</text></outputEntry></rule>'
        for number, (*cells, answer) in enumerate(rules, 1)
    )
    output = '<output id="o" label="类别" name="category" typeRef="string"/>'
    return (
        f'{HEAD}<decision id="dec" name="分类"><decisionTable id="t" hitPolicy="{policy}"{more}>{columns}{output}{rows}'
        "</decisionTable></decision></definitions>"
    ).encode()


NUMBERS = {"n": "number", "ok": "boolean"}
RULES = [(">= 5", "true", '"a"'), ("[2..5)", "-", '"b"'), ("< 3", "false", '"c"'), ("", "", '"d"')]


def answers(policy: str, rules: list[tuple[str, ...]], **variables: object) -> list[object]:
    return [row.values["category"] for row in read_table(table(policy, NUMBERS, rules)).decide(variables)]


@pytest.mark.parametrize(
    ("n", "ok", "all_that_apply"),
    [
        (5, True, "ad"),
        (5, False, "d"),
        (2, False, "bcd"),
        (Decimal("4.99"), True, "bd"),
        (0, False, "cd"),
        (1, True, "d"),
    ],
)
def test_collect_gives_all_and_first_the_first(n: object, ok: bool, all_that_apply: str) -> None:
    assert answers("COLLECT", RULES, n=n, ok=ok) == list(all_that_apply)
    assert answers("FIRST", RULES, n=n, ok=ok) == [all_that_apply[0]]


def test_unique_refuses_two_answers_and_gives_none_for_none() -> None:
    rules = [(">= 5", "-", '"a"'), ("<= 5", "true", '"b"')]
    assert answers("UNIQUE", rules, n=6, ok=True) == ["a"]
    assert answers("UNIQUE", rules, n=4, ok=False) == []
    with pytest.raises(AmbiguousDecision, match="r1、r2"):
        answers("UNIQUE", rules, n=5, ok=True)


@pytest.mark.parametrize(
    ("cell", "yes", "no"),
    [
        ('"a"', ["a"], ["b", "", None, 1]),
        ('"a","b"', ["a", "b"], ["c"]),
        ('"a,b"', ["a,b"], ["a"]),
        ('not("a","b")', ["c", None], ["a", "b"]),
        ("true", [True], [False, None, 1]),
        ("1", [1, Decimal("1.0")], [True, 2]),
        ("> 1, < -1", [2, -2], [0, 1]),
        ("[1..3]", [1, 2, 3, 1.5], [0, 4, None]),
        ("(1..3)", [2], [1, 3]),
        ("]1..3]", [2, 3], [1]),
        ("!= 1", [2, None], [1]),
        ("null", [None], [0, "", False]),
        (">= limit", [7], [6]),
        ("-", [None, 1, "x"], []),
        ("", [None, 1, "x"], []),
    ],
)
def test_cells(cell: str, yes: list[object], no: list[object]) -> None:
    read = read_cell(cell)
    assert [value for value in yes if not read.holds(value, {"limit": 7})] == []
    assert [value for value in no if read.holds(value, {"limit": 7})] == []


@pytest.mark.parametrize("cell", ["open('x')", "x.y", ",", "1,", "> ", "[1..", "not(", "a" * 1001, "for x in y"])
def test_cells_outside_the_language(cell: str) -> None:
    with pytest.raises(ExpressionError):
        read_cell(cell)


def test_what_cannot_be_compared_is_an_error() -> None:
    with pytest.raises(ExpressionError):
        answers("FIRST", RULES, n="many", ok=True)
    with pytest.raises(ExpressionError, match="尚未赋值"):
        answers("FIRST", RULES, n=1)


@pytest.mark.parametrize("policy", ["ANY", "PRIORITY", "RULE ORDER", "OUTPUT ORDER", "x"])
def test_other_hit_policies_are_refused(policy: str) -> None:
    with pytest.raises(DiagramProblems, match="命中策略"):
        read_table(table(policy, NUMBERS, RULES))
    with pytest.raises(DiagramProblems, match="命中策略"):
        read_table(table("COLLECT", NUMBERS, RULES, ' aggregation="SUM"'))


def found(policy: str, rules: list[tuple[str, ...]]) -> dict[str, str]:
    return {p.code: p.message for p in check_table(table(policy, NUMBERS, rules), ["n", "ok"])}


def test_overlap_and_gap() -> None:
    whole = [(">= 5", "-", '"a"'), ("< 5", "true", '"b"'), ("< 5", "false", '"c"')]
    assert found("UNIQUE", whole) == {}
    assert "规则 1 和 2 可能同时成立" in found("UNIQUE", [(">= 5", "-", '"a"'), ("<= 5", "true", '"b"')])["overlap"]
    assert "“ok”为“否”" in found("UNIQUE", whole[:2])["gap"]
    assert "gap" in found("FIRST", whole[1:])
    assert found("COLLECT", whole[:1]) == {}
    assert "规则 2 永远轮不到" in found("FIRST", [("-", "-", '"a"'), ("> 5", "true", '"b"')])["masked"]
    boundary = [("> 5", "-", '"a"'), ("< 5", "-", '"b"')]
    assert "“n”为“5”" in found("UNIQUE", boundary)["gap"]


def test_all_problems_of_a_table_at_once() -> None:
    xml = table("UNIQUE", NUMBERS, [("open('x')", "-", '"a"'), ("-", "x.y", "1 +")])
    with pytest.raises(DiagramProblems) as refusal:
        read_table(xml)
    assert [problem.element for problem in refusal.value.problems] == ["e1_0", "e2_1", "o2"]
    assert {p.code for p in check_table(table("FIRST", {"age": "number"}, [("-", '"a"')]))} == {"unknown_variable"}


def test_the_hostile_table_is_refused_and_the_shipped_one_is_sound() -> None:
    assert {p.code for p in check_table((CASES / "rce_dmn_entry.dmn").read_bytes())} == {"cell"}
    shipped = (Path(__file__).parents[2] / "bpmn" / "classification.dmn").read_bytes()
    read = read_table(shipped)
    assert check_table(shipped, read.names) == []
    assert {column.name for column in read.outputs} == {"category", "article", "reason"}
    assert read.decide(dict.fromkeys(read.names)) == ()


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<x/>",
        f"{HEAD}</definitions>".encode(),
        f'{HEAD}<decision id="a"/></definitions>'.encode(),
        f'{HEAD}<decision id="a"/><decision id="b"/></definitions>'.encode(),
        f'{HEAD}<decision id="a"><decisionTable id="t"/></decision></definitions>'.encode(),
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + table("FIRST", NUMBERS, RULES),
    ],
)
def test_files_that_are_no_table(xml: bytes) -> None:
    with pytest.raises(DiagramProblems):
        read_table(xml)
