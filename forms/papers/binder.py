"""A binder (装订本): many PDFs as one, with bookmarks by folder and paper, put together in a limited child process.

People upload PDFs as well: a bad one may make any reader loop or grow, and spoils only itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import orjson

from forms.sheets.limited import ChildDied, Limits, OutOfLimits, run_limited

_LIMITS = Limits(memory_bytes=2 << 30, cpu_seconds=60, wall_seconds=90.0)
_LIST, _WHOLE = "list.json", "binder.pdf"


@dataclass(frozen=True)
class Leaf:
    """A PDF to be bound: the folder it belongs to and its name, as the bookmarks say."""

    folder: str
    name: str
    pdf: bytes


@dataclass(frozen=True)
class Bound:
    """The binder, how many pages it has, and the names of what could not be bound."""

    pdf: bytes
    page_count: int
    left_out: tuple[str, ...]


class CannotBind(ValueError):
    """装订本未能生成."""


def bind(leaves: Sequence[Leaf], title: str) -> bytes:
    """Put the leaves together in their order; returns what `unpacked` reads, to be kept as it is.

    CannotBind when they are too much, or none of them can be read.
    """
    sent = BytesIO()
    with ZipFile(sent, "w") as package:
        for number, leaf in enumerate(leaves):
            package.writestr(f"{number}.pdf", leaf.pdf)
        told = {"title": title, "leaves": [[leaf.folder, leaf.name] for leaf in leaves]}
        package.writestr(_LIST, orjson.dumps(told))
    try:
        answer = run_limited("forms.papers.binder:bound", sent.getvalue(), _LIMITS)
    except (OutOfLimits, ChildDied) as wrong:
        raise CannotBind("材料太多或太复杂，装订本未能生成") from wrong
    if not unpacked(answer).page_count:
        raise CannotBind("没有可以装订的材料")
    return answer


def unpacked(packed: bytes) -> Bound:
    """Return the binder that `bind` packed."""
    with ZipFile(BytesIO(packed)) as package:
        told = orjson.loads(package.read(_LIST))
        return Bound(package.read(_WHOLE), told["pages"], tuple(told["left_out"]))


def bound(sent: bytes) -> bytes:
    """Put the PDFs of a package together; runs in the child."""
    # imported in the child alone: no process of ours reads a stranger's PDF
    pypdf = import_module("pypdf")
    writer, left_out, folder, above = pypdf.PdfWriter(), [], "", None
    with ZipFile(BytesIO(sent)) as package:
        told = orjson.loads(package.read(_LIST))
        for number, (own_folder, name) in enumerate(told["leaves"]):
            first = len(writer.pages)
            if not _append(pypdf, writer, package.read(f"{number}.pdf")):
                left_out.append(name)
                continue
            if own_folder != folder:
                folder, above = own_folder, writer.add_outline_item(own_folder, first)
            writer.add_outline_item(name, first, parent=above)
    writer.add_metadata({"/Title": told["title"]})
    answer, whole = BytesIO(), BytesIO()
    writer.write(whole)
    with ZipFile(answer, "w") as package:
        package.writestr(_WHOLE, whole.getvalue())
        package.writestr(_LIST, orjson.dumps({"pages": len(writer.pages), "left_out": left_out}))
    return answer.getvalue()


def _append(pypdf: Any, writer: Any, pdf: bytes) -> bool:
    """Add a PDF's pages; False for one that is locked, broken or empty, of which nothing is added."""
    try:
        reader = pypdf.PdfReader(BytesIO(pdf))
        if not len(reader.pages):
            return False
        writer.append(reader, import_outline=False)
    except Exception:  # one bad row: whatever a stranger's PDF makes the library raise, the others are bound
        return False
    return True
