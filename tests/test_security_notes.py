"""`docs/security.md` answers ASVS 5.0, GB/T 22239 and safety.md's figures one by one, and what it names is there."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from tests.proofs.__main__ import names as proofs

REPOSITORY = Path(__file__).parents[1]
TEXT = re.sub(r"```.*?```", "", (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8"), flags=re.DOTALL)
LEVELS = dict(line.split() for line in (REPOSITORY / "tests/data/asvs-5.0-levels-1-2.txt").read_text().splitlines())
PER_CHAPTER = (27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7)  # as ASVS 5.0.0 counts them: 70 and 183
VERDICTS = {"符合", "不适用", "部署", "不符合"}
PLACE = re.compile(r"(?:tests|ledger|forms|handlers|bpmn|scheduler|webapp|docs|\.ci)/[\w./*-]+(?:::\w+)?")
# the control points of 安全通信网络, 安全区域边界, 安全计算环境 and 安全管理中心 at levels 2 (7.1.…) and 3 (8.1.…)
POINTS = {2: {2: 3, 3: 6, 4: 10, 5: 2}, 3: {2: 3, 3: 6, 4: 11, 5: 4}}
WHOLE_CHAPTERS = (1, 6, 7, 8, 10)


def chapter(title: str, end: str = "\n## ") -> str:
    return TEXT.split(title, 1)[1].split(end)[0]


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of every table's rows, without heads and rules."""
    lines = text.splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if line.startswith("|") and not line.startswith("|---") and before.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


ASVS = list(rows(chapter("## 对照 OWASP ASVS 5.0")))


@cache
def functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def is_there(place: str) -> bool:
    """Say whether a file, or a function in it, exists."""
    name, _, function = place.partition("::")
    path = REPOSITORY / name
    return path.exists() and (not function or function in functions(path))


def test_the_list_of_requirements_is_whole() -> None:
    assert Counter(LEVELS.values()) == {"1": 70, "2": 183}
    counted = Counter(int(number.partition(".")[0]) for number in LEVELS)
    assert tuple(counted[number] for number in range(1, 18)) == PER_CHAPTER


def test_every_requirement_has_one_row_with_its_level_and_verdict() -> None:
    answered = [row for row in ASVS if row[0][0].isdigit()]
    assert Counter(row[0] for row in answered) == Counter(LEVELS.keys())
    for number, level, verdict, subject, why, evidence in answered:
        assert (level, verdict in VERDICTS) == (LEVELS[number], True), number
        assert len(subject) >= 2, number
        assert evidence if verdict == "符合" else len(why) >= 2, number
    counted = Counter(row[2] for row in answered)
    told = re.search(r"符合 (\d+) 项，不适用 (\d+) 项，由部署满足 (\d+) 项，没有满足 (\d+) 项", TEXT)
    assert told is not None
    assert [int(each) for each in told.groups()] == [counted[each] for each in ("符合", "不适用", "部署", "不符合")]


def test_the_evidence_of_every_requirement_is_there() -> None:
    named = {row[0]: re.findall(r"`([^`]+)`", row[5]) for row in ASVS}
    assert {number: [place for place in places if not is_there(place)] for number, places in named.items()} == {
        number: [] for number in LEVELS
    }


def test_every_place_the_notes_name_is_there() -> None:
    named = set(chain.from_iterable(PLACE.findall(code) for code in re.findall(r"`([^`]+)`", TEXT)))
    assert len(named) > 100
    assert sorted(place for place in named if not is_there(place)) == []


def test_every_control_point_is_answered_once() -> None:
    text = chapter("## 对照 GB/T 22239-2019")
    answered = [row for row in rows(text) if row[0][0] in "78—"]
    for level, first, column in ((2, "7.1", 2), (3, "8.1", 3)):
        cells = [(row[0].split(" / ")[level - 2], row[column]) for row in answered]
        found = Counter(number for number, _ in cells if re.fullmatch(rf"{first}\.[2-5]\.\d+", number))
        wanted = [f"{first}.{part}.{point}" for part, most in POINTS[level].items() for point in range(1, most + 1)]
        assert found == Counter(wanted)
        whole = [number for number, _ in cells if re.fullmatch(rf"{first}\.\d+", number)]
        assert sorted(whole) == sorted(f"{first}.{part}" for part in WHOLE_CHAPTERS)
        assert {verdict for number, verdict in cells if number != "—"} <= {"符合", "部分", "运营"}
        assert {verdict for number, verdict in cells if number == "—"} <= {"—"}


def test_every_figure_has_its_test_and_its_proof() -> None:
    figures = list(rows(chapter("### 各项数字")))
    assert len(figures) >= 20
    for what, figure, short, long in figures:
        assert figure, what
        assert is_there(short.strip("`")), what
        assert long == "—" or long.strip("`") in proofs(), what


def test_what_is_not_there_is_noticed() -> None:
    assert not is_there("tests/test_house.py::test_nothing_of_this_name")
    assert not is_there("tests/test_nothing.py")
    assert list(rows("| 甲 |\n|---|\n| 1.1.1 | 2 |\n")) == [["1.1.1", "2"]]
