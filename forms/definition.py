"""What a form is: its sections and fields, read from a definition that an administrator may have written.

A definition is data (`forms/<stem>.json` or an administrator's copy), so every mistake in it is reported at once
and in Chinese, before any case is filled in with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forms.fields import CHOICES, ROWS, SILENT, Field, FieldType, Form, Option, Section
from ledger import vocabulary
from ledger.findings import Finding
from ledger.vocabulary import PaperKind, Term

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_FORM_KEYS = frozenset({"stem", "title", "article", "intro", "sections"})
_SECTION_KEYS = frozenset({"title", "show_if", "fields"})
_TEXTS = ("label", "help", "source", "project", "publish", "kind", "vocabulary")
_NUMBERS = ("max_length", "min", "max", "width")
_FLAGS = ("required", "main_first", "retired")
_FIELD_KEYS = frozenset({"name", "type", "show_if", "options", "columns", *_TEXTS, *_NUMBERS, *_FLAGS})
_FULL_WIDTH = 12
_NESTED = frozenset({FieldType.MATRIX, FieldType.FILE, FieldType.TABLE, FieldType.RECORDS, *SILENT})
_TEXT = frozenset({FieldType.TEXT, FieldType.TEXTAREA})
_ONE_OF = frozenset({FieldType.RADIO, FieldType.SELECT})

# The columns of ledger.projects.Project that a form may write, and the types that fit them.
PROJECT_COLUMNS: Mapping[str, frozenset[FieldType]] = {
    **dict.fromkeys(
        ("name", "township_text", "village_text", "responsible_body", "responsible_person", "telephone"), _TEXT
    ),
    **dict.fromkeys(("construction", "measures", "progress", "remark"), _TEXT),
    **dict.fromkeys(("level", "industry", "operating_mode", "function", "use"), _ONE_OF),
    **dict.fromkeys(("operation", "operation_ledger", "linkage", "category"), _ONE_OF),
    **dict.fromkeys(("causes", "problems", "linkage_gaps", "findings"), frozenset({FieldType.CHECKS})),
    **dict.fromkeys(
        ("balance_yuan", "receivable_yuan", "appraised_yuan", "other_value_yuan"), frozenset({FieldType.MONEY})
    ),
    **dict.fromkeys(("surveyed_on", "exited_on"), frozenset({FieldType.DATE})),
    "implementation_year": frozenset({FieldType.YEAR}),
    "funding": frozenset({FieldType.MATRIX}),
    "progress_percent": frozenset({FieldType.PERCENT}),
}


class DefinitionRefused(ValueError):
    """表单定义有误; `problems` lists every mistake in Chinese."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = tuple(problems)


def read_form(definition: Mapping[str, Any]) -> Form:
    """Return the form a definition describes; DefinitionRefused with every mistake otherwise."""
    reading = _Reading([], {})
    form = reading.form(definition)
    if reading.problems:
        raise DefinitionRefused(reading.problems)
    return form


def shipped_forms() -> dict[str, dict[str, Any]]:
    """Return the definitions shipped with the product by stem."""
    found = sorted(Path(__file__).parent.glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in found}


def vocabulary_options(name: str) -> tuple[Option, ...]:
    """Return a closed list of the scheme as choices; KeyError when there is none of that name."""
    terms = Finding if name == Finding.__name__ else getattr(vocabulary, name, None)
    if not (isinstance(terms, type) and issubclass(terms, Term) and terms is not Term):
        raise KeyError(name)
    return tuple(Option(str(member), member.label) for member in terms)


