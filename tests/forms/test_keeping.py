"""Fields are retired, never deleted, and keep their type (issue 9 item 4)."""

from __future__ import annotations

from typing import Any

from forms.keeping import kept_faults


def test_fields_are_retired_and_keep_their_type() -> None:
    def form(*fields: dict[str, Any]) -> dict[str, Any]:
        return {"sections": [{"fields": list(fields)}]}

    old = form({"name": "a", "label": "甲", "type": "text"})
    assert kept_faults(None, form(), needed=True) == []
    assert kept_faults(old, form(), needed=False) == ["字段“甲”已经用过，不能删除，只能停用"]
    changed = form({"name": "a", "label": "甲", "type": "date"})
    assert "不能改类型" in kept_faults(old, changed, needed=False)[0]
    retired = form({"name": "a", "label": "甲", "type": "text", "retired": True})
    assert kept_faults(old, retired, needed=False) == []
    assert kept_faults(old, retired, needed=True) == ["字段“甲”是处理程序要用的，不能停用"]
