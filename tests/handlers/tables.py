"""A stand-in for the decision table: few findings, plain answers, so that a test can see why it gets them."""

from __future__ import annotations

from collections.abc import Collection

from ledger.classification import Reason, Suggestion


def table(findings: Collection[str]) -> Suggestion:
    """Suggest 重建 for failed, else 提升 for chain_weak, and nothing for anything else."""
    if "failed" in findings:
        return Suggestion("rebuild", (Reason("rebuild", "6", "产业失败"),), "")
    if "chain_weak" in findings:
        return Suggestion("upgrade", (Reason("upgrade", "4", "链条有短板"),), "")
    return Suggestion(None, (), "不符合任何一类的条件，系统不作建议")
