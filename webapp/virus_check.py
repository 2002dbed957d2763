"""Ask the county's ClamAV about an uploaded file (clamd's INSTREAM over TCP); without the setting nobody is asked.

When it is set and does not answer, nothing is taken in: a check that can be skipped by being away is none.
"""

from __future__ import annotations

import socket
import struct

_CHUNK = 1 << 16
_SECONDS = 20.0
_ANSWER = 4096


class CheckUnavailable(Exception):
    """病毒检查暂时不可用."""


def virus_in(content: bytes, address: str) -> str:
    """Return the name of what was found in `content`, or nothing; `address` is host:port of clamd."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_SECONDS) as line:
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), _CHUNK):
                part = content[start : start + _CHUNK]
                line.sendall(struct.pack("!L", len(part)) + part)
            line.sendall(struct.pack("!L", 0))
            answer = b""
            while not answer.endswith(b"\0") and (more := line.recv(_ANSWER)):
                answer += more
    except (OSError, ValueError) as away:
        raise CheckUnavailable from away
    said = answer.rstrip(b"\0\n").decode("utf-8", "replace").removeprefix("stream: ")
    if said == "OK":
        return ""
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND")
    raise CheckUnavailable(said)