@dataclass
class _Reading:
    """One pass over a definition; collects problems instead of stopping at the first."""

    problems: list[str]
    seen: dict[str, Field]

    def form(self, definition: Mapping[str, Any]) -> Form:
        if not isinstance(definition, Mapping):
            raise DefinitionRefused(("表单定义应是一个对象",))
        self._unknown(definition, _FORM_KEYS, "表单")
        texts = {key: self._text(definition, key, "表单") for key in ("stem", "title", "article", "intro")}
        for key in ("stem", "title"):
            if not texts[key]:
                self.problems.append(f"表单缺少“{key}”")
        sections = tuple(self._section(each) for each in self._list(definition, "sections", "表单"))
        return Form(texts["stem"], texts["title"], texts["article"], texts["intro"], sections)

    def _section(self, given: Mapping[str, Any]) -> Section:
        self._unknown(given, _SECTION_KEYS, "分组")
        title = self._text(given, "title", "分组")
        where = f"分组“{title}”"
        if not title:
            self.problems.append("有一个分组没有标题")
        show_if = self._show_if(given, where, self.seen)
        fields = tuple(self._field(each, self.seen) for each in self._list(given, "fields", where))
        return Section(title, fields, show_if)

    def _field(self, given: Mapping[str, Any], seen: dict[str, Field], *, column: bool = False) -> Field:
        name = self._text(given, "name", "字段")
        where = f"字段“{name}”"
        self._unknown(given, _FIELD_KEYS, where)
        if not _NAME.fullmatch(name):
            self.problems.append(f"{where}的名称应以小写字母开头，只含小写字母、数字和下划线")
        if name in seen:
            self.problems.append(f"{where}出现了两次")
        plain: dict[str, Any] = {key: self._text(given, key, where) for key in _TEXTS}
        plain |= {key: self._flag(given, key, where) for key in _FLAGS}
        plain |= {key: self._number(given, key, where) for key in _NUMBERS if key in given}
        read = Field(
            name=name,
            type=self._type(given, where),
            show_if=self._show_if(given, where, seen),
            options=self._options(given, plain["vocabulary"], where),
            columns=self._columns(given, where),
            **plain,
        )
        self._fits(read, where, column=column)
        seen[name] = read
        return read

    def _columns(self, given: Mapping[str, Any], where: str) -> tuple[Field, ...]:
        inside: dict[str, Field] = {}
        return tuple(self._field(each, inside, column=True) for each in self._list(given, "columns", where))

    def _fits(self, each: Field, where: str, *, column: bool) -> None:
        """Check what one field's keys say together."""
        chooses = each.type in CHOICES
        choices = sum((bool(each.vocabulary), bool(each.options) and not each.vocabulary, bool(each.source)))
        rules = (
            (bool(each.label), "没有标签"),
            (1 <= each.width <= _FULL_WIDTH, "的宽度应为1—12"),
            (not chooses or choices == 1, "应有且只有一种选项来源（vocabulary、options 或 source）"),
            (chooses or not (each.options or each.vocabulary), "不是选择题，不应有选项"),
            ((each.type in ROWS) == bool(each.columns), "的类型与是否有列（columns）不符"),
            (not column or each.type not in _NESTED, "不能放在表格的列里"),
            (not column or not (each.project or each.publish), "是表格的列，不能写入项目或变量"),
            (each.type != FieldType.FILE or each.kind in set(PaperKind), "应写明材料种类（kind）"),
            (not each.kind or each.type == FieldType.FILE, "不是材料，不应有材料种类"),
            (not each.main_first or each.type == FieldType.CHECKS, "不是多选题，不应有 main_first"),
            (not each.publish or bool(_NAME.fullmatch(each.publish)), "公布的变量名不合规"),
            (not (each.publish and each.type in SILENT), "不收答案，不能公布变量"),
            (self._fits_project(each), f"不能写入项目的“{each.project}”一栏"),
            (each.min is None or each.max is None or each.min <= each.max, "的最小值大于最大值"),
        )
        self.problems.extend(f"{where}{sentence}" for holds, sentence in rules if not holds)

    @staticmethod
    def _fits_project(each: Field) -> bool:
        if not each.project or each.type == FieldType.DISPLAY:
            return True
        return each.type in PROJECT_COLUMNS.get(each.project, frozenset())

    def _type(self, given: Mapping[str, Any], where: str) -> FieldType:
        try:
            return FieldType(str(given.get("type", "")))
        except ValueError:
            self.problems.append(f"{where}的类型“{given.get('type', '')}”不存在")
            return FieldType.NOTE

    def _options(self, given: Mapping[str, Any], terms: str, where: str) -> tuple[Option, ...]:
        if terms:
            if "options" in given:
                self.problems.append(f"{where}应有且只有一种选项来源（vocabulary、options 或 source）")
            try:
                return vocabulary_options(terms)
            except KeyError:
                self.problems.append(f"{where}的词汇表“{terms}”不存在")
                return (Option("", ""),)
        read = [
            Option(self._text(each, "value", where), self._text(each, "label", where))
            for each in self._list(given, "options", where)
        ]
        values = [option.value for option in read]
        if len(set(values)) != len(values) or not all(option.value and option.label for option in read):
            self.problems.append(f"{where}的选项应各有不同的值和标签")
        return tuple(read)

    def _show_if(self, given: Mapping[str, Any], where: str, seen: Mapping[str, Field]) -> dict[str, tuple[str, ...]]:
        conditions = given.get("show_if", {})
        if not isinstance(conditions, Mapping):
            self.problems.append(f"{where}的显示条件（show_if）写法有误")
            return {}
        read: dict[str, tuple[str, ...]] = {}
        for name, values in conditions.items():
            if not (isinstance(values, list) and values and all(isinstance(value, str) for value in values)):
                self.problems.append(f"{where}的显示条件“{name}”应列出至少一个值")
                continue
            read[name] = tuple(values)
            if not name.startswith("$"):
                self._condition(name, read[name], where, seen)
        return read

    def _condition(self, name: str, values: tuple[str, ...], where: str, seen: Mapping[str, Field]) -> None:
        other = seen.get(name)
        if other is None:
            self.problems.append(f"{where}的显示条件用到“{name}”，它应是排在前面的字段")
            return
        known = {option.value for option in other.options}
        if known and not known.issuperset(values):
            self.problems.append(f"{where}的显示条件用到“{name}”没有的选项")

    def _text(self, given: Mapping[str, Any], key: str, where: str) -> str:
        return str(self._of(given, key, where, str, "", "文字"))

    def _number(self, given: Mapping[str, Any], key: str, where: str) -> int:
        return int(self._of(given, key, where, int, 1, "整数"))

    def _flag(self, given: Mapping[str, Any], key: str, where: str) -> bool:
        return bool(self._of(given, key, where, bool, False, "true 或 false"))

    def _list(self, given: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
        found = self._of(given, key, where, list, [], "列表")
        if any(not isinstance(each, Mapping) for each in found):
            self.problems.append(f"{where}的“{key}”里只能是对象")
        return [each for each in found if isinstance(each, Mapping)]

    def _of(self, given: Mapping[str, Any], key: str, where: str, kind: type, default: Any, word: str) -> Any:
        value = given.get(key, default)
        if key in given and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            self.problems.append(f"{where}的“{key}”应是{word}")
            return default
        return value

    def _unknown(self, given: Mapping[str, Any], known: frozenset[str], where: str) -> None:
        self.problems.extend(f"{where}有不认识的属性“{key}”" for key in given if key not in known)
