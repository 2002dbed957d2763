"""The wording of 公告 and of the certificate that its period is over (P7, T1; art. 14)."""

from __future__ import annotations

from collections.abc import Mapping

from forms.papers.gongwen import Column, listed, one, paper, para, signature, title, when


def _notice() -> bytes:
    return paper(
        (
            title(),
            para("{{ 公告内容 }}"),
            para("项目名称：{{ 项目名称 }}（项目编号：{{ 项目编号 }}）"),
            para("责任单位：{{ 责任单位 }}"),
            para("项目地点：{{ 项目地点 }}"),
            para("公告处：{{ 公告处 }}"),
            when("张贴地点", para("张贴地点：{{ 张贴地点 }}")),
            para("张贴日期：{% if 张贴日期 %}{{ 张贴日期 }}{% else %}　　　　年　　月　　日{% endif %}"),
            para("异议受理：{{ 异议受理 }}"),
            signature(),
        )
    )


def _notice_certificate() -> bytes:
    return paper(
        (
            title(),
            para("项目名称：{{ 项目名称 }}（项目编号：{{ 项目编号 }}）。责任单位：{{ 责任单位 }}。"),
            para(
                "该项目“四个一批”分类及处置措施已在项目实施主管单位和实施地分别公告，"
                "公告期自后张贴的一处张贴之次日起算，现已期满。"
            ),
            one("一、张贴情况"),
            para("主管单位公告：{{ 主管单位张贴 }}。"),
            para("实施地公告：{{ 实施地张贴 }}。"),
            one("二、公告期"),
            para("以{{ 起算日期 }}为张贴日，当日不计，共计{{ 天数 }}个工作日，至{{ 期满日期 }}24时止。{{ 日历 }}。"),
            listed(
                "天 in 工作日",
                (Column("工作日", 40, "第{{ 天.序号 }}个", "center"), Column("日期", 116, "{{ 天.日期 }}", "center")),
            ),
            when("变动情况", one("三、延长和重新张贴"), para("{{ 变动情况 }}。")),
            one("{% if 变动情况 %}四{% else %}三{% endif %}、异议情况"),
            para("{{ 异议情况 }}。"),
            signature(),
        )
    )


NOTICES: Mapping[str, bytes] = {"notice": _notice(), "notice_certificate": _notice_certificate()}
