"""`sigeyipi backup` and `restore`: everything into one encrypted file while the service runs, and back."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from ledger.backup import BackupUnusable, read_backup
from ledger.sealed_files import Unsealable
from ledger.settings import Settings, load_keys
from scheduler.backups import back_up, secret_of, try_out
from webapp.audit_commands import Run, Unusable
from webapp.installing import set_up
from webapp.request import real_now


def add_to(add: Callable[[str, Run, str], argparse.ArgumentParser]) -> None:
    """Register both commands."""
    written = add("backup", _backup, "备份：数据库和材料写成一个加密文件，并试恢复一遍；密钥文件 keys.json 须另外保管")
    written.add_argument("--to", type=Path, required=True, metavar="DIR", help="放备份的文件夹")
    restored = add("restore", _restore, "恢复：把备份恢复到一个空的数据文件夹（--data）和空的数据库（--database）")
    restored.add_argument("file", metavar="FILE", type=Path)
    restored.add_argument("--keys", type=Path, metavar="keys.json", help="原安装的密钥文件；数据文件夹里已有时不用写")
    restored.add_argument("--check", action="store_true", help="只试恢复，检查备份是否可用")
    for parser in (written, restored):
        parser.add_argument("--passphrase-file", type=Path, help="口令文件；不写时用系统密钥加密")
        parser.add_argument("--json", action="store_true", help="结果为 JSON")


def _backup(given: argparse.Namespace) -> int:
    settings = _settings(given)
    set_up(settings, real_now())
    try:
        drill = back_up(settings, given.to, real_now())
    except OSError as closed:
        raise Unusable(f"{given.to} 写不进去：{closed.strerror}") from closed
    counts = {"file": str(given.to / drill.file), "bytes": drill.size, "rows": drill.rows, "papers": drill.papers}
    return _told(given, {"ok": drill.ok, **counts, "faults": list(drill.faults)})


def _restore(given: argparse.Namespace) -> int:
    settings = _settings(given)
    if given.keys is not None:
        _bring_keys(given.keys, settings.data)
    elif not (settings.data / "keys.json").exists():
        raise Unusable("缺少密钥：请用 --keys 写明原安装的 keys.json，否则个人信息无法读出")
    keys = load_keys(settings.data)
    secret = secret_of(settings.backup, keys)
    if given.check:
        faults = try_out(given.file, keys, secret)
        return _told(given, {"ok": not faults, "faults": faults})
    if settings.papers.exists() and any(settings.papers.iterdir()):
        raise Unusable(f"{settings.papers} 不是空的；请恢复到一个空的数据文件夹")
    try:
        with given.file.open("rb") as source:
            told = read_backup(source, settings.database_url, keys, settings.papers, secret)
    except OSError as missing:
        raise Unusable(f"文件 {given.file} 打不开：{missing.strerror}") from missing
    except (BackupUnusable, Unsealable) as broken:
        raise Unusable(str(broken)) from broken
    return _told(given, {"ok": True, "rows": sum(told.tables.values()), "papers": told.paper_count, "faults": []})


def _settings(given: argparse.Namespace) -> Settings:
    named = {name: getattr(given, name) for name in ("data", "database") if getattr(given, name) is not None}
    settings = Settings(**named)
    if given.passphrase_file is None:
        return settings
    try:
        passphrase = given.passphrase_file.read_text(encoding="utf-8").strip()
    except OSError as missing:
        raise Unusable(f"口令文件 {given.passphrase_file} 打不开：{missing.strerror}") from missing
    if not passphrase:
        raise Unusable(f"口令文件 {given.passphrase_file} 是空的")
    backup = settings.backup.model_copy(update={"passphrase": type(settings.backup.passphrase)(passphrase)})
    return settings.model_copy(update={"backup": backup})


def _bring_keys(source: Path, data: Path) -> None:
    target = data / "keys.json"
    if target.exists() and target.read_bytes() != source.read_bytes():
        raise Unusable(f"{target} 已存在，且与 {source} 不同；请恢复到一个空的数据文件夹")
    try:
        data.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o600)
    except OSError as missing:
        raise Unusable(f"密钥文件 {source} 打不开：{missing.strerror}") from missing


def _told(given: argparse.Namespace, result: dict[str, object]) -> int:
    if given.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    else:
        labels = {"file": "文件", "bytes": "字节", "rows": "行", "papers": "材料"}
        words = [f"{label} {result[name]}" for name, label in labels.items() if name in result]
        sys.stdout.write("　".join([*words, "可用" if result["ok"] else "不可用"]) + "\n")
        faults = result["faults"]
        assert isinstance(faults, list)
        sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 0 if result["ok"] else 2
