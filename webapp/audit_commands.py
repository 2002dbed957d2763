"""`sigeyipi audit`: verify the trail, write a month's archive, check an archive. For whoever holds the folder."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from ledger.audit_archive import Month, archive_faults, public_key_text, write_archive
from ledger.db import transaction
from ledger.settings import Settings, load_keys
from scheduler.auditing import look_at_all
from webapp.installing import set_up
from webapp.request import real_now

Run = Callable[[argparse.Namespace], int]


class Unusable(Exception):
    """审计命令不能执行."""


def add_to(add: Callable[[str, Run, str], argparse.ArgumentParser]) -> None:
    """Register the command: verify, archive or check."""
    parser = add("audit", _run, "审计：核验全部记录（verify），写出某月归档（archive），检查归档文件（check）")
    parser.add_argument("what", choices=("verify", "archive", "check"))
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="check 要检查的归档；archive 写到哪里")
    parser.add_argument("--month", metavar="YYYY-MM", help="archive：哪个月")
    parser.add_argument("--anchors", type=Path, help="verify：锚点文件，缺省为数据文件夹里的")
    parser.add_argument("--json", action="store_true", help="结果为 JSON")


def _run(given: argparse.Namespace) -> int:
    named = {name: getattr(given, name) for name in ("data", "database") if getattr(given, name) is not None}
    settings = Settings(**named)
    return {"verify": _verify, "archive": _archive, "check": _check}[given.what](given, settings)


def _verify(given: argparse.Namespace, settings: Settings) -> int:
    sessions = set_up(settings, real_now())
    with transaction(sessions, writes=False) as session:
        verdict = look_at_all(session, given.anchors or settings.anchors)
    faults = [{"kind": str(fault.kind), "message": fault.sentence} for fault in verdict.faults]
    counts = {"rows": verdict.row_count, "seals": verdict.seal_count, "unsealed": verdict.unsealed_count}
    return _told(given, {"ok": verdict.ok, **counts, "faults": faults}, [fault["message"] for fault in faults])


def _archive(given: argparse.Namespace, settings: Settings) -> int:
    month = _month(given.month or "")
    target = given.file or settings.audit_archives / f"{month.label}.zip"
    sessions = set_up(settings, real_now())
    try:
        with transaction(sessions, writes=False) as session:
            count = write_archive(session, month, target, real_now())
    except OSError as closed:
        raise Unusable(f"{target} 写不进去：{closed.strerror}") from closed
    return _told(given, {"ok": True, "month": month.label, "rows": count, "file": str(target)}, [])


def _check(given: argparse.Namespace, settings: Settings) -> int:
    if given.file is None:
        raise Unusable("请写明要检查的归档文件")
    key = public_key_text(load_keys(settings.data)) if (settings.data / "keys.json").exists() else ""
    try:
        with given.file.open("rb") as file:
            faults = archive_faults(file, key)
    except OSError as missing:
        raise Unusable(f"文件 {given.file} 打不开：{missing.strerror}") from missing
    return _told(given, {"ok": not faults, "faults": faults}, faults)


def _month(text: str) -> Month:
    found = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", text)
    if found is None:
        raise Unusable(f"--month 应写成 2023-11 的样子，不能是“{text}”")
    return Month(int(found[1]), int(found[2]))


def _told(given: argparse.Namespace, result: dict[str, object], faults: list[str]) -> int:
    """Print the result; 0 when all is well, 2 when something is wrong."""
    if given.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    else:
        labels = {"rows": "记录", "seals": "封印", "unsealed": "等待封存", "month": "月份", "file": "文件"}
        sys.stdout.write("　".join(f"{label} {result[name]}" for name, label in labels.items() if name in result))
        sys.stdout.write(("　" if result.keys() & labels.keys() else "") + ("完好\n" if result["ok"] else "有问题\n"))
        sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 0 if result["ok"] else 2
