"""What differs between two versions of a form, in the words people know its sections, fields and choices by.

A condition names fields and values as the definition writes them; here it is said with their labels, those of its own
version on each side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bpmn.difference import FORM_PART, ChangeKind, Difference
from bpmn.wording import VARIABLES
from forms.definition import vocabulary_options
from forms.words import CONTEXT_WORDS, FIELD_TYPES
from ledger.vocabulary import PaperKind

_WORDS: Mapping[str, str] = {
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
_SOURCES = {
    "units": "责任单位",
    "business_units": "业务部门",
    "reviewers": "会审单位",
    "meetings": "会议",
    "batches": "报送批次",
}
_FLAGS = frozenset({"required", "main_first", "retired"})
_NONE = "（无）"

Definition = Mapping[str, Any]


def fields_of(form: Definition) -> dict[str, Definition]:
    """Return the fields of a definition by name, in their order."""
    return {str(each.get("name")): each for section in _sections(form) for each in section.get("fields", ())}


def form_changes(old: Definition, new: Definition, stem: str) -> Iterator[Difference]:
    """Yield what changed in a form: its head, its sections, its fields and their order."""
    title = str(new.get("title") or stem)
    for key in ("title", "article", "intro"):
        if old.get(key, "") != new.get(key, ""):
            yield _changed(title, _WORDS[key], str(old.get(key, "")), str(new.get(key, "")))
    yield from _section_changes(old, new, title)
    before, after = fields_of(old), fields_of(new)
    for name in [*before, *(each for each in after if each not in before)]:
        left, right = before.get(name), after.get(name)
        if left is None or right is None:
            yield _whole(title, left, right, name)
            continue
        for key in _keys(left, right):
            if left.get(key) != right.get(key):
                said = _said(key, left.get(key), old), _said(key, right.get(key), new)
                yield _changed(title, f"字段“{right.get('label') or name}”的{_WORDS.get(key, key)}", *said)
    yield from _order(title, old, new)


def _whole(title: str, left: Definition | None, right: Definition | None, name: str) -> Difference:
    """Tell of a field that is new or gone, with its type and whether it must be filled in."""
    known = right or left or {}
    told = _type(known.get("type")) + ("，必填" if known.get("required") else "")
    what = f"字段“{known.get('label') or name}”"
    if left is None:
        return Difference(ChangeKind.ADDED, FORM_PART, "", title, what, "", told)
    return Difference(ChangeKind.REMOVED, FORM_PART, "", title, what, told)


def _order(title: str, old: Definition, new: Definition) -> Iterator[Difference]:
    """Yield that fields stand in another order, or in another section, than they did."""
    before, after = fields_of(old), fields_of(new)
    left, right = ([name for name in side if name in before and name in after] for side in (before, after))
    if left != right:
        said = "、".join(_label(name, old) for name in left), "、".join(_label(name, new) for name in right)
        yield Difference(ChangeKind.MOVED, FORM_PART, "", title, "字段的顺序", *said)
    homes = _homes(old), _homes(new)
    renamed = dict(_paired(old, new))
    for name in left:
        was, now = homes[0][name], homes[1][name]
        if was != now and renamed.get(was) != now:
            yield Difference(ChangeKind.MOVED, FORM_PART, "", title, f"字段“{_label(name, new)}”所在的分组", was, now)


def _homes(form: Definition) -> dict[str, str]:
    """Return the title of the section each field stands in."""
    return {
        str(each.get("name")): str(section.get("title", ""))
        for section in _sections(form)
        for each in section.get("fields", ())
    }


# -- sections, which have no name but their title


def _section_changes(old: Definition, new: Definition, title: str) -> Iterator[Difference]:
    left, right = ({str(each.get("title", "")): each for each in _sections(form)} for form in (old, new))
    pairs = _paired(old, new)
    renamed = {was: now for was, now in pairs if was != now}
    for was, now in renamed.items():
        yield _changed(title, f"分组“{now}”的标题", was, now)
    for was, now in pairs:
        conditions = left[was].get("show_if"), right[now].get("show_if")
        if (conditions[0] or {}) != (conditions[1] or {}):
            said = _condition(conditions[0], old), _condition(conditions[1], new)
            yield _changed(title, f"分组“{now}”的显示条件", *said)
    known = {was for was, _now in pairs}, {now for _was, now in pairs}
    for gone in (each for each in left if each not in known[0]):
        yield Difference(ChangeKind.REMOVED, FORM_PART, "", title, f"分组“{gone}”", _held(left[gone]))
    for fresh in (each for each in right if each not in known[1]):
        yield Difference(ChangeKind.ADDED, FORM_PART, "", title, f"分组“{fresh}”", "", _held(right[fresh]))
    stood = [renamed.get(each, each) for each in left if each in known[0]]
    stands = [each for each in right if each in known[1]]
    if stood != stands:
        yield Difference(ChangeKind.MOVED, FORM_PART, "", title, "分组的顺序", "、".join(stood), "、".join(stands))


def _paired(old: Definition, new: Definition) -> list[tuple[str, str]]:
    """Pair the sections of two versions: by title, and where that changed by the fields they hold."""
    left, right = ({str(each.get("title", "")): each for each in _sections(form)} for form in (old, new))
    pairs = [(title, title) for title in left if title in right]
    free = [title for title in right if title not in left]
    for was in (title for title in left if title not in right):
        shared = [(len(_names(left[was]) & _names(right[now])), now) for now in free]
        count, best = max(shared, default=(0, ""), key=lambda each: each[0])
        if count:
            free.remove(best)
            pairs.append((was, best))
    return pairs


def _names(section: Definition) -> set[str]:
    return {str(each.get("name")) for each in section.get("fields", ())}


def _held(section: Definition) -> str:
    return "、".join(str(each.get("label") or each.get("name")) for each in section.get("fields", ()))


def _sections(form: Definition) -> Sequence[Definition]:
    return [each for each in form.get("sections", ()) if isinstance(each, Mapping)]


# -- values in words


def _changed(title: str, what: str, before: str, after: str) -> Difference:
    return Difference(ChangeKind.CHANGED, FORM_PART, "", title, what, before, after)


def _keys(left: Definition, right: Definition) -> list[str]:
    """Return what is said of a field on either side, in the order people ask for it."""
    both = {*left, *right}
    return [*(key for key in _WORDS if key in both), *sorted(both - _WORDS.keys() - {"name"})]


def _said(key: str, value: Any, form: Definition) -> str:
    """Say what stands at a key of a field in the words of its version."""
    if key in _FLAGS:
        return "是" if value else "否"
    if key == "show_if":
        return _condition(value, form)
    if value is None or value == "":
        return _NONE
    return _IN_WORDS.get(key, str)(value)


def _type(value: Any) -> str:
    return next((label for kind, label in FIELD_TYPES.items() if kind == value), str(value))


def _column(each: Definition) -> str:
    needed = "，必填" if each.get("required") else ""
    return f"{each.get('label') or each.get('name')}（{_type(each.get('type'))}{needed}）"


def _options(value: Any) -> str:
    return "、".join(str(each.get("label", each)) if isinstance(each, Mapping) else str(each) for each in value)


def _source(value: Any) -> str:
    return _SOURCES.get(str(value), "本地词汇表" if str(value).startswith("list:") else str(value))


def _vocabulary(name: Any) -> str:
    try:
        return "、".join(option.label for option in vocabulary_options(str(name)))
    except KeyError:
        return str(name)


_IN_WORDS: Mapping[str, Callable[[Any], str]] = {
    "type": _type,
    "options": _options,
    "columns": lambda value: "；".join(_column(each) for each in value if isinstance(each, Mapping)),
    "vocabulary": _vocabulary,
    "source": _source,
    "kind": lambda value: PaperKind(value).label if value in set(PaperKind) else str(value),
    "publish": lambda value: VARIABLES.get(str(value), str(value)),
    "width": lambda value: f"{value}/12",
}


def _condition(show_if: Any, form: Definition) -> str:
    """Say when something is shown: “签收意见”为“退回”或“暂缓”，并且……; always where nothing is asked."""
    if not isinstance(show_if, Mapping) or not show_if:
        return "一直显示"
    parts = [_one(str(name), values, form) for name, values in show_if.items()]
    return "，并且".join(parts) + "时显示"


def _one(name: str, values: Any, form: Definition) -> str:
    wanted = [str(each) for each in values] if isinstance(values, Sequence) and not isinstance(values, str) else []
    if name.startswith("$"):
        label, words = CONTEXT_WORDS.get(name.removeprefix("$"), (name, {}))
    else:
        label, words = _label(name, form), choices_of(fields_of(form).get(name, {}))
    return f"“{label}”为{'或'.join(f'“{words.get(each, each)}”' for each in wanted)}"


def _label(name: str, form: Definition) -> str:
    return str(fields_of(form).get(name, {}).get("label") or name)


def choices_of(field: Definition) -> dict[str, str]:
    """Return the words of a field's choices by value; none for a field that offers none of its own."""
    if field.get("type") == "tick":
        return {"true": "已勾选", "false": "未勾选"}
    if field.get("vocabulary"):
        try:
            return {option.value: option.label for option in vocabulary_options(str(field["vocabulary"]))}
        except KeyError:
            return {}
    options = [each for each in field.get("options", ()) if isinstance(each, Mapping)]
    return {str(each.get("value")): str(each.get("label")) for each in options}
