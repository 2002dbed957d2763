"""What is wrong with the form of a step that its definition alone does not show: questions nobody will ever see.

A definition names only fields and options that are there. Whether a field can be seen at a step depends on all its
conditions together, on what the step hides, and on what was retired since; whether a line can be taken, on which
answers the form can publish. A made-up case and a play tell these as faults of the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bpmn.engine import Diagram, Element
from bpmn.playing import constants_after
from bpmn.rehearsal.sheets import form_of, has_form
from bpmn.versions import Version
from bpmn.wording import VARIABLES
from forms.fields import SILENT, Field, FieldType, Form, Section
from handlers import HANDLERS
from handlers.plain import stem_of

_ONE_OF = frozenset({FieldType.RADIO, FieldType.SELECT, FieldType.MEETING, FieldType.TICK})
_TRUTHS = ("by_township", "exit", "exit_decided", "exit_proposed", "write_off_proposed", "write_off_approved")
_KNOWN_CONTEXT: Mapping[str, frozenset[str]] = {
    **dict.fromkeys((*_TRUTHS, "needs_assessment"), frozenset({"yes", "no"})),
}
"""What a condition on the case can be about where no handler says more."""


def form_faults(version: Version, element: Element) -> list[str]:
    """Return in Chinese what is wrong with the form of a step; nothing for a step without one."""
    if not has_form(version, element):
        return []
    form = form_of(version, element)
    whole = version.owner(element.id).forms[stem_of(element.attributes)]
    found = list(never_shown(form, whole))
    if stem_of(element.attributes) not in HANDLERS:
        found += _dead_answers(version.diagram, element, form)
    return found


def never_shown(form: Form, whole: Form | None = None) -> Iterator[str]:
    """Yield the fields that no answers bring into sight; `whole` is the form before a step hid some of it."""
    fields = {each.name: (section, each) for section, each in form.fields() if not each.retired}
    known = {each.name: each for _section, each in (whole or form).fields()}
    for section, each in fields.values():
        if each.type in SILENT or not (section.show_if or each.show_if):
            continue
        why = _contradiction(section, each, fields, known)
        if why:
            kind = "必填项" if each.required else "字段"
            yield f"{kind}“{each.label}”永远不会显示：{why}"


def _contradiction(
    section: Section, each: Field, fields: Mapping[str, tuple[Section, Field]], known: Mapping[str, Field]
) -> str:
    """Say why the conditions of a field, and of all it looks at, cannot hold together; "" where they can."""
    allowed: dict[str, frozenset[str]] = {}
    ahead, seen = [(section, each)], {each.name}
    while ahead:
        where, here = ahead.pop()
        for name, values in (*where.show_if.items(), *here.show_if.items()):
            wrong = _unmeetable(name, frozenset(values), allowed, fields, known)
            if wrong:
                return wrong
            if name in fields and name not in seen:
                seen.add(name)
                ahead.append(fields[name])
    return ""


def _unmeetable(
    name: str,
    values: frozenset[str],
    allowed: dict[str, frozenset[str]],
    fields: Mapping[str, tuple[Section, Field]],
    known: Mapping[str, Field],
) -> str:
    """Note one more condition and say why it cannot be met beside those noted before."""
    if name.startswith("$"):
        can_be = _KNOWN_CONTEXT.get(name.removeprefix("$"))
        return f"没有“{'、'.join(sorted(values))}”这样的情况" if can_be is not None and not values & can_be else ""
    label = known[name].label if name in known else name
    if name not in fields:
        gone = "已停用" if name in known and known[name].retired else "在这一环节看不到" if name in known else "不存在"
        return f"它要看的“{label}”{gone}"
    other = fields[name][1]
    if other.type in SILENT:
        return f"它要看的“{label}”在这一环节只读"
    if other.options and not values & {option.value for option in other.options}:
        return f"“{label}”没有“{'、'.join(sorted(values))}”这个选项"
    if other.type is FieldType.TICK and other.required and "true" not in values:
        return f"“{label}”必须勾选"
    if other.type in _ONE_OF:
        allowed[name] = allowed.get(name, values) & values
        if not allowed[name]:
            return f"各条件对“{label}”的要求互相矛盾"
    return ""


def _dead_answers(diagram: Diagram, element: Element, form: Form) -> Iterator[str]:
    """Yield what the conditions after a step ask of an answer that its form can never give."""
    asked = constants_after(diagram, element.id)
    for _section, each in form.fields():
        wanted = asked.get(each.publish, ()) if each.publish and not each.retired else ()
        known = {option.value for option in each.options}
        for value in wanted:
            if known and value not in known:
                label = VARIABLES.get(each.publish, each.publish)
                yield f"后面的条件要“{label}”是“{value}”，字段“{each.label}”没有这个选项"
