"""What is handed in to be deployed: a diagram alone, or a folder or zip of diagrams, decision tables and forms.

`check_upload` reads it in a child process with limits (engine rule 5); nothing of it is unpacked onto the disk.
"""

import json
import re
import sys
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from bpmn.decision_checks import check_table
from bpmn.engine import Diagram, DiagramProblems, Problem, Severity, read_diagram
from bpmn.engine.limits import WALL_LIMIT_SECONDS, LimitExceeded, WaitedTooLong, run_limited
from bpmn.engine.problems import error, warning
from bpmn.engine.xml import text_of
from bpmn.expressions import PUBLISHED, shorten
from bpmn.gate import gate_problems
from bpmn.permission_checks import permission_problems
from forms.definition import DefinitionRefused, read_form, shipped_forms

ZIP = b"PK\x03\x04"
FILE_LIMIT = 200
SIZE_LIMIT = 20_000_000
"""Bytes of everything in it together."""
OFFERED = re.compile(r"units|business_units|reviewers|meetings|batches|list:[1-9][0-9]{0,8}")
"""What a step's form may choose from besides its own options (`bpmn.lookups`)."""
KINDS = (".bpmn", ".dmn", ".json")


@dataclass(frozen=True)
class Finding:
    """One problem and the file it is in."""

    file: str
    problem: Problem


@dataclass(frozen=True)
class Ground:
    """What an upload may name beside its own files: handlers, tables and forms by name, diagrams by process id.

    `table_names` are the names a decision table may look at instead of the published variables, by table.
    """

    handlers: Collection[str]
    decisions: Collection[str] = ()
    forms: Collection[str] = ()
    called: Mapping[str, str] | None = None
    table_names: Mapping[str, Collection[str]] | None = None


def pack(folder: Path) -> bytes:
    """Return a folder's diagrams, tables and forms as one zip; OSError when they cannot be read."""
    packed = BytesIO()
    files = sorted(path for path in folder.rglob("*") if path.suffix in KINDS and path.is_file())
    with ZipFile(packed, "w") as archive:
        for path in files[: FILE_LIMIT + 1]:
            with path.open("rb") as file:
                archive.writestr(path.relative_to(folder).as_posix(), file.read(SIZE_LIMIT + 1))
            if packed.tell() > SIZE_LIMIT:
                break
    return packed.getvalue()


def check_upload(content: bytes, name: str, ground: Ground) -> list[Finding]:
    """Return every problem of an upload, file by file; one that needs more than the child may have is one problem."""
    known = {
        "name": name,
        "handlers": sorted(ground.handlers),
        "decisions": sorted(ground.decisions),
        "forms": sorted(ground.forms),
        "called": None if ground.called is None else dict(ground.called),
        "table_names": {table: sorted(names) for table, names in (ground.table_names or {}).items()},
    }
    try:
        answer = run_limited("bpmn.uploads", json.dumps(known).encode() + b"\n" + content)
    except WaitedTooLong:
        sentence = f"检查没有在 {WALL_LIMIT_SECONDS} 秒内做完，可能是服务器正忙。"
        return [Finding(name, error("limits", sentence, "请过一会儿再试一次；仍然不行的，拆分流程。"))]
    except LimitExceeded:
        sentence = "检查这个文件超出了时间或内存限制。"
        return [Finding(name, error("limits", sentence, "请确认文件来自流程编辑器，或拆分流程。"))]
    return [Finding(file, read_back(told)) for file, told in json.loads(answer)]


def read_back(told: Mapping[str, Any]) -> Problem:
    """Return a problem as the child wrote it down."""
    return Problem(**{**told, "severity": Severity(told["severity"]), "path": tuple(told["path"])})


def unpacked(content: bytes, name: str) -> dict[str, bytes]:
    """Return the files of an upload by name; raises DiagramProblems for a zip that is broken, locked or too big."""
    if not content.startswith(ZIP):
        return {name: content}
    try:
        with ZipFile(BytesIO(content)) as archive:
            members = [each for each in archive.infolist() if not each.is_dir() and "__MACOSX/" not in each.filename]
            return {each.filename: read_member(archive, each) for each in sized(members)}
    except (BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, zlib.error) as broken:
        raise refused("压缩包打不开，可能已损坏或加了密码。", "请重新打包成不加密的 zip。") from broken


def sized(members: list[ZipInfo]) -> list[ZipInfo]:
    """Return the members of a zip that is not too big by its own account."""
    if len(members) > FILE_LIMIT or sum(each.file_size for each in members) > SIZE_LIMIT:
        raise refused(
            f"压缩包超过 {FILE_LIMIT} 个文件或 {SIZE_LIMIT // 1_000_000} MB。", "请只放流程图、决策表和表单。"
        )
    return members


