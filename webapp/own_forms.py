"""Forms that belong to no step: meeting, campaign, objection. Definitions like the steps', checked the same way."""

from __future__ import annotations

from typing import Any

from forms.definition import read_form
from forms.fields import Form
from ledger.spot_checks import Stratum
from ledger.working_days import MOMENTS

_DATES = {
    "plan": "制定方案",
    "mobilise": "动员部署",
    "survey": "调研分类",
    "decision": "领导小组审定",
    "disposal": "处置开始",
    "first_results": "阶段性成效",
    "report": "年度报告",
}
MOMENT_LABELS = tuple((name, _DATES[name]) for name in MOMENTS)


def _field(name: str, label: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    return {"name": name, "label": label, "type": kind, "required": True, **more}


def _form(stem: str, title: str, article: str, fields: list[dict[str, Any]]) -> Form:
    sections = [{"title": title, "fields": fields}]
    return read_form({"stem": stem, "title": title, "article": article, "sections": sections})


_NAMES = "每行一人，或用顿号、逗号、空格分开"
_MEETING_FIELDS = [
    _field("title", "会议名称", width=12, max_length=100, help="如：桑柘镇党委2023年第12次会议"),
    _field("held_on", "召开日期", "date", width=4, help="可以先登记拟召开的日期，安排议程"),
    _field("place", "地点", width=4, max_length=60),
    _field("chair", "主持人", width=4, max_length=40),
    _field(
        *("attendance", "出席人员", "textarea"),
        width=12,
        max_length=1000,
        required=False,
        help=f"{_NAMES}；登记议定结果前须填写",
    ),
    _field("observers", "列席人员", "textarea", width=6, max_length=1000, required=False, help=_NAMES),
    _field("absent", "缺席人员", "textarea", width=6, max_length=1000, required=False, help=_NAMES),
    _field("recorder", "记录人", width=6, max_length=40, required=False),
    _field(
        "minutes",
        "会议纪要正文",
        "textarea",
        width=12,
        max_length=20000,
        required=False,
        help="可只上传签字扫描件；按议程登记议定结果的，没有填写时由系统起草",
    ),
]
MEETING = _form(
    "meeting",
    "会议",
    "13",
    [
        _field("unit_id", "召开单位", "select", source="units"),
        _field("campaign_id", "工作批次", "select", source="campaigns"),
        *_MEETING_FIELDS,
    ],
)
MINUTES = _form("minutes", "会议纪要正文", "13", [{**_MEETING_FIELDS[-1], "required": True}])
MEETING_DETAILS = _form("meeting_details", "会议", "13", _MEETING_FIELDS)
CAMPAIGN = _form(
    "campaign",
    "工作批次",
    "16",
    [
        _field("name", "名称", width=8, max_length=100),
        _field("year", "年度", "year", width=4),
        *(_field(f"{name}_on", label, "date", width=4) for name, label in MOMENT_LABELS),
    ],
)
OBJECTION = _form(
    "objection",
    "登记异议",
    "14",
    [
        _field("raised_by", "异议人", max_length=60, width=6),
        _field("contact", "联系方式", max_length=60, width=6, required=False),
        _field("content", "异议内容", "textarea", max_length=1000, width=12),
    ],
)
OUTSIDE_OBJECTION = _form(
    "outside_objection",
    "提出异议",
    "14",
    [
        _field("raised_by", "您的姓名", max_length=60, width=6, help="只供核查异议的单位联系您，不公开"),
        _field("contact", "联系电话", max_length=60, width=6),
        _field("content", "异议内容和理由", "textarea", max_length=1000, width=12),
    ],
)
WAIVER = _form(
    "waiver", "不适用", "23", [_field("reason", "不适用的理由", "textarea", max_length=500, width=12, required=False)]
)
CHECK_DRAW = _form(
    "check_draw",
    "抽取项目",
    "21",
    [
        _field("county", "区县", "select", source="counties", width=4),
        _field("title", "抽查名称", width=8, max_length=100, help="如：2023年第四季度督查抽查"),
        _field(
            "strata",
            "分层",
            "checks",
            width=12,
            options=[{"value": str(each), "label": each.label} for each in Stratum],
            help="每层按比例抽取，至少一个",
        ),
        _field("percent", "抽取比例（%）", "integer", min=1, max=100, width=4),
        _field(
            "seed", "随机种子", width=8, max_length=60, required=False, help="不填由系统生成；同样的种子抽出同样的项目"
        ),
    ],
)
CHECK_FINDING = _form(
    "check_finding",
    "检查结果",
    "21",
    [
        _field("checked_on", "检查日期", "date", width=4),
        _field("text", "检查情况", "textarea", max_length=2000, width=12),
        _field("until", "整改期限", "date", width=4, required=False, help="发现问题的填写；没有问题的不填"),
    ],
)
CHECK_MENDING = _form(
    "check_mending", "整改情况", "21", [_field("text", "整改情况", "textarea", max_length=2000, width=12)]
)
CHECK_AGAIN = _form(
    "check_again",
    "复核",
    "21",
    [
        _field("text", "复核意见", "textarea", max_length=1000, width=12),
        _field("until", "继续整改的期限", "date", width=4, required=False, help="整改到位的不填"),
    ],
)


def _fact(name: str, label: str, kind: str, **more: Any) -> dict[str, Any]:
    """Return a question about a column of the project that may stay open."""
    return {"name": name, "label": label, "type": kind, "project": name, **more}


def _where(vocabulary: str, **answered: list[str]) -> dict[str, Any]:
    """Return the rest of a question that is asked, and then required, where another was answered so."""
    return {"width": 12, "vocabulary": vocabulary, "required": True, "show_if": answered}


FACTS = _form(
    "facts",
    "项目现状",
    "22",
    [
        _fact("operation", "生产经营", "radio", width=12, vocabulary="Operation", required=True),
        _fact(
            *("causes", "停产闲置或经营困难的原因（可多选）", "checks"),
            **_where("Cause", operation=["difficult", "stopped"]),
        ),
        _fact("function", "功能现状", "radio", vocabulary="Function"),
        _fact("use", "使用现状", "radio", vocabulary="Use"),
        _fact("linkage", "发挥联农带农作用", "radio", width=12, vocabulary="Linkage"),
        _fact(
            *("linkage_gaps", "未充分发挥的原因（可多选）", "checks"),
            **_where("LinkageGap", linkage=["partial"]),
            main_first=True,
            help="台账只印主要的一项",
        ),
        _fact("problems", "存在问题（可多选）", "checks", width=12, vocabulary="ProjectProblem"),
        _fact("findings", "分类条件（可多选）", "checks", width=12, vocabulary="Finding"),
        _fact(
            *("operation_ledger", "台账中的生产经营情况", "select"),
            vocabulary="LedgerOperation",
            help="一般不选，由系统按生产经营对应；与实际不符时才选",
        ),
        _fact("balance_yuan", "货币资金结余", "money", width=3),
        _fact("receivable_yuan", "待收待返资金", "money", width=3),
        _fact("appraised_yuan", "资产估值", "money", width=3),
        _fact("other_value_yuan", "其他现值", "money", width=3),
        _field("reason", "更正理由", "textarea", width=12, max_length=300, help="写明实际情况和依据，与改动一并留痕"),
    ],
)
"""What a unit may correct of a project with the monthly update (R3): the facts asked at the survey that change."""
