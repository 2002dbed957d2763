"""Runs a module on untrusted bytes in a child process with limits on memory, processor and wall time."""

import os
import subprocess
import sys
from pathlib import Path

MEMORY_LIMIT = 700 * 1024 * 1024
"""Address space; the interpreter with its libraries takes some 300 MB of it."""
CPU_LIMIT_SECONDS = 4
WALL_LIMIT_SECONDS = 5
ROOT = Path(__file__).resolve().parents[2]

LAUNCH = (
    "import resource, runpy, sys;"
    f"resource.setrlimit(resource.RLIMIT_AS, ({MEMORY_LIMIT}, {MEMORY_LIMIT}));"
    f"resource.setrlimit(resource.RLIMIT_CPU, ({CPU_LIMIT_SECONDS}, {CPU_LIMIT_SECONDS}));"
    "resource.setrlimit(resource.RLIMIT_CORE, (0, 0));"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"
    "sys.path.insert(0, sys.argv[1]);"
    "runpy.run_module(sys.argv[2], run_name='__main__')"
)


class LimitExceeded(Exception):
    """The child needed more memory or time than it may have, or died on the file."""


class WaitedTooLong(LimitExceeded):
    """The child was not done when its time on the wall was over: the file's doing, or that of a busy machine."""


def run_limited(module: str, payload: bytes) -> bytes:
    """Run `python -m module` with `payload` on its standard input and return what it wrote.

    Raises `LimitExceeded` when it fails for whatever reason, its `WaitedTooLong` for the time on the wall; the
    caller's process is never at risk. The child has an empty environment and writes no files.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the program is this interpreter, the module a constant of ours  # nosec B603
            [sys.executable, "-I", "-B", "-X", "utf8", "-c", LAUNCH, str(ROOT), module],
            input=payload,
            capture_output=True,
            timeout=WALL_LIMIT_SECONDS,
            env={"PATH": os.defpath},
            cwd="/",
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise WaitedTooLong(module) from error
    if done.returncode != 0:
        raise LimitExceeded(f"{module}: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout
