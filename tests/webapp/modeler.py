"""The editor in a browser without a server: diagrams are opened and saved in it, and compared by what they say."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from playwright.sync_api import Browser, Page, Route

from webapp.assets import asset

WEBAPP = Path(__file__).parents[2] / "webapp"
ADDRESS = "http://editor.test"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
LISTS = ("handlers", "automatic", "forms", "decisions", "processes", "lanes", "roles", "dates", "completions")
EMPTY = (WEBAPP.parent / "bpmn" / "work_plan.bpmn").read_text(encoding="utf-8")
OPEN_AND_SAVE = """async ([xml, rename]) => {
  const { modeler } = document.querySelector('.editor');
  const { warnings } = await modeler.importXML(xml);
  if (rename) {
    const modeling = modeler.get('modeling');
    for (const element of modeler.get('elementRegistry').filter((each) => /Task$/.test(each.type))) {
      modeling.updateProperties(element, { name: `${element.businessObject.name}改` });
    }
  }
  return { xml: (await modeler.saveXML({ format: true })).xml, warnings: warnings.map((each) => each.message) };
}"""
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
IN_ORDER = "{http://www.omg.org/spec/BPMN/20100524/DI}BPMNEdge"
Written = tuple[str, tuple[tuple[str, str], ...], str, tuple[Any, ...]]


@contextmanager
def opened_modeler(browser: Browser) -> Iterator[Page]:
    """Open the editor's page as the server makes it, everything answered from the folder of the pages."""
    with browser.new_context() as context:
        page = context.new_page()
        page.route(f"{ADDRESS}/**", _answer)
        page.goto(f"{ADDRESS}/")
        page.wait_for_function("() => document.querySelector('.editor').modeler")
        yield page


def _answer(route: Route) -> None:
    path = route.request.url.removeprefix(ADDRESS)
    if path == "/":
        route.fulfill(body=_page(), content_type="text/html; charset=utf-8")
    elif path == "/diagram":
        route.fulfill(body=EMPTY, content_type="application/xml")
    elif path == "/catalogue":
        route.fulfill(json={each: [] for each in (*LISTS, "variables", "permissions")})
    elif path == "/problems":
        route.fulfill(json={"revision": 1, "problems": []})
    elif path == "/save":
        route.fulfill(json={"revision": 1, "by": "", "at": ""})
    elif (WEBAPP / path.lstrip("/")).is_file():
        route.fulfill(path=WEBAPP / path.lstrip("/"), content_type=TYPES.get(Path(path).suffix, ""))
    else:
        route.fulfill(status=404)


def _page() -> str:
    entry = asset("app")
    styles = "".join(f'<link rel="stylesheet" href="{style}">' for style in entry.styles)
    places = 'data-xml="/diagram" data-save="/save" data-problems="/problems" data-catalogue="/catalogue"'
    inside = '<input type="hidden" name="csrf_token" value="-">'
    host = f'<div class="editor" data-island="editor" {places} data-revision="1" data-editable="true">{inside}</div>'
    script = f'<script type="module" src="{entry.script}"></script>'
    head = f'<meta charset="utf-8"><link rel="icon" href="/static/favicon.svg">{styles}{script}'
    body = f"<p data-draft-saved></p>{host}"
    return f'<!doctype html><html lang="zh-CN"><head>{head}</head><body>{body}</body></html>'


def open_and_save(page: Page, xml: str, *, rename: bool = False) -> tuple[str, list[str]]:
    """Return a diagram as the editor saves it, with every task renamed if asked, and what it warned of."""
    told = page.evaluate(OPEN_AND_SAVE, [xml, rename])
    return str(told["xml"]), list(told["warnings"])


def meaning(xml: str) -> Written:
    """Return what a file says: the order of children counts only along a line, the spelling of numbers never."""
    return _meaning(ElementTree.fromstring(xml.encode()))


def _meaning(node: ElementTree.Element) -> Written:
    children = [_meaning(each) for each in node if isinstance(each.tag, str)]
    if node.tag != IN_ORDER:
        children.sort(key=repr)
    attributes = tuple(sorted((name, _plain(value)) for name, value in node.attrib.items()))
    return node.tag, attributes, (node.text or "").strip(), tuple(children)


def _plain(value: str) -> str:
    return f"{float(value):g}" if re.fullmatch(r"-?\d+(\.\d+)?", value) else value.strip()


def pieces(written: Written) -> Counter[str]:
    """Count every element of a file with its attributes and words, so that two files can be taken from another."""
    tag, attributes, words, children = written
    own = Counter([json.dumps([tag, attributes, words], ensure_ascii=False)])
    for child in children:
        own += pieces(child)
    return own
