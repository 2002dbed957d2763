"""What is handed in to be deployed is read in a limited child (issue 3 item 2; tests/cases/bpmn and its README)."""

from __future__ import annotations

import json
import resource
import struct
import subprocess
import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from bpmn.deployment import FINDING_COUNTS, KNOWN_HANDLERS, shipped_bundle
from bpmn.engine import Run, Severity, limits, read_diagram
from bpmn.engine.limits import CPU_LIMIT_SECONDS
from bpmn.surroundings import CLASSIFICATION
from bpmn.uploads import FILE_LIMIT, Finding, Ground, check_upload, findings, pack
from tests.bpmn.sketch import KEY, around, node, sketch, user
from tests.bpmn.test_checks import ACCEPTED, REFUSED

CASES = Path(__file__).parents[1] / "cases" / "bpmn"
SHIPPED = shipped_bundle()
GROUND = Ground(
    KNOWN_HANDLERS,
    tuple(SHIPPED.decisions),
    tuple(SHIPPED.forms),
    {"four_batches": SHIPPED.diagram},
    {CLASSIFICATION: FINDING_COUNTS},
)
HEAVY = sorted(name for name in REFUSED if name.startswith(("dos_", "xml_", "rce_timer")))
ROOT = Path(__file__).parents[2]
FORM = {"stem": "visit", "title": "走访", "article": "", "sections": [
    {"title": "走访", "fields": [{"name": "words", "label": "情况", "type": "textarea", "required": True}]}
]}  # fmt: skip
VISITING = sketch([user("a", sgyp__form="visit", sgyp__who="责任单位")], [("s", "a"), ("a", "e")])


def zipped(files: Mapping[str, bytes]) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def named(xml: bytes, process: str) -> bytes:
    return xml.replace(b'<bpmn:process id="P"', f'<bpmn:process id="{process}"'.encode())


def told(content: bytes, name: str = "包.zip") -> set[tuple[str, str]]:
    """Return file and code of every error, found in this process."""
    found = findings(content, name, GROUND)
    return {(each.file, each.problem.code) for each in found if each.problem.severity is Severity.ERROR}


def errors(found: list[Finding]) -> set[str]:
    return {each.problem.code for each in found if each.problem.severity is Severity.ERROR}


def test_a_form_chooses_only_from_what_there_is() -> None:
    field = {"name": "who", "label": "单位", "type": "select", "source": "units"}
    for source, codes in (("units", set()), ("list:3", set()), ("passwords", {("visit.json", "form")})):
        form = {
            "stem": "visit",
            "title": "走访",
            "sections": [{"title": "走访", "fields": [{**field, "source": source}]}],
        }
        assert told(zipped({"p.bpmn": VISITING, "visit.json": json.dumps(form).encode()})) == codes


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_file_is_refused_in_its_child_in_time(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pwned").mkdir()
    begun = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    found = check_upload((CASES / f"{name}.bpmn").read_bytes(), f"{name}.bpmn", GROUND)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begun <= CPU_LIMIT_SECONDS
    assert REFUSED[name] in errors(found)
    assert list((tmp_path / "pwned").iterdir()) == []


def test_a_busy_machine_is_told_from_a_heavy_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WALL_LIMIT_SECONDS", 0.01)
    (busy,) = check_upload(VISITING, "流程.bpmn", GROUND)
    assert (busy.problem.code, "再试一次" in busy.problem.remedy) == ("limits", True)
    monkeypatch.undo()
    monkeypatch.setattr(limits, "LAUNCH", "raise SystemExit(1)")
    (heavy,) = check_upload(VISITING, "流程.bpmn", GROUND)
    assert (heavy.problem.code, "时间或内存" in heavy.problem.message) == ("limits", True)


def test_all_the_files_at_once_are_told_apart_in_one_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Together they take no longer than one may."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pwned").mkdir()
    files = {path.name: path.read_bytes() for path in sorted(CASES.iterdir())}
    found = check_upload(zipped(files), "全部.zip", GROUND)
    by_file: dict[str, set[str]] = {}
    for each in found:
        if each.problem.severity is Severity.ERROR and each.problem.code != "process_twice":
            by_file.setdefault(each.file, set()).add(each.problem.code)
    assert by_file.keys() == {*(f"{name}.bpmn" for name in REFUSED), "rce_dmn_entry.dmn"}
    for name, code in REFUSED.items():
        assert code in by_file[f"{name}.bpmn"], name
    for each in found:
        assert each.problem.message.endswith("。")
        assert "Error" not in each.problem.message
    assert list((tmp_path / "pwned").iterdir()) == []


@pytest.mark.parametrize("name", sorted(ACCEPTED - {"big_linear_400"}))
def test_what_is_accepted_runs_to_the_end(name: str) -> None:
    run = Run.start(
        read_diagram((CASES / f"{name}.bpmn").read_bytes()), {"approved": True, "category": "盘活"}, around()
    )
    for _ in range(60):
        if run.finished:
            break
        run = Run.load(run.diagram, run.dump(KEY), KEY, around())
        run.complete(run.ready[0].token, {})
    assert run.ended


def test_the_child_loads_no_more_than_it_needs() -> None:
    """Its time begins with the interpreter: a database library would take half of what the file may take."""
    loaded = run_python("import sys, bpmn.uploads; print(*sorted(sys.modules))").split()
    assert not {"sqlalchemy", "jsonschema", "flask", "openpyxl"} & set(loaded)


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout


