"""Every file of `tests/cases` (hostile and edge inputs) is taken by a test that is named here."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

TESTS = Path(__file__).parent
CASES = TESTS / "cases"
# a folder's first test holds the list of its files itself
TAKEN: Mapping[str, tuple[str, ...]] = {
    "bpmn/*.bpmn": (
        "bpmn/test_checks.py::test_each_case_file_is_spoken_of",
        "bpmn/test_uploads.py::test_all_the_files_at_once_are_told_apart_in_one_child",
        "webapp/test_case_doors.py::test_a_diagram_or_table_at_its_door",
    ),
    "bpmn/rce_dmn_entry.dmn": (
        "bpmn/test_decisions.py::test_the_hostile_table_is_refused_and_the_shipped_one_is_sound",
        "bpmn/test_uploads.py::test_all_the_files_at_once_are_told_apart_in_one_child",
        "webapp/test_case_doors.py::test_a_diagram_or_table_at_its_door",
    ),
    "xlsx/*": (
        "forms/sheets/test_guard.py::test_every_case_has_its_verdict",
        "webapp/test_imports.py::test_p1_every_hostile_workbook_is_refused_in_words_and_changes_nothing",
    ),
    "docx/*": (
        "forms/papers/test_trial.py::test_every_case_has_its_verdict",
        "webapp/test_case_doors.py::test_a_template_at_its_door",
        "webapp/test_uploads.py::test_each_word_case_as_an_attachment",
    ),
    "data/calendar.json": ("ledger/test_working_days.py",),
    "data/expressions.json": ("bpmn/test_expressions.py::test_every_hostile_expression_is_refused",),
    "data/filenames.json": ("webapp/test_uploads.py::test_every_hostile_name_is_refused_or_cleaned",),
    "data/form_values.json": (
        "forms/test_fields.py::test_hostile_text_is_kept_trimmed_or_refused_with_a_message",
        "acceptance/test_wrong_input.py::test_hostile_words_are_kept_exactly_or_refused_by_name",
    ),
    "data/html_named.*": ("webapp/test_case_doors.py::test_a_page_in_disguise_at_its_door",),
    "data/stored_xss.*": ("webapp/test_case_doors.py::test_a_page_in_disguise_at_its_door",),
    "data/xhtml_in.xml": ("webapp/test_case_doors.py::test_a_page_in_disguise_at_its_door",),
    "data/polyglot.jpg": ("webapp/test_case_doors.py::test_a_page_in_disguise_at_its_door",),
    "data/state_*.json": ("bpmn/engine/test_state.py::test_a_state_of_the_stock_library_is_refused",),
}


def takers(name: str) -> list[str]:
    return [test for pattern, tests in TAKEN.items() if fnmatch(name, pattern) for test in tests]


def test_every_case_file_is_somebodys() -> None:
    files = sorted(path.relative_to(CASES).as_posix() for path in CASES.rglob("*") if path.is_file())
    assert len(files) >= 115
    assert [name for name in files if not takers(name)] == []
    assert [pattern for pattern in TAKEN if not any(fnmatch(name, pattern) for name in files)] == []


def test_the_tests_are_there_and_speak_of_their_files() -> None:
    for pattern, tests in TAKEN.items():
        for place in tests:
            name, _, function = place.partition("::")
            source = (TESTS / name).read_text(encoding="utf-8")
            tree = ast.parse(source)
            assert not function or function in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}, place
            folder, _, rest = pattern.partition("/")
            wanted = (rest.partition("*")[0].removesuffix(".json") or folder, f'"{folder}"', "sheets.made import")
            assert any(each in source for each in wanted), (pattern, place)
