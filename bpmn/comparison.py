"""What differs between two versions of a procedure, by content: element, what, before, after, in plain Chinese.

The order of tags and the spelling of numbers say nothing; where nothing is listed, the two are the same version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bpmn.condition_words import condition_text, words_before
from bpmn.deployment import Bundle
from bpmn.difference import FORM_PART, TABLE_PART, ChangeKind, Difference
from bpmn.engine import Element
from bpmn.engine.diagram import index, process_of
from bpmn.engine.xml import BPMN, Node, read_tree
from bpmn.form_comparison import fields_of, form_changes
from bpmn.table_comparison import table_changes, table_title
from bpmn.wording import ASPECTS, AUTOMATIC, KINDS, value_text
from forms.definition import shipped_forms
from forms.permissions import BadPermissions, read_permissions
from handlers.plain import stem_of

_PLAIN = ("name", "kind", "parent", "lane", "documentation", "source", "target", "condition", "default", "called")
_EVENTS = ("event", "timer", "message", "error", "attached_to", "interrupting", "multiple", "completion")
_REFERENCES = frozenset({"parent", "source", "target", "default", "attached_to"})


def differences(old: Bundle, new: Bundle) -> list[Difference]:
    """Return what changed from `old` to `new`; empty when they are the same. DiagramProblems for what is no XML."""
    found = list(_diagrams(old, new))
    found += _by_name(old.decisions, new.decisions, TABLE_PART, table_changes)
    found += _by_name(old.forms, new.forms, FORM_PART, form_changes)
    return found


Compare = Callable[[Any, Any, str], Iterator[Difference]]


@dataclass(frozen=True)
class Side:
    """One of the two diagrams, with the forms and tables its steps name."""

    elements: Mapping[str, Element]
    bundle: Bundle

    def said(self, aspect: str, value: Any, element: Element) -> str:
        """Say the value of an aspect of an element in the words of this version."""
        if aspect in _REFERENCES and value in self.elements:
            return _called(self.elements[value], self.elements)
        if aspect == "condition" and value:
            return condition_text(value, words_before(element, self.elements, self.bundle.forms))
        if aspect == "handler" and value in AUTOMATIC:
            return AUTOMATIC[value].partition("：")[0]
        if aspect in ("handler", "form") and value:
            return _title(self.bundle.forms.get(value) or shipped_forms().get(value, {}), value)
        if aspect == "decision" and value in self.bundle.decisions:
            return table_title(self.bundle.decisions[value], value)
        return value_text(aspect, value)


def _by_name(old: Mapping[str, Any], new: Mapping[str, Any], word: str, compare: Compare) -> Iterator[Difference]:
    for stem in sorted({*old, *new}):
        if stem not in old:
            yield Difference(ChangeKind.ADDED, word, "", _title(new[stem], stem), f"整张{word}")
        elif stem not in new:
            yield Difference(ChangeKind.REMOVED, word, "", _title(old[stem], stem), f"整张{word}")
        elif old[stem] != new[stem]:
            yield from compare(old[stem], new[stem], stem)


def _title(content: Any, stem: str) -> str:
    """Return what people call a form or a table."""
    if isinstance(content, Mapping):
        return str(content.get("title") or stem)
    return table_title(str(content), stem)


# -- diagrams


def _diagrams(old: Bundle, new: Bundle) -> Iterator[Difference]:
    if old.diagram == new.diagram:
        return
    trees = read_tree(old.diagram.encode()), read_tree(new.diagram.encode())
    forms = {**old.forms, **new.forms}
    sides = Side(_worded(index(trees[0]), forms), old), Side(_worded(index(trees[1]), forms), new)
    before, after = (side.elements for side in sides)
    processes = process_of(trees[0]), process_of(trees[1])
    for key, label in (("id", "流程编号"), ("name", "流程名称")):
        if processes[0].get(key) != processes[1].get(key):
            values = processes[0].get(key), processes[1].get(key)
            yield Difference(ChangeKind.CHANGED, "流程图", "", processes[1].get("name"), label, *values)
    for gone in (each for each in before.values() if each.id not in after):
        yield _whole(ChangeKind.REMOVED, gone, sides[0])
    for fresh in (each for each in after.values() if each.id not in before):
        yield _whole(ChangeKind.ADDED, fresh, sides[1])
    drawn = _drawing(trees[0]), _drawing(trees[1])
    for element in after.values():
        if element.id in before:
            yield from _element(before[element.id], element, sides)
            if drawn[0].get(element.id) != drawn[1].get(element.id):
                yield _line(ChangeKind.MOVED, element, after, "位置或走线")
    yield from _texts(trees)


def _worded(elements: Mapping[str, Element], forms: Mapping[str, Mapping[str, Any]]) -> dict[str, Element]:
    """Write the field permissions of steps in the labels of their forms, which people know the fields by."""
    return {
        name: replace(each, attributes={**each.attributes, "fields": _permissions(each, forms)})
        if "fields" in each.attributes
        else each
        for name, each in elements.items()
    }


def _permissions(element: Element, forms: Mapping[str, Mapping[str, Any]]) -> str:
    written = element.attributes["fields"]
    asked = fields_of(forms.get(stem_of(element.attributes), {}))
    try:
        given = read_permissions(written)
    except BadPermissions:
        return written
    return "；".join(f"{asked.get(name, {}).get('label') or name}：{each.label}" for name, each in given.items())


def _whole(kind: ChangeKind, element: Element, side: Side) -> Difference:
    told = _line(kind, element, side.elements, KINDS.get(element.kind, element.kind))
    settings = "；".join(f"{label}：{text}" for label, text in _settings(element, side))
    return Difference(told.kind, told.part, told.element, told.name, told.what, *_sides(kind, settings))


def _sides(kind: ChangeKind, settings: str) -> tuple[str, str]:
    return (settings, "") if kind is ChangeKind.REMOVED else ("", settings)


def _settings(element: Element, side: Side) -> Iterator[tuple[str, str]]:
    for aspect, value in _aspects(element).items():
        if aspect not in ("name", "kind", "parent", "interrupting") and value not in (None, ""):
            yield ASPECTS.get(aspect, aspect), side.said(aspect, value, element)


def _aspects(element: Element) -> dict[str, Any]:
    return {**{each: getattr(element, each) for each in (*_PLAIN, *_EVENTS)}, **element.attributes}


def _element(old: Element, new: Element, sides: tuple[Side, Side]) -> Iterator[Difference]:
    left, right = _aspects(old), _aspects(new)
    for aspect in [*left, *(each for each in right if each not in left)]:
        if (left.get(aspect) or None) != (right.get(aspect) or None):
            said = sides[0].said(aspect, left.get(aspect), old), sides[1].said(aspect, right.get(aspect), new)
            if said[0] == said[1]:  # spelt otherwise: only the spelling shows it
                said = str(left.get(aspect) or ""), str(right.get(aspect) or "")
            told = _line(ChangeKind.CHANGED, new, sides[1].elements, ASPECTS.get(aspect, aspect))
            yield Difference(told.kind, told.part, told.element, told.name, told.what, *said)


def _line(kind: ChangeKind, element: Element, elements: Mapping[str, Element], what: str) -> Difference:
    return Difference(kind, "流程图", element.id, _called(element, elements), what)


def _called(element: Element, elements: Mapping[str, Element]) -> str:
    """Call an element by its name; a nameless flow by what it joins."""
    if element.kind == "sequenceFlow":
        ends = [_end(each, elements) for each in (element.source, element.target)]
        return f"{' → '.join(ends)}" + (f"（{element.name}）" if element.name else "")
    return element.name or KINDS.get(element.kind, element.kind)


def _end(name: str | None, elements: Mapping[str, Element]) -> str:
    return (elements[name].name or name) if name in elements and name else "？"


def _drawing(root: Node) -> dict[str, tuple[Any, ...]]:
    """Return where each element is drawn, numbers as numbers."""
    drawn: dict[str, tuple[Any, ...]] = {}
    for node in root.walk():
        if node.tag in ("BPMNShape", "BPMNEdge"):
            numbers = [_numbers(each) for each in node.walk() if each.tag in ("Bounds", "waypoint")]
            drawn[node.get("bpmnElement")] = (node.get("isExpanded"), *numbers)
    return drawn


def _numbers(node: Node) -> tuple[float, ...]:
    return tuple(_number(node.get(each)) for each in ("x", "y", "width", "height"))


def _number(text: str) -> float:
    try:
        return round(float(text or 0), 2)
    except ValueError:
        return 0.0


def _texts(trees: tuple[Node, Node]) -> Iterator[Difference]:
    """Compare the notes beside the picture."""
    old, new = ({node.get("id"): _note(node) for node in _notes(tree)} for tree in trees)
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            kind = (
                ChangeKind.ADDED if name not in old else ChangeKind.REMOVED if name not in new else ChangeKind.CHANGED
            )
            yield Difference(kind, "流程图", name, "注释", "文字", old.get(name, ""), new.get(name, ""))


def _notes(root: Node) -> Iterable[Node]:
    return (node for node in root.walk() if node.space == BPMN and node.tag == "textAnnotation")


def _note(node: Node) -> str:
    text = node.find("text")
    return text.text.strip() if text else ""
