"""What every official paper says of itself, with examples of its own: its title, who issues it, its number.

A trial of a template shows the paper as it will be: a 公告 called a 批复 would mislead whoever edits it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forms.papers.variables import Variable

_TOWN, _OFFICE = "彭水县桑柘镇人民政府", "彭水县实施乡村振兴战略领导小组办公室"


@dataclass(frozen=True)
class _Example:
    title: str
    number: str = ""
    issuer: str = _TOWN
    to: str = ""
    copied: str = ""


_OF_TOWN, _BATCH = "桑柘镇经营性帮扶产业项目“四个一批”", "分类及处置措施"
_COPIED = "县乡村振兴局"
_EXAMPLES: Mapping[str, _Example] = {
    "survey_report": _Example("高山蔬菜大棚实地调研情况报告"),
    "assessment": _Example("高山蔬菜大棚项目评估报告"),
    "review_opinion": _Example("高山蔬菜大棚会审意见（县财政局）", issuer="彭水县财政局", to="桑柘镇人民政府"),
    "preliminary_opinion": _Example("高山蔬菜大棚会审意见汇总及初步处置意见"),
    "request": _Example(f"关于报送{_OF_TOWN}{_BATCH}的请示", "桑柘府文〔2023〕12号", to="县实施乡村振兴战略领导小组"),
    "party_minutes": _Example("桑柘镇党委会纪要", "桑柘镇党纪〔2023〕3号"),
    "group_minutes": _Example("县实施乡村振兴战略领导小组第4次会议纪要", "领导小组办公室纪〔2023〕4号", _OFFICE),
    "reply": _Example(
        *(f"关于{_OF_TOWN}{_BATCH}的批复", "领导小组办公室复〔2023〕6号", _OFFICE),
        to="桑柘镇人民政府",
        copied="县乡村振兴局、县农业农村委",
    ),
    "notice": _Example(f"关于高山蔬菜大棚“四个一批”{_BATCH}的公告"),
    "notice_certificate": _Example("公告期满证明"),
    "plan": _Example("高山蔬菜大棚提升方案"),
    "revive_plan": _Example("高山蔬菜大棚盘活方案"),
    "revive_ledger": _Example("高山蔬菜大棚盘活项目台账"),
    "rebuild_plan": _Example("高山蔬菜大棚重建方案"),
    "cleanup_opinion": _Example(f"{_OF_TOWN}清理处置意见", "桑柘府发〔2023〕9号", copied=_COPIED),
    "yearly_report": _Example(
        "桑柘镇2023年经营性帮扶产业项目“四个一批”工作报告",
        "桑柘府文〔2023〕31号",
        to="县委农村工作暨实施乡村振兴战略领导小组办公室",
        copied=_COPIED,
    ),
    "weekly_summary": _Example("2023年第46周周调度情况汇总", issuer="彭水县乡村振兴局"),
    "record": _Example("高山蔬菜大棚整改成效评定表"),
}

PROJECT = Variable(
    "project",
    "项目（按台账的英文标识）",
    parts=(
        Variable("name", "项目名称", "高山蔬菜大棚"),
        Variable("number", "项目编号", "PS2023-1007"),
        Variable("implementation_year", "实施年度", "2019"),
        Variable("responsible_body", "责任单位", "桑柘镇鹿青村股份经济合作联合社"),
    ),
)


def issued(name: str) -> tuple[Variable, ...]:
    """Return what the paper called `name` says of itself; KeyError for one that is no official paper."""
    example = _EXAMPLES[name]
    return (
        PROJECT,
        Variable("标题", "文件标题", example.title),
        Variable("发文机关", "发文机关（署名单位）全称", example.issuer),
        Variable("成文日期", "成文日期", "2023年11月25日"),
        Variable("文号", "发文字号，不编号的文书没有", example.number),
        Variable("签发人", "签发人（上行文）：签署的审核人", "冉某某"),
        Variable("主送", "主送机关", example.to),
        Variable("抄送", "抄送机关", example.copied),
        Variable("印发机关", "印发机关", example.issuer),
    )
