"""Run one function over bytes in a child process with memory, processor and wall limits.

A fresh interpreter, not a fork: the web server has threads, and a fork copies their locks as they stand. The
child gets no environment but its module path, reads bytes, answers bytes; nothing is unpickled.
"""

import importlib
import os
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a child may use before it is ended."""

    memory_bytes: int = 768 << 20
    cpu_seconds: int = 15
    wall_seconds: float = 20.0


class OutOfLimits(Exception):
    """The child used more time or memory than it may; `what` is 内存 or 时间."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class ChildDied(Exception):
    """The child ended without an answer for another reason than its limits."""


_NO_MEMORY = 77


def run_limited(task: str, data: bytes, limits: Limits | None = None) -> bytes:
    """Return what the function `task` ("package.module:function", bytes to bytes) answers for `data`.

    Raises OutOfLimits or ChildDied. `task` is written in our code, never taken from a request.
    """
    limits = limits or Limits()
    command = [sys.executable, "-P", "-m", "forms.sheets.limited", task]
    command += [str(limits.memory_bytes), str(limits.cpu_seconds)]
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    with subprocess.Popen(  # noqa: S603 - every word of the command is ours  # nosec B603
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": path, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    ) as child:
        try:
            answer, _ = child.communicate(data, timeout=limits.wall_seconds)
        except subprocess.TimeoutExpired as error:
            raise OutOfLimits("时间") from error
        finally:
            child.kill()
    if child.returncode == 0:
        return answer
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise OutOfLimits("时间")
    if child.returncode in (_NO_MEMORY, -signal.SIGABRT, -signal.SIGSEGV):  # how Rust and C end without memory
        raise OutOfLimits("内存")
    raise ChildDied(f"exit status {child.returncode}")


def _main(task: str, memory_bytes: int, cpu_seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    module, _, function = task.partition(":")
    try:
        answer = getattr(importlib.import_module(module), function)(sys.stdin.buffer.read())
    except MemoryError:
        os._exit(_NO_MEMORY)
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    os._exit(0)  # the answer is out; taking the interpreter down in order costs time for nothing


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
