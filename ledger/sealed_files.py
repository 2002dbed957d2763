"""Files encrypted as they are written: AES-256-GCM in numbered chunks, so that none can be dropped, swapped or cut off.

The key comes from a passphrase (scrypt) or from the installation's own seal key (HKDF). The last chunk says that it is
the last; a file without it was cut off.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BufferedIOBase
from os import urandom
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

_MAGIC = b"SGYB1"
_SALT, _PREFIX, _TAG = 16, 7, 16  # bytes
_CHUNK = 1 << 20
_BY_PASSPHRASE, _BY_KEY = b"p", b"k"
_HEADER = len(_MAGIC) + 1 + _SALT + _PREFIX


class Unsealable(ValueError):
    """文件不能解密：口令或密钥不对，或者文件已损坏."""


@dataclass(frozen=True, repr=False)
class Secret:
    """What opens a file: a passphrase, or the installation's 32-byte seal key."""

    passphrase: str = ""
    key: bytes = b""

    def derive(self, mode: bytes, salt: bytes) -> bytes:
        """Return the 32-byte file key; Unsealable when the file was closed with the other kind of secret."""
        if mode == _BY_PASSPHRASE and self.passphrase:
            return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(self.passphrase.encode())
        if mode == _BY_KEY and self.key:
            return HKDF(hashes.SHA256(), 32, salt=salt, info=b"sigeyipi sealed file").derive(self.key)
        raise Unsealable("这个文件是用口令加密的" if mode == _BY_PASSPHRASE else "这个文件是用系统密钥加密的")

    @property
    def mode(self) -> bytes:
        return _BY_PASSPHRASE if self.passphrase else _BY_KEY


class SealedWriter(BufferedIOBase):
    """Writes to `target`, which stays open; without `close` the file cannot be read."""

    def __init__(self, target: BinaryIO, secret: Secret) -> None:
        self._target, self._pending, self._number = target, bytearray(), 0
        self._header = _MAGIC + secret.mode + urandom(_SALT + _PREFIX)
        self._cipher = AESGCM(secret.derive(secret.mode, self._header[6 : 6 + _SALT]))
        target.write(self._header)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]  # any buffer
        self._pending += data
        while len(self._pending) > _CHUNK:
            self._put(bytes(self._pending[:_CHUNK]), last=False)
            del self._pending[:_CHUNK]
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._put(bytes(self._pending), last=True)
        super().close()

    def _put(self, plain: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._header, self._number, last), plain, self._header))
        self._number += 1


class SealedReader(BufferedIOBase):
    """Reads what `SealedWriter` wrote; Unsealable for a wrong secret, a changed chunk or a file cut off."""

    def __init__(self, source: BinaryIO, secret: Secret) -> None:
        self._source, self._plain, self._number, self._ended = source, b"", 0, False
        self._header = source.read(_HEADER)
        if len(self._header) < _HEADER or not self._header.startswith(_MAGIC):
            raise Unsealable("这不是本系统的加密文件")
        self._cipher = AESGCM(secret.derive(self._header[5:6], self._header[6 : 6 + _SALT]))
        self._next = source.read(_CHUNK + _TAG)

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = -1 if size is None else size
        while not self._ended and (wanted < 0 or len(self._plain) < wanted):
            self._plain += self._open()
        taken = len(self._plain) if wanted < 0 else wanted
        found, self._plain = self._plain[:taken], self._plain[taken:]
        return found

    def _open(self) -> bytes:
        sealed, self._next = self._next, self._source.read(_CHUNK + _TAG)
        self._ended = not self._next
        try:
            plain = self._cipher.decrypt(_nonce(self._header, self._number, self._ended), sealed, self._header)
        except InvalidTag as wrong:
            raise Unsealable("文件不能解密：口令或密钥不对，或者文件已损坏、被截断") from wrong
        self._number += 1
        return plain


def _nonce(header: bytes, number: int, last: bool) -> bytes:
    return header[-_PREFIX:] + struct.pack(">IB", number, last)
