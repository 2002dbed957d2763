"""What a diagram's own words mean in Chinese: attributes, kinds of element, deadlines as people say them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ledger.vocabulary import Role

KINDS: Mapping[str, str] = {
    "userTask": "人工环节",
    "manualTask": "人工环节",
    "serviceTask": "系统环节",
    "businessRuleTask": "决策环节",
    "subProcess": "阶段",
    "callActivity": "调用流程",
    "exclusiveGateway": "排他网关",
    "parallelGateway": "并行网关",
    "inclusiveGateway": "包容网关",
    "eventBasedGateway": "事件网关",
    "startEvent": "开始",
    "endEvent": "结束",
    "intermediateCatchEvent": "等待事件",
    "intermediateThrowEvent": "中间事件",
    "boundaryEvent": "边界事件",
    "sequenceFlow": "连线",
}
ASPECTS: Mapping[str, str] = {
    "name": "名称",
    "kind": "类型",
    "parent": "所在阶段",
    "lane": "泳道",
    "documentation": "说明",
    "handler": "处理程序",
    "form": "表单",
    "fields": "字段权限",
    "due": "办理期限",
    "remind": "到期提醒",
    "article": "依据条款",
    "role": "办理角色",
    "signed": "审核人签字",
    "skippable": "可以跳过",
    "who": "办理单位",
    "milestone": "阶段节点",
    "collection": "会办人员",
    "item": "会办的名称",
    "result": "会办的结果",
    "decision": "决策表",
    "throws": "可能报出的错误",
    "source": "起点",
    "target": "终点",
    "condition": "条件",
    "default": "默认出线",
    "called": "调用的流程",
    "event": "事件类型",
    "timer": "时间",
    "message": "消息",
    "error": "错误代码",
    "attached_to": "依附的环节",
    "interrupting": "中断所在环节",
    "multiple": "多人会办",
    "completion": "会办完成条件",
}
CAMPAIGN_DATES: Mapping[str, str] = {
    "plan": "制定方案",
    "mobilise": "动员部署",
    "survey": "调研分类",
    "decision": "领导小组审定",
    "disposal": "处置开始",
    "first_results": "阶段性成效",
    "report": "年度报告",
}
VARIABLES: Mapping[str, str] = {
    "level": "实施层级",
    "suggested_category": "建议的类别",
    "category": "认定的类别",
    "previous_category": "重新分类前的类别",
    "verdict": "上一环节的结论",
    "approved": "领导小组同意",
    "needs_assessment": "需要评估报告",
    "objection_open": "有异议还没有核查完",
    "objection_upheld": "异议成立",
    "exit_proposed": "提出退出追偿",
    "exit_decided": "决定退出追偿",
    "write_off_proposed": "建议核销",
    "write_off_approved": "同意核销",
    "reached": "成效达到",
    "round": "第几轮",
    "reviewing_bodies": "会审单位（多个）",
    "amount_yuan": "金额（元）",
    "unit_posted_on": "主管单位公告日期",
    "site_posted_on": "实施地公告日期",
    "plan_due_on": "处置方案的完成日期",
    "exit_due_on": "追偿期限",
    "consulted": "征求意见的各方（多个）",
    "business_unit": "业务部门",
}
AUTOMATIC: Mapping[str, str] = {
    "notify": "抄送：告知所在泳道的单位经办人，内容为“说明”里的文字",
    "clear_verdict": "清除结论：忘掉上一环节的结论，免得被后面的条件误用",
}
COMPLETIONS: Mapping[str, str] = {
    "nr_done >= 1": "有一份办完就行",
    "nr_done > nr_total / 2": "过半数办完就行",
}
"""When a joint step is done before everybody is, as administrators choose it; otherwise every part is waited for."""
_TIMERS: tuple[tuple[str, str], ...] = (
    (r"publicity_end\((\d+)\)", "公告满 {} 个工作日"),
    (r"working_days_end\((\d+)\)", "到达后满 {} 个工作日"),
    (r"P(\d+)D", "到达后满 {} 天"),
)
_CAMPAIGN_TIMER = re.compile(r"campaign_end\('(\w+)'\)")
_WORKING_DAYS = re.compile(r"(\d{1,3})wd")


def due_text(due: str) -> str:
    """Say a deadline as written in a diagram in words; what is not understood stays as it is."""
    main, _, otherwise = due.partition(" else ")
    main, _, latest = main.partition(" cap ")
    words = _moment_text(main)
    if latest:
        words += f"，不晚于{_moment_text(latest)}"
    if otherwise:
        words += f"；日期已过的为{_moment_text(otherwise)}"
    return words


def _moment_text(written: str) -> str:
    days = _WORKING_DAYS.fullmatch(written)
    if days:
        return f"{int(days[1])} 个工作日"
    kind, _, name = written.partition(":")
    if kind == "campaign":
        return f"批次的“{CAMPAIGN_DATES.get(name, name)}”日期"
    if kind == "variable":
        return f"项目的“{VARIABLES.get(name, name)}”"
    return written


def timer_text(written: str) -> str:
    """Say what a timer waits for; what is not understood stays as it is written."""
    for pattern, words in _TIMERS:
        found = re.fullmatch(pattern, written)
        if found:
            return words.format(found[1])
    date = _CAMPAIGN_TIMER.fullmatch(written)
    return f"{_moment_text(f'campaign:{date[1]}')}结束" if date else written


def value_text(aspect: str, value: object) -> str:
    """Say the value of an aspect of an element in words."""
    if value is None or value == "":
        return "（无）"
    if isinstance(value, bool) or value in ("true", "false"):
        return "是" if value in (True, "true") else "否"
    text = str(value)
    if aspect in ("due", "milestone"):
        return due_text(text)
    if aspect in _IN_WORDS:
        return _IN_WORDS[aspect](text)
    return text


_IN_WORDS: Mapping[str, Callable[[str], str]] = {
    "remind": lambda text: "到期前 " + "、".join(text.split()) + " 个工作日",
    "kind": lambda text: KINDS.get(text, text),
    "role": lambda text: Role(text).label if text in set(Role) else text,
    "multiple": lambda text: {"parallel": "同时", "sequential": "依次"}.get(text, text),
    "article": lambda text: f"第{text}条",
    "timer": timer_text,
    "collection": lambda text: VARIABLES.get(text, text),
    "completion": lambda text: COMPLETIONS.get(text, text),
}
