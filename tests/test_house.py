"""The house keeps its rules, and each rule still finds what it forbids."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from tests import house_rules
from tests.house_rules import Module

REPOSITORY = Path(__file__).parent.parent
MODULES = [
    Module(path.relative_to(REPOSITORY).as_posix(), path.read_text(encoding="utf-8"))
    for room in house_rules.ROOMS
    for path in sorted((REPOSITORY / room).rglob("*.py"))
    if "node_modules" not in path.parts
]
OWN_MODULES = [module for module in MODULES if not module.path.startswith(house_rules.GENERATED)]
TEMPLATES = sorted((REPOSITORY / "webapp" / "templates").rglob("*.html"))

Rule = Callable[[Module], list[str]]


@pytest.mark.parametrize("rule", house_rules.MODULE_RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule: Rule) -> None:
    assert [breach for module in MODULES for breach in rule(module)] == []


BREACHES = {
    "a room to the right": (house_rules.room_order, "forms/x.py", "from webapp.request import now"),
    "a room to the right, inside a function": (house_rules.room_order, "bpmn/x.py", "def f():\n    import scheduler"),
    "lxml out of its home": (house_rules.library_homes, "forms/x.py", "from lxml import etree"),
    "a statement out of the ledger": (house_rules.library_homes, "bpmn/x.py", "from sqlalchemy import select"),
    "Flask in the clock": (house_rules.library_homes, "scheduler/clock.py", "import flask"),
    "a second commit": (house_rules.one_commit, "ledger/cases.py", "def f(session):\n    session.commit()"),
    "the clock by a method": (house_rules.clock_reads, "bpmn/x.py", "at = datetime.now(UTC)"),
    "the clock by its module": (house_rules.clock_reads, "bpmn/x.py", "at = datetime.datetime.utcnow()"),
    "today": (house_rules.clock_reads, "bpmn/x.py", "on = date.today()"),
    "the clock as a default": (house_rules.clock_reads, "ledger/x.py", "made_at = column(default=datetime.now)"),
    "the database's clock": (house_rules.clock_reads, "ledger/x.py", "at = func.now()"),
    "time taken by name": (house_rules.clock_reads, "ledger/x.py", "from time import time"),
    "a relative import": (house_rules.absolute_imports, "forms/x.py", "from . import fields"),
    "a hidden import": (house_rules.imports_in_functions, "forms/x.py", "def f():\n    import json"),
    "a broad except": (house_rules.broad_excepts, "forms/x.py", "try:\n    f()\nexcept Exception:\n    g()"),
    "a bare except": (house_rules.broad_excepts, "forms/x.py", "try:\n    f()\nexcept:\n    g()"),
    "one of several": (house_rules.broad_excepts, "forms/x.py", "try:\n    f()\nexcept (OSError, Exception):\n    g()"),
    "a class that says nothing": (house_rules.forbidden_names, "forms/x.py", "class CaseManager: ..."),
    "a function that says nothing": (house_rules.forbidden_names, "forms/x.py", "def call_services(): ..."),
    "a module that says nothing": (house_rules.forbidden_names, "forms/utils.py", ""),
    "a long function": (house_rules.sizes, "forms/x.py", "def f():\n" + "    g()\n" * 60),
    "a long module": (house_rules.sizes, "forms/x.py", "x = 1\n" * 401),
    "eval": (house_rules.code_from_data, "forms/x.py", "eval(text)"),
    "exec": (house_rules.code_from_data, "forms/x.py", "exec(text)"),
    "ElementTree": (house_rules.guarded_xml, "forms/x.py", "import xml.etree.ElementTree as tree"),
    "a bare lxml": (house_rules.guarded_xml, "bpmn/engine/x.py", "from lxml import etree\netree.fromstring(text)"),
    "a parser that resolves": (house_rules.guarded_xml, "bpmn/engine/x.py", "etree.XMLParser(no_network=True)"),
    "expat without a word": (house_rules.guarded_xml, "forms/x.py", "from xml.parsers import expat"),
    "a shared job store": (
        house_rules.shared_job_store,
        "scheduler/clock.py",
        "from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore",
    ),
    "pickle": (house_rules.code_from_data, "forms/x.py", "from pickle import loads"),
}
ALLOWED = {
    "a room to the left": (house_rules.room_order, "webapp/x.py", "from ledger.cases import Case"),
    "a library at home": (house_rules.library_homes, "bpmn/engine/x.py", "from lxml import etree"),
    "a session handed on": (house_rules.library_homes, "bpmn/x.py", "from sqlalchemy.orm import Session"),
    "the commit": (house_rules.one_commit, "ledger/db.py", "session.commit()"),
    "the clock at its door": (house_rules.clock_reads, "webapp/request.py", "now = datetime.now(UTC)"),
    "a watchdog's clock": (house_rules.clock_reads, "bpmn/x.py", "at = time.monotonic()"),
    "an import with its reason": (
        house_rules.imports_in_functions,
        "forms/x.py",
        "def f():\n    # only one command needs it, and it takes a second to load\n    import json",
    ),
    "an except with its reason": (
        house_rules.broad_excepts,
        "forms/x.py",
        "try:\n    f()\nexcept Exception:  # one bad row must not stop the others\n    g()",
    ),
    "a database": (house_rules.forbidden_names, "ledger/x.py", "def open_database(): ..."),
    "sixty lines": (house_rules.sizes, "forms/x.py", "def f():\n" + "    g()\n" * 59),
    "a guarded lxml": (
        house_rules.guarded_xml,
        "bpmn/engine/x.py",
        "etree.fromstring(text, etree.XMLParser(resolve_entities=False))",
    ),
    "jobs in memory": (
        house_rules.shared_job_store,
        "scheduler/clock.py",
        "from apscheduler.jobstores.memory import MemoryJobStore",
    ),
    "a library's eval": (house_rules.code_from_data, "forms/x.py", "expression.eval(names)"),
}


@pytest.mark.parametrize(("rule", "path", "source"), BREACHES.values(), ids=BREACHES)
def test_a_rule_finds_what_it_forbids(rule: Rule, path: str, source: str) -> None:
    assert len(rule(Module(path, source))) == 1


@pytest.mark.parametrize(("rule", "path", "source"), ALLOWED.values(), ids=ALLOWED)
def test_a_rule_lets_the_rest_pass(rule: Rule, path: str, source: str) -> None:
    assert rule(Module(path, source)) == []


def test_modules_are_short_as_a_rule() -> None:
    lengths = [len(module.lines) for module in OWN_MODULES if module.lines]
    assert median(lengths) <= house_rules.MODULE_LINES_MEDIAN


def test_functions_are_short_as_a_rule() -> None:
    lengths = [house_rules.length(function) for module in OWN_MODULES for function in house_rules.functions(module)]
    assert median(lengths) <= house_rules.FUNCTION_LINES_MEDIAN


def test_templates_hold_no_script_and_trust_no_data() -> None:
    assert [
        breach
        for path in TEMPLATES
        for breach in house_rules.template_dangers(
            path.relative_to(REPOSITORY).as_posix(), path.read_text(encoding="utf-8")
        )
    ] == []


@pytest.mark.parametrize(
    "source",
    [
        "{{ text|safe }}",
        "{{ text | safe }}",
        "{% autoescape false %}",
        "<script>go()</script>",
        '<script type="module">go()</script>',
        '<button onclick="go()">',
        '<button hx-on:click="go()">',
        '<a href="javascript:go()">',
    ],
)
def test_a_dangerous_template_is_found(source: str) -> None:
    assert len(house_rules.template_dangers("x.html", source)) == 1


def test_templates_are_careful() -> None:
    assert [
        fault
        for path in TEMPLATES
        for fault in house_rules.template_faults(
            path.relative_to(REPOSITORY).as_posix(), path.read_text(encoding="utf-8")
        )
    ] == []


@pytest.mark.parametrize(
    "source",
    [
        "<p class=big>x</p>",
        "<p data-x={{ text }}>x</p>",
        '<p style="color: red">x</p>',
        '<img src="/x.png">',
        '<a href="/x" target="_blank">x</a>',
        '<form action="/x"><button>x</button></form>',
        '<form method="post"><button>x</button></form>',
        '{% macro kept() %}<input name="x">{% endmacro %}<form method="post">{{ kept() }}</form>',
    ],
)
def test_a_careless_template_is_found(source: str) -> None:
    assert len(house_rules.template_faults("x.html", source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        '<form method="post">{{ token() }}<button{% if off %} disabled{% endif %}>x</button></form>',
        '<form method="post"><input type="hidden" name="csrf_token" value="{{ csrf_token() }}"></form>',
        '{% macro kept() %}{{ token() }}{% endmacro %}<form method="post">{{ kept() }}</form>',
        '<form method="get"><input name="q" value="{{ q }}"></form>',
        '<div style="width:{{ done }}%"></div><img src="/x.png" alt="">',
    ],
)
def test_a_careful_template_passes(source: str) -> None:
    assert house_rules.template_faults("x.html", source) == []


def test_a_plain_template_passes() -> None:
    source = '<script type="module" src="/static/dist/app.js"></script><p class="on" id="x">{{ safe }}</p>'
    assert house_rules.template_dangers("x.html", source) == []


def test_no_tracked_file_names_a_machine_or_a_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    found = []
    for path in filter(None, listed):
        content = (REPOSITORY / path).read_bytes() if (REPOSITORY / path).is_file() else b""
        if b"\0" not in content:
            found += house_rules.machine_traces(path, content.decode("utf-8", errors="replace"))
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "cd /" + "work/main",
        "/" + "root/x",
        '"re' + 'solved": "https://x"',
        "--in" + "dex-url x",
        "re" + "gistry=https://x",
    ],
)
def test_a_machine_s_trace_is_found(text: str) -> None:
    assert len(house_rules.machine_traces("x.md", text)) == 1
