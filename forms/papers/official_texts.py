"""The wording of the official papers as shipped: what stands around the facts. An administrator may replace each (F8).

The ways of speaking are the directive's own (art. 9–15, 23); numbers of headings follow 一、（一）1.（1）.
"""

from __future__ import annotations

from collections.abc import Mapping

from forms.papers.gongwen import (
    Column,
    annexes,
    each,
    empty,
    flush,
    imprint,
    led,
    listed,
    one,
    paper,
    para,
    red_head,
    signature,
    title,
    two,
    when,
)
from forms.papers.notice_texts import NOTICES
from forms.papers.round_texts import cleanup_opinion, weekly_summary, yearly_report

_PROJECT = para(
    "项目名称：{{ 项目名称 }}（项目编号：{{ 项目编号 }}）。实施年度：{{ 实施年度 }}。责任单位：{{ 责任单位 }}。"
)
_PROJECTS = (
    Column("序号", 12, "{{ loop.index }}", "center"),
    Column("项目名称", 44, "{{ 项.名称 }}"),
    Column("项目编号", 32, "{{ 项.编号 }}"),
    Column("分类", 14, "{{ 项.分类 }}", "center"),
    Column("处置措施", 54, "{{ 项.措施 }}"),
)


def _survey_report() -> bytes:
    return paper(
        (
            title(),
            one("一、项目基本情况"),
            _PROJECT,
            para("项目地点：{{ 项目地点 }}。产业类型：{{ 产业类型 }}。运营模式：{{ 运营模式 }}。"),
            para("建设内容：{{ 建设内容 }}"),
            two("（一）投资规模"),
            para("{{ 投资规模 }}"),
            two("（二）项目现值（估算）"),
            para("{{ 项目现值估算 }}"),
            one("二、调研情况"),
            para("{{ 调研日期 }}，组织专业力量对项目开展实地调研。参加人员："),
            para("{{ 专业力量 }}"),
            two("（一）项目现状"),
            para("{{ 项目现状 }}"),
            two("（二）现场发现的情况"),
            para("{{ 现场发现 }}"),
            two("（三）群众意见"),
            para("{{ 群众意见 }}"),
            one("三、分类建议"),
            para("{{ 分类建议 }}"),
            one("四、调研结论和处置建议"),
            para("{{ 调研结论和处置建议 }}"),
            signature(),
        )
    )


def _assessment() -> bytes:
    return paper(
        (
            title(),
            one("一、项目基本情况"),
            _PROJECT,
            para("{{ 项目现状 }}"),
            one("二、市场环境"),
            para("{{ 市场环境 }}"),
            one("三、经营状况"),
            para("{{ 经营状况 }}"),
            one("四、发展空间"),
            para("{{ 发展空间 }}"),
            one("五、失败原因"),
            para("{{ 失败原因 }}"),
            one("六、失败教训"),
            para("{{ 失败教训 }}"),
            para("评估日期：{{ 评估日期 }}。"),
            signature(),
        )
    )


def _review_opinion() -> bytes:
    return paper(
        (
            title(),
            flush("{{ 项目责任单位 }}："),
            para("你单位《{{ 项目名称 }}实地调研情况报告》（项目编号：{{ 项目编号 }}）收悉。经会审，提出意见如下："),
            one("一、会审意见"),
            para("{{ 意见 }}。"),
            one("二、意见内容"),
            para("{{ 意见内容 }}"),
            para("会审人员：{{ 会审人员 }}"),
            signature(),
        )
    )


def _preliminary_opinion() -> bytes:
    return paper(
        (
            title(),
            one("一、项目基本情况"),
            _PROJECT,
            para("现场发现：{{ 现场发现 }}"),
            one("二、会审意见及处理"),
            para("{{ 会审意见及处理 }}"),
            one("三、初步分类"),
            para("拟认定为{{ 初步分类 }}类项目。{{ 分类理由 }}"),
            one("四、初步处置意见"),
            para("{{ 初步处置意见 }}"),
            signature(),
        )
    )


def _request() -> bytes:
    return paper(
        (
            red_head(signer=True),
            title(),
            flush("县实施乡村振兴战略领导小组："),
            para(
                "按照《关于进一步做好经营性帮扶产业项目“四个一批”的实施方案》要求，我单位组织专业力量"
                "对主管的经营性帮扶产业项目"
                "开展实地调研，经会审和党组（委）会议研究，提出{{ 项目数 }}个项目的“四个一批”分类及处置措施意见，"
                "现报送审定。"
            ),
            one("一、分类情况"),
            para("{{ 分类情况 }}"),
            one("二、分类及处置措施意见"),
            listed("项 in 项目", _PROJECTS),
            when("单位意见", one("三、单位意见"), para("{{ 单位意见 }}")),
            para("妥否，请批示。"),
            annexes("件 in 附件", "{% if loop.first %}附件：{% else %}　　　{% endif %}{{ loop.index }}.{{ 件.名称 }}"),
            signature(),
            imprint(),
        )
    )


def _reply() -> bytes:
    return paper(
        (
            red_head(),
            title(),
            flush("{{ 主送 }}："),
            para("{{ 来文 }}经县实施乡村振兴战略领导小组{{ 会议日期 }}会议（{{ 会议名称 }}）审议，现批复如下。"),
            one("一、分类认定结果和处置措施"),
            para("{{ 分类情况 }}各项目的分类认定结果和处置措施如下："),
            listed("项 in 项目", _PROJECTS),
            one("二、处置和公告要求"),
            para("{{ 批复要求 }}"),
            signature(),
            imprint(),
        )
    )


