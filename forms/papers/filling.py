"""Fill a template with what a paper says: plain text in, a .docx out, in a few milliseconds.

docxtpl reads tags that Word cut in pieces, but takes the file apart and puts it together anew for each paper (80 ms).
So it only prepares: once per version its tags are mended and compiled, and a paper is that program's text in a ZIP.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from html import escape
from io import BytesIO
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, Template, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

_PARAGRAPH = re.compile(r"<w:p(?: [^>]*)?>(<w:pPr>.*?</w:pPr>)?", re.DOTALL)
_RUN = re.compile(r"<w:r(?: [^>]*)?>(<w:rPr>.*?</w:rPr>)?", re.DOTALL)
Facts = Mapping[str, Any]  # text by name, lists of such mappings, mappings of text
_BREAK = "<!break>"  # no text can hold it: its signs are escaped
_TAB = '</w:t><w:tab/><w:t xml:space="preserve">'
_CACHED = 64
_STAYS = "<w:keepNext/>"
_MARKS = re.compile("[&<>\"']")
_TAG = re.compile(r"\{[{%#]")
DOCUMENT, CORE = "word/document.xml", "docProps/core.xml"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_UNDATED = (1980, 1, 1, 0, 0, 0)  # the earliest moment a ZIP can tell
_LEVEL: Final = 3
_DEFLATED, _NEEDED, _UTF8 = 8, 20, 0x800
_NO_MOMENT: Final = (0, (1 << 5) | 1)  # the same as the format counts it
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")


def clean(text: str) -> str:
    """Leave out what XML or a reader cannot take: control and format characters, halves and non-characters."""
    if text.isprintable():
        return text
    return "".join(character for character in text if character in "\n\t" or not _unprintable(character))


def _unprintable(character: str) -> bool:
    point = ord(character)
    return (
        unicodedata.category(character) in ("Cc", "Cf", "Cs") or point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
    )


def _as_text(value: object) -> object:
    """Turn a value into text of the document: never a tag, a field or markup; line breaks and tabs stay."""
    if isinstance(value, Undefined):  # raises with the name of what is unknown
        return value
    text = str(value)
    if not text.isprintable() or _MARKS.search(text):  # of a hundred texts two or three
        text = escape(clean(text), quote=True).replace("\n", _BREAK).replace("\t", _TAB)
    return Markup(text)  # noqa: S704 - escaped above  # nosec B704


ENVIRONMENT = ImmutableSandboxedEnvironment(
    autoescape=True, undefined=StrictUndefined, finalize=_as_text, cache_size=0, keep_trailing_newline=True
)
ENVIRONMENT.globals.clear()


@dataclass(frozen=True)
class Member:
    """One part as it lies in a ZIP: its name, what both of its headers say, its bytes packed."""

    name: bytes
    told: tuple[int, ...]
    packed: bytes


def member(name: str, content: bytes) -> Member:
    """Pack one part."""
    packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packing.compress(content) + packing.flush()
    flags = 0 if name.isascii() else _UTF8
    told = (flags, _DEFLATED, *_NO_MOMENT, zlib.crc32(content), len(packed), len(content))
    return Member(name.encode(), told, packed)


def zipped(members: Sequence[Member]) -> bytes:
    """Return the ZIP of some parts, in their order.

    The standard library's writer looks through a ZIP anew before it adds to it, for longer than a paper takes to write.
    """
    pieces: list[bytes] = []
    listed: list[bytes] = []
    at = 0
    for each in members:
        head = _LOCAL.pack(b"PK\x03\x04", _NEEDED, *each.told, len(each.name), 0) + each.name
        central = _CENTRAL.pack(b"PK\x01\x02", _NEEDED, _NEEDED, *each.told, len(each.name), 0, 0, 0, 0, 0, at)
        listed.append(central + each.name)
        pieces += (head, each.packed)
        at += len(head) + len(each.packed)
    directory = b"".join(listed)
    end = _END.pack(b"PK\x05\x06", 0, 0, len(members), len(members), len(directory), at, 0)
    return b"".join((*pieces, directory, end))


@dataclass(frozen=True)
class Prepared:
    """A template ready to be filled: its parts with tags compiled, all others packed as they are."""

    fixed: tuple[Member, ...]
    parts: tuple[tuple[str, Template], ...]
    dated: bool  # it has properties, which are written anew

    def fill(self, title: str, facts: Facts, day: date) -> bytes:
        """Return the paper called `title` of `day`; UndefinedError for a variable the facts lack."""
        properties = core_properties(clean(title).replace("\n", " "), day) if self.dated else ""
        written = [(name, _with_paragraphs(part.render(facts))) for name, part in self.parts]
        anew = [(CORE, properties), *written] if self.dated else written
        return zipped([*self.fixed, *(member(name, text.encode()) for name, text in anew)])


def _with_paragraphs(xml: str) -> str:
    """Turn each line break of a text into a new paragraph that looks like the one it stands in."""
    pieces: list[str] = []
    at = 0
    while (found := xml.find(_BREAK, at)) >= 0:
        paragraph = _PARAGRAPH.match(xml, max(xml.rfind("<w:p>", 0, found), xml.rfind("<w:p ", 0, found)))
        run = _RUN.match(xml, max(xml.rfind("<w:r>", 0, found), xml.rfind("<w:r ", 0, found)))
        looks = (each.group(1) or "" if each else "" for each in (paragraph, run))
        before, begins = xml[at:found], paragraph.start() - at if paragraph else 0
        if begins >= 0:  # its first line: only the last one stays with what follows
            before = before[:begins] + before[begins:].replace(_STAYS, "", 1)
        else:
            pieces[-1] = pieces[-1].replace(_STAYS, "", 1)
        pieces.append(before)
        pieces.append('</w:t></w:r></w:p><w:p>{}<w:r>{}<w:t xml:space="preserve">'.format(*looks))
        at = found + len(_BREAK)
    return "".join((*pieces, xml[at:]))


@lru_cache(maxsize=_CACHED)
def prepare(content: bytes) -> Prepared:
    """Prepare a template that was admitted; what is not, `forms.papers.trial` says."""
    texts = {name: text for name, text in sources(content) if _TAG.search(text)}
    with ZipFile(BytesIO(content)) as package:
        names = package.namelist()
        kept = (name for name in names if name not in texts and name != CORE)
        fixed = tuple(member(name, package.read(name)) for name in kept)
    parts = tuple((name, ENVIRONMENT.from_string(text)) for name, text in texts.items())
    return Prepared(fixed, parts, CORE in names)


def sources(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the parts of a template that may hold tags, each with its tags mended."""
    mend = DocxTemplate(BytesIO(content)).patch_xml
    with ZipFile(BytesIO(content)) as package:
        for name in package.namelist():
            if name == DOCUMENT or _is_margin(name):
                yield name, mend(package.read(name).decode("utf-8-sig"))


def _is_margin(name: str) -> bool:
    return name.startswith(("word/header", "word/footer")) and name.endswith(".xml")


def print_paper(title: str, facts: Facts, template: bytes, day: date) -> bytes:
    """Return the paper `title`, written on `template` with `facts`, dated `day`."""
    return prepare(template).fill(title, facts, day)


def put(package: ZipFile, name: str, content: str | bytes) -> None:
    """Write one part, undated."""
    entry = ZipInfo(name, _UNDATED)
    entry.compress_type = ZIP_DEFLATED
    package.writestr(entry, content, compresslevel=3)


def core_properties(title: str, day: date) -> str:
    """Return the properties of a paper called `title` and dated `day`; nobody is named in them."""
    stamp = f"{day.isoformat()}T00:00:00Z"
    return HEAD + (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title)}</dc:title><dc:creator></dc:creator><cp:lastModifiedBy></cp:lastModifiedBy>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{stamp}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{stamp}</dcterms:modified></cp:coreProperties>'
    )


def name_of(label: str) -> str:
    """Return a printed label as the name a template calls it by: 合作发展(入股) → 合作发展入股."""
    return re.sub(r"\W", "", label)
