"""实地调研 (P2, F1–F3, C1–C5): the annexes checked on site, findings, the report, who reviews."""

from datetime import date
from typing import Any

import pytest

from forms.fields import Asked, project_values
from forms.parsing import parse
from forms.rendering import posted_from
from handlers.field_survey import COLUMNS, HANDLER
from ledger.findings import FAILURES
from tests.handlers.situations import FORMS, refused, step, take
from tests.handlers.tables import table

POSTED: dict[str, Any] = {
    "name": "高山蔬菜大棚",
    "township_text": "桑柘镇",
    "village_text": "太坪村",
    "implementation_year": "2019",
    "responsible_body": "桑柘镇太坪村股份经济合作联合社",
    "responsible_person": "张三",
    "telephone": "13800000000",
    "industry": "planting",
    "construction": "新建大棚20亩",
    "funding.earmarked.central": "1,200,000",
    "funding.social.unsplit": "50000.5",
    "balance_yuan": "0",
    "receivable_yuan": "0",
    "appraised_yuan": "980000",
    "other_value_yuan": "0",
    "surveyed_on": "2023-11-20",
    "operating_mode": "lease",
    "function": "normal",
    "use": "in_use",
    "operation": "difficult",
    "causes": ["funds", "prices"],
    "problems": ["loss"],
    "linkage": "partial",
    "linkage_gaps": ["jobs", "returns"],
    "linkage_gaps.main": "returns",
    "findings": ["runs_normally", "chain_weak", "marketing_single"],
    "team.0.name": "王五",
    "team.0.unit": "县农业农村委",
    "team.0.title": "农艺师",
    "villagers_opinion": "希望按时分红",
    "conclusion": "补齐冷链短板",
}
FILES = {"photos": [1], "contract": [2]}


def situation(**known: Any) -> Any:
    return step("field_survey", None, suggest=table, **{"variables": {"reviewing_bodies": [5, 6, 7]}, **known})


def without(*names: str, **changed: Any) -> dict[str, Any]:
    return {name: value for name, value in {**POSTED, **changed}.items() if name not in names}


def test_p2_a_survey_suggests_a_class_and_goes_to_review() -> None:
    outcome = take(HANDLER, situation(), POSTED, FILES)
    assert outcome.variables == {
        "needs_assessment": False,
        "suggested_category": "upgrade",
        "reviewing_bodies": [5, 6, 7],
    }
    assert outcome.summary == "完成实地调研，经营遇到困难，建议提升"


def test_p2_no_suggestion_is_said() -> None:
    outcome = take(HANDLER, situation(), without("findings"), FILES)
    assert outcome.variables["suggested_category"] is None
    assert outcome.summary == "完成实地调研，经营遇到困难，没有分类建议"


@pytest.mark.parametrize(
    ("changed", "due"),
    [
        *(({"findings": [str(finding)]}, True) for finding in sorted(FAILURES)),
        ({"marked_failed": "true"}, True),
        ({"findings": ["revivable", "assets_idle"]}, False),
    ],
    ids=str,
)
def test_p2_a_failure_of_article_6_or_the_mark_demands_an_assessment(changed: dict[str, Any], due: bool) -> None:
    assert take(HANDLER, situation(), {**POSTED, **changed}, FILES).variables["needs_assessment"] is due


def test_p3_the_unit_may_add_reviewing_bodies_each_once() -> None:
    outcome = take(
        HANDLER, situation(variables={"reviewing_bodies": [5, 52]}), {**POSTED, "more_reviewers": ["52", "31"]}, FILES
    )
    assert outcome.variables["reviewing_bodies"] == [5, 52, 31]


def test_p2_the_report_is_written_from_the_data_unless_the_unit_brings_one() -> None:
    (report,) = take(HANDLER, situation(), POSTED, FILES).prints
    assert report.kind == "survey_report"
    assert report.title == "高山蔬菜大棚实地调研情况报告"
    rows = dict(report.rows)
    assert rows["投资规模"].startswith("合计 1,250,000.50 元")  # F1: totals are computed
    assert rows["专业力量"] == "王五，县农业农村委，农艺师"
    assert rows["群众意见"] == "希望按时分红"
    assert "未充分发挥的原因：未按约定及时足额分配资产收益、未按约定吸纳农村劳动力稳定就业" in rows["项目现状"]
    assert "产业链条存在明显短板弱项" in rows["现场发现"]
    assert take(HANDLER, situation(), POSTED, {**FILES, "report": [3]}).prints == ()


