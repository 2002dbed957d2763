"""Every problem of a diagram at once, before it may become a version.

Three layers: what the engine can run (`bpmn.engine.grammar`), what the paths give away (`bpmn.paths`),
and what this house asks of a step: known handlers, lanes, variables, dates, days of publicity (T1).
`bpmn.gate` adds what walking through every choice finds.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bpmn.engine import DiagramProblems, Element, Problem, Severity
from bpmn.engine.diagram import each_process, index, process_of
from bpmn.engine.grammar import grammar_problems
from bpmn.engine.moments import timer_expression
from bpmn.engine.problems import error, warning
from bpmn.engine.xml import Node, read_tree
from bpmn.expressions import COUNTED, PUBLISHED, Call, Expression, ExpressionError, compile_expression, shorten
from bpmn.paths import path_problems
from handlers import HANDLERS
from handlers.automatic import AUTOMATIC
from handlers.plain import GENERIC

PUBLICITY_DAYS = 5
"""Working days a publicity lasts at least (T1)."""

LANES = frozenset(
    {"县乡村振兴局", "责任单位", "村（居）", "项目所在乡镇", "业务部门", "会审单位", "领导小组办公室", "系统"}
)
CAMPAIGN_DATES = frozenset({"plan", "mobilise", "survey", "decision", "disposal", "first_results", "report"})
ROLES = frozenset({"handler", "signer"})
ATTRIBUTES = frozenset(
    {
        *("handler", "form", "fields", "due", "remind", "article", "role", "signed", "skippable", "who", "milestone"),
        *("collection", "item", "result", "decision", "throws"),
    }
)

BY_HAND = frozenset({"userTask", "manualTask"})
USED_BY: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("form", "fields", "due", "remind", "role", "signed", "skippable", "milestone"), BY_HAND),
    "who": BY_HAND | {"serviceTask"},
    **dict.fromkeys(("collection", "item", "result"), frozenset()),
    "handler": BY_HAND | {"serviceTask"},
    "decision": frozenset({"businessRuleTask"}),
    "throws": frozenset({"serviceTask"}),
}
"""The kinds of element each attribute of ours says something to; an article may stand anywhere."""
OF_SEVERAL = frozenset({"collection", "item", "result"})

BROKEN = frozenset(
    {"misplaced", "unsupported", "duplicate_id", "no_id", "dangling_flow", "start_count", "boundary_host"}
)
"""Problems with which a diagram has no paths to speak of yet."""

WORKING_DAYS = r"\d{1,3}wd"
CAMPAIGN = rf"campaign:(?:{'|'.join(sorted(CAMPAIGN_DATES))})"
VARIABLE = r"variable:(?P<variable>\w+)"
DUE = re.compile(rf"(?:{WORKING_DAYS}|{CAMPAIGN}|{VARIABLE})(?: cap {CAMPAIGN})?(?: else {WORKING_DAYS})?")


@dataclass(frozen=True, slots=True)
class Known:
    """What a diagram may name: None where nobody has said yet."""

    handlers: frozenset[str]
    variables: frozenset[str]
    decisions: frozenset[str] | None
    callees: Mapping[str, Collection[str]] | None
    forms: frozenset[str] | None


def check_diagram(
    xml: bytes,
    handlers: Collection[str],
    *,
    variables: Collection[str] = PUBLISHED,
    decisions: Collection[str] | None = None,
    callees: Mapping[str, Collection[str]] | None = None,
    forms: Collection[str] | None = None,
) -> list[Problem]:
    """Return every problem of a diagram, errors first; an empty list or warnings only means it may be used.

    `handlers` are the stems the release carries, `variables` the published names, `decisions` the
    deployed decision tables (None: not checked), `callees` the deployed processes with the ids of those
    each calls (`Diagram.calls`; None: not checked), `forms` the stems that have a form (None: not checked).
    Parses in this process: use `check_upload` for files from outside.
    """
    tables, asked = (None if names is None else frozenset(names) for names in (decisions, forms))
    known = Known(frozenset(handlers), frozenset(variables), tables, callees, asked)
    try:
        root = read_tree(xml)
        problems = grammar_problems(root)
    except DiagramProblems as refusal:
        return list(refusal.problems)
    if "too_big" in {problem.code for problem in problems}:
        return problems
    broken = bool(BROKEN & {problem.code for problem in problems})
    for part in each_process(root):
        problems += house_problems(part, known, broken=broken)
    return sorted(problems, key=lambda problem: problem.severity is Severity.WARNING)


def house_problems(root: Node, known: Known, *, broken: bool) -> Iterator[Problem]:
    """Yield what this house asks of the one process of a tree; a `broken` one has no paths to speak of yet."""
    elements = index(root)
    if not broken:
        yield from path_problems(elements)
    for element in elements.values():
        yield from (problem for look in LOOKS for problem in look(element, known))
    yield from call_problems(process_of(root).get("id"), elements, known)
    yield from drawing_problems(root, elements)


def at(element: Element, code: str, message: str, remedy: str) -> Problem:
    """Build an error of one element; `{}` in the message is its name."""
    return error(
        code, message.replace("{}", f"“{shorten(element.name or element.id)}”"), remedy, element.id, element.name
    )


def expressions_of(element: Element) -> Iterator[tuple[str, Expression]]:
    """Yield what an element computes, as far as it is written correctly."""
    written: list[tuple[str, str | None, Callable[[str], Expression]]] = [
        ("条件", element.condition, compile_expression),
        ("时间", element.timer, timer_expression),
        ("人员集合", element.attributes.get("collection"), compile_expression),
        ("完成条件", element.completion, compile_expression),
    ]
    for what, text, read in written:
        if text:
            try:
                yield what, read(text)
            except ExpressionError:
                continue  # the engine's rules have said so


def names_known(element: Element, known: Known) -> Iterator[Problem]:
    for what, expression in expressions_of(element):
        unknown = sorted(expression.names - known.variables - (COUNTED if what == "完成条件" else frozenset()))
        if unknown:
            message = f"{{}}的{what}用到了未公布的变量：{'、'.join(unknown)}。"
            yield at(element, "unknown_variable", message, "请改用已公布的变量名。")


def calls_right(element: Element, known: Known) -> Iterator[Problem]:
    for _, expression in expressions_of(element):
        for call in expression.calls:
            complaint = complaint_about(call)
            if complaint:
                code = "publicity_days" if call.name == "publicity_end" else "call"
                yield at(element, code, f"{{}}里的 {call.name}：{complaint}", "请修改括号里的参数。")


def complaint_about(call: Call) -> str | None:
    """Say what is wrong with the arguments of a call, or None."""
    only = call.arguments[0] if len(call.arguments) == 1 else None
    if call.name == "publicity_end" and (type(only) is not int or not PUBLICITY_DAYS <= only <= 60):
        return f"公告期要写明工作日天数，不少于 {PUBLICITY_DAYS} 个，不多于 60 个。"
    if call.name == "campaign_end" and only not in CAMPAIGN_DATES:
        return f"要写明是哪个日期：{'、'.join(sorted(CAMPAIGN_DATES))}。"
    if call.name == "working_days_end" and (type(only) is not int or not 1 <= only <= 250):
        return "要写明 1 到 250 个工作日。"
    if call.name == "today" and call.arguments:
        return "没有参数。"
    return None


def attributes_known(element: Element, known: Known) -> Iterator[Problem]:
    given = element.attributes
    for name in sorted(given.keys() - ATTRIBUTES):
        yield at(element, "unknown_attribute", f"{{}}的属性 sgyp:{shorten(name)} 不认识。", "请检查拼写，或删去。")
    allowed: Mapping[str, Collection[str]] = {
        "role": ROLES,
        "signed": ("true", "false"),
        "skippable": ("true", "false"),
        "who": LANES,
    }
    for name, values in allowed.items():
        if name in given and given[name] not in values:
            message = f"{{}}的属性 sgyp:{name}=“{shorten(given[name])}”不在允许的取值里。"
            yield at(element, f"bad_{name}", message, f"可取：{'、'.join(sorted(values))}。")
    if "article" in given and not re.fullmatch(r"\d{1,2}", given["article"]):
        yield at(element, "bad_article", "{}的条款号不是数字。", "请填写方案的条款序号，如 12。")
    if "remind" in given and not re.fullmatch(r"\d{1,2}(?: \d{1,2}){0,4}", given["remind"]):
        remedy = "请写 1 到 5 个数，用空格分开，如 3 1；0 为到期当天。"
        yield at(element, "bad_remind", "{}的提醒天数有误。", remedy)
    if "milestone" in given and not re.fullmatch(CAMPAIGN, given["milestone"]):
        yield at(element, "bad_milestone", "{}的阶段节点有误。", "请写成 campaign:first_results 这样的形式。")


def attributes_used(element: Element, known: Known) -> Iterator[Problem]:
    """Tell of an attribute of ours that means nothing where it stands."""
    for name in sorted(element.attributes.keys() & USED_BY.keys()):
        if not (element.kind in USED_BY[name] or (name in OF_SEVERAL and element.multiple)):
            message = f"{{}}的属性 sgyp:{name} 在这种环节上不起作用。"
            yield at(element, "unused_attribute", message, "请删去这个属性，或改用合适的环节。")


def due_right(element: Element, known: Known) -> Iterator[Problem]:
    due = element.attributes.get("due")
    if due is None:
        return
    match = DUE.fullmatch(due)
    if match is None:
        remedy = "请写成 2wd、campaign:survey、3wd cap campaign:survey 或 variable:plan_due_on。"
        yield at(element, "bad_due", f"{{}}的办理期限“{shorten(due)}”写法有误。", remedy)
    elif match["variable"] and match["variable"] not in known.variables:
        yield at(
            element, "bad_due", f"{{}}的办理期限用到了未公布的变量 {match['variable']}。", "请改用已公布的变量名。"
        )


def work_known(element: Element, known: Known) -> Iterator[Problem]:
    handler, decision = element.attributes.get("handler"), element.attributes.get("decision")
    if handler and handler not in known.handlers:
        yield at(element, "unknown_handler", f"{{}}的处理程序“{shorten(handler)}”不存在。", "请选用已有的处理程序。")
    if handler in (AUTOMATIC if element.kind in BY_HAND else HANDLERS):
        message = f"{{}}的处理程序“{shorten(handler or '')}”不是给这种环节用的。"
        yield at(element, "wrong_handler", message, "人办理的环节和系统任务各有自己的处理程序，请换一个。")
    if decision and known.decisions is not None and decision not in known.decisions:
        yield at(element, "unknown_decision", f"{{}}的决策表“{shorten(decision)}”没有部署。", "请先部署决策表。")
    if element.lane and element.lane not in LANES:
        yield at(
            element, "unknown_lane", f"{{}}所在的泳道“{element.lane}”不认识。", f"可用：{'、'.join(sorted(LANES))}。"
        )
    if element.kind in BY_HAND:
        yield from form_known(element, known)
        if not element.lane and "who" not in element.attributes:
            where, name = (element.id, element.name), f"“{shorten(element.name or element.id)}”"
            yield warning("nobody", f"{name}不在泳道里，没有指定由谁办理。", "请放进泳道，或填写 sgyp:who。", *where)


def form_known(element: Element, known: Known) -> Iterator[Problem]:
    """A task is asked a handler's form, a form of the bundle without a handler, or one general question."""
    handler, form = element.attributes.get("handler"), element.attributes.get("form")
    asked = form or handler
    if handler and form:
        yield at(element, "two_forms", "{}同时指定了处理程序和表单。", "处理程序自带表单，请只填一个。")
    elif form and (form in HANDLERS or form == GENERIC):
        yield at(element, "taken_form", f"表单“{shorten(form)}”属于处理程序，{{}}不能单独使用。", "请换一个表单名称。")
    elif not asked:
        where, name = (element.id, element.name), f"“{shorten(element.name or element.id)}”"
        remedy = "如需专用表单请填写 sgyp:form，如需处理程序请填写 sgyp:handler。"
        yield warning("generic_form", f"{name}没有表单，将用通用表单。", remedy, *where)
    elif known.forms is not None and asked not in known.forms and (form or handler in known.handlers):
        yield at(element, "unknown_form", f"{{}}的表单“{shorten(asked)}”不存在。", "请一并部署这份表单。")


