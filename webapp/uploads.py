"""The one door for uploaded files: allowed kinds, content that is what the name says, limits, a clean name.

What passes is stored under its hash by `ledger.papers` and only ever served as a download (`webapp.papers`). What is
refused leaves a row of the trail, in a transaction of its own: the act it was sent for is undone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import disk_usage

from flask import Response, after_this_request, g, has_request_context, request
from werkzeug.datastructures import FileStorage

from forms.containers import MOST_ENTRIES, ContainerBroken, contents_of
from ledger.db import ONE_DAY, day_of, end_of_day, transaction
from ledger.journal import Act
from ledger.papers import File
from ledger.quotas import attached_bytes
from ledger.scope import Actor
from ledger.writing import record
from webapp.request import ledger_session, moment, sessions, settings
from webapp.virus_check import CheckUnavailable, virus_in

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
_NAME_LENGTH = 120
# with less free disk, or less than a tenth of it, nothing is taken in any more (safety rule 7); a tenth of a large disk
# is room for years
_LEAST_FREE, _ENOUGH_FREE = 1024**3, 5 * 1024**3
# what is sent there and refused is told by an act of that work
_TOLD_THERE = frozenset({"imports.upload", "ledger_returns.upload", "paper_designs.bring_one"})
_FORBIDDEN_IN_NAMES = str.maketrans(dict.fromkeys('<>:"|?*/\\', "_"))
_WINDOWS_DEVICES = frozenset({"CON", "PRN", "AUX", "NUL", *(f"{d}{n}" for d in ("COM", "LPT") for n in range(1, 10))})


class FileRefused(ValueError):
    """文件不能上传；说明是哪个文件、为什么."""


@contextmanager
def noting(name: str) -> Iterator[None]:
    """Have a file that is refused meanwhile written down once the request is over, whatever it was sent for."""
    try:
        yield
    except FileRefused as refused:
        if has_request_context() and request.endpoint not in _TOLD_THERE:
            after_this_request(partial(_tell, {"file": name, "reason": str(refused), "route": request.endpoint}))
        raise


def _tell(detail: dict[str, str | None], response: Response) -> Response:
    who = g.get("actor") or Actor(None, "未登录", address=request.remote_addr or "")
    with transaction(sessions()) as session:
        record(session, moment(), who, Act("file_refused", detail=detail))
    return response


def take(upload: FileStorage) -> File:
    """Return the file that was sent, checked and with a clean name; FileRefused says what is wrong with it."""
    name = clean_name(upload.filename or "")
    with noting(name):
        return _taken(name, upload)


def _taken(name: str, upload: FileStorage) -> File:
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
    _admit(name, content)
    return File(name, MEDIA_TYPES[extension], content)


def admit(name: str, content: bytes) -> None:
    """Refuse what is over a person's day, has a virus, or finds too little disk left; FileRefused says which.

    What is read and not kept (a procedure, a list of people) comes by here too; what it holds its reader checks.
    """
    with noting(name):
        _admit(name, content)


def _admit(name: str, content: bytes) -> None:
    _check_quota(len(content))
    _check_for_viruses(name, content)
    settings().papers.mkdir(parents=True, exist_ok=True)
    if not has_room(settings().papers):
        raise FileRefused("服务器磁盘空间不足，暂时不能上传，请联系系统管理员")


def has_room(folder: Path) -> bool:
    """Say whether the disk under a folder has room enough that files are taken in."""
    disk = disk_usage(folder)
    return disk.free >= max(_LEAST_FREE, min(disk.total // 10, _ENOUGH_FREE))


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
    """Look at an archive's table of contents only, in a limited child: nothing is unpacked here."""
    try:
        found = contents_of(content)
    except ContainerBroken as broken:
        raise FileRefused(f"“{name}”已损坏或不完整，打不开") from broken
    if found.count > MOST_ENTRIES or found.size > _UNPACKED_MB * _MEGABYTE:
        raise FileRefused(f"“{name}”解压后太大，请拆分后再上传")
    if extension in _INSIDE and _INSIDE[extension] not in found.folders:
        raise FileRefused(f"“{name}”的内容不是 {extension} 文件，请用原软件另存后再上传")
    if found.macros:
        raise FileRefused(f"“{name}”含有宏，请另存为不含宏的文件后再上传")


def _check_quota(size: int) -> None:
    """Refuse what is more than one person may put in on a day."""
    who: Actor | None = g.get("actor")
    if who is None or who.user_id is None:
        return
    today = end_of_day(day_of(moment().at)) - ONE_DAY
    if attached_bytes(ledger_session(), who.user_id, today) + size > settings().upload_quota_mb * _MEGABYTE:
        raise FileRefused(f"您今天上传的文件已达 {settings().upload_quota_mb} MB，请明天再上传或联系系统管理员")


def _check_for_viruses(name: str, content: bytes) -> None:
    address = settings().clamav
    if not address:
        return
    try:
        found = virus_in(content, address)
    except CheckUnavailable as away:
        raise FileRefused("病毒检查暂时不可用，不能上传，请稍后再试或联系系统管理员") from away
    if found:
        raise FileRefused(f"“{name}”含有病毒（{found}），没有保存")
