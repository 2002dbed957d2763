"""What one element needs so that the engine can run it exactly: rules that look at one element and its neighbours."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from bpmn.engine.diagram import Element, catcher_of
from bpmn.engine.moments import DURATION, timer_expression
from bpmn.engine.problems import Problem, error
from bpmn.expressions import ExpressionError, compile_expression, shorten


def at(element: Element, code: str, message: str, remedy: str) -> Problem:
    """Build an error of one element."""
    return error(code, message, remedy, element.id, element.name)


def label(element: Element) -> str:
    """Say which element a sentence speaks of."""
    return f"“{shorten(element.name or element.id)}”"


def flow_rules(element: Element, elements: Mapping[str, Element]) -> Iterator[Problem]:
    """A flow joins two nodes of one scope."""
    if element.kind != "sequenceFlow":
        return
    source, target = elements.get(element.source or ""), elements.get(element.target or "")
    if source is None or target is None or "sequenceFlow" in (source.kind, target.kind):
        yield at(element, "dangling_flow", f"连线{label(element)}的起点或终点不存在。", "请把连线接到环节上。")
        return
    if not source.parent == target.parent == element.parent:
        yield at(element, "crossing_flow", f"连线{label(element)}跨过了子流程的边界。", "连线只能接同一层的环节。")
    if element.condition and source.kind not in ("exclusiveGateway", "inclusiveGateway"):
        message = f"连线{label(element)}的条件不在排他或包容网关之后，不会起作用。"
        yield at(element, "condition_ignored", message, "请在环节后加一个排他网关。")
    elif element.condition:
        try:
            compile_expression(element.condition)
        except ExpressionError as problem:
            yield at(element, "condition", f"连线{label(element)}的条件有误：{problem}", "请修改条件。")


def way_rules(element: Element, elements: Mapping[str, Element]) -> Iterator[Problem]:
    """Each node can be entered and left in the one way its kind knows."""
    if element.kind == "sequenceFlow":
        return
    arriving, leaving = len(element.incoming), len(element.outgoing)
    if element.kind in ("startEvent", "boundaryEvent") and arriving:
        yield at(element, "way_in", f"{label(element)}不能有进线。", "请把连线接到它后面的环节。")
    if element.kind not in ("startEvent", "boundaryEvent") and not arriving:
        yield at(element, "no_way_in", f"{label(element)}没有进线，永远走不到。", "请接上连线，或删去它。")
    if element.kind == "endEvent" and leaving:
        yield at(element, "way_out", f"结束事件{label(element)}不能有出线。", "请删去出线。")
    if element.kind != "endEvent" and not leaving:
        yield at(element, "no_way_out", f"{label(element)}没有出线。", "请接到下一个环节。")
    if leaving > 1 and not element.kind.endswith("Gateway"):
        yield at(element, "implicit_fork", f"{label(element)}有 {leaving} 条出线。", "请在它后面加一个网关。")


def gateway_rules(element: Element, elements: Mapping[str, Element]) -> Iterator[Problem]:
    """A choice always has a way on."""
    if element.kind not in ("exclusiveGateway", "inclusiveGateway"):
        if element.default:
            yield at(
                element, "default_ignored", f"{label(element)}不是选择网关，默认出线不起作用。", "请去掉默认标记。"
            )
        return
    flows = [elements[flow] for flow in element.outgoing if flow in elements]
    if element.default and element.default not in element.outgoing:
        yield at(element, "default_wrong", f"网关{label(element)}的默认出线不是它的出线。", "请重新选定默认出线。")
    elif (len(flows) > 1 or any(f.condition for f in flows)) and not element.default:
        message = f"网关{label(element)}没有默认出线，条件都不成立时会卡住。"
        yield at(element, "no_default", message, "请把一条出线设为默认。")
    for flow in flows:
        if flow.id == element.default and flow.condition:
            yield at(flow, "default_condition", f"默认出线{label(flow)}的条件不起作用。", "请删去默认出线的条件。")
        elif flow.id != element.default and not flow.condition and len(flows) > 1:
            yield at(
                flow, "no_condition", f"网关{label(element)}的出线{label(flow)}没有条件。", "请填写条件或设为默认。"
            )


def event_rules(element: Element, elements: Mapping[str, Element]) -> Iterator[Problem]:
    """Each event waits for what its kind can wait for."""
    allowed: dict[str, tuple[str | None, ...]] = {
        "startEvent": (None,),
        "endEvent": (None, "terminate", "error"),
        "intermediateThrowEvent": (None,),
        "intermediateCatchEvent": ("timer", "message"),
        "boundaryEvent": ("timer", "message", "error"),
    }
    if element.kind not in allowed:
        return
    if element.event not in allowed[element.kind]:
        yield at(
            element, "event_kind", f"事件{label(element)}的类型在这里不支持。", "请改为定时或消息事件，或普通事件。"
        )
    if element.event == "timer":
        yield from timer_rules(element)
    if element.event == "message" and not element.message:
        yield at(element, "message_name", f"消息事件{label(element)}没有选定消息。", "请选定一个有名称的消息。")
    if element.event == "error" and not element.error:
        yield at(element, "error_code", f"错误事件{label(element)}没有选定有代码的错误。", "请选定一个错误。")
    if element.kind == "boundaryEvent":
        yield from edge_rules(element, elements)


def edge_rules(element: Element, elements: Mapping[str, Element]) -> Iterator[Problem]:
    """A boundary event stands on an activity that can wait, or for an error on one that can fail."""
    host = elements.get(element.attached_to or "")
    is_error = element.event == "error"
    hosts = ("serviceTask", "subProcess") if is_error else ("userTask", "manualTask", "subProcess", "callActivity")
    if host is None or host.parent != element.parent or host.kind not in hosts:
        where = "系统任务或子流程" if is_error else "用户任务或子流程"
        message = f"边界事件{label(element)}没有附着在{where}上，不会发生。"
        yield at(element, "boundary_host", message, f"请拖到{where}的边上。")
    others = (e for e in elements.values() if e.attached_to == element.attached_to and e is not element)
    if element.message and element.message in [other.message for other in others]:
        message = f"{label(element)}和同一环节边上的另一个事件等同一个消息，只有一个会收到。"
        yield at(element, "event_twice", message, "请只留一个，或各用一个消息。")
    if is_error and not element.interrupting:
        message = f"错误事件{label(element)}不能设为不中断：出错的环节已经停下。"
        yield at(element, "error_interrupting", message, "请改为中断的错误事件。")


def error_rules(element: Element, elements: Mapping[str, Element]) -> Iterator[Problem]:
    """Each error that may be thrown is caught, each one caught may be thrown."""
    for code in element.throws:
        if catcher_of(element, code, elements) is None:
            message = f"{label(element)}会报告错误“{shorten(code)}”，没有边界事件接住它。"
            yield at(element, "uncaught_error", message, "请在它或外面的子流程的边上加错误事件。")
    if element.kind != "boundaryEvent" or not element.error:
        return
    sources = [e for e in elements.values() if element.error in e.throws]
    if element not in [catcher_of(source, element.error, elements) for source in sources]:
        message = f"错误事件{label(element)}等的错误“{shorten(element.error)}”不会出现在它所在的环节里。"
        remedy = "请在系统任务上用 sgyp:throws 声明错误，或用错误结束事件；同一环节只留一个。"
        yield at(element, "never_thrown", message, remedy)


def timer_rules(element: Element) -> Iterator[Problem]:
    try:
        expression = timer_expression(element.timer or "")
    except ExpressionError as problem:
        yield at(element, "timer", f"定时事件{label(element)}的时间有误：{problem}", "请填写日期、时长或时间函数。")
        return
    literal = expression.constant
    is_duration = isinstance(literal, str) and DURATION.fullmatch(literal) is not None
    if element.timer_is_duration != is_duration:
        message = f"定时事件{label(element)}的时间类型不符：“{element.timer}”。"
        yield at(element, "timer", message, "日期填在“日期”里，时长（如 P5D）填在“时长”里。")


def waiting_rules(element: Element, elements: Mapping[str, Element]) -> Iterator[Problem]:
    """An event-based gateway leads straight to events: one timer at most, each message once."""
    if element.kind != "eventBasedGateway":
        return
    targets = [elements.get(elements[flow].target or "") for flow in element.outgoing if flow in elements]
    events = [target for target in targets if target is not None]
    if len(events) < 2 or any(e.kind != "intermediateCatchEvent" or len(e.incoming) != 1 for e in events):
        message = f"事件网关{label(element)}的出线应当各接一个只有它进线的捕获事件，至少两个。"
        yield at(element, "event_gateway", message, "请在网关后直接放定时或消息捕获事件。")
    if sum(e.event == "timer" for e in events) > 1:
        yield at(element, "event_gateway", f"事件网关{label(element)}后有不止一个定时。", "请只留一个定时事件。")
    names = [e.message for e in events if e.event == "message"]
    if len(set(names)) < len(names):
        yield at(element, "event_gateway", f"事件网关{label(element)}后有两个相同的消息。", "请各用一个消息。")


def activity_rules(element: Element, elements: Mapping[str, Element]) -> Iterator[Problem]:
    """Each activity says who or what does it."""
    if element.kind == "serviceTask" and not element.attributes.get("handler"):
        yield at(element, "no_handler", f"系统任务{label(element)}没有指定处理程序。", "请填写 sgyp:handler。")
    if element.kind == "businessRuleTask" and not element.attributes.get("decision"):
        yield at(element, "no_decision", f"决策任务{label(element)}没有指定决策表。", "请填写 sgyp:decision。")
    if element.kind == "callActivity" and not re.fullmatch(r"[^\W\d][\w.\-]{0,79}", element.called or ""):
        message = f"调用活动{label(element)}没有指定被调用的流程，或流程编号不合规则。"
        yield at(element, "no_called", message, "请填写 calledElement，即被调用流程的编号。")
    if element.multiple and element.kind not in ("userTask", "manualTask"):
        yield at(element, "multiple", f"{label(element)}不是用户任务，不能多人会办。", "请去掉多人标记。")
    elif element.multiple:
        try:
            compile_expression(element.attributes.get("collection", ""))
        except ExpressionError as problem:
            message = f"多人会办{label(element)}的人员集合有误：{problem}"
            yield at(element, "collection", message, "请填写 sgyp:collection，如 reviewing_bodies。")
    if element.completion is not None:
        yield from completion_rules(element)


def completion_rules(element: Element) -> Iterator[Problem]:
    """A joint activity that is done early says when, in names that have a value there."""
    remedy = "请写成 nr_done * 2 > nr_total 或 count(results, 'back') > 0 这样的条件。"
    try:
        expression = compile_expression(element.completion or "")
    except ExpressionError as problem:
        yield at(element, "completion", f"多人会办{label(element)}的完成条件有误：{problem}", remedy)
        return
    if "results" in expression.names and not element.attributes.get("result"):
        message = f"多人会办{label(element)}的完成条件用到各人的结果（results），却没有说明是哪个变量。"
        yield at(element, "completion", message, "请填写 sgyp:result，如 verdict。")


RULES: tuple[Callable[[Element, Mapping[str, Element]], Iterable[Problem]], ...] = (
    flow_rules,
    way_rules,
    gateway_rules,
    event_rules,
    error_rules,
    waiting_rules,
    activity_rules,
)
