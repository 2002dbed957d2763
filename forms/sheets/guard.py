"""Refuse what is not an ordinary .xlsx workbook before any spreadsheet library sees it.

A 5 KB upload can make a spreadsheet library take all memory or abort the process, so the package is checked
entry by entry first. Runs in the limited child (see forms.sheets.limited): parsing a hostile central directory
is work too.
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Final
from xml.parsers import expat

FILE_BYTES: Final = 20 << 20
PART_BYTES: Final = 100 << 20
TOTAL_BYTES: Final = 150 << 20
ENTRY_COUNT: Final = 2_000
# Honest sheets compress up to some 40 times; small parts may be all one character.
RATIO: Final = 200
RATIO_FREE_BYTES: Final = 1 << 20
CHUNK_BYTES: Final = 1 << 16

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ADVICE: Final = "请用 Excel 或 WPS 打开后另存为 .xlsx 再上传"


class WorkbookRefused(Exception):
    """The upload cannot be read as a workbook; `message` says in Chinese what it is and where."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def refuse_by_first_bytes(data: bytes) -> None:
    """Raise WorkbookRefused, naming the kind, unless the data begin as a ZIP package of at most 20 MB."""
    if not data:
        raise WorkbookRefused("文件为空（0 字节）")
    if len(data) > FILE_BYTES:
        raise WorkbookRefused(f"文件超过 {FILE_BYTES >> 20} MB")
    if data.startswith(b"PK\x03\x04"):
        return
    raise WorkbookRefused(_kind_of(data))


def _kind_of(data: bytes) -> str:
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            return "工作簿设有打开密码，请取消密码后再上传"
        if "WordDocument".encode("utf-16-le") in data:
            return "这是旧版 Word 文档（.doc），不是工作簿"
        return f"这是旧版 .xls 工作簿或加密文件，{ADVICE}，并取消密码"
    if data[:4] in (b"\x09\x08\x10\x00", b"\x09\x08\x08\x00", b"\x09\x04\x06\x00", b"\x09\x02\x06\x00"):
        return f"这是旧版 .xls 工作簿，{ADVICE}"
    if data.startswith(b"%PDF"):
        return "这是 PDF 文件，不是工作簿"
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<head", b"<body")):
        return f"这是网页文件（HTML），只是改了扩展名；{ADVICE}"
    if head.startswith(b"<"):
        return f"这是 XML 文本，不是 .xlsx 工作簿；{ADVICE}"
    if _is_text(data[:4096]):
        return f"这是文本文件（如 CSV），只是改了扩展名；{ADVICE}"
    return "不是 Excel 工作簿（内容无法识别，扩展名可能被改过或文件已损坏）"


def _is_text(head: bytes) -> bool:
    if any(byte < 0x20 and byte not in b"\t\r\n\f" for byte in head):
        return False
    for encoding in ("utf-8", "gb18030"):
        for cut in range(4):  # the last character may be cut in two
            try:
                head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return True
    return False


def open_package(data: bytes) -> zipfile.ZipFile:
    """Return the opened package after checking every entry of its directory; raise WorkbookRefused."""
    refuse_by_first_bytes(data)
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise WorkbookRefused("文件已损坏或不完整（压缩包目录读不出来），请重新导出或上传") from error
    entries = package.infolist()
    if len(entries) > ENTRY_COUNT:
        raise WorkbookRefused(f"压缩包内文件过多（{len(entries)} 个，最多 {ENTRY_COUNT} 个）")
    for entry in entries:
        _check_entry(entry)
    names = [entry.filename.lower() for entry in entries]
    if len(set(names)) != len(names):
        raise WorkbookRefused("压缩包内有同名文件，不是正常的工作簿")
    if sum(entry.file_size for entry in entries) > TOTAL_BYTES:
        raise WorkbookRefused(f"解压后超过 {TOTAL_BYTES >> 20} MB，疑似压缩炸弹")
    _check_kind(package, set(names))
    return package


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
        raise WorkbookRefused(f"压缩包内有非法路径“{name[:60]}”")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise WorkbookRefused(f"压缩包内有链接“{name[:60]}”")
    if entry.flag_bits & 0x1:
        raise WorkbookRefused("压缩包设有密码，请取消密码后再上传")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise WorkbookRefused(f"压缩包内“{name[:60]}”的压缩方式不是工作簿所用的")
    oversize = entry.file_size > RATIO_FREE_BYTES and entry.file_size > RATIO * max(1, entry.compress_size)
    if entry.file_size > PART_BYTES or oversize:
        raise WorkbookRefused(f"压缩包内“{name[:60]}”解压后异常大，疑似压缩炸弹")


def _check_kind(package: zipfile.ZipFile, names: set[str]) -> None:
    if "xl/workbook.bin" in names:
        raise WorkbookRefused(f"这是二进制工作簿（.xlsb），{ADVICE}")
    if "word/document.xml" in names:
        raise WorkbookRefused("这是 Word 文档（.docx），不是工作簿")
    if "ppt/presentation.xml" in names:
        raise WorkbookRefused("这是演示文稿（.pptx），不是工作簿")
    if "mimetype" in names and "content.xml" in names:
        raise WorkbookRefused(f"这是 OpenDocument 表格（.ods），{ADVICE}")
    if "[content_types].xml" not in names or "xl/workbook.xml" not in names:
        raise WorkbookRefused("不是 Excel 工作簿（只是一个压缩包）")
    if any(name.endswith("vbaproject.bin") or name.startswith("xl/macrosheets/") for name in names):
        raise WorkbookRefused(f"工作簿带有宏，不予接受；{ADVICE}（不带宏）")
    for entry in package.infolist():
        if entry.filename.lower() == "[content_types].xml" and b"macroenabled" in _whole(package, entry).lower():
            raise WorkbookRefused(f"工作簿带有宏，不予接受；{ADVICE}（不带宏）")


def _whole(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    return b"".join(stream(package, entry.filename))


def stream(package: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yield one entry's content in pieces, never more than its directory promised; raise WorkbookRefused."""
    left = package.getinfo(name).file_size
    try:
        with package.open(name) as part:
            while piece := part.read(CHUNK_BYTES):
                left -= len(piece)
                if left < 0:
                    raise WorkbookRefused(f"压缩包内“{name[:60]}”比目录所写的大，疑似压缩炸弹")
                yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise WorkbookRefused(f"文件已损坏（“{name[:60]}”解压失败），请重新导出或上传") from error


def walk_xml(
    package: zipfile.ZipFile,
    name: str,
    start: Callable[[str, dict[str, str]], None] | None = None,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Feed one XML part to the given callbacks; raise WorkbookRefused where it holds a DTD or is not XML.

    The parser itself sees a DTD in any encoding; searching the bytes would miss it in UTF-16.
    """

    def refuse_dtd(*_: object) -> None:
        raise WorkbookRefused(f"“{name[:60]}”含有 DTD／实体声明，不予接受")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse_dtd
    parser.EntityDeclHandler = refuse_dtd
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    try:
        for piece in stream(package, name):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise WorkbookRefused(f"文件已损坏（“{name[:60]}”不是合格的 XML）") from error
