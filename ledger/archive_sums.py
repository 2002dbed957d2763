"""The checksums of an archive of papers: a list that any sha256sum reads, signed, and whether a file still fits it.

The signature is that of the audit's archives: by a key drawn from the installation's MAC key, its public half inside.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile
from zlib import error as BrokenData  # noqa: N812  # an exception by its kind

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.audit_archive import public_key_text, signing_key, sum_of
from ledger.db import Keys

SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.签名.json"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


@dataclass(frozen=True)
class Verdict:
    """What the check of an archive found: how many files fit, and every fault in a Chinese sentence."""

    file_count: int
    made_at: str
    faults: tuple[str, ...]


def sums_text(sums: dict[str, str]) -> bytes:
    """Return the list of checksums by path, a line each."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items())).encode()


def signature_of(keys: Keys, sums: bytes, now: datetime) -> bytes:
    """Return what lies beside the list: when it was made, and the signature over that and the list."""
    made_at = now.isoformat()
    signed = base64.b64encode(signing_key(keys).sign(_signed(made_at, sums))).decode()
    return orjson.dumps({"made_at": made_at, "signature": signed, "public_key": public_key_text(keys)})


def check_archive(file: BinaryIO, public_key: str = "") -> Verdict:
    """Check an archive's every file against its list, and the list against its signature.

    `public_key` is the installation's; without it the one in the archive is trusted, which shows only that the archive
    fits itself.
    """
    try:
        with ZipFile(file) as package:
            return _checked(package, public_key)
    except (BadZipFile, OSError, ValueError) as broken:
        return Verdict(0, "", (f"文件不是完整的归档压缩包：{broken}",))


def _checked(package: ZipFile, public_key: str) -> Verdict:
    names = [each.filename for each in package.infolist() if not each.is_dir()]
    if SUMS not in names or SIGNATURE not in names:
        return Verdict(0, "", (f"压缩包里没有 {SUMS} 和它的签名，不是本系统写出的归档材料，或已被改动",))
    sums, beside = package.read(SUMS), orjson.loads(package.read(SIGNATURE))
    listed = {m[2]: m[1] for line in sums.decode().splitlines() if (m := _LINE.fullmatch(line))}
    faults = [*_signature_faults(sums, beside, public_key), *_file_faults(package, names, listed)]
    wrong = sum(path in names and f"“{path}”" in fault for path in listed for fault in faults)
    return Verdict(len(set(listed) & set(names)) - wrong, str(beside.get("made_at", "")), tuple(faults))


def _signature_faults(sums: bytes, beside: dict[str, str], public_key: str) -> Iterator[str]:
    told = beside.get("public_key", "")
    if public_key and told != public_key:
        yield "压缩包里的公钥不是本系统的公钥"
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key or told))
        key.verify(base64.b64decode(beside.get("signature", "")), _signed(beside.get("made_at", ""), sums))
    except (InvalidSignature, ValueError):
        yield f"{SUMS} 的签名不对，清单已被改动"


def _file_faults(package: ZipFile, names: list[str], listed: dict[str, str]) -> Iterator[str]:
    for path in sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else ():
        yield f"“{path}”在压缩包里有两份"
    for path in sorted(set(names) - set(listed) - {SUMS, SIGNATURE}):
        yield f"“{path}”不在清单里，是后来放进去的"
    for path, digest in sorted(listed.items()):
        if path not in names:
            yield f"缺少“{path}”"
            continue
        try:
            fits = sum_of(package, path) == digest
        except (BadZipFile, BrokenData, EOFError):
            fits = False
        if not fits:
            yield f"“{path}”与清单里的校验值不符，已被改动或损坏"


def _signed(made_at: str, sums: bytes) -> bytes:
    return made_at.encode() + b"\n" + sums


def write_sums(package: ZipFile, sums: dict[str, str], keys: Keys, now: datetime) -> None:
    """Write the list and its signature as the last files of an archive."""
    text = sums_text(sums)
    package.writestr(SUMS, text)
    package.writestr(SIGNATURE, signature_of(keys, text, now))
