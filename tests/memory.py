"""How much memory this process takes, as Linux tells it."""

from __future__ import annotations

from pathlib import Path


def memory_mb(what: str) -> int:
    """Return this process's memory now (VmRSS) or at its highest (VmHWM), in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(what))
