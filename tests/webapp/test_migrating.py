"""`sigeyipi deploy` of packages and `sigeyipi migrate` with running cases (issue 3 items 2 and 7)."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from bpmn.deployment import shipped_bundle
from ledger.cases import Case
from ledger.db import transaction
from ledger.procedures import Procedure, current_procedure
from ledger.vocabulary import Level
from tests.bpmn.test_called_processes import SURVEY, calling, process
from tests.conftest import KEYS
from tests.walk import Ground, Walk, project_of_level
from tests.webapp.test_cli import run

pytestmark = pytest.mark.usefixtures("quick_prints")

SHIPPED = shipped_bundle().diagram
LONGER = re.sub(r'(sgyp:handler="application" sgyp:due=)"[^"]+"', r'\1"20wd"', SHIPPED)


@pytest.fixture
def data(sqlite_ground: Ground, tmp_path: Path) -> Path:
    """The ground's folder as an installation: its keys lie beside the database."""
    keys = {name: base64.b64encode(getattr(KEYS, name)).decode() for name in ("seal", "mac", "cookie")}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    return tmp_path


def written(folder: Path, name: str, diagram: str) -> str:
    path = folder / name
    path.write_text(diagram, encoding="utf-8")
    return str(path)


def version_of(ground: Ground, walk: Walk) -> int:
    with transaction(ground.sessions, writes=False) as session:
        return session.get_one(Procedure, session.get_one(Case, walk.case_id).procedure_id).number


def test_plan_apply_and_undo(
    sqlite_ground: Ground, data: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert LONGER != SHIPPED
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP))
    other = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP, 1))
    other.to("application")
    file = written(tmp_path_factory.mktemp("new"), "new.bpmn", LONGER)
    at = ("--data", str(data))
    code, out, _ = run(capsys, "deploy", file, *at)
    assert (code, out) == (0, "已启用“四个一批总流程”第 2 版\n")
    code, out, _ = run(capsys, "deploy", file, *at)
    assert (code, out) == (0, "内容与“四个一批总流程”第 2 版相同，没有变动\n")
    code, out, _ = run(capsys, "migrate", "--to", "2", "--plan", "--json", *at)
    told = json.loads(out)
    assert (code, told["auto"], told["check"], told["refuse"]) == (0, 1, 1, 0)
    assert [case["verdict"] for case in told["cases"]] == ["auto", "check"]
    (change,) = told["cases"][1]["changes"]
    assert (change["element"], change["verdict"]) == ("application", "check")
    assert "办理期限" in change["message"]
    code, out, _ = run(capsys, "migrate", "--to", "2", "--plan", *at)
    assert out.startswith("可直接换版 1　须确认 1　不能换版 0\n")
    code, out, _ = run(capsys, "migrate", "--to", "2", "--apply", "--json", *at)
    assert [case["moved"] for case in json.loads(out)["cases"]] == [True, False]
    assert [version_of(sqlite_ground, each) for each in (walk, other)] == [2, 1]
    code, out, _ = run(capsys, "migrate", "--to", "2", "--apply", "--checked", *at)
    assert (code, out) == (0, "换版 1 个，未动 0 个\n")
    other.complete("application")
    code, out, _ = run(capsys, "migrate", "--to", "2", "--undo", *at)
    assert (code, out.splitlines()[0]) == (0, "换回 1 个，未动 1 个")
    assert [version_of(sqlite_ground, each) for each in (walk, other)] == [1, 2]


def test_one_case_with_a_step_named_by_hand(
    sqlite_ground: Ground, data: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP))
    walk.to("field_survey")
    folder = tmp_path_factory.mktemp("package")
    written(folder, "outer.bpmn", calling().diagram)
    written(folder, "survey.bpmn", process("survey", SURVEY))
    at = ("--data", str(data))
    code, out, _ = run(capsys, "deploy", str(folder), "--check", "--json", *at)
    assert (code, json.loads(out)["ok"]) == (0, True)
    assert all("file" in each for each in json.loads(out)["problems"])
    code, out, _ = run(capsys, "deploy", str(folder), *at)
    assert out == "已启用“现场核查流程”第 1 版\n已启用“四个一批总流程”第 2 版\n"
    case = ("--case", str(walk.case_id))
    code, out, _ = run(capsys, "migrate", "--to", "2", "--apply", "--checked", "--json", *case, *at)
    assert json.loads(out)["moved"] == 0
    mapping = ("--map", "field_survey=field_survey/look")
    code, out, _ = run(capsys, "migrate", "--to", "2", "--apply", "--checked", "--json", *case, *mapping, *at)
    assert json.loads(out)["moved"] == 1
    assert walk.item("field_survey").element == "field_survey/look"
    walk.complete("field_survey")
    assert "joint_review" in walk.waiting()


def test_a_package_alone_is_checked_without_an_installation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "outer.bpmn", calling().diagram)
    code, out, _ = run(capsys, "deploy", str(tmp_path), "--check", "--json")
    told = json.loads(out)
    assert (code, told["ok"]) == (2, False)
    assert [(each["file"], each["code"]) for each in told["problems"] if each["severity"] == "错误"] == [
        ("outer.bpmn", "unknown_process")
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["outer.bpmn"]


def test_a_refused_diagram_changes_nothing(
    sqlite_ground: Ground, data: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    wrong = written(tmp_path_factory.mktemp("new"), "new.bpmn", SHIPPED.replace("publicity_end(5)", "publicity_end(4)"))
    code, _out, err = run(capsys, "deploy", wrong, "--data", str(data))
    assert code == 2
    assert "公告期" in err
    with transaction(sqlite_ground.sessions, writes=False) as session:
        assert current_procedure(session, "four_batches").number == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--to", "9", "--plan"), "没有第 9 版"),
        (("--to", "1", "--process", "keins", "--plan"), "“keins”没有第 1 版"),
        (("--to", "0", "--plan"), "正整数"),
        (("--to", "1", "--map", "receive", "--plan"), "--map 应写成"),
        (("--to", "1", "--case", "1", "--map", "x=y", "--plan"), "该项目的流程不存在"),
        (("--to", "1"), "--plan"),
    ],
)
def test_wrong_input_is_refused(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    code, out, err = run(capsys, "migrate", *arguments, "--data", str(data))
    assert (code, out) == (2, "")
    assert sentence in err
