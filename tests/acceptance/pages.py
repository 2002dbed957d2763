"""Every page there is, by who may open it: found by following links from the first page, one of each kind.

A page is of a kind by its route, the tab it shows and the marks its elements carry: two projects' pages with the same
marks are looked at once, a third on which something else stands as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from lxml import html
from werkzeug.exceptions import HTTPException

from tests.webapp.conftest import Person

PLACES = (
    "limit",
    "after",
    "before",
    "order",
    "q",
    "category",
    "first",
    "sort",
    "page",
)  # a list is of one kind, whatever it is asked
MOST_OF_A_KIND = 8  # addresses of one route that are opened to see whether something new stands there
NO_PAGES = re.compile(r"\.(docx|xlsx|zip|bpmn|json|txt)$|^/(static|api)/")


@dataclass(frozen=True)
class Found:
    """A page to look at: who opens it, and where."""

    login: str
    path: str
    kind: str


@dataclass
class Crawl:
    """What was found so far, over everybody who looked."""

    app: Flask
    marks: dict[str, set[str]] = field(default_factory=dict)  # by kind: what was seen on its pages
    found: list[Found] = field(default_factory=list)

    def through(self, login: str, person: Person, also: Iterable[str] = ()) -> None:
        """Follow the links of everything `person` may open, from the first page and from `also`."""
        waiting, known, opened = ["/", *also], set[str](), dict[str, int]()
        while waiting:
            path = waiting.pop(0)
            kind = self._kind(path)
            if path in known or kind is None or opened.get(kind, 0) >= MOST_OF_A_KIND:
                continue
            known.add(path)
            opened[kind] = opened.get(kind, 0) + 1
            answer = person.get(path)
            if answer.status_code in (301, 302, 303):
                waiting.append(answer.headers["Location"])
            elif answer.status_code == 200 and answer.mimetype == "text/html":
                page = html.fromstring(answer.get_data(as_text=True))
                self._see(login, path, kind, page)
                waiting += [str(link) for link in page.xpath("//a/@href") if str(link).startswith("/")]

    def _see(self, login: str, path: str, kind: str, page: Any) -> None:
        marks, seen = set(marks_of(page)), self.marks.setdefault(kind, set())
        if not marks <= seen:
            self.found.append(Found(login, path, kind))
            seen |= marks

    def _kind(self, path: str) -> str | None:
        """Return the route and the tab of an address; None for what is no page."""
        split = urlsplit(path)
        if NO_PAGES.search(split.path):
            return None
        try:
            endpoint, values = self.app.url_map.bind("").match(split.path, "GET")
        except HTTPException:
            return None
        asked = {name: said[0] for name, said in parse_qs(split.query).items() if name in ("tab", "view")}
        named = {name: value for name, value in values.items() if name in ("stem", "name", "kind")}
        return " ".join([endpoint, *(f"{name}={value}" for name, value in sorted({**named, **asked}.items()))])


def marks_of(page: Any) -> Iterator[str]:
    """Yield what each element of a page is, by its tag, its classes and its role."""
    for element in page.iter():
        if isinstance(element.tag, str):
            yield " ".join([element.tag, element.get("class", ""), element.get("role", ""), element.get("type", "")])
