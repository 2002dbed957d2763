"""What a Word file may not bring in as a template: bombs, macros, files from elsewhere, fields that fetch something.

Runs in the limited child of `forms.papers.trial`: reading a hostile package is work too.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final
from xml.parsers import expat

FILE_BYTES: Final = 5 << 20
UNPACKED_BYTES: Final = 60 << 20
ENTRIES: Final = 500
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FIELDS: Final = frozenset({"PAGE", "NUMPAGES", "SECTIONPAGES", "DATE", "TIME", "SEQ", "EQ"})
_FOREIGN: Final = ("word/embeddings/", "word/activex/", "word/afchunk", "word/ctrlprops/")
_ADVICE: Final = "请用 Word 或 WPS 打开，另存为 .docx 后再上传"


class PackageRefused(ValueError):
    """这个文件不能用作模板."""


def admitted(content: bytes) -> list[str]:
    """Return what is wrong with a package that can be read; PackageRefused for one that cannot."""
    package = _opened(content)
    problems: list[str] = []
    for name in package.namelist():
        if name.lower().startswith(_FOREIGN):
            problems.append(f"含有嵌入的对象“{name}”，请删除后再上传")
        if name.endswith((".xml", ".rels")):
            problems += _read(package, name)
    return list(dict.fromkeys(problems))


def _opened(content: bytes) -> zipfile.ZipFile:
    if not content:
        raise PackageRefused("文件为空（0 字节）")
    if len(content) > FILE_BYTES:
        raise PackageRefused(f"文件超过 {FILE_BYTES >> 20} MB")
    if content.startswith(_OLE):
        raise PackageRefused(f"这是旧版 .doc 文件或设有打开密码的文件；{_ADVICE}")
    if not content.startswith(b"PK\x03\x04"):
        raise PackageRefused(f"不是 Word 文档（.docx），扩展名可能被改过；{_ADVICE}")
    try:
        package = zipfile.ZipFile(BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as broken:
        raise PackageRefused("文件已损坏或不完整，打不开") from broken
    _check_directory(package.infolist())
    names = {name.lower() for name in package.namelist()}
    if "word/document.xml" not in names or "[content_types].xml" not in names:
        raise PackageRefused(f"不是 Word 文档（.docx）；{_ADVICE}")
    if any(name.endswith("vbaproject.bin") for name in names):
        raise PackageRefused(f"文件带有宏，不予接受；{_ADVICE}（不带宏）")
    return package


def _check_directory(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(entries) > ENTRIES or len(set(map(str.lower, names))) != len(names):
        raise PackageRefused("压缩包内的文件过多或重名，不是正常的 Word 文档")
    if sum(entry.file_size for entry in entries) > UNPACKED_BYTES:
        raise PackageRefused(f"解压后超过 {UNPACKED_BYTES >> 20} MB，疑似压缩炸弹")
    for entry in entries:
        odd = entry.filename.startswith("/") or "\\" in entry.filename or ".." in entry.filename.split("/")
        if odd or stat.S_ISLNK(entry.external_attr >> 16) or entry.flag_bits & 0x1:
            raise PackageRefused(f"压缩包内有非法的“{entry.filename[:60]}”")


@dataclass
class _Reader:
    """Hears one part of a package and writes down what may not stay."""

    name: str
    problems: list[str] = field(default_factory=list)
    instruction: list[str] | None = None  # of the field that is being read
    inside: bool = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        local = tag.rpartition(":")[2]
        if local == "Relationship" and attributes.get("TargetMode") == "External":
            self.problems.append(f"引用了外部的内容“{attributes.get('Target', '')[:80]}”，请删除链接后再上传")
        elif local == "Override" and "macroenabled" in attributes.get("ContentType", "").lower():
            self.problems.append(f"文件带有宏，不予接受；{_ADVICE}（不带宏）")
        elif local == "fldSimple":
            self._judge(attributes.get("w:instr", ""))
        elif local == "fldChar":
            self._step(attributes.get("w:fldCharType", ""))
        elif local in ("altChunk", "subDoc", "control", "object"):
            self.problems.append(f"含有嵌入的内容（{local}），请删除后再上传")
        self.inside = local == "instrText"

    def end(self, _tag: str) -> None:
        self.inside = False

    def text(self, words: str) -> None:
        if self.inside and self.instruction is not None:
            self.instruction.append(words)

    def _step(self, kind: str) -> None:
        if kind == "begin":
            self.instruction = []
        elif self.instruction is not None:
            self._judge("".join(self.instruction))
            self.instruction = None

    def _judge(self, instruction: str) -> None:
        word = (instruction.split() or [""])[0].upper()
        if word and word not in _FIELDS:
            self.problems.append(f"含有域“{instruction.strip()[:60]}”，只能用页码、日期等域，请改为普通文字")


def _read(package: zipfile.ZipFile, name: str) -> list[str]:
    """Read one part whole: a DTD or what is no XML refuses the file."""
    reader, parser = _Reader(name), expat.ParserCreate()

    def refuse_dtd(*_: object) -> None:
        raise PackageRefused(f"“{name[:60]}”含有 DTD／实体声明，不予接受")

    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse_dtd
    parser.EntityDeclHandler = refuse_dtd
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        for piece in _pieces(package, name):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as broken:
        raise PackageRefused(f"文件已损坏（“{name[:60]}”读不出来）") from broken
    return reader.problems


def _pieces(package: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    left = package.getinfo(name).file_size
    with package.open(name) as part:
        while piece := part.read(1 << 16):
            left -= len(piece)
            if left < 0:
                raise PackageRefused(f"压缩包内“{name[:60]}”比目录所写的大，疑似压缩炸弹")
            yield piece
