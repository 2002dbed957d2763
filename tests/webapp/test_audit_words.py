"""Every act the program writes down has a Chinese name, and no name is left over (safety rule 14)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from webapp.audit_words import OTHER_ACTS, WORDS

REPOSITORY = Path(__file__).parents[2]
ROOMS = ("ledger", "forms", "handlers", "bpmn", "scheduler", "webapp")


def _texts(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def written_acts() -> tuple[set[str], set[str]]:
    """Return the names that stand in `Act("…")` itself, and every text the program could hand to a writer of acts."""
    named, possible = set[str](), set[str]()
    for room in ROOMS:
        for path in (REPOSITORY / room).rglob("*.py"):
            if path.name == "audit_words.py":
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            possible |= set(_texts(tree))
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Act" and node.args:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        named.add(first.value)
    return named, possible


def test_every_act_has_a_chinese_name() -> None:
    named, _ = written_acts()
    assert len(named) > 40
    assert sorted(named - WORDS.keys()) == []


def test_no_name_is_left_over() -> None:
    _, possible = written_acts()
    assert sorted(OTHER_ACTS.keys() - possible) == []
