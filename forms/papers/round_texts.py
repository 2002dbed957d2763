"""The wording of the papers of rounds: 清理处置意见, 周调度情况汇总 and 年度报告 (R1, R2, R4); see `official_texts`."""

from __future__ import annotations

from forms.papers.gongwen import (
    Column,
    annexes,
    each,
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


_UNITS = (
    Column("单位", 29, "{{ 项.名称 }}"),
    Column("状态", 13, "{{ 项.状态 }}", "center"),
    Column("项目", 12, "{{ 项.项目数 }}", "center"),
    *(Column(name, 12, f"{{{{ 项.{name} }}}}", "center") for name in ("巩固", "提升", "盘活", "重建")),
    Column("停产闲置率", 18, "{{ 项.停产率 }}", "center"),
    Column("经营困难率", 18, "{{ 项.困难率 }}", "center"),
    Column("未联农带农率", 18, "{{ 项.联农率 }}", "center"),
)


def weekly_summary() -> bytes:
    """Return 周调度情况汇总 (R2): the four points of art. 22, a table by unit, who is late and who is missing."""
    said = para("{{ 项.名称 }}：{{ 项.内容 }}。")
    return paper(
        (
            title(),
            para(
                "本期应报{{ 应报 }}个单位，已报{{ 已报 }}个。迟报单位：{{ 迟报 }}。未报单位：{{ 未报 }}。"
                "以下合计为已报的{{ 已报 }}个单位的数字，未报单位的项目不在其中。"
            ),
            one("一、“四个一批”台账建立情况"),
            para("{{ 台账情况 }}各单位情况如下："),
            listed("项 in 单位", _UNITS),
            one("二、盘活、重建类项目处置整改措施落实情况"),
            para("{{ 措施合计 }}"),
            each("项 in 措施", said),
            when("not 措施", para("已报单位没有盘活、重建类项目的措施进展。")),
            one("三、停产闲置率、经营困难率、未发挥联农带农率"),
            para("停产闲置率{{ 停产闲置率 }}，经营困难率{{ 经营困难率 }}，未按约定联农带农率{{ 未联农带农率 }}。"),
            one("四、其他工作进展等情况"),
            each("项 in 其他", said),
            when("not 其他", para("已报单位没有报告其他工作。")),
            when("数据说明", one("五、各单位的数据说明"), each("项 in 数据说明", said)),
            when("说明", para("情况说明：{{ 说明 }}")),
            signature(),
        )
    )
