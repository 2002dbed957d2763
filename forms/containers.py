"""What a ZIP container (docx, xlsx, zip) says it holds, read in a limited child: a directory can be a bomb too."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import orjson

from forms.sheets.limited import ChildDied, Limits, OutOfLimits, run_limited

MOST_ENTRIES = 2_000
_LIMITS = Limits(memory_bytes=512 << 20, cpu_seconds=5, wall_seconds=20.0)


class ContainerBroken(ValueError):
    """The container cannot be read within its limits."""


@dataclass(frozen=True)
class Contents:
    """How much a container holds: `size` is what its entries unpack to, in bytes, as they say."""

    count: int
    size: int
    folders: frozenset[str]  # first part of each name, with a slash
    macros: bool


def contents_of(data: bytes) -> Contents:
    """Return what the container's directory tells; ContainerBroken when there is none to be read."""
    try:
        told: dict[str, Any] = orjson.loads(run_limited("forms.containers:tell", data, _LIMITS))
    except (OutOfLimits, ChildDied) as wrong:
        raise ContainerBroken from wrong
    if not told:
        raise ContainerBroken
    return Contents(told["count"], told["size"], frozenset(told["folders"]), told["macros"])


def tell(data: bytes) -> bytes:
    """Read the directory; runs in the child."""
    try:
        entries = zipfile.ZipFile(BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return b"{}"
    names = [entry.filename for entry in entries[:MOST_ENTRIES]]
    return orjson.dumps(
        {
            "count": len(entries),
            "size": sum(entry.file_size for entry in entries),
            "folders": sorted({name.split("/")[0] + "/" for name in names if "/" in name})[:MOST_ENTRIES],
            "macros": any(name.lower().endswith("vbaproject.bin") for name in names),
        }
    )
