"""The command line: answers on standard output, refusals in Chinese with exit code 2 and nothing changed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from sqlalchemy import select

from ledger.db import open_ledger, transaction
from ledger.people import User
from ledger.projects import Project
from ledger.settings import load_keys
from webapp.cli import main

TESTS = Path(__file__).parents[1]
REPOSITORY = TESTS.parent
XLSX = TESTS / "cases" / "xlsx"
BPMN = TESTS / "cases" / "bpmn"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("installation")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    told = capsys.readouterr()
    assert isinstance(left.value.code, int)
    return left.value.code, told.out, told.err


def count(data: Path, table: type) -> int:
    sessions = open_ledger(f"sqlite:///{data / 'ledger.sqlite'}", load_keys(data))
    with transaction(sessions, writes=False) as session:
        found = len(session.scalars(select(table)).all())
    sessions.kw["bind"].dispose()
    return found


def test_workdays_counts_and_says_what_is_provisional(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """T1, with the dates of issue 2 item 4."""
    days = ("workdays", "--data", str(data), "--days", "5", "--json", "2023-11-27", "2026-12-28")
    code, out, _err = run(capsys, *days)
    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == [
        {"from": "2023-11-27", "end": "2023-12-04", "days": 5, "provisional": False},
        {"from": "2026-12-28", "end": "2027-01-04", "days": 5, "provisional": True},
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("workdays", "--days", "5", "2023-02-30"), "“2023-02-30”不是日期"),
        (("workdays", "--days", "5", "20231127"), "“20231127”不是日期"),
        (("workdays", "--days", "5", "9999-12-30"), "太晚"),
        (("workdays", "--days", "0", "2023-11-27"), "--days 应是 1—400 的整数"),
        (("workdays", "--days", "五", "2023-11-27"), "不能是“五”"),
        (("workdays", "2023-11-27"), "缺少：--days"),
        (("import", "keins.xlsx", "--confirm"), "文件 keins.xlsx 打不开：没有这个文件"),
        (("import", str(XLSX / "garbage.xlsx"), "--check"), "文件"),
        (("deploy", str(BPMN / "keins.bpmn"), "--check"), "没有这个文件"),
        (("tanzen",), "没有 'tanzen' 这一项"),
        ((), "缺少：命令"),
    ],
)
def test_wrong_input_is_refused_in_chinese(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    where = ("--data", str(data)) if arguments and arguments[0] != "tanzen" else ()
    code, out, err = run(capsys, *arguments, *where)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


@pytest.mark.parametrize(("name", "ok"), [("ok_control.bpmn", True), ("bad_unknown_element.bpmn", False)])
def test_deploy_check_lists_every_problem(capsys: pytest.CaptureFixture[str], name: str, ok: bool) -> None:
    code, out, _err = run(capsys, "deploy", str(BPMN / name), "--check", "--json")
    told = json.loads(out)
    assert (code, told["ok"]) == ((0, True) if ok else (2, False))
    for problem in told["problems"]:
        assert set(problem) == {"element", "name", "code", "severity", "message", "remedy"}


def test_import_checks_without_writing_and_confirms_into_an_empty_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(XLSX / "ok_control.xlsx")
    _code, out, _err = run(capsys, "import", file, "--check", "--json", "--data", str(tmp_path))
    assert json.loads(out)["new"] == 3
    assert count(tmp_path, Project) == 0
    _code, out, _err = run(capsys, "import", file, "--confirm", "--json", "--data", str(tmp_path))
    told = json.loads(out)
    assert set(told) == {"rows", "new", "changed", "unchanged", "left_out", "unassigned", "errors"}
    assert told["new"] == 3
    assert count(tmp_path, Project) == 3
    _code, out, _err = run(capsys, "import", file, "--confirm", "--json", "--data", str(tmp_path))
    assert (json.loads(out)["new"], json.loads(out)["unchanged"]) == (0, 3)
    assert count(tmp_path, Project) == 3
    assert count(tmp_path, User) == 0  # nobody has a password that was never told


def test_init_tells_the_one_time_passwords_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _code, out, _err = run(capsys, "init", "--data", str(tmp_path))
    assert out.count("一次性密码") == 3
    _code, again, _err = run(capsys, "init", "--data", str(tmp_path))
    assert "一次性密码" not in again
    assert count(tmp_path, User) == 3
    code, _out, err = run(capsys, "demo", "--data", str(tmp_path), "--port", "1")
    assert (code, "是正式环境" in err) == (2, True)


@pytest.fixture
def demonstration(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A demonstration started as the Makefile does, and its address; ended whatever the test finds."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = [sys.executable, "-c", "from webapp.cli import main; main()"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUTF8": "1"}
    with subprocess.Popen(
        [*program, "demo", "--data", str(tmp_path), "--port", str(port)],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        cwd=tmp_path,
    ) as process:
        yield process, f"http://127.0.0.1:{port}/"
        process.kill()


def test_the_demonstration_starts_and_leaves_when_told(demonstration: tuple[subprocess.Popen[str], str]) -> None:
    process, address = demonstration
    assert process.stdout is not None
    assert address in process.stdout.readline()
    assert "Yanshi-2023!" in process.stdout.readline()
    with urlopen(f"{address}login") as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
