"""Good files with bytes changed at random, sent through every door that takes a file: refused or taken, never a fault.

Whatever is wrong with a file is the file's fault: the answer is a page below 500, soon, and the server is as it was.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from random import Random
from time import perf_counter

from bpmn.bundles import archive_of
from bpmn.deployment import shipped_bundle
from forms.papers.catalogue import BY_NAME
from tests.forms.test_preview import pdf
from tests.webapp.conftest import Person, Site
from tests.webapp.test_publicity import picture

CASES = Path(__file__).parent / "cases"
OFFICE, SHEETS = frozenset({"docx", "xlsx", "pdf", "png", "jpg", "zip"}), frozenset({"xlsx"})
CLERK, BUREAU, SYSTEM = "sangzhezhen.jingban", "xiangcunzhenxingju.jingban", "xitong"
_NOISE = 64  # bytes put in, doubled or taken out at once
_LINK = re.compile(r"/papers/(\d+)/view")


@dataclass(frozen=True)
class Good:
    """A file that is in order."""

    name: str
    content: bytes

    @property
    def kind(self) -> str:
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Door:
    """A way in: `send` posts the file, looks at the pages that show it afterwards, and yields every status.

    `own` are good files of just what it asks for.
    """

    name: str
    kinds: frozenset[str]
    own: tuple[Good, ...]
    send: Callable[[str, bytes], Iterator[int]]


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
        Good("现场.png", picture()),
        Good("现场.jpg", photo.read_bytes()),
        Good("报告.pdf", pdf([(500, 700), (700, 500)])),
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


def doors(site: Site) -> list[Door]:
    """Sign in who may use each door, let a case wait where papers are uploaded, and return the doors."""
    walk = site.walk(0)
    walk.to("field_survey")
    site.catch_up(walk)
    item_id = walk.item("field_survey").id
    clerk, bureau, system = (_signed_in(site, login) for login in (CLERK, BUREAU, SYSTEM))
    people = Good("人员名单.xlsx", system.get("/people/import/template").data)
    ledger = Good("管理台账.xlsx", bureau.get("/reports/annex5.xlsx").data)
    export = Good("项目清单.xlsx", (CASES / "xlsx" / "ok_control.xlsx").read_bytes())
    template = Good("审批表.docx", BY_NAME["annex1"].shipped)
    drawn = (Good("流程.bpmn", shipped_bundle().diagram.encode()), Good("流程.zip", archive_of(shipped_bundle())))
    return [
        Door("任务材料", OFFICE, (Good("报告.pdf", pdf([(500, 700)])), template), partial(_item, clerk, item_id)),
        Door("项目导入", SHEETS, (export,), partial(_form, bureau, "/imports/new", "workbook")),
        Door("台账回收", SHEETS, (ledger,), partial(_form, bureau, "/reports/annex5/return", "workbook")),
        Door("人员名单", SHEETS, (people,), partial(_form, system, "/people/import", "file")),
        Door("文书模板", frozenset({"docx"}), (template,), partial(_form, system, "/templates/annex1", "file")),
        Door("流程导入", frozenset({"bpmn", "zip"}), drawn, partial(_form, system, "/design/import", "bundle")),
    ]


def _signed_in(site: Site, login: str) -> Person:
    person = site.visitor()
    assert person.sign_in(login).status_code == 303
    return person


def _form(person: Person, address: str, field: str, name: str, content: bytes) -> Iterator[int]:
    """Post the file, open the page one is sent to and take away what it offers about the file."""
    sent = {field: (BytesIO(content), name), "reason": "测试"}
    answer = person.post(address, sent, content_type="multipart/form-data")
    yield answer.status_code
    if answer.status_code == 303:
        page = answer.headers["Location"]
        yield person.get(page).status_code
        if page.startswith("/imports/"):
            yield person.get(f"{page}/errors.xlsx").status_code


def _item(person: Person, item_id: int, name: str, content: bytes) -> Iterator[int]:
    """Keep the file with a draft, look at its preview, and take it out again."""
    address = f"/items/{item_id}"
    found = re.search(r'name="_revision" value="(\d+)"', person.get(address).text)
    assert found is not None
    typed = {"_revision": found[1], "_action": "draft", "photos": (BytesIO(content), name)}
    yield person.post(address, typed, content_type="multipart/form-data").status_code
    page = person.get(address).text
    for paper in sorted(set(_LINK.findall(page)))[-1:]:
        yield person.get(f"/papers/{paper}/view").status_code
        yield person.get(f"/papers/{paper}/pages/1").status_code
        yield person.get(f"/papers/{paper}").status_code


def send(ways: Sequence[Door], files: Sequence[Good], seed: int, times: int) -> Iterator[Sent]:
    """Send `times` mutations of each door's own files, and of `files` where it takes their kind, through each door.

    The same seed sends the same bytes.
    """
    for door in ways:
        for file in (*door.own, *(each for each in files if each.kind in door.kinds)):
            random = Random(f"{seed} {door.name} {file.name}")
            for number in range(times):
                statuses, longest, content = list[int](), 0.0, mutated(file.content, random)
                began = perf_counter()
                for status in door.send(file.name, content):
                    ended = perf_counter()
                    statuses, longest, began = [*statuses, status], max(longest, ended - began), ended
                yield Sent(door.name, file.name, number, tuple(statuses), longest)
