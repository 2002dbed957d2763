"""Reads untrusted XML into a plain tree: no DTD, no entities, no network, bounded size and depth.

Everything after this module works on `Node`, so that the parser has one home and hostile files meet it once.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from lxml import etree

from bpmn.engine.problems import DiagramProblems, error

SIZE_LIMIT = 1_000_000
NODE_LIMIT = 30_000
DEPTH_LIMIT = 40

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
SGYP = "urn:sigeyipi:bpmn:1"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"

Point = tuple[int, int]
Bounds = tuple[int, int, int, int]
"""Left, top, width and height."""
_DRAWN = {"bpmndi": BPMNDI, "dc": DC, "di": DI}

DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One XML element: `space` its namespace, `tag` its local name, foreign attributes as `{namespace}name`."""

    space: str
    tag: str
    attributes: Mapping[str, str]
    text: str
    children: tuple["Node", ...]
    line: int

    def get(self, name: str) -> str:
        """Return an attribute, trimmed; empty when it is missing."""
        return self.attributes.get(name, "").strip()

    def find(self, tag: str) -> "Node | None":
        """Return the first child with this local name in the parent's namespace."""
        return next((child for child in self.children if child.tag == tag and child.space == self.space), None)

    def all(self, tag: str) -> tuple["Node", ...]:
        """Return the children with this local name in the parent's namespace."""
        return tuple(child for child in self.children if child.tag == tag and child.space == self.space)

    def walk(self) -> Iterator["Node"]:
        """Yield this element and all below it in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


def read_tree(xml: bytes) -> Node:
    """Parse `xml`; raises `DiagramProblems` with one problem when it is no harmless XML."""
    if not xml.strip():
        raise refused("empty", "文件是空的。", "请选择导出的流程文件。")
    if len(xml) > SIZE_LIMIT:
        raise refused("too_big", f"文件超过 {SIZE_LIMIT // 1_000_000} MB。", "请拆分流程，或去掉多余的图形。")
    if DOCTYPE.search(xml.replace(b"\x00", b"")):
        raise refused("dtd", "文件含有 DTD 或实体声明，不允许使用。", "请删去 DOCTYPE 一节后再上传。")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as problem:
        line = f"第 {problem.lineno} 行" if problem.lineno else "开头"
        raise refused("xml", f"文件不是有效的 XML（{line}有误）。", "请重新从流程编辑器导出。") from problem
    if root.getroottree().docinfo.internalDTD is not None:
        raise refused("dtd", "文件含有 DTD 或实体声明，不允许使用。", "请删去 DOCTYPE 一节后再上传。")
    if sum(1 for _ in root.iter()) > NODE_LIMIT:
        raise refused("too_big", f"文件的元素超过 {NODE_LIMIT} 个。", "请拆分流程。")
    return plain(root, 0)


def text_of(xml: bytes) -> str:
    """Return a file that `read_tree` accepts as text, whatever its encoding (UTF-16, GB18030, a byte order mark)."""
    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    return etree.tostring(root, encoding="unicode")


def with_attributes(text: str, name: str, values: Mapping[str, str]) -> str:
    """Return a diagram's text with one of our attributes set by the elements' ids; "" takes it away.

    Everything else stays as it is written; raises `DiagramProblems` for what `read_tree` refuses.
    """
    read_tree(text.encode())
    root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    for element in root.iter(etree.Element):
        value = values.get(element.get("id", ""))
        if value is None or not str(element.tag).startswith(f"{{{BPMN}}}"):
            continue
        element.attrib.pop(f"{{{SGYP}}}{name}", "")
        if value:
            element.set(f"{{{SGYP}}}{name}", value)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="unicode") + "\n"


@dataclass(frozen=True, slots=True)
class Page:
    """Where everything of a process or a sub-process is drawn, by the elements' ids."""

    element: str
    lanes: Mapping[str, Bounds]
    shapes: Mapping[str, Bounds]
    lines: Mapping[str, Sequence[Point]]


def with_drawing(text: str, pages: Sequence[Page]) -> str:
    """Return a diagram's text with this drawing in place of what it had; raises `DiagramProblems` as `read_tree`."""
    read_tree(text.encode())
    root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    for drawing in root.findall(f"{{{BPMNDI}}}BPMNDiagram"):
        root.remove(drawing)
    taken = {str(each.get("id")) for each in root.iter(etree.Element)}

    def named(element: str, kind: str) -> str:
        name = f"{element}_{kind}"
        while name in taken:
            name += "_"
        taken.add(name)
        return name

    for page in pages:
        sheet = etree.SubElement(root, f"{{{BPMNDI}}}BPMNDiagram", {"id": named(page.element, "diagram")}, _DRAWN)
        plane = etree.SubElement(
            sheet, f"{{{BPMNDI}}}BPMNPlane", {"id": named(page.element, "plane"), "bpmnElement": page.element}
        )
        for element, bounds in (*page.lanes.items(), *page.shapes.items()):
            more = {"isHorizontal": "true"} if element in page.lanes else {}
            told = {"id": named(element, "di"), "bpmnElement": element, **more}
            shape = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNShape", told)
            sides = zip(("x", "y", "width", "height"), map(str, bounds), strict=True)
            etree.SubElement(shape, f"{{{DC}}}Bounds", dict(sides))
        for element, points in page.lines.items():
            edge = etree.SubElement(
                plane, f"{{{BPMNDI}}}BPMNEdge", {"id": named(element, "di"), "bpmnElement": element}
            )
            for x, y in points:
                etree.SubElement(edge, f"{{{DI}}}waypoint", {"x": str(x), "y": str(y)})
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="unicode") + "\n"


def refused(code: str, message: str, remedy: str) -> DiagramProblems:
    """Build the refusal of a whole file."""
    return DiagramProblems((error(code, message, remedy),))


def plain(element: etree._Element, depth: int) -> Node:
    """Copy a parsed element and all below it."""
    if depth > DEPTH_LIMIT:
        raise refused("too_deep", f"文件的层次超过 {DEPTH_LIMIT} 层。", "请减少子流程的嵌套。")
    if not isinstance(element.tag, str):
        raise refused("dtd", "文件含有实体引用，不允许使用。", "请把实体换成普通文字。")
    name = etree.QName(element)
    return Node(
        space=name.namespace or "",
        tag=name.localname,
        attributes=MappingProxyType({str(key): str(value) for key, value in element.attrib.items()}),
        text=element.text or "",
        children=tuple(plain(child, depth + 1) for child in element),
        line=element.sourceline or 0,  # type: ignore[arg-type] # the stubs leave it out
    )
