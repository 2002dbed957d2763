"""`sigeyipi archive verify FILE`: whether an archive of papers is still what was written."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from ledger.archive_sums import check_archive
from ledger.audit_archive import public_key_text
from ledger.settings import Settings, load_keys
from webapp.audit_commands import Unusable

Run = Callable[[argparse.Namespace], int]


def add_to(add: Callable[[str, Run, str], argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = add("archive", _verify, "归档材料：核验下载保存的压缩包（verify），逐个文件比对校验值和签名")
    parser.add_argument("what", choices=("verify",))
    parser.add_argument("file", type=Path, metavar="FILE", help="要核验的压缩包")
    parser.add_argument("--key", default="", metavar="KEY", help="公钥，缺省为数据文件夹里的；没有的，用压缩包自带的")
    parser.add_argument("--json", action="store_true", help="结果为 JSON")


def _verify(given: argparse.Namespace) -> int:
    """Print the verdict; 0 when every file is as it was written, 2 when not."""
    settings = Settings(**({} if given.data is None else {"data": given.data}))
    own = public_key_text(load_keys(settings.data)) if (settings.data / "keys.json").exists() else ""
    key = given.key or own
    try:
        with given.file.open("rb") as file:
            verdict = check_archive(file, key)
    except OSError as missing:
        raise Unusable(f"文件 {given.file} 打不开：{missing.strerror}") from missing
    ok = not verdict.faults
    if given.json:
        told = {"ok": ok, "files": verdict.file_count, "made_at": verdict.made_at, "faults": verdict.faults}
        sys.stdout.write(json.dumps({**told, "key_known": bool(key)}, ensure_ascii=False) + "\n")
        return 0 if ok else 2
    sys.stdout.write(f"相符的文件 {verdict.file_count}　{'完好' if ok else '有问题'}\n")
    if ok and not key:
        sys.stdout.write("没有本系统的公钥，只能说明压缩包与自带的清单一致；用 --key 写明公钥再核验一次\n")
    sys.stderr.writelines(f"{fault}\n" for fault in verdict.faults)
    return 0 if ok else 2
