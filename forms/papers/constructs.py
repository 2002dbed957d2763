"""What a template may say: the variables of its paper, conditions and loops over its lists, and nothing that computes.

An allow-list over Jinja's own syntax tree: what is not named here is refused, whatever it would have done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jinja2 import TemplateSyntaxError, nodes

from forms.papers.filling import ENVIRONMENT
from forms.papers.variables import Variable

_OPENING = re.compile(r"\{\{|\{%|\{#")
_TAG = re.compile(r"(?:\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.DOTALL)
_MARKUP = re.compile(r"<[^>]+>")
_LOOP = frozenset({"index", "index0", "first", "last", "length", "revindex"})
_FILTERS = frozenset({"length", "default", "trim"})
_PLAIN = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Const, nodes.Concat),
)


@dataclass
class Scope:
    """The names that stand for something at a place of the template."""

    names: Mapping[str, Variable]
    loops: int = 0


@dataclass
class Judge:
    """Goes through one part's syntax tree and writes down every problem, each with its tag."""

    text: str  # the part, every tag on a line of its own
    problems: list[str] = field(default_factory=list)

    def go(self, node: nodes.Node, scope: Scope) -> None:
        match node:
            case nodes.For():
                self._loop(node, scope)
            case nodes.Name():
                self._named(node, scope)
            case nodes.Getattr():
                self._part(node, scope)
            case nodes.Filter() if node.name in _FILTERS and node.node is not None:
                for each in (node.node, *node.args):
                    self.go(each, scope)
            case _ if isinstance(node, _PLAIN):
                self._children(node, scope)
            case _:
                self._say(node, "不允许的写法（只能写变量、if 条件和 for 循环）")

    def _children(self, node: nodes.Node, scope: Scope) -> None:
        for child in node.iter_child_nodes():
            if isinstance(node, nodes.Output) and isinstance(child, nodes.Name):
                known = scope.names.get(child.name)
                if known is not None and known.parts:
                    self._say(child, f"“{child.name}”有多项内容，请写出其中一项，清单用 for 循环逐项写")
                    continue
            self.go(child, scope)

    def _loop(self, node: nodes.For, scope: Scope) -> None:
        known = scope.names.get(node.iter.name) if isinstance(node.iter, nodes.Name) else None
        named = isinstance(node.target, nodes.Name)
        if known is None and isinstance(node.iter, nodes.Name):
            self._say(node, f"没有“{node.iter.name}”这个变量")
        elif known is None or not known.is_list or not named or node.recursive or scope.loops:
            self._say(node, "for 只能逐项写一个清单，循环里不能再有循环")
        if known is None or not isinstance(node.target, nodes.Name):
            return
        entry = Variable(node.target.name, known.meaning, parts=known.parts)
        loop = Variable("loop", "循环", parts=tuple(Variable(name, name) for name in sorted(_LOOP)))
        inside = Scope({**scope.names, entry.name: entry, "loop": loop}, scope.loops + 1)
        for child in (*node.body, *([node.test] if node.test is not None else [])):
            self.go(child, inside)
        for child in node.else_:
            self.go(child, scope)

    def _named(self, node: nodes.Name, scope: Scope) -> None:
        if node.name not in scope.names:
            self._say(node, f"没有“{node.name}”这个变量")

    def _part(self, node: nodes.Getattr, scope: Scope) -> None:
        if not isinstance(node.node, nodes.Name) or node.attr.startswith("_"):
            self._say(node, "不允许的写法（变量后面只能有一个“.名称”）")
            return
        known = scope.names.get(node.node.name)
        if known is None:
            self._say(node, f"没有“{node.node.name}”这个变量")
        elif known.is_list or node.attr not in {part.name for part in known.parts}:
            self._say(node, f"“{node.node.name}”里没有“{node.attr}”")

    def _say(self, node: nodes.Node, sentence: str) -> None:
        self.problems.append(f"{place_of(self.text, node.lineno)}：{sentence}")


def problems_in(part: str, variables: tuple[Variable, ...]) -> list[str]:
    """Return what is wrong with the tags of a part, its tags mended as docxtpl does."""
    text = _OPENING.sub(lambda found: f"\n{found[0]}", part.replace("\n", " "))
    try:
        tree = ENVIRONMENT.parse(text)
    except TemplateSyntaxError as wrong:
        return [f"{place_of(text, wrong.lineno)}：标签写得不完整或写错了（{wrong.message}）"]
    judge = Judge(text)
    judge.go(tree, Scope({variable.name: variable for variable in variables}))
    return [*dict.fromkeys(judge.problems), *_misplaced(part)]


def _misplaced(part: str) -> Iterator[str]:
    """Name the outputs that would stand outside a text: what they print would be lost."""
    for found in re.finditer(r"\{\{.*?\}\}", part):
        opened = max(part.rfind("<w:t>", 0, found.start()), part.rfind("<w:t ", 0, found.start()))
        if opened <= part.rfind("</w:t>", 0, found.start()):
            yield f"标签“{found[0][:60]}”不在文字里：不要写 {{{{p、{{{{r、{{{{tr"


def place_of(text: str, line: int) -> str:
    """Say where a tag stands: its words, and which paragraph of the part."""
    lines = text.split("\n")
    before = "\n".join(lines[: line - 1])
    words = _TAG.match(lines[line - 1]) if 0 < line <= len(lines) else None
    said = _MARKUP.sub("", words[0] if words else lines[min(line, len(lines)) - 1])[:60]
    return f"第 {before.count('<w:p>') + before.count('<w:p ')} 段的标签“{said}”"
