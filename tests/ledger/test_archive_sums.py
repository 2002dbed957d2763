"""An old archive of papers is verified: every file, nothing added or taken away, the list's signature (P13)."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile

import orjson
import pytest

from ledger.archive_sums import SIGNATURE, SUMS, check_archive, sums_text, write_sums
from ledger.audit_archive import public_key_text
from ledger.db import Keys
from ledger.papers import sha256_of
from tests.conftest import KEYS

AT = datetime(2023, 12, 20, 1, tzinfo=UTC)
FILES = {"a/1 审批表/审批表.docx": b"one", "a/归档目录.xlsx": b"two"}


def packed(files: dict[str, bytes], listed: dict[str, bytes] | None = None, keys: Keys = KEYS) -> bytes:
    target = BytesIO()
    with ZipFile(target, "w", ZIP_STORED) as package:
        for path, content in files.items():
            package.writestr(path, content)
        sums = {path: sha256_of(content) for path, content in (FILES if listed is None else listed).items()}
        write_sums(package, sums, keys, AT)
    return target.getvalue()


def faults(content: bytes, key: str = public_key_text(KEYS)) -> str:
    return "；".join(check_archive(BytesIO(content), key).faults)


def test_p13_an_archive_as_it_was_written_is_whole() -> None:
    verdict = check_archive(BytesIO(packed(FILES)), public_key_text(KEYS))
    assert (verdict.file_count, verdict.faults, verdict.made_at) == (2, (), AT.isoformat())
    assert sums_text({"b": "2" * 64, "a": "1" * 64}).decode() == f"{'1' * 64}  a\n{'2' * 64}  b\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (packed({**FILES, "a/归档目录.xlsx": b"other"}), "“a/归档目录.xlsx”与清单里的校验值不符"),
        (packed({"a/归档目录.xlsx": b"two"}), "缺少“a/1 审批表/审批表.docx”"),
        (packed({**FILES, "a/后加.docx": b"x"}), "“a/后加.docx”不在清单里"),
        (packed(FILES, keys=Keys(b"s" * 32, b"n" * 32, b"c" * 32)), "公钥不是本系统的公钥；SHA256SUMS 的签名不对"),
        (packed(FILES)[:-40], "不是完整的归档压缩包"),
        (packed(FILES).replace(b"one", b"0ne"), "“a/1 审批表/审批表.docx”与清单里的校验值不符"),
        (b"no zip", "不是完整的归档压缩包"),
    ],
)
def test_p13_what_was_changed_added_or_lost_is_told(content: bytes, sentence: str) -> None:
    assert sentence in faults(content)


def test_p13_a_list_written_anew_has_no_signature_of_ours() -> None:
    changed = {**FILES, "a/归档目录.xlsx": b"other"}
    with ZipFile(BytesIO(packed(FILES))) as whole:
        beside = whole.read(SIGNATURE)
    target = BytesIO()
    with ZipFile(target, "w") as package:
        for path, content in changed.items():
            package.writestr(path, content)
        package.writestr(SUMS, sums_text({path: sha256_of(content) for path, content in changed.items()}))
        package.writestr(SIGNATURE, beside)
    assert faults(target.getvalue()) == "SHA256SUMS 的签名不对，清单已被改动"
    assert faults(target.getvalue(), "") == "SHA256SUMS 的签名不对，清单已被改动"
    assert orjson.loads(beside)["public_key"] == public_key_text(KEYS)


def test_p13_another_zip_is_none_of_ours() -> None:
    target = BytesIO()
    with ZipFile(target, "w") as package:
        package.writestr("a", "b")
    assert "不是本系统写出的归档材料" in faults(target.getvalue())
