"""Good files with bytes changed at random, sent through every door that takes a file: refused or taken, never a fault.

Whatever is wrong with a file is the file's fault: the answer is a page below 500, soon, and the server is as it was.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from math import ceil
from random import Random
from time import perf_counter

from tests.doors import CASES, PHOTO, Door, Good
from tests.forms.test_preview import pdf

_NOISE = 64  # bytes put in, doubled or taken out at once


@dataclass(frozen=True)
class Sent:
    """What became of one file at one door; `seconds` are those of its slowest page."""

    door: str
    file: str
    number: int
    statuses: tuple[int, ...]
    seconds: float


def good_files() -> list[Good]:
    """Return one good file or more of every kind that some door takes."""
    found = [Good(path.name, path.read_bytes()) for path in sorted(CASES.glob("*/ok_*"))]
    photo = CASES / "data" / "polyglot.jpg"  # a picture to whoever looks at the picture
    return [
        *found,
        PHOTO,
        Good("现场.jpg", photo.read_bytes()),
        Good("调研报告.pdf", pdf([(500, 700), (700, 500)])),
        Good("资料.zip", packed({"甲.txt": "一".encode() * 500, "乙/丙.pdf": pdf([(500, 700)])})),
    ]


def packed(parts: dict[str, bytes]) -> bytes:
    """Return the parts as one deflated archive."""
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return written.getvalue()


def mutated(content: bytes, random: Random) -> bytes:
    """Change some bytes; of an archive every second time those inside an entry, past its checksum."""
    if content.startswith(b"PK") and random.random() < 0.5:
        return _changed_inside(content, random)
    changed = bytearray(content)
    for _time in range(random.choice((1, 1, 2, 8, 40))):
        random.choice(_WAYS)(changed, random)
    return bytes(changed)


def _changed_inside(content: bytes, random: Random) -> bytes:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    victim = random.choice(sorted(parts))
    parts[victim] = mutated(parts[victim], random) if not parts[victim].startswith(b"PK") else b""
    return packed(parts)


def _place(data: bytearray, random: Random) -> int:
    return random.randrange(len(data)) if data else 0


def _flip(data: bytearray, random: Random) -> None:
    if data:
        data[_place(data, random)] ^= 1 << random.randrange(8)


def _replace(data: bytearray, random: Random) -> None:
    if data:
        data[_place(data, random)] = random.choice((0, 0xFF, 0x80, 0x3C, 0x26, 0x30, random.randrange(256)))


def _take_out(data: bytearray, random: Random) -> None:
    at = _place(data, random)
    del data[at : at + random.randrange(1, _NOISE)]


def _double(data: bytearray, random: Random) -> None:
    at = _place(data, random)
    data[at:at] = data[at : at + random.randrange(1, _NOISE)] * random.choice((1, 1, 200))


def _put_in(data: bytearray, random: Random) -> None:
    at = _place(data, random)
    data[at:at] = random.randbytes(random.randrange(1, _NOISE))


def _cut(data: bytearray, random: Random) -> None:
    if random.random() < 0.2:
        del data[_place(data, random) :]


_WAYS: Sequence[Callable[[bytearray, Random], None]] = (_flip, _replace, _take_out, _double, _put_in, _cut)


def dealt(ways: Sequence[Door], files: Sequence[Good], times: int) -> Iterator[tuple[Door, Good, int]]:
    """Deal `times` mutations of each good file, own ones and `files`, to the doors that take it: no door goes without.

    What keeps files as they came looks at them in one place (`webapp.uploads`), whichever door they come by.
    """
    takes = {
        door.name: dict.fromkeys((*door.own, *(each for each in files if each.kind in door.kinds))) for door in ways
    }
    for door in ways:
        for file in takes[door.name]:
            yield door, file, ceil(times / sum(file in each for each in takes.values()))


def send(ways: Sequence[Door], files: Sequence[Good], seed: int, times: int) -> Iterator[Sent]:
    """Send the mutations that are dealt to each door through it; the same seed sends the same bytes."""
    for door, file, share in dealt(ways, files, times):
        random = Random(f"{seed} {door.name} {file.name} {len(file.content)}")
        for number in range(share):
            statuses, longest, content = list[int](), 0.0, mutated(file.content, random)
            began = perf_counter()
            for status in door.send(file.name, content):
                ended = perf_counter()
                statuses, longest, began = [*statuses, status], max(longest, ended - began), ended
            yield Sent(door.name, file.name, number, tuple(statuses), longest)
