"""What a survey can find about a project, in the directive's words, and what the decision table makes of it.

The survey's check boxes and the table's inputs come from this one list: a box is ticked or not, the table counts.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Self

from ledger.vocabulary import Term


class Finding(Term):
    """A condition or defect of art. 3–6; `article` is where the directive names it."""

    article: str

    def __new__(cls, identifier: str, label: str = "", article: str = "") -> Self:
        member = str.__new__(cls, identifier)
        member._value_ = identifier
        member.label = label
        member.article = article
        return member

    MOMENTUM = "momentum", "发展势头较好", "3"
    CHAIN_COMPLETE = "chain_complete", "产业链条完备", "3"
    SALES_SMOOTH = "sales_smooth", "产销衔接顺畅", "3"
    COMPETITIVE = "competitive", "产品竞争力强", "3"
    RISK_CONTROLLED = "risk_controlled", "防范化解风险机制健全", "3"

    RUNS_NORMALLY = "runs_normally", "项目正常运行", "4"
    CHAIN_WEAK = "chain_weak", "产业链条存在明显短板弱项", "4"
    PROCESSING_WEAK = "processing_weak", "加工转化能力弱，产品附加值低", "4"
    MARKETING_SINGLE = "marketing_single", "营销手段单一，产品品牌价值不高", "4"
    TECHNOLOGY_WEAK = "technology_weak", "科技支撑能力弱，产业竞争能力不强", "4"

    STOPPED_FOR_NOW = "stopped_for_now", "项目暂时停工停产", "5"
    FUNDS_IDLE = "funds_idle", "资金闲置", "5"
    ASSETS_IDLE = "assets_idle", "资产闲置", "5"
    CONTRACT_UNPERFORMED = "contract_unperformed", "经营主体暂时不能履行合同（协议）", "5"
    REVIVABLE = "revivable", "给予一定资金和政策支持后可以盘活", "5"

    FAILED = "failed", "因市场、政策重大变化或地理条件、气候环境因素导致产业失败", "6"
    CANNOT_DEVELOP = "cannot_develop", "帮扶产业项目无法继续发展，无法发挥联农带农作用", "6"
    MANAGEMENT_FAILED = "management_failed", "资金、项目、资产管理已经无法正常运行", "6"


STRENGTHS = frozenset(finding for finding in Finding if finding.article == "3")
"""The five conditions of 巩固."""

DEFECTS = frozenset(finding for finding in Finding if finding.article == "4") - {Finding.RUNS_NORMALLY}
"""The four defects of 提升."""

FAILURES = frozenset(finding for finding in Finding if finding.article == "6")
"""The three defects of 重建; one of them asks for a 评估报告."""

IDLE_OR_UNPERFORMED = frozenset({Finding.FUNDS_IDLE, Finding.ASSETS_IDLE, Finding.CONTRACT_UNPERFORMED})
"""One of these goes with a stop in 盘活 (our reading of art. 5)."""


def inputs(findings: Collection[str]) -> dict[str, object]:
    """Return the decision table's inputs by name; raises ValueError for a finding the list does not know."""
    found = {Finding(finding) for finding in findings}
    return {
        "strengths_count": len(found & STRENGTHS),
        "runs_normally": Finding.RUNS_NORMALLY in found,
        "defects_count": len(found & DEFECTS),
        "stopped_for_now": Finding.STOPPED_FOR_NOW in found,
        "idle_or_unperformed": bool(found & IDLE_OR_UNPERFORMED),
        "revivable": Finding.REVIVABLE in found,
        "failures_count": len(found & FAILURES),
    }
