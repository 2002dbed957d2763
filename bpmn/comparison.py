"""What differs between two versions of a procedure, by content: element, what, before, after, in plain Chinese.

The order of tags and the spelling of numbers say nothing; where nothing is listed, the two are the same version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bpmn.decisions import DecisionTable, read_table
from bpmn.deployment import Bundle
from bpmn.engine import DiagramProblems, Element
from bpmn.engine.diagram import index, process_of
from bpmn.engine.xml import BPMN, Node, read_tree
from bpmn.wording import ASPECTS, KINDS, value_text
from forms.permissions import BadPermissions, read_permissions
from handlers.plain import stem_of
from ledger.vocabulary import Term

_PLAIN = ("name", "kind", "parent", "lane", "documentation", "source", "target", "condition", "default", "called")
_EVENTS = ("event", "timer", "message", "error", "attached_to", "interrupting", "multiple", "completion")
_REFERENCES = frozenset({"parent", "source", "target", "default", "attached_to"})
_FORM_WORDS: Mapping[str, str] = {
    "title": "标题",
    "article": "依据条款",
    "intro": "说明",
    "label": "标签",
    "type": "类型",
    "required": "必填",
    "max_length": "最多字数",
    "min": "最小值",
    "max": "最大值",
    "help": "提示",
    "width": "宽度",
    "show_if": "显示条件",
    "vocabulary": "词汇表",
    "options": "选项",
    "source": "选项来源",
    "project": "写入项目的栏",
    "publish": "公布的变量",
    "kind": "材料种类",
    "columns": "列",
    "main_first": "首项为主",
    "retired": "停用",
}


class ChangeKind(Term):
    """What happened to an element, in the words and colours of the comparison."""

    ADDED = "added", "新增"
    REMOVED = "removed", "删除"
    CHANGED = "changed", "修改"
    MOVED = "moved", "移动"


@dataclass(frozen=True)
class Difference:
    """One line of the comparison; `element` marks the picture and is empty where it does not show there."""

    kind: ChangeKind
    part: str  # 流程图, 表单“…” or 决策表“…”
    element: str
    name: str
    what: str
    before: str = ""
    after: str = ""


def differences(old: Bundle, new: Bundle) -> list[Difference]:
    """Return what changed from `old` to `new`; empty when they are the same. DiagramProblems for what is no XML."""
    found = list(_diagrams(old, new))
    found += _by_name(old.decisions, new.decisions, "决策表", _tables)
    found += _by_name(old.forms, new.forms, "表单", _forms)
    return found


def _by_name(old: Mapping[str, Any], new: Mapping[str, Any], word: str, compare: Any) -> Iterator[Difference]:
    for stem in sorted({*old, *new}):
        if stem not in old:
            yield Difference(ChangeKind.ADDED, word, "", _title(new[stem], stem), f"整张{word}")
        elif stem not in new:
            yield Difference(ChangeKind.REMOVED, word, "", _title(old[stem], stem), f"整张{word}")
        elif old[stem] != new[stem]:
            yield from compare(old[stem], new[stem], stem)


def _title(content: Any, stem: str) -> str:
    return str(content.get("title") or stem) if isinstance(content, Mapping) else stem


# -- diagrams


def _diagrams(old: Bundle, new: Bundle) -> Iterator[Difference]:
    if old.diagram == new.diagram:
        return
    trees = read_tree(old.diagram.encode()), read_tree(new.diagram.encode())
    forms = {**old.forms, **new.forms}
    before, after = (_worded(index(tree), forms) for tree in trees)
    processes = process_of(trees[0]), process_of(trees[1])
    for key, label in (("id", "流程编号"), ("name", "流程名称")):
        if processes[0].get(key) != processes[1].get(key):
            values = processes[0].get(key), processes[1].get(key)
            yield Difference(ChangeKind.CHANGED, "流程图", "", processes[1].get("name"), label, *values)
    for gone in (each for each in before.values() if each.id not in after):
        yield _whole(ChangeKind.REMOVED, gone, before)
    for fresh in (each for each in after.values() if each.id not in before):
        yield _whole(ChangeKind.ADDED, fresh, after)
    drawn = _drawing(trees[0]), _drawing(trees[1])
    for element in after.values():
        if element.id in before:
            yield from _element(before[element.id], element, before, after)
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
    asked = _fields(forms.get(stem_of(element.attributes), {}))
    try:
        given = read_permissions(written)
    except BadPermissions:
        return written
    return "；".join(f"{asked.get(name, {}).get('label') or name}：{each.label}" for name, each in given.items())


def _whole(kind: ChangeKind, element: Element, elements: Mapping[str, Element]) -> Difference:
    told = _line(kind, element, elements, KINDS.get(element.kind, element.kind))
    settings = "；".join(f"{label}：{text}" for label, text in _settings(element, elements))
    return Difference(told.kind, told.part, told.element, told.name, told.what, *_sides(kind, settings))


def _sides(kind: ChangeKind, settings: str) -> tuple[str, str]:
    return (settings, "") if kind is ChangeKind.REMOVED else ("", settings)


def _settings(element: Element, elements: Mapping[str, Element]) -> Iterator[tuple[str, str]]:
    for aspect, value in _aspects(element).items():
        if aspect not in ("name", "kind", "parent", "interrupting") and value not in (None, ""):
            yield ASPECTS.get(aspect, aspect), _said(aspect, value, elements)


def _aspects(element: Element) -> dict[str, Any]:
    return {**{each: getattr(element, each) for each in (*_PLAIN, *_EVENTS)}, **element.attributes}


def _element(
    old: Element, new: Element, before: Mapping[str, Element], after: Mapping[str, Element]
) -> Iterator[Difference]:
    left, right = _aspects(old), _aspects(new)
    for aspect in [*left, *(each for each in right if each not in left)]:
        if (left.get(aspect) or None) != (right.get(aspect) or None):
            said = _said(aspect, left.get(aspect), before), _said(aspect, right.get(aspect), after)
            told = _line(ChangeKind.CHANGED, new, after, ASPECTS.get(aspect, aspect))
            yield Difference(told.kind, told.part, told.element, told.name, told.what, *said)


def _said(aspect: str, value: Any, elements: Mapping[str, Element]) -> str:
    if aspect in _REFERENCES and value in elements:
        return _called(elements[value], elements)
    return value_text(aspect, value)


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


# -- decision tables


def _tables(old: str, new: str, stem: str) -> Iterator[Difference]:
    try:
        before, after = read_table(old.encode()), read_table(new.encode())
    except DiagramProblems:
        yield Difference(ChangeKind.CHANGED, "决策表", "", stem, "内容")
        return
    if before.policy != after.policy:
        yield Difference(ChangeKind.CHANGED, "决策表", "", after.name, "命中策略", before.policy, after.policy)
    if before.name != after.name:
        yield Difference(ChangeKind.CHANGED, "决策表", "", after.name, "名称", before.name, after.name)
    rows = _rows(before), _rows(after)
    for rule in [*rows[0], *(each for each in rows[1] if each not in rows[0])]:
        left, right = rows[0].get(rule), rows[1].get(rule)
        if left == right:
            continue
        kind = ChangeKind.ADDED if left is None else ChangeKind.REMOVED if right is None else ChangeKind.CHANGED
        cells = [key for key in {**(left or {}), **(right or {})} if (left or {}).get(key) != (right or {}).get(key)]
        said = [
            "；".join(f"{key}：{side[key] or '任意'}" for key in cells if key in side)
            for side in (left or {}, right or {})
        ]
        yield Difference(kind, "决策表", "", after.name, f"规则 {_place(before, after, rule)}", *said)


def _rows(table: DecisionTable) -> dict[str, dict[str, str]]:
    columns = [each.label or each.name for each in (*table.inputs, *table.outputs)]
    return {
        rule.id: {
            "说明": rule.description,
            **dict(
                zip(
                    columns,
                    [*(cell.text for cell in rule.cells), *(each.source if each else "" for each in rule.answers)],
                    strict=True,
                )
            ),
        }
        for rule in table.rules
    }


def _place(before: DecisionTable, after: DecisionTable, rule: str) -> str:
    for table in (after, before):
        for number, each in enumerate(table.rules, 1):
            if each.id == rule:
                return str(number)
    return rule


# -- forms


def _forms(old: Mapping[str, Any], new: Mapping[str, Any], stem: str) -> Iterator[Difference]:
    title = _title(new, stem)
    for key in ("title", "article", "intro"):
        if old.get(key, "") != new.get(key, ""):
            said = str(old.get(key, "")), str(new.get(key, ""))
            yield Difference(ChangeKind.CHANGED, "表单", "", title, _FORM_WORDS[key], *said)
    before, after = _fields(old), _fields(new)
    for name in [*before, *(each for each in after if each not in before)]:
        left, right = before.get(name), after.get(name)
        label = (right or left or {}).get("label") or name
        if left is None or right is None:
            kind = ChangeKind.ADDED if left is None else ChangeKind.REMOVED
            yield Difference(kind, "表单", "", title, f"字段“{label}”")
            continue
        for key in sorted({*left, *right}):
            if left.get(key) != right.get(key):
                said = _form_value(left.get(key)), _form_value(right.get(key))
                what = f"字段“{label}”的{_FORM_WORDS.get(key, key)}"
                yield Difference(ChangeKind.CHANGED, "表单", "", title, what, *said)
    if [*before] != [name for name in after if name in before] and {*before} <= {*after}:
        yield Difference(ChangeKind.MOVED, "表单", "", title, "字段的顺序")
    layout = [[(each.get("title"), each.get("show_if")) for each in form.get("sections", ())] for form in (old, new)]
    if layout[0] != layout[1]:
        said = "、".join(str(each) for each, _ in layout[0]), "、".join(str(each) for each, _ in layout[1])
        yield Difference(ChangeKind.CHANGED, "表单", "", title, "分组", *said)


def _fields(form: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    sections = (each for each in form.get("sections", ()) if isinstance(each, Mapping))
    return {str(each.get("name")): each for section in sections for each in section.get("fields", ())}


def _form_value(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "是" if value else "否" if value is False else "（无）"
    if isinstance(value, list):
        return "、".join(str(each.get("label", each)) if isinstance(each, Mapping) else str(each) for each in value)
    if isinstance(value, Mapping):
        return "；".join(f"{key}＝{'、'.join(map(str, each))}" for key, each in value.items())
    return str(value)