class TestPackages:
    def test_diagrams_may_call_each_other_and_use_new_forms_and_tables(self) -> None:
        call = sketch([node("callActivity", "c", calledElement="inner")], [("s", "c"), ("c", "e")])
        files = {
            "outer.bpmn": named(call, "outer"),
            "deep/inner.bpmn": named(VISITING, "inner"),
            "forms/visit.json": json.dumps(FORM).encode(),
            "classification.dmn": SHIPPED.decisions["classification"].encode(),
        }
        assert told(zipped(files)) == set()
        found = check_upload(zipped(files), "包.zip", GROUND)
        assert errors(found) == set()
        alone = told(files["outer.bpmn"], "outer.bpmn")
        assert alone == {("outer.bpmn", "unknown_process")}
        del files["forms/visit.json"]
        assert told(zipped(files)) == {("deep/inner.bpmn", "unknown_form")}

    def test_calls_in_a_circle_within_a_package(self) -> None:
        def calling(own: str, other: str) -> bytes:
            nodes = [
                user("a", sgyp__handler="receive", sgyp__who="责任单位"),
                node("callActivity", "c", calledElement=other),
            ]
            return named(sketch(nodes, [("s", "a"), ("a", "c"), ("c", "e")]), own)

        files = {"one.bpmn": calling("one", "two"), "two.bpmn": calling("two", "one")}
        assert told(zipped(files)) == {("one.bpmn", "recursion"), ("two.bpmn", "recursion")}

    def test_one_process_in_two_files(self) -> None:
        assert told(zipped({"a.bpmn": VISITING, "b.bpmn": VISITING, "f.json": json.dumps(FORM).encode()})) == {
            ("b.bpmn", "process_twice")
        }

    @pytest.mark.parametrize("form", [b"{", b"[]", b'"x"', b'{"stem": "visit"}', b"[" * 20_000, b"\xff"])
    def test_a_wrong_form(self, form: bytes) -> None:
        codes = told(zipped({"a.bpmn": named(VISITING, "a"), "visit.json": form}))
        assert ("visit.json", "form") in codes

    def test_a_wrong_table(self) -> None:
        codes = told(zipped({"a.bpmn": VISITING, "f.json": json.dumps(FORM).encode(), "t.dmn": b"<x/>"}))
        assert {file for file, _ in codes} == {"t.dmn"}

    def test_a_stray_file_is_told_and_left(self) -> None:
        files = {"a.bpmn": VISITING, "f.json": json.dumps(FORM).encode(), "说明.txt": b"x", "__MACOSX/a.bpmn": b"x"}
        found = list(findings(zipped(files), "包.zip", GROUND))
        assert [each.file for each in found if each.problem.code == "stray_file"] == ["说明.txt"]
        assert errors(found) == set()

    def test_a_zip_without_a_diagram(self) -> None:
        assert told(zipped({"说明.txt": b"x"})) == {("包.zip", "package")}

    def test_too_many_files(self) -> None:
        assert told(zipped({f"{n}.json": b"{}" for n in range(FILE_LIMIT + 1)})) == {("包.zip", "package")}

    def test_a_bomb_is_refused_by_its_size_and_one_that_lies_by_what_comes_out(self) -> None:
        bomb = zipped({"a.bpmn": b"\x00" * 30_000_000})
        assert len(bomb) < 100_000
        assert told(bomb) == {("包.zip", "package")}
        entry = bomb.index(b"PK\x01\x02")
        small = struct.pack("<I", 1000)
        lying = bomb[: entry + 24] + small + bomb[entry + 28 :]
        assert told(lying) == {("包.zip", "package")}

    @pytest.mark.parametrize("spoil", [lambda z: z[:-30], lambda z: z[:40] + b"\x00" * 20 + z[60:], lambda z: z[:4]])
    def test_a_broken_zip(self, spoil: object) -> None:
        broken = spoil(zipped({"a.bpmn": VISITING}))  # type: ignore[operator] # a function of bytes
        assert told(broken) == {("包.zip", "package")}

    def test_a_locked_zip(self) -> None:
        packed = bytearray(zipped({"a.bpmn": VISITING}))
        entry = packed.index(b"PK\x01\x02")
        packed[6] |= 1
        packed[entry + 8] |= 1
        assert told(bytes(packed)) == {("包.zip", "package")}

    def test_a_folder_is_packed_with_what_counts(self, tmp_path: Path) -> None:
        (tmp_path / "forms").mkdir()
        (tmp_path / "a.bpmn").write_bytes(VISITING)
        (tmp_path / "forms" / "visit.json").write_text(json.dumps(FORM), encoding="utf-8")
        (tmp_path / "notes.txt").write_text("x")
        with ZipFile(BytesIO(pack(tmp_path))) as archive:
            assert archive.namelist() == ["a.bpmn", "forms/visit.json"]
        assert told(pack(tmp_path)) == set()


def test_a_file_that_needs_too_much_is_one_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LAUNCH", "raise SystemExit(3)")
    (found,) = check_upload(b"<x/>", "x.bpmn", GROUND)
    assert (found.file, found.problem.code) == ("x.bpmn", "limits")
