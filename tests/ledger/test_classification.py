"""From matched rows to a suggestion: exactly one class, or none and why (C5)."""

from __future__ import annotations

import pytest

from ledger.classification import Reason, suggest

RUNNING = {"category": "consolidate", "article": "", "reason": "缺陷不足两项"}
STRONG = {"category": "consolidate", "article": "3", "reason": "五项条件具备"}
WEAK = {"category": "upgrade", "article": "4", "reason": "两项以上缺陷"}
IDLE = {"category": "revive", "article": "5", "reason": "停产闲置"}
LOST = {"category": "rebuild", "article": "6", "reason": "重建类缺陷"}


@pytest.mark.parametrize(
    ("rows", "category"),
    [
        ([STRONG], "consolidate"),
        ([STRONG, RUNNING], "consolidate"),
        ([WEAK], "upgrade"),
        ([IDLE], "revive"),
        ([LOST], "rebuild"),
        ([], None),
        ([WEAK, STRONG], None),
        ([WEAK, LOST], None),
        ([RUNNING, IDLE, LOST], None),
    ],
)
def test_suggests_only_the_one_class_all_rows_speak_for(rows: list[dict[str, object]], category: str | None) -> None:
    """C5."""
    assert suggest(rows, []).category == category


def test_reasons_name_article_and_findings() -> None:
    """C5: the suggestion names its reasons and article."""
    suggestion = suggest([WEAK], ["technology_weak", "chain_weak", "runs_normally", "momentum"])
    text = "两项以上缺陷：产业链条存在明显短板弱项；科技支撑能力弱，产业竞争能力不强"
    assert suggestion.reasons == (Reason("upgrade", "4", text),)
    assert suggestion.note == ""


def test_our_own_rule_claims_no_article_and_lists_the_defect() -> None:
    """C5: normal running with fewer than two defects, the defect as advice."""
    suggestion = suggest([RUNNING], ["runs_normally", "marketing_single"])
    assert suggestion.reasons == (Reason("consolidate", "", "缺陷不足两项"),)
    assert suggestion.note == "建议改进：营销手段单一，产品品牌价值不高。"


def test_several_classes_are_named_by_gravity_not_resolved() -> None:
    """C5: 重建 over 盘活 over 提升 over 巩固 is shown, not applied."""
    suggestion = suggest([RUNNING, LOST, IDLE], [])
    assert suggestion.category is None
    assert len(suggestion.reasons) == 3
    assert suggestion.note == (
        "同时符合重建、盘活、巩固，系统不作建议，请研究认定。由重到轻依次为重建、盘活、提升、巩固，仅供参考。"
    )


def test_no_match_says_so() -> None:
    """C5."""
    suggestion = suggest([], ["momentum"])
    assert (suggestion.category, suggestion.reasons) == (None, ())
    assert suggestion.note.startswith("不符合任何一类的条件，系统不作建议")


def test_refuses_a_class_nobody_knows() -> None:
    with pytest.raises(ValueError, match="merge"):
        suggest([{"category": "merge", "article": "3", "reason": ""}], [])
