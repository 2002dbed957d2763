"""What steps say about single fields of their forms, held against those forms: a field must be there to be hidden.

Apart from `bpmn.checks` because it looks into the forms' definitions, which a diagram alone does not carry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bpmn.checks import at
from bpmn.engine import DiagramProblems, Element, Problem
from bpmn.engine.diagram import each_process, index
from bpmn.engine.xml import read_tree
from bpmn.expressions import shorten
from forms.definition import DefinitionRefused, read_form
from forms.permissions import BadPermissions, FieldPermission, permission_faults, read_permissions
from handlers import HANDLERS
from handlers.plain import GENERIC, GENERIC_FORM, stem_of


def permission_problems(xml: bytes, forms: Mapping[str, Mapping[str, Any]]) -> list[Problem]:
    """Return what is wrong with the field permissions of a diagram; `forms` are the definitions it is deployed with.

    A diagram or a form that cannot be read has its problems told elsewhere.
    """
    try:
        elements = [each for part in each_process(read_tree(xml)) for each in index(part).values()]
    except DiagramProblems:
        return []
    known = {**forms, GENERIC: GENERIC_FORM}
    return [problem for each in elements if "fields" in each.attributes for problem in _problems(each, known)]


def _problems(element: Element, forms: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    try:
        permissions = read_permissions(element.attributes["fields"])
    except BadPermissions as bad:
        words = "、".join(FieldPermission)
        message = f"{{}}的字段权限“{shorten(bad.part)}”写法有误。"
        yield at(element, "bad_fields", message, f"请写成 字段:权限，用空格分开，每个字段一次；权限可取 {words}。")
        return
    stem = stem_of(element.attributes)
    try:
        form = read_form(forms[stem])
    except (KeyError, DefinitionRefused):
        return
    for fault in permission_faults(form, permissions, needed=stem in HANDLERS):
        yield at(element, "field_permission", f"{{}}的字段权限有误：{fault}。", "请在属性的“字段权限”里改。")
