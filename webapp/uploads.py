"""The one door for uploaded files: allowed kinds, content that is what the name says, limits, a clean name.

What passes is stored under its hash by `ledger.papers` and only ever served as a download (`webapp.papers`).
"""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Iterable
from io import BytesIO
from shutil import disk_usage

from werkzeug.datastructures import FileStorage

from ledger.papers import File
from webapp.request import settings

_OFFICE = "application/vnd.openxmlformats-officedocument."
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": _OFFICE + "wordprocessingml.document",
    "xlsx": _OFFICE + "spreadsheetml.sheet",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "zip": "application/zip",
}
ACCEPT = ",".join(f".{extension}" for extension in MEDIA_TYPES)
KINDS_TEXT = "pdf、docx、xlsx、jpg、png、zip"
_BEGINNINGS = {
    "pdf": b"%PDF-",
    "png": b"\x89PNG\r\n\x1a\n",
    "jpg": b"\xff\xd8\xff",
    "jpeg": b"\xff\xd8\xff",
    "docx": b"PK\x03\x04",
    "xlsx": b"PK\x03\x04",
    "zip": b"PK\x03\x04",
}
_INSIDE = {"docx": "word/", "xlsx": "xl/"}
_MEGABYTE = 1024 * 1024
_UNPACKED_MB = 500
_ZIP_ENTRIES = 2_000
_NAME_LENGTH = 120
_FREE_BYTES = 1024**3  # with less free disk nothing is taken in any more (safety rule 7)
_FORBIDDEN_IN_NAMES = str.maketrans(dict.fromkeys('<>:"|?*/\\', "_"))
_WINDOWS_DEVICES = frozenset({"CON", "PRN", "AUX", "NUL", *(f"{d}{n}" for d in ("COM", "LPT") for n in range(1, 10))})


class FileRefused(ValueError):
    """文件不能上传；说明是哪个文件、为什么."""


def take(upload: FileStorage) -> File:
    """Return the file that was sent, checked and with a clean name; FileRefused says what is wrong with it."""
    name = clean_name(upload.filename or "")
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension not in MEDIA_TYPES:
        raise FileRefused(f"“{name}”不是允许的文件类型，只能上传 {KINDS_TEXT}")
    limit = settings().upload_limit_mb
    content = upload.stream.read(limit * _MEGABYTE + 1)
    if not content:
        raise FileRefused(f"“{name}”是空文件")
    if len(content) > limit * _MEGABYTE:
        raise FileRefused(f"“{name}”超过 {limit} MB，请压缩后再上传")
    _check_content(name, extension, content)
    settings().papers.mkdir(parents=True, exist_ok=True)
    if disk_usage(settings().papers).free < _FREE_BYTES:
        raise FileRefused("服务器磁盘空间不足，暂时不能上传，请联系系统管理员")
    return File(name, MEDIA_TYPES[extension], content)


def sent_files(uploads: Iterable[FileStorage]) -> list[FileStorage]:
    """Return the uploads that hold a file: a browser posts an empty one for a box left empty."""
    return [upload for upload in uploads if upload.filename]


def clean_name(sent: str) -> str:
    """Return the original name without path, control or direction characters, short enough for every file system."""
    printable = "".join(c for c in unicodedata.normalize("NFC", sent) if unicodedata.category(c)[0] != "C")
    last = printable.replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = last.translate(_FORBIDDEN_IN_NAMES).strip(" .")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return name[:_NAME_LENGTH] or "未命名"
    if stem.upper() in _WINDOWS_DEVICES:
        stem = "_" + stem
    return f"{stem[: _NAME_LENGTH - len(extension) - 1]}.{extension}"[:_NAME_LENGTH]


def _check_content(name: str, extension: str, content: bytes) -> None:
    if not content.startswith(_BEGINNINGS[extension]):
        raise FileRefused(f"“{name}”的内容不是 {extension} 文件，请用原软件另存后再上传")
    if _BEGINNINGS[extension].startswith(b"PK"):
        _check_archive(name, extension, content)


def _check_archive(name: str, extension: str, content: bytes) -> None:
    """Look at an archive's table of contents only: nothing is unpacked here."""
    try:
        entries = zipfile.ZipFile(BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as broken:
        raise FileRefused(f"“{name}”已损坏或不完整，打不开") from broken
    if len(entries) > _ZIP_ENTRIES or sum(entry.file_size for entry in entries) > _UNPACKED_MB * _MEGABYTE:
        raise FileRefused(f"“{name}”解压后太大，请拆分后再上传")
    names = [entry.filename for entry in entries]
    if extension in _INSIDE and not any(inside.startswith(_INSIDE[extension]) for inside in names):
        raise FileRefused(f"“{name}”的内容不是 {extension} 文件，请用原软件另存后再上传")
    if any(inside.lower().endswith("vbaproject.bin") for inside in names):
        raise FileRefused(f"“{name}”含有宏，请另存为不含宏的文件后再上传")
