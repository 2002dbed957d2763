"""Files named on the command line."""

from __future__ import annotations

from pathlib import Path


class NoFile(ValueError):
    """命令里写的文件打不开."""


def read_file(path: Path) -> bytes:
    """Return a file's bytes; NoFile with the reason in Chinese."""
    try:
        return path.read_bytes()
    except OSError as missing:
        raise cannot_open(path, missing) from missing


def cannot_open(path: Path, error: OSError) -> NoFile:
    """Return the refusal for a file that cannot be opened."""
    return NoFile(f"文件 {path} 打不开：{_reason(error)}")


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "没有这个文件"
    if isinstance(error, IsADirectoryError):
        return "这是一个文件夹"
    return "没有读取权限" if isinstance(error, PermissionError) else "读取失败"
