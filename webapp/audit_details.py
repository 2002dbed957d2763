"""What a row of the trail says, in Chinese: what changed from what to what, and the rest by its label.

Rows are never rewritten, so that older ones keep the ways in which their acts once told a change; all are understood.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bpmn.wording import CAMPAIGN_DATES, VARIABLES
from ledger.message_words import TextKind
from ledger.reminder_rules import ReminderKind
from ledger.spot_checks import Finding
from ledger.vocabulary import RoundKind, SnapshotKind, UnitKind

NOTHING = "（空）"
_SHOWN = 120  # characters of one side
_MOST = 12  # lines of one row
_NO_PAIRS = frozenset(
    {
        *("problems", "conflicts", "asked", "moved", "timers", "variables", "posts"),
        *("elements", "flows", "sent_to", "told", "units", "missing", "skipped", "strata"),
    }
)
_CHANGES = ("changes", "changed", "fields")  # what an act tells as one thing after the other, each with its two sides
_SILENT = frozenset(
    {
        *_CHANGES,
        *("sha256", "token", "mac", "timers", "variables", "procedure", "elements", "flows", "target", "instance"),
        *("key", "strata", "verification_id"),
    }
)
_LABELS: Mapping[str, str] = {
    **{name: f"“{label}”日期" for name, label in CAMPAIGN_DATES.items()},
    **{str(kind): kind.label for kind in (*ReminderKind, *TextKind)},
    "name": "名称",
    "short_name": "简称",
    "code": "代码",
    "kind": "种类",
    "login": "登录名",
    "telephone": "电话",
    "email": "邮箱",
    "state": "状态",
    "password": "密码",
    "second_factor": "验证器",
    "approval": "申请",
    "posts": "岗位",
    "substitute": "代办人",
    "absent": "委托人",
    "post": "岗位",
    "days": "天数",
    "last_on": "最后一天",
    "holder": "办理人",
    "version": "版本",
    "year": "年度",
    "next": "下一个文号",
    "value": "取值",
    "subject": "标题",
    "body": "正文",
    "clock": "演示时钟",
    "sms": "短信",
    "reason": "理由",
    "summary": "内容",
    "source": "来源",
    "moved": "变动的期限（个）",
    "file": "文件",
    "note": "说明",
    "title": "名称",
    "label": "参数",
    "url": "地址",
    "rows": "行数",
    "items": "任务（件）",
    "drafts": "草稿（份）",
    "ended": "代办（项）",
    "opinion": "意见",
    "verdict": "结论",
    "project": "项目",
    "number": "编号",
    "unit": "单位",
    "user_id": "人员编号",
    "unit_id": "单位编号",
    "approval_id": "申请编号",
    "campaign": "批次编号",
    "county": "县编号",
    "occurrence": "哪一期",
    "draft": "草稿编号",
    "process": "流程",
    "list": "列表编号",
    "parameter": "参数名",
    "seconds": "秒数",
    "count": "数量",
    "what": "什么",
    "to": "交给",
    "from": "原由",
    "sent_to": "送至",
    "drawn": "抽中",
    "check": "抽查编号",
    "seed": "随机种子",
    "percent": "比例（%）",
    "pool": "总体（个）",
    "finding": "检查情况",
    "until": "限期",
    "projects": "项目（个）",
    "people": "人员（名）",
    "units": "单位",
    "missing": "缺报单位",
    "late": "逾期",
    "backfilled": "补开",
    "meeting": "会议编号",
    "chair": "主持人",
    "item": "任务编号",
    "told": "告知",
    "added": "增加的会审单位编号",
    "cause": "原因",
    "due_at": "到期时间",
    "cases": "流程（个）",
    "failed": "没有办成（个）",
    "errors": "错误（处）",
    "faults": "问题（处）",
    "problems": "问题",
    "conflicts": "日期冲突",
    "cells": "单元格（个）",
    "columns": "列对应关系",
    "asked": "查询条件",
    "skipped": "跳过的文号",
    "run": "换版编号",
    "back": "撤回换版",
    "page": "站内消息",
    "short": "短信正文",
    "message": "消息编号",
    "receipt": "回执号",
    "route": "页面",
    "on": "日期",
    "project_id": "项目序号",
    "parent_id": "上级单位编号",
    "cipher": "加密算法",
    "resealed": "重新加密（处）",
    "kept": "不用重新加密（处）",
}
_TERMS: Mapping[str, Mapping[str, str]] = {
    "kind": {str(kind): kind.label for kind in (*TextKind, *RoundKind, *UnitKind, *SnapshotKind)},
    "finding": {str(finding): finding.label for finding in Finding},
}


@dataclass(frozen=True)
class Pair:
    """One thing that an act changed: what it is called, before and after."""

    label: str
    before: str
    after: str


def pairs_of(detail: Mapping[str, Any]) -> list[Pair]:
    """Return everything a row says was changed, from what to what."""
    inner = [detail[name] for name in _CHANGES if isinstance(detail.get(name), Mapping)]
    sides = {"before", "after"} if _has_sides(detail) else set[str]()
    plain = {key: value for key, value in detail.items() if key not in _NO_PAIRS | sides}
    found = [_pair(label_of(key), each) for named in (*inner, plain) for key, each in named.items() if _is_pair(each)]
    if _has_sides(detail):
        label = "岗位" if isinstance(detail["after"], list) else "改为"
        found.append(_pair(label, [detail["before"], detail["after"]]))
    return found


def _has_sides(detail: Mapping[str, Any]) -> bool:
    """Say whether a row tells one change as `before` and `after`; by itself `before` is a kind of reminder."""
    return "before" in detail and "after" in detail


def _pair(label: str, sides: list[Any]) -> Pair:
    return Pair(label, _text(sides[0]), _text(sides[1]))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


def label_of(name: str) -> str:
    """Return what a key of a row is called; a day by its date, what is Chinese already as it is."""
    if name in _LABELS:
        return _LABELS[name]
    if name in VARIABLES:
        return VARIABLES[name]
    try:
        day = date.fromisoformat(name)
    except ValueError:
        return name
    return f"{day.year}年{day.month}月{day.day}日"


def lines_of(written: str) -> list[str]:
    """Say a row's detail in lines; what nobody reads (hashes, tokens, a case's variables) is left to the export."""
    try:
        detail = json.loads(written)
    except ValueError:
        return [written]
    if not isinstance(detail, Mapping):
        return [str(detail)]
    pairs = pairs_of(detail)
    lines = [f"{each.label}：{each.before or NOTHING} → {each.after or NOTHING}" for each in pairs]
    hidden = {*_SILENT, *(("before", "after") if _has_sides(detail) else ())}
    told = [
        f"{label_of(key)}：{_TERMS[key].get(str(value), str(value)) if key in _TERMS else _text(value)}"
        for key, value in detail.items()
        if key not in hidden
        and value not in (None, "", [], {})
        and not (key == "project" and isinstance(value, Mapping))
        and not (key not in _NO_PAIRS and _is_pair(value))
    ]
    whole = [*told, *lines]
    return whole if len(whole) <= _MOST else [*whole[: _MOST - 1], f"……共 {len(whole)} 项"]


def _text(value: Any) -> str:
    """Write a value for a reader, cut where it is long."""
    match value:
        case None | "" | [] | {}:
            return ""
        case bool():
            return "是" if value else "否"
        case list():
            text = "、".join(_text(each) for each in value)
        case dict():
            text = "；".join(f"{label_of(str(key))} {_text(each)}" for key, each in value.items())
        case _:
            text = str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
