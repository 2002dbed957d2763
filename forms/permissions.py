"""What one step may do with the fields of its form: fill in, have to fill in, only read, or not see at all.

A diagram writes it on the step as `name:permission`, parted by spaces; a field that is not named is asked as the form
says. One form can so serve several steps: what one fills in, the next reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from forms.fields import SILENT, Asked, Field, FieldType, Form, Section
from forms.rendering import project_text, shown
from ledger.vocabulary import Term


class FieldPermission(Term):
    """What may be done with a field at a step, whatever the form says by itself."""

    WRITE = "write", "可填（不必填）"
    REQUIRED = "required", "必填"
    READ = "read", "只读"
    HIDDEN = "hidden", "隐藏"


Permissions = Mapping[str, FieldPermission]
_WITHHELD = frozenset({FieldPermission.READ, FieldPermission.HIDDEN})


class BadPermissions(ValueError):
    """字段权限写法有误; `part` is the first piece that cannot be read."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


def read_permissions(written: str) -> dict[str, FieldPermission]:
    """Return what a step's `name:permission` pairs say; BadPermissions for one that says nothing, or a name twice."""
    found: dict[str, FieldPermission] = {}
    for part in written.split():
        name, _, word = part.partition(":")
        if not name or name in found or word not in set(FieldPermission):
            raise BadPermissions(part)
        found[name] = FieldPermission(word)
    return found


def written_permissions(permissions: Permissions) -> str:
    """Write permissions as a diagram holds them."""
    return " ".join(f"{name}:{permission}" for name, permission in permissions.items())


def permitted(form: Form, permissions: Permissions) -> Form:
    """Return a form as a step asks it.

    A hidden field is no part of it: what somebody sends for it is refused like any key the form does not have. A field
    to read is shown like what the system works out, and what is sent for it is not read.
    """
    asked = ((section, [_asked(each, permissions) for each in section.fields]) for section in form.sections)
    sections = (replace(section, fields=tuple(each for each in fields if each)) for section, fields in asked)
    to_read = tuple(each for _section, each in form.fields() if permissions.get(each.name) is FieldPermission.READ)
    return replace(form, sections=tuple(each for each in sections if each.fields), to_read=to_read)


def _asked(each: Field, permissions: Permissions) -> Field | None:
    """Return a field as the step asks it; None where it is hidden."""
    match permissions.get(each.name):
        case FieldPermission.HIDDEN:
            return None
        case FieldPermission.READ:
            plain = replace(each, type=FieldType.DISPLAY, required=False, show_if={})
            return replace(plain, publish="", project="", source="", columns=())
        case FieldPermission.REQUIRED:
            return replace(each, required=True)
        case FieldPermission.WRITE:
            return replace(each, required=False)
        case _:
            return each


@dataclass(frozen=True)
class Written:
    """Where the text of a field to read comes from, the first that says anything."""

    project: Mapping[str, Any]
    variables: Mapping[str, Any]  # of the case
    answers: Mapping[str, Any]  # when the form was last filled in, at whatever step


def texts_to_read(form: Form, written: Written, asked: Asked) -> dict[str, str]:
    """Return what stands at each field that is only read; "" where nobody has written anything yet."""
    return {each.name: _text_of(each, written, asked) for each in form.to_read}


def _text_of(each: Field, written: Written, asked: Asked) -> str:
    text = project_text(each.project, written.project.get(each.project)) if each.project else ""
    if text:
        return text
    published = written.variables.get(each.publish) if each.publish else None
    answers = written.answers if published is None else {**written.answers, each.name: published}
    alone = Form("", "", "", "", (Section("", (replace(each, show_if={}),)),))
    return next((words for _title, lines in shown(alone, answers, asked) for _label, words in lines), "")


def permission_faults(form: Form, permissions: Permissions, *, needed: bool) -> Iterator[str]:
    """Yield in Chinese what permissions say that this form cannot do; `needed` when a handler asks for its answers."""
    fields = {each.name: each for _section, each in form.fields()}
    for name, permission in permissions.items():
        each = fields.get(name)
        if each is None:
            yield f"表单“{form.title}”里没有字段“{name}”"
        elif each.type in SILENT and permission is not FieldPermission.HIDDEN:
            yield f"字段“{each.label}”只是显示，只能设为“隐藏”"
        elif needed and each.required and permission is not FieldPermission.REQUIRED:
            yield f"字段“{each.label}”是处理程序要用的必填项，不能设为“{permission.label}”"
    for section, each in form.fields():
        if each.retired or permissions.get(each.name) in _WITHHELD:
            continue
        for other in {*section.show_if, *each.show_if} & permissions.keys():
            if permissions[other] in _WITHHELD:
                seen = f"“{fields[other].label if other in fields else other}”"
                yield f"字段“{each.label}”要看{seen}才显示，{seen}不能设为“{permissions[other].label}”"