def _minutes() -> bytes:
    return paper(
        (
            red_head(),
            title(),
            para(
                "{{ 召开日期 }}，{{ 主持人 }}在{{ 地点 }}主持召开{{ 会议名称 }}，"
                "研究经营性帮扶产业项目“四个一批”分类及处置措施。纪要如下："
            ),
            when("会议内容", one("一、会议内容"), para("{{ 会议内容 }}")),
            one("{% if 会议内容 %}二{% else %}一{% endif %}、议定事项"),
            each(
                "项 in 项目",
                para("{{ loop.index }}.{{ 项.名称 }}（{{ 项.编号 }}）：{{ 项.决定 }}。{{ 项.措施 }}{{ 项.理由 }}"),
            ),
            empty(),
            led("出席：", "{{ 出席人员 }}"),
            when("列席人员", led("列席：", "{{ 列席人员 }}")),
            when("缺席人员", led("缺席：", "{{ 缺席人员 }}")),
            when("记录人", led("记录：", "{{ 记录人 }}")),
            signature(),
            imprint(),
        )
    )


def _plan() -> bytes:
    return paper(
        (
            title(),
            one("一、项目基本情况"),
            _PROJECT,
            para("“四个一批”分类：{{ 类别 }}。审定的处置措施：{{ 审定措施 }}"),
            one("二、处置方案"),
            when("选用的措施", para("选用的措施：{{ 选用的措施 }}。")),
            para("{{ 处置方案 }}"),
            _ENDING,
            signature(),
        )
    )


def _revive_plan() -> bytes:
    return paper(
        (
            title(),
            one("一、项目基本情况"),
            _PROJECT,
            para("审定的处置措施：{{ 审定措施 }}"),
            one("二、停产闲置原因及解决办法"),
            each(
                "因 in 停产闲置原因", para("{{ loop.index }}.{{ 因.原因 }}：{{ 因.情况 }}。解决办法：{{ 因.办法 }}。")
            ),
            one("三、资源资产现状及用途"),
            each(
                "物 in 资源资产",
                para(
                    "{{ loop.index }}.{{ 物.名称 }}，{{ 物.数量 }}{% if 物.现值 %}，现值{{ 物.现值 }}{% endif %}。"
                    "用途：{{ 物.用途 }}。"
                ),
            ),
            one("四、盘活措施"),
            para("{{ 选用的措施 }}。"),
            para("{{ 处置方案 }}"),
            _ENDING,
            signature(),
        )
    )


def _revive_ledger() -> bytes:
    return paper(
        (
            title(),
            para("项目名称：{{ 项目名称 }}"),
            para("项目编号：{{ 项目编号 }}　实施年度：{{ 实施年度 }}"),
            para("责任单位：{{ 责任单位 }}　牵头人：{{ 牵头人 }}"),
            one("一、停产闲置原因"),
            listed(
                "因 in 停产闲置原因",
                (
                    Column("序号", 12, "{{ loop.index }}", "center"),
                    Column("原因", 30, "{{ 因.原因 }}"),
                    Column("具体情况", 57, "{{ 因.情况 }}"),
                    Column("解决办法", 57, "{{ 因.办法 }}"),
                ),
            ),
            one("二、资源资产"),
            listed(
                "物 in 资源资产",
                (
                    Column("序号", 12, "{{ loop.index }}", "center"),
                    Column("名称", 40, "{{ 物.名称 }}"),
                    Column("数量", 28, "{{ 物.数量 }}"),
                    Column("现值", 34, "{{ 物.现值 }}"),
                    Column("用途", 42, "{{ 物.用途 }}"),
                ),
            ),
            one("三、盘活措施和进度"),
            para("{{ 选用的措施 }}。计划投入资金：{{ 计划投入资金 }}。计划完成日期：{{ 计划完成日期 }}。"),
            signature(),
        )
    )


def _rebuild_plan() -> bytes:
    return paper(
        (
            title(),
            one("一、项目基本情况"),
            _PROJECT,
            para("审定的处置措施：{{ 审定措施 }}"),
            one("二、失败原因"),
            para("{{ 失败原因 }}"),
            one("三、征求意见情况"),
            each("见 in 意见采纳", para("{{ loop.index }}.{{ 见.单位 }}意见的采纳：{{ 见.答复 }}。")),
            one("四、重建办法"),
            each("法 in 重建办法", para("{{ loop.index }}.{{ 法.类型 }}：{{ 法.内容 }}。")),
            para("{{ 处置方案 }}"),
            _ENDING,
            signature(),
        )
    )


_ENDING = "".join(
    (
        when("联农带农整改", para("联农带农整改：{{ 联农带农整改 }}")),
        when("计划投入资金", para("计划投入资金：{{ 计划投入资金 }}。")),
        para("牵头人：{{ 牵头人 }}。计划完成日期：{{ 计划完成日期 }}。"),
    )
)


def _record() -> bytes:
    """Return the sheet of what has no wording of its own: a title and lines of label and text."""
    return paper(
        (
            title(),
            listed("项 in 内容", (Column("项目", 42, "{{ 项.名称 }}", "center"), Column("内容", 114, "{{ 项.内容 }}"))),
            signature(),
        )
    )


OFFICIAL: Mapping[str, bytes] = {
    "survey_report": _survey_report(),
    "assessment": _assessment(),
    "review_opinion": _review_opinion(),
    "preliminary_opinion": _preliminary_opinion(),
    "request": _request(),
    "party_minutes": _minutes(),
    "group_minutes": _minutes(),
    "reply": _reply(),
    **NOTICES,
    "plan": _plan(),
    "revive_plan": _revive_plan(),
    "revive_ledger": _revive_ledger(),
    "rebuild_plan": _rebuild_plan(),
    "cleanup_opinion": cleanup_opinion(),
    "yearly_report": yearly_report(),
    "weekly_summary": weekly_summary(),
    "record": _record(),
}
