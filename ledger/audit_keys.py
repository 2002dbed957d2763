"""What the audit's MACs are made with: numbered keys, of which the newest writes and all verify, and two hashes.

A MAC says itself which key and hash made it, so that history stays verifiable over every change of either: bare hex is
SHA-256 under key 0, the installation's first; anything else is written `sm3-1-…`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC


class Digest(StrEnum):
    """Which hash rows and chain are made with: the international one, or 国密 (GB/T 32905-2016)."""

    SHA256 = "sha256"
    SM3 = "sm3"


HASHES: Mapping[Digest, type[hashes.HashAlgorithm]] = {Digest.SHA256: hashes.SHA256, Digest.SM3: hashes.SM3}


@dataclass(frozen=True, repr=False)
class AuditKey:
    """One key of the audit; number 0 is the installation's first, each rotation adds the next."""

    number: int
    secret: bytes


def keyed(content: bytes, key: AuditKey, digest: Digest) -> str:
    """Return the HMAC over `content` as hex."""
    if digest is Digest.SHA256:
        return hmac.digest(key.secret, content, "sha256").hex()
    keyed_hash = HMAC(key.secret, HASHES[digest]())
    keyed_hash.update(content)
    return keyed_hash.finalize().hex()


def mac_text(content: bytes, key: AuditKey, digest: Digest) -> str:
    """Return a row's MAC, which tells its hash and key where they are not the first ones."""
    told = keyed(content, key, digest)
    return told if digest is Digest.SHA256 and not key.number else f"{digest}-{key.number}-{told}"


def maker_of(mac: str) -> tuple[Digest, int]:
    """Return which hash and which key a row's MAC says it was made with; ValueError when it says nothing known."""
    digest, dash, rest = mac.partition("-")
    return (Digest(digest), int(rest.partition("-")[0])) if dash else (Digest.SHA256, 0)


def link_text(content: bytes, key: AuditKey, digest: Digest) -> str:
    """Return a link of the chain, which tells its key; its hash stands beside it."""
    told = keyed(content, key, digest)
    return f"{key.number}-{told}" if key.number else told


def key_of_link(link: str) -> int:
    """Return the number of the key that a link says it was made with; ValueError when it says nothing known."""
    number, dash, _told = link.partition("-")
    return int(number) if dash else 0
