"""A damaged file is refused or taken, at every door: no fault of ours (issue 10; the long run: tests/proofs)."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.doors import Door, doors
from tests.mutations import send
from tests.webapp.conftest import Site

SEED, TIMES = 20231107, 1
ON_CASES = {"任务材料", "程序接口", "留言附件", "异议登记", "公众异议", "公告照片"}
BESIDE_CASES = {"周期报送", "抽查照片", "会议登记", "会议扫描"}
READ_AT_ONCE = {"项目导入", "台账回收", "人员名单", "文书模板", "流程导入"}


@pytest.fixture
def ways(site: Site) -> list[Door]:
    return doors(site)


def test_no_damaged_file_breaks_a_door(ways: list[Door]) -> None:
    sent = list(send(ways, (), SEED, TIMES))
    wrong = [each for each in sent if not each.statuses or max(each.statuses) >= 500]
    assert wrong == []
    assert {each.door for each in sent} == ON_CASES | BESIDE_CASES | READ_AT_ONCE
    answered = Counter(each.statuses[0] for each in sent)
    assert answered[422] >= 3  # what is broken was looked at and refused


def test_each_door_is_open_to_its_own_good_file(ways: list[Door]) -> None:
    """A door that is shut for another reason would tell nothing about damaged files."""
    shut = {
        door.name: found for door in ways for file in door.own if (found := refusals(door, file.name, file.content))
    }
    assert shut == {}


def refusals(door: Door, name: str, content: bytes) -> list[int]:
    return [status for status in list(door.send(name, content))[:2] if status >= 400]
