"""The other keys a sealed value may be closed with: an earlier one, or SM4 in place of AES (safety rule 13)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES, _TAG_BYTES = 12, 16


class SealCipher(StrEnum):
    """What closes a value: AES-256-GCM, or SM4-GCM (GB/T 32907-2016) where the county has to use it."""

    AES = "aes"
    SM4 = "sm4"


@dataclass(frozen=True, repr=False)
class SealKey:
    """A 32-byte secret and the cipher it is for; SM4 takes 16 bytes derived from it."""

    secret: bytes
    cipher: SealCipher = SealCipher.AES

    def close(self, plain: bytes) -> bytes:
        """Return nonce, closed text and tag."""
        nonce = urandom(NONCE_BYTES)
        if self.cipher is SealCipher.AES:
            return nonce + AESGCM(self.secret).encrypt(nonce, plain, None)
        pen = Cipher(algorithms.SM4(self._short()), modes.GCM(nonce)).encryptor()
        return nonce + pen.update(plain) + pen.finalize() + pen.tag

    def open(self, sealed: bytes) -> bytes:
        """Return what was closed; InvalidTag when it was closed with anything else, or changed."""
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        if self.cipher is SealCipher.AES:
            return AESGCM(self.secret).decrypt(nonce, rest, None)
        text, tag = rest[:-_TAG_BYTES], rest[-_TAG_BYTES:]
        if len(tag) < _TAG_BYTES:
            raise InvalidTag
        reader = Cipher(algorithms.SM4(self._short()), modes.GCM(nonce, tag)).decryptor()
        return reader.update(text) + reader.finalize()

    def _short(self) -> bytes:
        return HKDF(hashes.SHA256(), 16, salt=None, info=b"sigeyipi sm4").derive(self.secret)


def open_with_any(sealed: bytes, keys: tuple[SealKey, ...]) -> bytes:
    """Open a value with the first key that fits; InvalidTag when none does."""
    for key in keys:
        try:
            return key.open(sealed)
        except InvalidTag:
            continue
    raise InvalidTag
