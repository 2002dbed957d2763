"""Functions for the limited child: kept apart so that it imports nothing else."""

import os


def echo(data: bytes) -> bytes:
    """Answer what came."""
    return data


def show_environment(_: bytes) -> bytes:
    """Answer the environment."""
    return repr(dict(os.environ)).encode()


def spin(_: bytes) -> bytes:
    """Use up the processor."""
    while True:
        pass


def swell(_: bytes) -> bytes:
    """Use up the memory."""
    return bytes(2 << 30)
