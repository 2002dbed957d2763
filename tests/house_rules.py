"""The rules of the house as functions: each takes a piece of source and returns its breaches as sentences."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from pathlib import PurePosixPath

ROOMS = ("ledger", "forms", "handlers", "bpmn", "scheduler", "webapp")
STEMS = (
    *("receive", "reassign", "field_survey", "assessment", "joint_review", "preliminary_opinion", "party_meeting"),
    *("application", "village_opinion", "unit_opinion", "submission", "acceptance_check", "decision", "reply"),
    *("notice_unit", "notice_site", "objection", "consultation", "disposal_plan", "disposal", "exit_recovery"),
    *("evaluation", "reclassification", "filing", "archiving"),
)
ROUND_STEMS = (
    *("work_plan", "mobilisation", "weekly_report", "monthly_update", "yearly_report"),
    *("round_approval", "round_check"),
)
HOMES = {
    "SpiffWorkflow": "bpmn/engine/",
    "lxml": "bpmn/engine/",
    "openpyxl": "forms/sheets/",
    "python_calamine": "forms/sheets/",
    "docxtpl": "forms/papers/",
    "pypdf": "forms/papers/binder.py",
    "pypdfium2": "forms/preview.py",
    "docx": "forms/papers/",
    "apprise": "scheduler/channels/chat.py",
    "apscheduler": "scheduler/clock.py",
    "authlib": "webapp/portal_door.py",
    "joserfc": "webapp/portal_door.py",
    "requests": "webapp/portal_door.py",
    "urllib3": "webapp/portal_door.py",
    "flask": "webapp/",
    "flask_limiter": "webapp/",
    "flask_login": "webapp/",
    "flask_wtf": "webapp/",
    "werkzeug": "webapp/",
    "waitress": "webapp/",
    "sqlalchemy": "ledger/",
    "alembic": "ledger/",
    "chinese_calendar": "ledger/",
    "smtplib": "scheduler/channels/",
    "alibabacloud_dysmsapi20170525": "scheduler/channels/aliyun.py",
    "tencentcloud": "scheduler/channels/tencent.py",
}
# every room may be handed a session and pass it on
SESSION_IMPORT = {("sqlalchemy.orm", "Session")}
COMMIT_HOME = "ledger/db.py"
CLOCK_HOMES = ("webapp/request.py", "scheduler/clock.py")
CLOCK_READS = {
    *(("datetime", name) for name in ("now", "utcnow", "today")),
    ("date", "today"),
    ("func", "now"),
    *(("time", name) for name in ("time", "time_ns", "localtime", "gmtime", "ctime", "strftime")),
}
FORBIDDEN_WORDS = ("manager", "service", "helper", "util", "common", "base", "processor", "dto")
# the name that SQLAlchemy's own papers give to the declarative base
ALLOWED_NAMES = {("ledger/db.py", "Base")}
MODULE_LINES = 400
MODULE_LINES_MEDIAN = 120
FUNCTION_LINES = 60
FUNCTION_LINES_MEDIAN = 12
# Alembic writes these: one long function that lists a schema
GENERATED = "ledger/migrations/versions/"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A Python file by its path in the repository."""

    path: str
    source: str

    @property
    def room(self) -> str:
        return PurePosixPath(self.path).parts[0]

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @cached_property
    def lines(self) -> list[str]:
        return self.source.splitlines()

    def at(self, node: ast.AST, sentence: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)} {sentence}"

    def has_reason(self, node: ast.stmt | ast.excepthandler) -> bool:
        """Tell whether a comment stands on the first line of `node` or on the line before it."""
        before = self.lines[node.lineno - 2].strip() if node.lineno > 1 else ""
        return "#" in self.lines[node.lineno - 1] or before.startswith("#")


