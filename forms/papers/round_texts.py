"""The wording of a unit's papers of its rounds: 清理处置意见 and 年度报告 (R1, R4); see `official_texts`."""

from __future__ import annotations

from forms.papers.gongwen import (
    Column,
    annexes,
    flush,
    imprint,
    listed,
    one,
    paper,
    para,
    red_head,
    signature,
    title,
    when,
)

_NAMED = (
    Column("序号", 12, "{{ loop.index }}", "center"),
    Column("项目名称", 84, "{{ 项.名称 }}"),
    Column("项目编号", 40, "{{ 项.编号 }}"),
    Column("分类", 20, "{{ 项.分类 }}", "center"),
)


def cleanup_opinion() -> bytes:
    """Return 清理处置意见 (R1, art. 16)."""
    return paper(
        (
            red_head(),
            title(),
            para("根据县乡村振兴局推送的项目信息，结合实际，制定本单位主管的经营性帮扶产业项目清理处置意见。"),
            one("一、项目情况"),
            para("推送本单位的经营性帮扶产业项目共{{ 项目数 }}个，投资{{ 投资合计 }}万元。{{ 分类情况 }}"),
            one("二、工作措施"),
            para("{{ 工作措施 }}"),
            one("三、时间安排"),
            para(
                "{{ 调研日期 }}前完成实地调研和分类，{{ 审定日期 }}前报县实施乡村振兴战略领导小组审定，"
                "{{ 阶段日期 }}前取得阶段性成效。"
            ),
            one("四、组织保障"),
            para("{{ 组织保障 }}"),
            when("项目", one("五、项目清单"), listed("项 in 项目", _NAMED)),
            signature(),
            imprint(),
        )
    )


def yearly_report() -> bytes:
    """Return 年度报告 with the statement of truth and its annexes (R4, art. 23)."""
    return paper(
        (
            red_head(signer=True),
            title(),
            flush("县委农村工作暨实施乡村振兴战略领导小组办公室："),
            para("现将我单位{{ 年度 }}年度经营性帮扶产业项目“四个一批”工作开展情况报告如下。"),
            one("一、台账建立和分类情况"),
            para("本单位经营性帮扶产业项目共{{ 项目数 }}个，投资{{ 投资合计 }}万元。{{ 分类情况 }}"),
            one("二、处置整改情况"),
            para("{{ 处置情况 }}"),
            one("三、三项比率"),
            para("停产闲置率{{ 停产闲置率 }}，经营困难率{{ 经营困难率 }}，未按约定联农带农率{{ 未联农带农率 }}。"),
            one("四、存在问题和下一步打算"),
            para("{{ 下一步打算 }}"),
            one("五、真实性承诺"),
            para("本报告及附件的数据和材料真实、准确、完整。审核人：{{ 审核人 }}。"),
            annexes("件 in 附件", "{% if loop.first %}附件：{% else %}　　　{% endif %}{{ loop.index }}.{{ 件.名称 }}"),
            signature(),
            imprint(),
        )
    )
