"""重新分类 (P11, C5): a meeting, the class compared with the suggestion, the form printed anew."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from handlers.outcome import CategoryChange, Verdict
from handlers.reclassification import HANDLER
from ledger.classification import Reason, Suggestion
from tests.handlers.situations import HELD, refused, step, take

POSTED = {"meeting": "4", "findings": ["momentum"], "category": "consolidate", "measures": "巩固冷链"}
VILLAGE = {**POSTED, "village_opinion": "同意", "village_on": "2023-11-26"}
SCAN = {"village_scan": [12]}


def table(findings: Collection[str]) -> Suggestion:
    """Suggest 巩固 for momentum, nothing else."""
    if "momentum" in findings:
        return Suggestion("consolidate", (Reason("consolidate", "3", "势头好"),), "")
    return Suggestion(None, (), "不作建议")


def situation(**project: Any) -> Any:
    level = project.get("level", "township")
    return step("reclassification", project, variables={"level": level}, meeting=HELD, suggest=table)


def test_p11_a_new_class_with_its_history() -> None:
    outcome = take(HANDLER, situation(), POSTED)
    assert outcome.variables == {"category": "consolidate", "previous_category": "upgrade"}
    assert outcome.project == {"category": "consolidate", "measures": "巩固冷链"}
    assert outcome.category == CategoryChange("consolidate", "3", "势头好")  # the table's reason
    assert outcome.verdict == Verdict(4, "on", "consolidate", "巩固冷链", "势头好")
    assert outcome.summary == "重新分类：提升→巩固"


def test_p11_the_form_is_printed_anew() -> None:
    (printed,) = take(HANDLER, situation(), POSTED).prints
    assert printed.kind == "application"
    facts = printed.more
    assert facts["认定"] == {"巩固": "☑", "提升": "☐", "盘活": "☐", "重建": "☐"}
    assert facts["处置措施"] == "巩固冷链"
    assert facts["资金合计"] == "120,000.00"
    assert facts["领导小组意见"]["内容"] == "待备案"
    assert facts["村委会意见"]["内容"] == "/"  # nobody is concerned (F9)


def test_p11_a_village_project_brings_the_village_s_seal() -> None:
    outcome = take(HANDLER, situation(level="village"), VILLAGE, SCAN)
    assert outcome.prints[0].more["村委会意见"] == {"内容": "同意", "签字": "", "日期": "2023年11月26日"}


def test_c5_the_findings_checked_again_count_not_those_of_the_survey() -> None:
    outcome = take(HANDLER, situation(findings=["failed"]), POSTED)
    assert outcome.category == CategoryChange("consolidate", "3", "势头好")


@pytest.mark.parametrize(
    ("why", "at", "posted", "files", "field"),
    [
        ("P11 no minutes", replace(situation(), meeting=replace(HELD, has_minutes=False)), POSTED, {}, "meeting"),
        ("C5 a deviation unexplained", situation(), {**POSTED, "category": "upgrade"}, {}, "deviation"),
        (
            "P11 rebuild without the report",
            situation(),
            {**POSTED, "category": "rebuild", "deviation": "水毁"},
            {},
            "category",
        ),
        ("P11 no findings", situation(), {**POSTED, "findings": []}, {}, "findings"),
        ("P11 no measures", situation(), {**POSTED, "measures": ""}, {}, "measures"),
        ("P11 the village's scan", situation(level="village"), VILLAGE, {}, "village_scan"),
        (
            "P11 the village's date",
            situation(level="village"),
            {**VILLAGE, "village_on": "2023-11-28"},
            SCAN,
            "village_on",
        ),
    ],
)
def test_refused(why: str, at: Any, posted: dict[str, Any], files: dict[str, list[int]], field: str) -> None:
    assert set(refused(HANDLER, at, posted, files)) == {field}, why


def test_c5_a_deviation_explained_is_the_reason_of_the_decision() -> None:
    outcome = take(HANDLER, situation(), {**POSTED, "category": "upgrade", "deviation": "销路仍单一"})
    assert outcome.category == CategoryChange("upgrade", "4", "销路仍单一")


def test_c5_without_a_suggestion_the_people_give_the_reason() -> None:
    posted = {**POSTED, "findings": ["runs_normally"], "category": "upgrade"}
    assert set(refused(HANDLER, situation(), posted)) == {"deviation"}
    outcome = take(HANDLER, situation(), {**posted, "deviation": "销路单一"})
    assert outcome.category == CategoryChange("upgrade", "4", "销路单一")


def test_p11_rebuild_with_the_report() -> None:
    at = replace(situation(), papers={"assessment": 1})
    outcome = take(HANDLER, at, {**POSTED, "category": "rebuild", "deviation": "水毁"})
    assert outcome.variables["category"] == "rebuild"


def test_c5_the_suggestion_is_shown_with_its_article() -> None:
    assert HANDLER.show(situation(findings=["momentum"])).display["suggestion"] == (
        "建议认定为巩固\n巩固（第三条）：势头好"  # art. 3, as the directive numbers it
    )
    assert HANDLER.show(situation(findings=[])).display["suggestion"] == "没有建议\n不作建议"
