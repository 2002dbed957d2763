"""Pictures drawn from papers, kept under the hash of what they were drawn from: drawn once, never out of date."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from secrets import token_hex


def drawn_once(previews: Path, digest: str, part: str, draw: Callable[[], bytes]) -> bytes:
    """Return `part` of what was drawn from the paper `digest`, drawing it when nobody has yet.

    The folder holds nothing that cannot be drawn again: it may be emptied at any time and belongs to no backup.
    """
    target = drawn_path(previews, digest, part)
    if target.is_file():
        return target.read_bytes()
    content = draw()
    target.parent.mkdir(parents=True, exist_ok=True)
    written = target.with_name(f"{target.name}.{token_hex(4)}")
    written.write_bytes(content)
    written.replace(target)  # whole or not at all, also when two people look at the same moment
    return content


def drawn_path(previews: Path, digest: str, part: str) -> Path:
    """Return where `part` of what was drawn lies, or will lie."""
    return previews / digest[:2] / f"{digest[2:]}.{part}"