@pytest.mark.parametrize(
    ("why", "posted", "files", "field"),
    [
        ("P2 no photo", POSTED, {"contract": [2]}, "photos"),
        ("P2 no contract and no word", POSTED, {"photos": [1]}, "contract"),
        ("P2 nobody surveyed", without("team.0.name", "team.0.unit", "team.0.title"), FILES, "team"),
        ("P2 a surveyor without unit", without("team.0.unit"), FILES, "team.0.unit"),
        ("P2 nobody heard", without("villagers_opinion"), FILES, "villagers_opinion"),
        ("F1 no cause", without("causes"), FILES, "causes"),
        ("F1 no gap", without("linkage_gaps", "linkage_gaps.main"), FILES, "linkage_gaps"),
        ("F1 no money", without("funding.earmarked.central", "funding.social.unsplit"), FILES, "funding"),
        (
            "F1 all money zero",
            {**POSTED, "funding.earmarked.central": "0", "funding.social.unsplit": "0"},
            FILES,
            "funding",
        ),
        ("M1 three decimals", {**POSTED, "appraised_yuan": "1.005"}, FILES, "appraised_yuan"),
        ("M2 no telephone number", {**POSTED, "telephone": "12345"}, FILES, "telephone"),
        ("T4 surveyed tomorrow", {**POSTED, "surveyed_on": "2023-11-28"}, FILES, "surveyed_on"),
        ("P2 built next year", {**POSTED, "implementation_year": "2024"}, FILES, "implementation_year"),
        ("C2 stopped yet running", {**POSTED, "operation": "stopped"}, FILES, "findings"),
        (
            "C3 normal yet stopped",
            without("causes", operation="normal", findings=["stopped_for_now"]),
            FILES,
            "findings",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused(why: str, posted: dict[str, Any], files: dict[str, list[int]], field: str) -> None:
    assert set(refused(HANDLER, situation(), posted, files)) == {field}, why


@pytest.mark.parametrize("number", ["13996901234", "023-78442019", "02378442019", "78442019"])
def test_m2_mobile_and_fixed_numbers_are_taken(number: str) -> None:
    assert take(HANDLER, situation(), {**POSTED, "telephone": number}, FILES)


def test_p2_a_contract_may_be_explained_away() -> None:
    assert take(HANDLER, situation(), {**POSTED, "contract_absence": "村集体自营，未签协议"}, {"photos": [1]})


def test_f1_causes_and_gaps_leave_the_register_when_they_no_longer_apply() -> None:
    """Posted with the page still open, hidden answers are dropped and their columns emptied."""
    posted = without(operation="normal", linkage="full", findings=["runs_normally"])
    form = FORMS["field_survey"]
    from_form = {n: v if isinstance(v, list) else [v] for n, v in posted.items()}
    answers = parse(form, from_form, Asked(attached=FILES, context={"returned": "false"}))
    columns = project_values(form, answers, Asked())
    assert columns["causes"] == []
    assert columns["linkage_gaps"] == []
    assert columns["surveyed_on"] == date(2023, 11, 20)


def test_p2_the_form_starts_with_the_register() -> None:
    start = HANDLER.prepare(situation())
    assert start["funding"] == {"earmarked": {"central": "120000.00"}}
    assert start["responsible_body"] == "桑柘镇人民政府"  # the unit's name until somebody names a cooperative
    assert "causes" not in start
    assert posted_from(FORMS["field_survey"], start)["industry"] == ["planting"]


def test_p2_a_second_survey_starts_with_the_first_and_reads_why() -> None:
    again = situation(
        answers={
            "field_survey": {"villagers_opinion": "希望按时分红"},
            "preliminary_opinion": {"verdict": "on"},
            "party_meeting": {"verdict": "survey", "reason": "资产估值要核实"},
            "acceptance_check": {"verdict": "survey", "reason": "从前的理由"},
        }
    )
    assert HANDLER.prepare(again)["villagers_opinion"] == "希望按时分红"
    assert HANDLER.show(again).display["returned"] == "资产估值要核实"
    assert HANDLER.show(again).context == {"returned": "true"}
    assert HANDLER.show(situation()).context == {"returned": "false"}


def test_every_column_the_annexes_print_is_asked_and_written() -> None:
    """spec/data.md: what is asked at field_survey."""
    written = {each.project for _section, each in FORMS["field_survey"].fields() if each.project}
    assert written == {*COLUMNS, "surveyed_on"}
