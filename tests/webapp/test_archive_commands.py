"""`sigeyipi archive verify`: 0 and a word, or 2 and a sentence for each fault; JSON for programs (P13)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.audit_archive import public_key_text
from ledger.settings import load_keys
from tests.conftest import KEYS
from tests.ledger.test_archive_sums import FILES, packed
from webapp.cli import main


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["archive", "verify", *arguments])
    told = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, told.out, told.err


def test_p13_a_whole_archive_and_a_changed_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole, changed, data = tmp_path / "a.zip", tmp_path / "b.zip", tmp_path / "data"
    whole.write_bytes(packed(FILES, keys=load_keys(data)))
    changed.write_bytes(packed({**FILES, "a/归档目录.xlsx": b"other"}, keys=load_keys(data)))
    assert ran(capsys, str(whole), "--data", str(data)) == (0, "相符的文件 2　完好\n", "")
    code, out, err = ran(capsys, str(changed), "--data", str(data))
    assert (code, out) == (2, "相符的文件 1　有问题\n")
    assert err == "“a/归档目录.xlsx”与清单里的校验值不符，已被改动或损坏\n"
    code, out, _err = ran(capsys, str(changed), "--data", str(data), "--json")
    assert (code, json.loads(out)["ok"], len(json.loads(out)["faults"])) == (2, False, 1)


def test_p13_without_the_key_only_the_fit_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(packed(FILES))
    code, out, _err = ran(capsys, str(file), "--data", str(tmp_path / "none"))
    assert (code, "没有本系统的公钥" in out) == (0, True)
    code, out, _err = ran(capsys, str(file), "--data", str(tmp_path / "none"), "--key", public_key_text(KEYS))
    assert (code, out) == (0, "相符的文件 2　完好\n")
    code, _out, err = ran(capsys, str(tmp_path / "missing.zip"), "--data", str(tmp_path / "none"))
    assert (code, "打不开" in err) == (2, True)
