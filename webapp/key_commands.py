"""`sigeyipi keys`: a new key for personal data, with AES or SM4, or for the audit, while the service stands still."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from cryptography.exceptions import InvalidTag

from ledger.db import Keys, SessionFactory, open_ledger, transaction
from ledger.installation import installation
from ledger.journal import Act
from ledger.rotation import Resealed, change_audit_key, change_seal_key, forget_earlier_keys, seal_again
from ledger.scope import CLOCK
from ledger.seal_keys import SealCipher
from ledger.settings import Settings, load_keys
from ledger.writing import record
from scheduler.auditing import Watch
from webapp.audit_commands import Run, Unusable
from webapp.installing import set_up
from webapp.request import moment_of, real_now

_SILENCE = timedelta(seconds=90)  # without a heartbeat for so long nothing runs


def add_to(add: Callable[[str, Run, str], argparse.ArgumentParser]) -> None:
    """Register the command: rotate, finish or rotate-audit."""
    text = "更换加密个人信息的密钥并重新加密（rotate），接着做中断的（finish），换审计密钥（rotate-audit）；须先停服务"
    parser = add("keys", _run, text)
    parser.add_argument("what", choices=("rotate", "finish", "rotate-audit"))
    parser.add_argument("--cipher", choices=[*SealCipher], help="rotate：aes 或 sm4，缺省不变")
    parser.add_argument("--json", action="store_true", help="结果为 JSON")


def _run(given: argparse.Namespace) -> int:
    named = {name: getattr(given, name) for name in ("data", "database") if getattr(given, name) is not None}
    settings = Settings(**named)
    _expect_silence(settings)
    if given.what == "rotate-audit":
        return _rotate_audit(given, settings)
    keys = load_keys(settings.data)
    if given.what == "rotate":
        keys = change_seal_key(settings.data, SealCipher(given.cipher or keys.cipher))
    done = _seal_again(settings, replace(keys, digest=settings.audit.digest))
    if not done.kept_count:
        forget_earlier_keys(settings.data)
    told = {"ok": True, "cipher": str(keys.cipher), "resealed": done.value_count, "kept": done.kept_count}
    if given.json:
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return 0
    kept = f"；{done.kept_count} 份快照不能改写，仍用原密钥，原密钥留在 keys.json 里" if done.kept_count else ""
    sys.stdout.write(f"已用新密钥（{keys.cipher.upper()}）重新加密 {done.value_count} 个值{kept}\n")
    sys.stdout.write("请另行保管新的 keys.json；以前的备份要用当时的 keys.json 打开\n")
    return 0


def _rotate_audit(given: argparse.Namespace, settings: Settings) -> int:
    """Let a new key go on with the audit: all that was written is sealed before it and by it."""
    _seal_audit(settings, load_keys(settings.data, settings.audit.digest))
    keys = replace(change_audit_key(settings.data), digest=settings.audit.digest)
    _begin_audit(settings, keys)
    told = {"ok": True, "number": keys.audit_key.number, "digest": str(keys.digest)}
    if given.json:
        sys.stdout.write(json.dumps(told) + "\n")
        return 0
    sys.stdout.write(f"审计从现在起用第 {keys.audit_key.number} 号密钥；以前的密钥留在 keys.json 里，只用来核验\n")
    sys.stdout.write("请另行保管新的 keys.json\n")
    return 0


def _begin_audit(settings: Settings, keys: Keys) -> None:
    """Write the first row under a new key and seal it at once: it ties down everything before it."""
    with _opened(settings, keys) as sessions, transaction(sessions) as session:
        act = Act("rotate_audit_key", detail={"number": keys.audit_key.number, "digest": str(keys.digest)})
        record(session, moment_of(installation(session), real_now()), CLOCK, act)
    _seal_audit(settings, keys)


def _seal_audit(settings: Settings, keys: Keys) -> None:
    with _opened(settings, keys) as sessions:
        Watch(sessions, settings.anchors, settings.audit_archives, settings.audit.digest).seal(real_now())


@contextmanager
def _opened(settings: Settings, keys: Keys) -> Iterator[SessionFactory]:
    """Open the ledger under these keys for a while, whatever becomes of what is done with it."""
    sessions = open_ledger(settings.database_url, keys)
    try:
        yield sessions
    finally:
        sessions.kw["bind"].dispose()


def _expect_silence(settings: Settings) -> None:
    with transaction(set_up(settings, real_now()), writes=False) as session:
        beat = installation(session).heartbeat_at
    if beat is not None and real_now() - beat < _SILENCE:
        raise Unusable("服务还在运行（或停止不到90秒）：请先停止服务，再换密钥")


def _seal_again(settings: Settings, keys: Keys) -> Resealed:
    with _opened(settings, keys) as sessions:
        try:
            done = seal_again(sessions, _tell)
        except InvalidTag as foreign:
            raise Unusable("有数据用这些密钥都打不开：keys.json 不是这个安装的，或者数据被改动过") from foreign
        with transaction(sessions) as session:
            detail = {"cipher": str(keys.cipher), "resealed": done.value_count, "kept": done.kept_count}
            record(session, moment_of(installation(session), real_now()), CLOCK, Act("rotate_keys", detail=detail))
    return done


def _tell(table: str, count: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"{table} {count}\n")
