"""Try an uploaded template out before anybody prints with it: in a child process with limits (F8, safety rule 1).

The child looks at the package, at every tag, and writes the paper twice: with the examples and with nothing filled in.
"""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any
from xml.parsers import expat
from zipfile import ZipFile

import orjson
from jinja2 import TemplateError

from forms.papers.admission import PackageRefused, admitted
from forms.papers.catalogue import BY_NAME
from forms.papers.constructs import problems_in
from forms.papers.filling import prepare, sources
from forms.sheets.limited import ChildDied, Limits, OutOfLimits, run_limited

LIMITS = Limits(memory_bytes=640 << 20, cpu_seconds=8, wall_seconds=10.0)
_DAY = date(2023, 11, 25)
_TAGS = (b"{{", b"{%")


def problems_of(name: str, content: bytes) -> list[str]:
    """Return everything that keeps a file from being the template of the paper called `name`; nothing when it may."""
    try:
        answer: dict[str, Any] = orjson.loads(
            run_limited("forms.papers.trial:judge", name.encode() + b"\n" + content, LIMITS)
        )
    except OutOfLimits as over:
        return [f"试打印用的{over.what}超过限度，已停止：模板里可能有不该有的内容"]
    except ChildDied:
        return ["试打印没有完成：文件已损坏或内容异常"]
    return list(answer["problems"])


def judge(data: bytes) -> bytes:
    """Judge a template, its paper's name on the first line; runs in the child."""
    name, _, content = data.partition(b"\n")
    return orjson.dumps({"problems": _judged(name.decode(), content)})


def _judged(name: str, content: bytes) -> list[str]:
    form = BY_NAME[name]
    try:
        problems = admitted(content)
        if problems:
            return problems
        parts = dict(sources(content))
    except PackageRefused as refused:
        return [str(refused)]
    except UnicodeDecodeError:
        return ["文档内容不是 UTF-8 编码，请用 Word 或 WPS 另存为 .docx 后再上传"]
    for text in parts.values():
        problems += problems_in(text, form.variables)
    problems += [f"“{each}”里的标签不会被填写，请移到正文、页眉或页脚" for each in _unfilled(content, parts)]
    return problems or _written(name, content)


def _unfilled(content: bytes, parts: dict[str, str]) -> list[str]:
    with ZipFile(BytesIO(content)) as package:
        others = [n for n in package.namelist() if n.startswith("word/") and n.endswith(".xml") and n not in parts]
        return [each for each in others if any(mark in package.read(each) for mark in _TAGS)]


def _written(name: str, content: bytes) -> list[str]:
    """Write the paper with examples and empty; what comes out has to be XML."""
    form, said = BY_NAME[name], []
    for words, facts in (("示例", form.complete(form.example)), ("空白", form.complete({}))):
        try:
            paper = prepare(content).fill(form.title, facts, _DAY)
            _well_formed(paper)
        except TemplateError as wrong:
            said.append(f"用{words}内容试打印没有成功：{wrong}")
        except expat.ExpatError:
            said.append(f"用{words}内容试打印出来的文件打不开：成对的标签（if … endif、for … endfor）要放在同样的位置")
    return said


def _well_formed(paper: bytes) -> None:
    with ZipFile(BytesIO(paper)) as package:
        for part in package.namelist():
            if part.endswith(".xml"):
                parser = expat.ParserCreate()
                parser.StartDoctypeDeclHandler = _refuse_dtd  # what a template's tags wrote was not there when it came
                parser.Parse(package.read(part), True)


def _refuse_dtd(*_: object) -> None:
    raise expat.ExpatError("a DTD")
