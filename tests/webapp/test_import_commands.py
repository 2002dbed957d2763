"""`sigeyipi import --confirm` goes on in parts: seen on a terminal, resumed by the same command, told in the trail."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

import webapp.import_commands
import webapp.importing
from bpmn.pushing import Failure, Pushed
from ledger.cases import Case
from ledger.db import open_ledger, transaction
from ledger.journal import Entry
from ledger.people import Unit
from ledger.projects import Project
from ledger.settings import load_keys
from tests.webapp.test_imports import own_workbook
from webapp.cli import main

ROWS = [(f"P{n}", f"项目{n}", "桑柘镇", "云顶村", n) for n in range(1, 6)]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webapp.importing, "TAKEN_AT_ONCE", 2)
    monkeypatch.setattr(webapp.importing, "PUSHED_AT_ONCE", 2)


@pytest.fixture
def file(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """Write the workbook beside a data folder whose ledger has its tables and nothing in them."""
    (tmp_path / "data").mkdir()
    shutil.copy(migrated_sqlite, tmp_path / "data" / "ledger.sqlite")
    path = tmp_path / "清单.xlsx"
    path.write_bytes(own_workbook(*ROWS))
    return path


def confirm(file: Path, *more: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["import", str(file), "--confirm", *more, "--data", str(file.parent / "data")])
    return int(ended.value.code or 0)


def test_p1_an_empty_ledger_is_checked_against_the_county_it_would_get(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["import", str(file), "--check", "--json", "--data", str(file.parent / "data")])
    told = json.loads(capsys.readouterr().out)
    assert (ended.value.code, told["new"], told["unassigned"]) == (0, 5, 0)
    assert looked_up(file, select(Unit)) == []
    assert confirm(file, "--json") == 0
    assert json.loads(capsys.readouterr().out) == told


def looked_up(file: Path, query: Any) -> Any:
    data = file.parent / "data"
    with transaction(open_ledger(f"sqlite:///{data / 'ledger.sqlite'}", load_keys(data)), writes=False) as session:
        return session.scalars(query).all()


def dies_after(parts: int, whole: Callable[..., Any]) -> Callable[..., Any]:
    """Return `whole` as if somebody pressed Ctrl-C after some parts."""
    left = [parts]

    def part(*given: Any) -> Any:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return whole(*given)

    return part


@pytest.mark.parametrize(
    ("stage", "told", "rows", "cases"),
    [("take_part", "已写入 2 个项目，推送 0 个", 2, 0), ("push_next", "已写入 5 个项目，推送 2 个", 5, 2)],
)
def test_p1_an_interrupted_import_goes_on_without_doubles(
    file: Path,
    stage: str,
    told: str,
    rows: int,
    cases: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(webapp.import_commands, stage, dies_after(1, getattr(webapp.importing, stage)))
        assert confirm(file) == 130
    assert told in capsys.readouterr().err
    assert looked_up(file, select(func.count()).select_from(Project)) == [rows]
    assert looked_up(file, select(func.count()).select_from(Case)) == [cases]
    assert confirm(file) == 0
    assert f"已写入 {5 - rows} 个项目，推送 {5 - cases} 个" in capsys.readouterr().out
    assert looked_up(file, select(Project.number).order_by(Project.number)) == ["P1", "P2", "P3", "P4", "P5"]
    assert looked_up(file, select(func.count(func.distinct(Case.project_id)))) == [5]
    assert looked_up(file, select(func.count()).select_from(Case)) == [5]


def test_safety14_each_part_is_in_the_trail_with_old_and_new(file: Path) -> None:
    assert confirm(file) == 0
    file.write_bytes(own_workbook(("P1", "改了名", "桑柘镇", "云顶村", 1), *ROWS[1:]))
    assert confirm(file) == 0
    parts = [orjson.loads(d) for d in looked_up(file, select(Entry.detail).where(Entry.act == "import_rows"))]
    assert [part["new"] for part in parts] == [["P1", "P2"], ["P3", "P4"], ["P5"], []]
    assert parts[-1]["changed"] == {"P1": {"name": ["项目1", "改了名"]}}
    whole = [orjson.loads(d) for d in looked_up(file, select(Entry.detail).where(Entry.act == "import"))]
    assert [(each["new"], each["changed"], each["cases"]) for each in whole] == [(5, 0, 5), (0, 1, 0)]


def test_p1_a_project_that_cannot_start_is_named_and_the_others_are_pushed(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, failed = webapp.importing.push_next, [False]

    def one_fails(acting: Any, campaign: Any, but_not: Any) -> Pushed | None:
        if failed[0]:
            return whole(acting, campaign, but_not)
        failed[0] = True
        project = acting.session.scalars(select(Project).where(Project.number == "P3")).one()
        return Pushed(0, (Failure(project.id, "P3", "项目3", "流程指定的单位不存在"),))

    monkeypatch.setattr(webapp.import_commands, "push_next", one_fails)
    assert confirm(file, "--json") == 0
    printed = capsys.readouterr()
    assert printed.err == "P3 项目3：没有推送，流程指定的单位不存在\n"
    assert json.loads(printed.out)["new"] == 5
    assert looked_up(file, select(func.count()).select_from(Case)) == [4]


def test_a_terminal_shows_two_bars_and_a_pipe_none(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as terminal:
        terminal.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        assert confirm(file) == 0
    drawn = capsys.readouterr().err
    steps = [line.rpartition(" ")[2] for line in drawn.replace("\n", "\r").split("\r") if line]
    assert steps == ["2/5", "4/5", "5/5", "2/5", "4/5", "5/5"]
    assert drawn.startswith("\r导入 [")
    assert confirm(file) == 0
    assert capsys.readouterr().err == ""