def read_member(archive: ZipFile, member: ZipInfo) -> bytes:
    """Read one file of a zip, which may be bigger than it says."""
    with archive.open(member) as file:
        content = file.read(member.file_size + 1)
    if len(content) > member.file_size:
        raise BadZipFile(member.filename)
    return content


def refused(message: str, remedy: str) -> DiagramProblems:
    return DiagramProblems((error("package", message, remedy),))


def findings(content: bytes, name: str, ground: Ground) -> Iterator[Finding]:
    """Yield every problem of an upload; the child's side of `check_upload`."""
    try:
        files = unpacked(content, name)
    except DiagramProblems as broken:
        yield from (Finding(name, problem) for problem in broken.problems)
        return
    if not any(file.endswith(".bpmn") for file in files) and content.startswith(ZIP):
        yield Finding(name, error("package", "压缩包里没有流程图。", "请放进扩展名为 .bpmn 的流程文件。"))
        return
    forms, decisions = set(ground.forms), set(ground.decisions)
    definitions = dict(shipped_forms())
    for file, written in files.items():
        if file.endswith(".json"):
            stem, problems = form_of(written)
            forms.add(stem)
            if not problems:
                definitions[stem] = json.loads(written)
            yield from (Finding(file, problem) for problem in problems)
        elif file.endswith(".dmn"):
            decisions.add(Path(file).stem)
            names = (ground.table_names or {}).get(Path(file).stem, PUBLISHED)
            yield from (Finding(file, problem) for problem in check_table(written, names))
        elif not file.endswith(".bpmn") and content.startswith(ZIP):
            yield Finding(file, warning("stray_file", f"文件“{shorten(file)}”不会使用。", "请从压缩包里去掉。"))
    yield from diagram_findings(files, forms, decisions, ground)
    for file, written in files.items():
        if not file.endswith((".json", ".dmn")):
            yield from (Finding(file, problem) for problem in permission_problems(written, definitions))


def form_of(written: bytes) -> tuple[str, list[Problem]]:
    """Return a form's stem and what is wrong with its definition."""
    try:
        definition = json.loads(written)
        form = read_form(definition)
        strange = sorted(each for each in form.sources if not OFFERED.fullmatch(each))
        message = f"表单定义有误：选项来源“{shorten('、'.join(strange))}”不存在。"
        return form.stem, [error("form", message, "请按说明修改表单。")] if strange else []
    except DefinitionRefused as wrong:
        problems = [
            error("form", f"表单定义有误：{each.rstrip('。')}。", "请按说明修改表单。") for each in wrong.problems
        ]
        return str(definition.get("stem", "")) if isinstance(definition, dict) else "", problems
    except (ValueError, RecursionError):
        return "", [error("form", "表单不是有效的 JSON。", "请检查文件内容。")]


def diagram_findings(
    files: Mapping[str, bytes], forms: Collection[str], decisions: Collection[str], ground: Ground
) -> Iterator[Finding]:
    """Yield the problems of the diagrams, each with the others it may call."""
    diagrams = {file: written for file, written in files.items() if not file.endswith((".json", ".dmn"))}
    diagrams = {file: written for file, written in diagrams.items() if file.endswith(".bpmn") or len(files) == 1}
    drawn: dict[str, str] = {}
    for file, written in diagrams.items():
        diagram = readable(written)
        if diagram is not None and diagram.process_id in drawn:
            message = f"有两个文件画的都是流程“{diagram.process_id}”。"
            yield Finding(file, error("process_twice", message, "请只留一个。", diagram.process_id, diagram.name))
        elif diagram is not None:
            drawn[diagram.process_id] = text_of(written)
    called = None if ground.called is None and len(diagrams) == 1 else {**(ground.called or {}), **drawn}
    for file, written in diagrams.items():
        problems = gate_problems(written, ground.handlers, decisions=decisions, called=called, forms=forms)
        yield from (Finding(file, problem) for problem in problems)


def readable(written: bytes) -> Diagram | None:
    """Return a diagram the engine can run; None where the checks will say why not."""
    try:
        return read_diagram(written)
    except DiagramProblems:
        return None


def main() -> None:
    """Check the upload on standard input."""
    head, _, content = sys.stdin.buffer.read().partition(b"\n")
    known: dict[str, Any] = json.loads(head)
    name = known.pop("name")
    found = [(each.file, asdict(each.problem)) for each in findings(content, name, Ground(**known))]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
