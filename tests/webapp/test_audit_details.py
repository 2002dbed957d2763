"""What a row of the trail says in Chinese, whichever way its act once told a change (issue 9 item 8)."""

from __future__ import annotations

import json

import pytest

from webapp.audit_details import Pair, lines_of, pairs_of


@pytest.mark.parametrize(
    ("detail", "pairs"),
    [
        ({"changes": {"state": ["启用", "停用"]}}, [Pair("状态", "启用", "停用")]),
        ({"changed": {"next": [None, "3号"]}}, [Pair("下一个文号", "", "3号")]),
        ({"survey": ["2023-11-21", "2023-11-26"]}, [Pair("“调研分类”日期", "2023-11-21", "2023-11-26")]),
        ({"before": [], "after": ["桑柘镇 经办人"]}, [Pair("岗位", "", "桑柘镇 经办人")]),
        ({"before": [[True, [3], []], [False, [3], []]]}, [Pair("到期前", "是、3、", "否、3、")]),
        ({"changes": {"2027-02-05": ["按星期", "放假（春节）"]}}, [Pair("2027年2月5日", "按星期", "放假（春节）")]),
        ({"problems": ["一", "二"], "name": "甲"}, []),
    ],
)
def test_pairs_are_found_in_every_way_of_telling(detail: dict[str, object], pairs: list[Pair]) -> None:
    assert pairs_of(detail) == pairs


def test_a_row_is_said_in_lines() -> None:
    detail = {"unit_id": 7, "name": "测试局", "sha256": "ab", "changes": {"state": ["在用", ""]}}
    assert lines_of(json.dumps(detail)) == ["单位编号：7", "名称：测试局", "状态：在用 → （空）"]
    assert lines_of("{}") == []
    many = lines_of(json.dumps({"changes": {f"2027-01-{day:02}": ["", "放假"] for day in range(1, 31)}}))
    assert (len(many), many[-1]) == (12, "……共 30 项")


def test_a_hostile_value_is_only_text() -> None:
    assert lines_of(json.dumps({"name": "<script>"})) == ["名称：<script>"]  # the page escapes it