def imports(module: Module) -> Iterator[tuple[ast.Import | ast.ImportFrom, str, str]]:
    """Yield every import as its node, the module's name and the name taken from it (or '')."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, node.module or "", alias.name) for alias in node.names)


def functions(module: Module) -> list[Function]:
    return [node for node in ast.walk(module.tree) if isinstance(node, Function)]


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def room_order(module: Module) -> list[str]:
    own = ROOMS.index(module.room)
    return [
        module.at(node, f"{module.room} may not import {name}")
        for node, name, _ in imports(module)
        if name.split(".")[0] in ROOMS[own + 1 :]
    ]


def library_homes(module: Module) -> list[str]:
    return [
        module.at(node, f"{name} lives in {HOMES[root]}")
        for node, name, taken in imports(module)
        if (root := name.split(".")[0]) in HOMES
        and not module.path.startswith(HOMES[root])
        and (name, taken) not in SESSION_IMPORT
    ]


def one_commit(module: Module) -> list[str]:
    if module.path == COMMIT_HOME:
        return []
    return [
        module.at(node, f"only {COMMIT_HOME} commits")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def clock_reads(module: Module) -> list[str]:
    if module.path in CLOCK_HOMES:
        return []
    sentence = f"the clock is read in {' and '.join(CLOCK_HOMES)}; take `now` as an argument"
    read = [
        module.at(node, sentence)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and (_last_name(node.value), node.attr) in CLOCK_READS
    ]
    taken = [module.at(node, sentence) for node, name, what in imports(module) if (name, what) in CLOCK_READS]
    return read + taken


def absolute_imports(module: Module) -> list[str]:
    return [
        module.at(node, "imports are absolute")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]


def imports_in_functions(module: Module) -> list[str]:
    inner = {
        node
        for function in functions(module)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    return [
        module.at(node, "an import inside a function has no reason") for node in inner if not module.has_reason(node)
    ]


def broad_excepts(module: Module) -> list[str]:
    def is_broad(handler: ast.ExceptHandler) -> bool:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        return any(kind is None or _last_name(kind) in ("Exception", "BaseException") for kind in kinds)

    return [
        module.at(node, "a broad except has no reason")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and is_broad(node) and not module.has_reason(node)
    ]


def words(name: str) -> list[str]:
    """Split a snake_case or CamelCase name into lower-case words, plurals made singular."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return [part.lower().removesuffix("s") for part in parts]


def forbidden_names(module: Module) -> list[str]:
    named: list[tuple[ast.AST, str]] = [(module.tree, PurePosixPath(module.path).stem)]
    for node in ast.walk(module.tree):
        if isinstance(node, Function | ast.ClassDef):
            named.append((node, node.name))
    return [
        module.at(node, f"`{name}` says nothing: {word}")
        for node, name in named
        for word in FORBIDDEN_WORDS
        if word in words(name) and (module.path, name) not in ALLOWED_NAMES
    ]


def sizes(module: Module) -> list[str]:
    if module.path.startswith(GENERATED):
        return []
    long = [
        module.at(function, f"`{function.name}` has {length(function)} lines, more than {FUNCTION_LINES}")
        for function in functions(module)
        if length(function) > FUNCTION_LINES
    ]
    if len(module.lines) > MODULE_LINES:
        long.append(f"{module.path} has {len(module.lines)} lines, more than {MODULE_LINES}")
    return long


def code_from_data(module: Module) -> list[str]:
    called = [
        module.at(node, f"`{node.func.id}` runs data as code")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")
    ]
    taken = [
        module.at(node, f"{name} runs data as code")
        for node, name, _ in imports(module)
        if name.split(".")[0] in ("pickle", "marshal", "shelve", "dill", "jsonpickle")
    ]
    return called + taken


XML_READERS = ("xml.etree", "xml.dom", "xml.sax", "xmlrpc", "defusedxml")
READS_XML = frozenset({"fromstring", "parse", "XML", "HTML", "iterparse"})


def guarded_xml(module: Module) -> list[str]:
    """Let XML be read by parsers that refuse entities alone: lxml with one of ours, expat with a word on doctypes."""
    strange = [
        module.at(node, f"{name} reads XML unguarded")
        for node, name, taken in imports(module)
        if name.startswith(XML_READERS) and name != "xml.sax.saxutils"
    ]
    bare = [
        module.at(node, "an XML parser that resolves entities")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and _last_name(node.func.value) == "etree"
        if (node.func.attr in READS_XML and len(node.args) < 2)
        or (node.func.attr == "XMLParser" and not _switched_off(node, "resolve_entities"))
    ]
    expat = [node for node, name, taken in imports(module) if "expat" in (name.split(".")[-1], taken)]
    silent = [] if "DoctypeDecl" in module.source else [module.at(node, "expat takes any doctype") for node in expat]
    return strange + bare + silent


def _switched_off(call: ast.Call, name: str) -> bool:
    given = {each.arg: each.value for each in call.keywords}
    return name in given and isinstance(given[name], ast.Constant) and given[name].value is False


def shared_job_store(module: Module) -> list[str]:
    """Let the clock's jobs live in memory: a store that processes share unpickles what lies in it."""
    return [
        module.at(node, "a job store that processes share")
        for node, name, _ in imports(module)
        if name.startswith("apscheduler.jobstores") and name != "apscheduler.jobstores.memory"
    ]


