"""Uploads shown to ClamAV, against a server that speaks clamd's protocol (safety rule 7)."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from webapp.virus_check import CheckUnavailable, virus_in

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def received(line: socket.socket) -> bytes:
    """Read one stream as clamd does: the command, then chunks with their length, ended by an empty one."""
    reader = line.makefile("rb")
    assert reader.read(10) == b"zINSTREAM\0"
    content = b""
    while (size := struct.unpack("!L", reader.read(4))[0]) != 0:
        content += reader.read(size)
    reader.close()
    return content


@contextmanager
def clamd(answer: bytes | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """A clamd for one question; `answer` is what it says instead of looking."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                seen.append(received(line))
                found = b"stream: Eicar-Test FOUND\0" if EICAR in seen[0] else b"stream: OK\0"
                line.sendall(found if answer is None else answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", seen
        thread.join()


def test_a_clean_file_passes_whole() -> None:
    content = bytes(range(256)) * 1000
    with clamd() as (address, seen):
        assert virus_in(content, address) == ""
    assert seen == [content]


def test_a_virus_is_named() -> None:
    with clamd() as (address, _):
        assert virus_in(b"x" * 70_000 + EICAR, address) == "Eicar-Test"


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR\0", b"", b"\xff\xfe\0"])
def test_an_answer_that_is_none_is_no_pass(answer: bytes) -> None:
    with clamd(answer) as (address, _), pytest.raises(CheckUnavailable):
        virus_in(b"x", address)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", ""])
def test_nobody_there_is_no_pass(address: str) -> None:
    with pytest.raises(CheckUnavailable):
        virus_in(b"x", address)
