"""A damaged file is refused or taken, at every door: no fault of ours (issue 10; the long run: tests/proofs)."""

from __future__ import annotations

from collections import Counter

from tests.mutations import doors, send
from tests.webapp.conftest import Site

SEED, TIMES = 20231107, 1


def test_no_damaged_file_breaks_a_door(site: Site) -> None:
    sent = list(send(doors(site), (), SEED, TIMES))
    wrong = [each for each in sent if not each.statuses or max(each.statuses) >= 500]
    assert wrong == []
    assert {each.door for each in sent} == {"任务材料", "项目导入", "台账回收", "人员名单", "文书模板", "流程导入"}
    answered = Counter(each.statuses[0] for each in sent)
    assert answered[422] >= 3  # what is broken was looked at and refused
