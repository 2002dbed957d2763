"""The words people see on pages: what templates, scripts and the rooms behind them hold as text, one by one.

A word between two values of a template, a string in a script or in Python: each is one, without its punctuation.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
LEAST_PART = 4  # characters: what is shorter is looked for as a whole
_CHINESE = re.compile("[\u4e00-\u9fff]")
_EDGES = " \t\n　：，。；、（）()*“”+-—"
_GAP = "\0"  # where a value stands
_VALUE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_IN_QUOTES = re.compile(r"'([^'\n]*)'|\"([^\"\n]*)\"")
_SCRIPTED = re.compile(r"'((?:[^'\\\n]|\\.)*)'|\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\]|\\.)*)`")
_TAG = re.compile(r"<[^>]*>")


@cache
def words_of(patterns: tuple[str, ...]) -> frozenset[str]:
    """Return what stands on the screen by the files that `patterns` name below the repository."""
    files = sorted({path for pattern in patterns for path in REPOSITORY.glob(pattern) if path.is_file()})
    read = {".html": _of_template, ".bpmn": _of_template, ".js": _of_script, ".py": _of_module}
    found = (words for path in files for words in read[path.suffix](path.read_text(encoding="utf-8")))
    return frozenset(words.strip(_EDGES) for words in found if _CHINESE.search(words))


def stands(name: str, words: frozenset[str]) -> bool:
    """Say whether a control of this name is on the screen: as it is, or, when longer, as a part of a sentence."""
    wanted = name.strip(_EDGES)
    return wanted in words or (len(wanted) >= LEAST_PART and any(wanted in each for each in words))


def _of_template(text: str) -> Iterator[str]:
    for value in _VALUE.findall(text):
        yield from ("".join(found) for found in _IN_QUOTES.findall(value))
    bare = _VALUE.sub(_GAP, text)
    said = [*_TAG.split(bare), *("".join(found) for tag in _TAG.findall(bare) for found in _IN_QUOTES.findall(tag))]
    yield from (line for part in said for line in re.split(f"[\n{_GAP}]", part))


def _of_script(text: str) -> Iterator[str]:
    for single, double, several in _SCRIPTED.findall(text):
        yield from re.split(r"\$\{|\}", single or double or several)
        yield from ("".join(found) for found in _IN_QUOTES.findall(several))


def _of_module(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
