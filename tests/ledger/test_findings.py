"""The closed list of findings and the decision table's inputs made of it (art. 3–6, C1–C4)."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest

from ledger.findings import DEFECTS, FAILURES, IDLE_OR_UNPERFORMED, STRENGTHS, Finding, inputs

NOTHING = {
    "strengths_count": 0,
    "runs_normally": False,
    "defects_count": 0,
    "stopped_for_now": False,
    "idle_or_unperformed": False,
    "revivable": False,
    "failures_count": 0,
}


def test_each_article_has_its_own_findings() -> None:
    """Art. 3 names five conditions, art. 4 normal running and four defects, art. 6 three defects."""
    assert Counter(finding.article for finding in Finding) == {"3": 5, "4": 5, "5": 5, "6": 3}
    assert [finding.label for finding in Finding if finding in DEFECTS] == [
        "产业链条存在明显短板弱项",
        "加工转化能力弱，产品附加值低",
        "营销手段单一，产品品牌价值不高",
        "科技支撑能力弱，产业竞争能力不强",
    ]


def test_no_two_boxes_read_the_same() -> None:
    labels = [finding.label for finding in Finding]
    assert len(set(labels)) == len(labels)


def test_the_groups_share_nothing() -> None:
    groups = (STRENGTHS, DEFECTS, IDLE_OR_UNPERFORMED, FAILURES)
    assert len(set(chain(*groups))) == 5 + 4 + 3 + 3


@pytest.mark.parametrize(
    ("ticked", "changed"),
    [
        ([], {}),
        (["momentum", "risk_controlled"], {"strengths_count": 2}),
        (["runs_normally", "chain_weak"], {"runs_normally": True, "defects_count": 1}),
        (["stopped_for_now", "revivable"], {"stopped_for_now": True, "revivable": True}),
        (["funds_idle"], {"idle_or_unperformed": True}),
        (["assets_idle", "contract_unperformed"], {"idle_or_unperformed": True}),
        (["failed", "management_failed", "failed"], {"failures_count": 2}),
    ],
)
def test_inputs_count_what_is_ticked(ticked: list[str], changed: dict[str, object]) -> None:
    assert inputs(ticked) == NOTHING | changed


def test_refuses_a_finding_nobody_knows() -> None:
    with pytest.raises(ValueError, match="unheard_of"):
        inputs(["unheard_of"])