def template_dangers(path: str, source: str) -> list[str]:
    """Find what the security policy refuses, or what would let data write markup."""
    dangers = {
        r"\|\s*safe\b": "`|safe` lets data write markup",
        r"autoescape\s+false": "escaping is switched off",
        r"<script(?![^>]*\bsrc=)[^>]*>": "an inline script, which the content security policy refuses",
        r"\son[a-z]+\s*=\s*[\"']": "an inline event handler, which the content security policy refuses",
        r"\shx-on\b|\bhx-vals\s*=\s*[\"']js:": "htmx would need eval, which the content security policy refuses",
        r"\bjavascript:": "a script as an address",
    }
    return [
        f"{path}:{source[: found.start()].count(chr(10)) + 1} {sentence}"
        for pattern, sentence in dangers.items()
        for found in re.finditer(pattern, source, re.IGNORECASE)
    ]


class _Markup(HTMLParser):
    """Reads a template's tags; what Jinja puts in stands in them as a mark."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[tuple[int, str]] = []
        self.forms: list[tuple[int, str, str]] = []  # line, method, what stands in it
        text = re.sub(r"\{#.*?#\}", _blank, source, flags=re.DOTALL)
        text = re.sub(r"\{%.*?%\}", _blank, text, flags=re.DOTALL)
        # macros of the template's own that write the token
        macros = re.findall(r"{%-? macro (\w+)\(.*?endmacro", source, flags=re.DOTALL)
        bodies = re.findall(r"{%-? macro \w+\((.*?)endmacro", source, flags=re.DOTALL)
        self.tokens = {
            "token",
            "csrf_token",
            *(name for name, body in zip(macros, bodies, strict=True) if "token" in body),
        }
        self.text = re.sub(r"\{\{(.*?)\}\}", _mark, text, flags=re.DOTALL)
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told, whole = dict(attrs), self.get_starttag_text() or ""
        if re.search(r"\s[\w:-]+=[^\"'\s]", re.sub(r"\"[^\"]*\"|'[^']*'", '""', whole)):
            self._note("an attribute without quotes")
        if any(name.startswith("on") for name in told):
            self._note("an inline event handler")
        if "style" in told and MARK not in (told["style"] or ""):
            self._note("an inline style that is always the same belongs into a style sheet")
        if tag == "img" and told.get("alt") is None:
            self._note("a picture without words")
        if told.get("target") == "_blank" and "noopener" not in (told.get("rel") or ""):
            self._note("a new window that may reach back")
        if tag == "form":
            self.forms.append((self.getpos()[0], (told.get("method") or "").lower(), ""))
            if not self.forms[-1][1] and "hx-get" not in told:
                self._note("a form without a method")
        elif self.forms:
            line, method, inside = self.forms[-1]
            self.forms[-1] = line, method, f"{inside} {whole}"

    def handle_data(self, data: str) -> None:
        if self.forms:
            line, method, inside = self.forms[-1]
            self.forms[-1] = line, method, inside + data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.forms:
            line, method, inside = self.forms.pop()
            if method == "post" and not self.tokens & set(re.findall(r"\w+", inside)):
                self.faults.append((line, "a form that is posted without its token"))

    def _note(self, sentence: str) -> None:
        self.faults.append((self.getpos()[0], sentence))


MARK = "⟦"


def _blank(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def _mark(found: re.Match[str]) -> str:
    """Keep of an expression which macros and functions it calls."""
    return MARK + " ".join(re.findall(r"\w+(?=\()", found[1])) + "\n" * found[0].count("\n") + "⟧"


def template_faults(path: str, source: str) -> list[str]:
    """Find careless markup: what stands open to injection, forms without their guard, pictures without words."""
    return [f"{path}:{line} {sentence}" for line, sentence in _Markup(source).faults]


# written with brackets so that this file does not accuse itself
MACHINE_TRACES = (
    r"/[w]ork/",
    r"/[f]arm/",
    r"/[r]oot/",
    r"/[h]ome/\w",
    r'"[r]esolved"\s*:\s*"http',
    r"[i]ndex-url",
    r"[r]egistry\s*=\s*http",
    r"[r]egistry\.npmjs\.org",
    r"[p]ypi\.org/simple",
    r"files\.[p]ythonhosted\.org",
)


def machine_traces(path: str, text: str) -> list[str]:
    return [
        f"{path}:{text[: found.start()].count(chr(10)) + 1} {found.group()}"
        for pattern in MACHINE_TRACES
        for found in re.finditer(pattern, text)
    ]


MODULE_RULES = (
    room_order,
    library_homes,
    one_commit,
    clock_reads,
    absolute_imports,
    imports_in_functions,
    broad_excepts,
    forbidden_names,
    sizes,
    code_from_data,
    guarded_xml,
    shared_job_store,
)
