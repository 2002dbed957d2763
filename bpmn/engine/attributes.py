"""What BPMN's own attributes may say: a value the engine would pass over in silence is told.

BPMN gives many attributes a meaning no diagram of ours needs. Passed over, a compensation handler would be
run like any task, and an event gateway that waits for all would go on with the first.
"""

from collections.abc import Iterator, Mapping

from bpmn.engine.problems import Problem, error, warning
from bpmn.engine.xml import Node
from bpmn.expressions import shorten

BOOLEANS = frozenset({"isExecutable", "isSequential", "cancelActivity", "triggeredByEvent"})

ONLY: Mapping[str, str] = {
    "isForCompensation": "false",
    "startQuantity": "1",
    "completionQuantity": "1",
    "parallelMultiple": "false",
    "instantiate": "false",
    "eventGatewayType": "Exclusive",
    "behavior": "All",
}
"""Attributes with the one value, BPMN's default, that the engine does."""

PASSED_OVER = frozenset(
    {
        *("id", "name", "targetNamespace", "expressionLanguage", "typeLanguage", "exporter", "exporterVersion"),
        *("processType", "isClosed", "definitionalCollaborationRef", "processRef", "partitionElementRef"),
        *("sourceRef", "targetRef", "isImmediate", "default", "attachedToRef", "calledElement", "messageRef"),
        *("errorRef", "errorCode", "structureRef", "itemRef", "gatewayDirection", "implementation", "isInterrupting"),
        *("associationDirection", "categoryValueRef", "textFormat", "evaluatesToTypeRef"),
    }
)
"""Attributes that are read elsewhere, or say nothing about how a case runs."""


def attribute_problems(node: Node) -> Iterator[Problem]:
    """Yield what is wrong with the plain attributes of one BPMN element."""
    here = (node.get("id")[:80], node.get("name")[:120])
    for name, value in node.attributes.items():
        told = f"第 {node.line} 行：{node.tag} 的属性 {shorten(name)}"
        if name in BOOLEANS:
            if value.strip() not in ("true", "false"):
                message = f"{told}=“{shorten(value)}”只能是 true 或 false。"
                yield error("bad_boolean", message, "请改为 true 或 false。", *here)
        elif name in ONLY:
            if value.strip() != ONLY[name]:
                message = f"{told}=“{shorten(value)}”不支持。"
                yield error("unsupported_attribute", message, f"请改为 {ONLY[name]}，或删去这个属性。", *here)
        elif name == "language":
            message = f"{told}不支持：表达式只有一种写法。"
            yield error("unsupported_attribute", message, "请删去这个属性。", *here)
        elif name not in PASSED_OVER and not name.startswith("{"):
            message = f"{told}不认识，不会起作用。"
            yield warning("ignored_attribute", message, "请检查拼写，或删去这个属性。", *here)
