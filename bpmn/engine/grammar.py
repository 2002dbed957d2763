"""What the engine can run: every construct of a diagram is on this list or refused, each with its reason.

The stock library drops, misreads or runs on what stands outside; here it never reaches the engine.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from bpmn.engine.attributes import attribute_problems
from bpmn.engine.diagram import (
    ACTIVITIES,
    EVENT_DEFINITIONS,
    EVENTS,
    FLOW_NODES,
    Element,
    each_process,
    index,
    process_count,
    process_of,
    require_bpmn,
)
from bpmn.engine.problems import Problem, error, warning
from bpmn.engine.references import drawing_reference_problems, lane_reference_problems, line_problems
from bpmn.engine.rules import RULES
from bpmn.engine.xml import BPMN, SGYP, Node

NODE_LIMIT = 600
NAME_LIMIT = 120
DOCUMENTATION_LIMIT = 4000
ID = re.compile(r"[^\W\d][\w.\-]{0,79}")
RESERVED = frozenset({"Start", "End", "Root"})
"""Ids SpiffWorkflow uses for tasks of its own; a diagram with them becomes empty without a word."""

OTHER_TAGS = frozenset(
    {
        "definitions",
        "process",
        "message",
        "error",
        "collaboration",
        "participant",
        "laneSet",
        "lane",
        "childLaneSet",
        "flowNodeRef",
        "sequenceFlow",
        "incoming",
        "outgoing",
        "documentation",
        "extensionElements",
        "textAnnotation",
        "text",
        "association",
        "group",
        "conditionExpression",
        "timeDate",
        "timeDuration",
        "multiInstanceLoopCharacteristics",
        "completionCondition",
    }
)
ALLOWED_TAGS = FLOW_NODES | OTHER_TAGS | frozenset(EVENT_DEFINITIONS)

DRAWING_SPACES = frozenset(
    {
        "http://www.omg.org/spec/BPMN/20100524/DI",
        "http://www.omg.org/spec/DD/20100524/DC",
        "http://www.omg.org/spec/DD/20100524/DI",
    }
)
ATTRIBUTE_SPACES = DRAWING_SPACES | {
    SGYP,
    "http://www.w3.org/2001/XMLSchema-instance",
    "http://www.w3.org/XML/1998/namespace",
    "http://bpmn.io/schema/bpmn/biocolor/1.0",
    "http://www.omg.org/spec/BPMN/non-normative/color/1.0",
}

SCOPES = frozenset({"process", "subProcess"})
PARENTS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(FLOW_NODES | {"sequenceFlow", "laneSet"}, SCOPES),
    **dict.fromkeys(("textAnnotation", "association", "group"), SCOPES | {"collaboration"}),
    **dict.fromkeys(("process", "message", "error", "collaboration"), frozenset({"definitions"})),
    **dict.fromkeys(("incoming", "outgoing"), FLOW_NODES),
    **dict.fromkeys(EVENT_DEFINITIONS, EVENTS),
    **dict.fromkeys(("timeDate", "timeDuration"), frozenset({"timerEventDefinition"})),
    "participant": frozenset({"collaboration"}),
    "lane": frozenset({"laneSet", "childLaneSet"}),
    "childLaneSet": frozenset({"lane"}),
    "flowNodeRef": frozenset({"lane"}),
    "text": frozenset({"textAnnotation"}),
    "conditionExpression": frozenset({"sequenceFlow"}),
    "completionCondition": frozenset({"multiInstanceLoopCharacteristics"}),
    "multiInstanceLoopCharacteristics": ACTIVITIES,
}
"""Where each element has a meaning; elsewhere it would be passed over in silence."""

ONCE = frozenset(
    {"conditionExpression", "completionCondition", "timeDate", "timeDuration", "multiInstanceLoopCharacteristics"}
)

INSTEAD: Mapping[str, tuple[str, str]] = {
    "scriptTask": ("脚本任务", "请改用系统任务，处理程序随版本发布。"),
    "complexGateway": ("复杂网关", "请改用排他、并行或包容网关。"),
    "adHocSubProcess": ("临时子流程", "请改用普通子流程。"),
    "transaction": ("事务子流程", "请改用普通子流程。"),
    "sendTask": ("发送任务", "请改用系统任务，通知由处理程序发出。"),
    "receiveTask": ("接收任务", "请改用消息捕获事件。"),
    "standardLoopCharacteristics": ("循环标记", "请用排他网关画出回路。"),
    "signalEventDefinition": ("信号事件", "请改用消息事件。"),
    "linkEventDefinition": ("链接事件", "请直接连线。"),
    "compensateEventDefinition": ("补偿事件", "请把补救步骤画成任务。"),
    "conditionalEventDefinition": ("条件事件", "请改用排他网关。"),
    "escalationEventDefinition": ("升级事件", "请改用消息或定时事件。"),
    "cancelEventDefinition": ("取消事件", "请改用终止事件。"),
    "timeCycle": ("循环定时", "定期工作请设为按期新开的小流程。"),
    "loopCardinality": ("按份数的多人会办", "请填写会办人员的集合。"),
    "dataObject": ("数据对象", "资料保存在表单里，请删去。"),
    "dataObjectReference": ("数据对象引用", "资料保存在表单里，请删去。"),
    "dataStoreReference": ("数据存储引用", "资料保存在表单里，请删去。"),
    "correlationProperty": ("消息关联", "消息按项目送达，请删去关联设置。"),
}


def grammar_problems(root: Node) -> list[Problem]:
    """Return every construct the engine cannot run exactly; raises `DiagramProblems` for what is no diagram at all.

    A file of several processes is refused for that, and each of them is looked through all the same.
    """
    require_bpmn(root)
    apart = each_process(root)
    problems = [] if len(apart) == 1 else [process_count(len(apart))]
    problems += [problem for part in apart for problem in file_problems(part)]
    if "too_big" in codes(problems):
        return problems  # thousands of sentences would take longer than the file may
    looks = (tag_problems, kind_problems, id_problems, place_problems)
    problems += [problem for look in looks for problem in look(root)]
    known_ids = Counter(node.get("id") for node in root.walk() if node.space == BPMN)
    if any(count > 1 for identifier, count in known_ids.items() if identifier) or "misplaced" in codes(problems):
        # With one id for two things, or things where they do not count, all below could concern the wrong one.
        return problems
    strangers = {node.get("id") for node in root.walk() if node.space == BPMN and node.tag not in ALLOWED_TAGS}
    for part in apart:
        problems += process_problems(part, strangers)
    return [*problems, *event_problems(root), *line_problems(root), *drawing_reference_problems(root)]


def process_problems(root: Node, strangers: Collection[str]) -> Iterator[Problem]:
    """Yield what is wrong inside the one process of a tree; flows from or to `strangers` were told of with these."""
    elements = index(root)
    yield from scope_problems(process_of(root), elements)
    for element in elements.values():
        if element.source not in strangers and element.target not in strangers:
            yield from (finding for rule in RULES for finding in rule(element, elements))
    yield from lane_reference_problems(root, elements)


def codes(problems: Iterable[Problem]) -> set[str]:
    """Return the kinds of the problems found."""
    return {problem.code for problem in problems}


def file_problems(root: Node) -> Iterator[Problem]:
    process = process_of(root)
    if process.get("isExecutable") != "true":
        yield error("not_executable", "流程没有勾选“可执行”。", "请在流程属性里勾选。", process.get("id"))
    count = sum(1 for node in process.walk() if node.space == BPMN and node.tag in FLOW_NODES)
    if count > NODE_LIMIT:
        yield error("too_big", f"流程有 {count} 个环节，最多 {NODE_LIMIT} 个。", "请拆分流程。", process.get("id"))


def judged(node: Node) -> Iterator[Node]:
    """Yield the nodes worth a sentence of their own: nothing below what is refused as a whole."""
    yield node
    if node.space in DRAWING_SPACES or (node.space == BPMN and node.tag in ALLOWED_TAGS):
        for child in node.children:
            yield from judged(child)


def tag_problems(root: Node) -> Iterator[Problem]:
    for node in judged(root):
        name = node.get("name")[:NAME_LIMIT]
        here = (node.get("id")[:80], name)
        if node.space == BPMN and node.tag not in ALLOWED_TAGS:
            what, remedy = INSTEAD.get(node.tag, (node.tag, "请删去这个元素，或改用支持的环节。"))
            yield error("unsupported", f"第 {node.line} 行：不支持{what}（{node.tag}）。", remedy, *here)
        elif node.space not in DRAWING_SPACES and node.space != BPMN:
            message = f"第 {node.line} 行：不支持别的软件的扩展（{node.tag}）。"
            yield error("foreign", message, "请删去扩展元素，设置写在四个一批的属性里。", *here)
        elif node.space in DRAWING_SPACES and not drawable(node):
            yield error("drawing", f"第 {node.line} 行：图形坐标不是有效的数。", "请在编辑器里重新摆放后导出。", *here)
        if len(node.get("name")) > NAME_LIMIT:
            yield error("long_name", f"名称“{name[:20]}…”超过 {NAME_LIMIT} 字。", "请缩短名称。", *here)
        if node.tag == "documentation" and len(node.text) > DOCUMENTATION_LIMIT:
            yield error("long_text", f"第 {node.line} 行：说明超过 {DOCUMENTATION_LIMIT} 字。", "请缩短说明。", *here)
        for key in node.attributes:
            if key.startswith("{") and key[1:].split("}")[0] not in ATTRIBUTE_SPACES:
                message = f"第 {node.line} 行：不支持别的软件的属性（{key.split('}')[1]}）。"
                yield error("foreign", message, "请删去这个属性。", *here)


def kind_problems(root: Node) -> Iterator[Problem]:
    for node in judged(root):
        here = (node.get("id")[:80], node.get("name")[:NAME_LIMIT])
        if node.tag == "subProcess" and node.get("triggeredByEvent") == "true":
            yield error("unsupported", "不支持事件子流程。", "请改用边界事件。", *here)
        if node.space == BPMN and node.tag == "task":
            text = f"任务“{here[1] or here[0]}”没有选定类型，按人工任务办理。"
            yield warning("untyped_task", text, "请选定任务类型，由人办理的选“用户任务”。", *here)
        if node.space == BPMN and node.tag in ALLOWED_TAGS:
            yield from attribute_problems(node)


def place_problems(root: Node) -> Iterator[Problem]:
    """An element in the wrong place is passed over in silence by every reader; a repeated part hides the first."""
    for node in judged(root):
        if node.space != BPMN:
            continue
        tags = Counter(child.tag for child in node.children if child.space == BPMN)
        for child in node.children:
            if child.space == BPMN and node.tag not in PARENTS.get(child.tag, {node.tag}):
                message = f"第 {child.line} 行：{child.tag} 放在 {node.tag} 里不起作用。"
                yield error("misplaced", message, "请重新从流程编辑器导出。", child.get("id")[:80], child.get("name"))
        for tag in sorted(tag for tag in tags.keys() & ONCE if tags[tag] > 1):
            message = f"第 {node.line} 行：{node.tag} 里有不止一个 {tag}。"
            yield error("repeated", message, "请只留一个。", node.get("id")[:80], node.get("name"))


def drawable(node: Node) -> bool:
    """Tell whether the coordinates of a drawing element are numbers a page can use."""
    for key in ("x", "y", "width", "height"):
        text = node.get(key)
        if text and not re.fullmatch(r"-?\d{1,6}(\.\d{1,20})?", text):
            return False
    return True


def id_problems(root: Node) -> Iterator[Problem]:
    counts = Counter(node.get("id") for node in root.walk() if node.space == BPMN and node.get("id"))
    for identifier, count in counts.items():
        if count > 1:
            message = f"编号“{identifier[:80]}”用了 {count} 次，只有最后一个会起作用。"
            yield error("duplicate_id", message, "请给每个元素不同的编号。", identifier[:80])
        if identifier in RESERVED or identifier.endswith(".EndJoin"):
            yield error("reserved_id", f"编号“{identifier}”是系统保留的。", "请换一个编号。", identifier)
        if not ID.fullmatch(identifier):
            message = f"编号“{identifier[:80]}”不合规则：以文字开头，只含文字、数字、“_”“-”“.”，最多 80 个。"
            yield error("bad_id", message, "请修改编号。", identifier[:80])
    for node in root.walk():
        if node.space == BPMN and node.tag in FLOW_NODES | {"sequenceFlow", "process"} and not node.get("id"):
            yield error("no_id", f"第 {node.line} 行的元素没有编号。", "请重新从流程编辑器导出。", "", node.get("name"))


def scope_problems(process: Node, elements: Mapping[str, Element]) -> Iterator[Problem]:
    scopes = [process, *(node for node in process.walk() if node.tag == "subProcess" and node.space == BPMN)]
    for scope in scopes:
        parent = None if scope is process else scope.get("id")
        inside = [e for e in elements.values() if e.parent == parent]
        where = (scope.get("id"), scope.get("name"))
        starts = sum(e.kind == "startEvent" for e in inside)
        what = "流程" if parent is None else f"子流程“{scope.get('name') or parent}”"
        if starts != 1:
            message = f"{what}应当恰好有一个开始事件，现有 {starts} 个。"
            yield error("start_count", message, "请保留一个开始事件。", *where)
        if not any(e.kind == "endEvent" for e in inside):
            yield error("no_end", f"{what}没有结束事件。", "请加上结束事件。", *where)


def event_problems(root: Node) -> Iterator[Problem]:
    for message in root.all("message"):
        if not message.get("name"):
            yield error("message_name", f"消息“{message.get('id')}”没有名称。", "请填写消息名称。", message.get("id"))
    for fault in root.all("error"):
        if not re.fullmatch(r"\w{1,60}", fault.get("errorCode")):
            text = f"错误“{fault.get('id')}”没有代码，或代码不只是文字、数字和“_”。"
            remedy = "请填写错误代码（errorCode），如 no_reply。"
            yield error("error_code", text, remedy, fault.get("id"), fault.get("name"))
    for node in root.walk():
        definitions = [child for child in node.children if child.tag.endswith("EventDefinition")]
        if node.space == BPMN and len(definitions) > 1:
            text = f"事件“{node.get('name') or node.get('id')}”有不止一个触发条件。"
            yield error("event_kind", text, "请只留一个。", node.get("id"), node.get("name"))