def call_problems(process_id: str, elements: Mapping[str, Element], known: Known) -> Iterator[Problem]:
    """A called process is deployed and leads to no call of this one."""
    own = [element.called for element in elements.values() if element.called]
    graph: Mapping[str, Collection[str]] = {**(known.callees or {}), process_id: own}
    for element in elements.values():
        if not element.called:
            continue
        if element.called != process_id and known.callees is not None and element.called not in known.callees:
            message = f"{{}}调用的流程“{shorten(element.called)}”没有部署。"
            yield at(element, "unknown_process", message, "请先部署被调用的流程。")
        if process_id in called_from(element.called, graph):
            message = f"{{}}调用的流程“{shorten(element.called)}”又会调用本流程，没有尽头。"
            yield at(element, "recursion", message, "请去掉循环调用。")


def called_from(start: str, graph: Mapping[str, Collection[str]]) -> set[str]:
    """Return a process and all that are called from it, directly or through others."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += graph.get(name, ())
    return found


def drawing_problems(root: Node, elements: Mapping[str, Element]) -> Iterator[Problem]:
    drawn = {node.get("bpmnElement") for node in root.walk() if node.tag in ("BPMNShape", "BPMNEdge")}
    missing = [element for element in elements.values() if element.id not in drawn]
    if missing:
        message = f"有 {len(missing)} 个元素没有图形，将自动布局。"
        yield warning("not_drawn", message, "请在编辑器里摆放后导出。", missing[0].id, missing[0].name)


LOOKS: tuple[Callable[[Element, Known], Iterable[Problem]], ...] = (
    names_known,
    calls_right,
    attributes_known,
    attributes_used,
    due_right,
    work_known,
)
