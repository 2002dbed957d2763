"""What a browser posts becomes clean answers, or every error at once, in Chinese, beside its box."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from forms.definition import read_form
from forms.fields import Asked, Option
from forms.parsing import FormErrors, parse
from forms.rendering import posted_from
from forms.schema import json_schema

CASES = json.loads((Path(__file__).parents[1] / "cases" / "data" / "form_values.json").read_text(encoding="utf-8"))
HOSTILE = CASES["values"]


def form_of(*fields: dict[str, Any], show_if: dict[str, list[str]] | None = None) -> Any:
    section = {"title": "一", "fields": list(fields), **({"show_if": show_if} if show_if else {})}
    return read_form({"stem": "trial", "title": "试表", "article": "12", "sections": [section]})


def errors_of(form: Any, posted: dict[str, list[str]], asked: Asked | None = None) -> dict[str, str]:
    with pytest.raises(FormErrors) as caught:
        parse(form, posted, asked or Asked())
    return caught.value.errors


TEXT = {"name": "opinion", "label": "意见", "type": "text"}
AREA = {"name": "opinion", "label": "意见", "type": "textarea"}
MONEY = {"name": "balance", "label": "结余", "type": "money"}
OPERATION = {"name": "operation", "label": "生产经营", "type": "radio", "vocabulary": "Operation", "required": True}
CAUSES = {
    "name": "causes",
    "label": "原因",
    "type": "checks",
    "vocabulary": "Cause",
    "required": True,
    "show_if": {"operation": ["stopped", "difficult"]},
}


@pytest.mark.parametrize("definition", [TEXT, AREA], ids=["text", "textarea"])
@pytest.mark.parametrize("typed", HOSTILE, ids=ascii)
def test_hostile_text_is_kept_trimmed_or_refused_with_a_message(definition: dict[str, Any], typed: str) -> None:
    form = form_of(definition)
    lines = definition["type"] == "textarea"
    plain = typed.replace("\r\n", "\n") if lines else typed
    expected = plain.strip()
    forbidden = any(unicodedata.category(c) in ("Cc", "Cf", "Cs") and not (lines and c in "\n\t") for c in expected)
    if forbidden:
        errors = errors_of(form, {"opinion": [typed]})
        assert list(errors) == ["opinion"]
        assert errors["opinion"].startswith("意见")
        errors["opinion"].encode()
    else:
        answers = parse(form, {"opinion": [typed]}, Asked())
        assert answers == ({"opinion": expected} if expected else {})
        json.dumps(answers, ensure_ascii=False).encode()


def test_nul_surrogate_and_bidi_are_among_the_refused() -> None:
    for typed in ("a\x00b", "\ud800", "\u202egpj.exe", "P\u200b001", "a\ufffeb", "a\u2028b"):
        assert "opinion" in errors_of(form_of(TEXT), {"opinion": [typed]}), ascii(typed)


def test_a_rare_surname_beyond_the_basic_plane_is_kept() -> None:
    assert parse(form_of(TEXT), {"opinion": ["𠮷野家"]}, Asked()) == {"opinion": "𠮷野家"}


def test_text_is_normalised_to_nfc() -> None:
    assert parse(form_of(TEXT), {"opinion": ["e\u0301"]}, Asked()) == {"opinion": "\u00e9"}


@pytest.mark.parametrize("kind", ["money", "integer", "percent", "year", "date"])
@pytest.mark.parametrize("typed", HOSTILE, ids=ascii)
def test_hostile_numbers_are_values_or_field_messages(kind: str, typed: str) -> None:
    form = form_of({"name": "amount", "label": "数", "type": kind})
    good = {
        "money": {"１２３": "123.00", "1,000.50": "1000.50"},
        "integer": {"１２３": 123},
        "percent": {},
        "year": {},
        "date": {},
    }[kind]
    if not typed.strip():
        assert parse(form, {"amount": [typed]}, Asked()) == {}
    elif typed in good:
        assert parse(form, {"amount": [typed]}, Asked()) == {"amount": good[typed]}
    else:
        assert list(errors_of(form, {"amount": [typed]})) == ["amount"]


@pytest.mark.parametrize("body", CASES["json_bodies"], ids=ascii)
def test_keys_the_form_does_not_ask_never_reach_the_answers(body: dict[str, Any]) -> None:
    try:
        answers = parse(form_of(TEXT), {key: ["x"] for key in body}, Asked())
    except FormErrors:
        return
    assert answers == {}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("1234.5", "1234.50"),
        ("１２，３４５．６７", "12345.67"),
        ("1,234,567", "1234567.00"),
        ("0", "0.00"),
        ("999999999999.99", "999999999999.99"),
        ("1200 元", "1200.00"),
        (" 80000 ", "80000.00"),
    ],
)
def test_money_is_exact_and_understands_separators_and_full_width(typed: str, kept: str) -> None:
    """M1."""
    assert parse(form_of(MONEY), {"balance": [typed]}, Asked()) == {"balance": kept}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("1.234", "两位小数"),
        ("1,00", "金额"),
        ("-5", "不能小于 0"),
        ("12万元", "换算成元"),
        ("1e5", "金额"),
        ("1000000000000", "最多 12 位"),
        ("١٢٣", "金额"),
        ("10²", "金额"),
    ],
)
def test_money_refuses_what_is_not_an_amount_in_yuan(typed: str, says: str) -> None:
    errors = errors_of(form_of(MONEY), {"balance": [typed]})
    assert says in errors["balance"]


def test_unknown_keys_are_refused_by_name_but_the_pages_own_are_not() -> None:
    errors = errors_of(form_of(TEXT), {"approved": ["true"], "备注": ["x"], "opinion.x": ["y"], "opinion": ["好"]})
    assert set(errors) == {"approved", "", "opinion.x"}
    assert parse(form_of(TEXT), {"csrf_token": ["t"], "_revision": ["3"], "opinion": ["好"]}, Asked()) == {
        "opinion": "好"
    }


def test_every_error_is_reported_at_once() -> None:
    form = form_of({**TEXT, "required": True}, MONEY, OPERATION)
    assert errors_of(form, {"balance": ["x"]}) == {
        "opinion": "请填写意见",
        "balance": "结余应为金额（元），最多两位小数",
        "operation": "请选择生产经营",
    }


def test_a_box_posted_twice_is_refused() -> None:
    assert "只能填写一次" in errors_of(form_of(TEXT), {"opinion": ["好", "不好"]})["opinion"]


def test_lengths_are_counted_in_characters() -> None:
    form = form_of({**AREA, "max_length": 3})
    assert parse(form, {"opinion": ["一二三"]}, Asked()) == {"opinion": "一二三"}
    assert errors_of(form, {"opinion": ["一二三四"]})["opinion"] == "意见最多 3 字，现有 4 字"


def test_default_lengths() -> None:
    assert len(parse(form_of(TEXT), {"opinion": ["字" * 200]}, Asked())["opinion"]) == 200
    assert "最多 200 字" in errors_of(form_of(TEXT), {"opinion": ["字" * 201]})["opinion"]
    assert "最多 2000 字" in errors_of(form_of(AREA), {"opinion": ["字" * 2001]})["opinion"]


def test_a_hidden_field_is_dropped_and_not_demanded() -> None:
    """F1: causes only belong to a project that is stopped or in difficulty."""
    form = form_of(OPERATION, CAUSES)
    assert parse(form, {"operation": ["normal"], "causes": ["funds"]}, Asked()) == {"operation": "normal"}
    assert errors_of(form, {"operation": ["stopped"]}) == {"causes": "请选择原因"}


def test_what_hangs_on_a_hidden_field_is_hidden_too() -> None:
    note = {"name": "note", "label": "说明", "type": "text", "required": True, "show_if": {"causes": ["other"]}}
    form = form_of(OPERATION, CAUSES, note)
    assert parse(form, {"operation": ["normal"], "causes": ["other"], "note": ["x"]}, Asked()) == {
        "operation": "normal"
    }
    assert errors_of(form, {"operation": ["stopped"], "causes": ["funds", "other"]}) == {"note": "请填写说明"}


@pytest.mark.parametrize("written", ["by_township", "$by_township"])
def test_a_condition_may_look_at_the_context(written: str) -> None:
    form = form_of({**TEXT, "required": True, "show_if": {"$by_township": ["true"]}})
    assert parse(form, {}, Asked()) == {}
    assert errors_of(form, {}, Asked(context={written: "true"})) == {"opinion": "请填写意见"}


def test_a_section_hides_all_its_fields() -> None:
    form = form_of({**TEXT, "required": True}, show_if={"$level": ["village"]})
    assert parse(form, {"opinion": ["好"]}, Asked(context={"level": "township"})) == {}
    assert parse(form, {"opinion": ["好"]}, Asked(context={"level": "village"})) == {"opinion": "好"}


def test_choices_outside_the_list_are_refused() -> None:
    assert errors_of(form_of(OPERATION), {"operation": ["gone"]}) == {"operation": "请从列表中选择生产经营"}
    form = form_of(OPERATION, CAUSES)
    assert errors_of(form, {"operation": ["stopped"], "causes": ["funds", "moon"]}) == {"causes": "请从列表中选择原因"}


def test_checks_stand_in_the_forms_order_unless_the_first_is_the_main_one() -> None:
    """F9: the first gap chosen is the main one of Annex 5."""
    gaps = {"name": "gaps", "label": "原因", "type": "checks", "vocabulary": "LinkageGap"}
    posted = {"gaps": ["returns", "production", "returns"]}
    assert parse(form_of(gaps), posted, Asked()) == {"gaps": ["production", "returns"]}
    ranked = form_of({**gaps, "main_first": True})
    assert parse(ranked, posted, Asked()) == {"gaps": ["returns", "production"]}
    assert parse(ranked, {**posted, "gaps.main": ["production"]}, Asked()) == {"gaps": ["production", "returns"]}
    assert set(errors_of(ranked, {**posted, "gaps.main": ["jobs"]})) == {"gaps.main"}


def test_a_tick_that_is_demanded_must_be_ticked() -> None:
    """P5: the statement that the data are true."""
    tick = {"name": "truth", "label": "数据真实", "type": "tick"}
    assert parse(form_of(tick), {}, Asked()) == {"truth": False}
    assert errors_of(form_of({**tick, "required": True}), {}) == {"truth": "请勾选数据真实"}
    assert parse(form_of({**tick, "required": True}), {"truth": ["on"]}, Asked()) == {"truth": True}


FUNDING = {"name": "funding", "label": "投资规模", "type": "matrix", "required": True}


def test_funding_keeps_exact_cells_and_leaves_empty_ones_out() -> None:
    """F1, M1."""
    posted = {
        "funding.earmarked.central": ["1,200,000"],
        "funding.earmarked.city": [""],
        "funding.social.unsplit": ["５０００.5"],
    }
    assert parse(form_of(FUNDING), posted, Asked()) == {
        "funding": {"earmarked": {"central": "1200000.00"}, "social": {"unsplit": "5000.50"}}
    }


def test_funding_names_the_cell_that_is_wrong() -> None:
    errors = errors_of(form_of(FUNDING), {"funding.sector.city": ["x"], "funding.social.central": ["1"]})
    assert errors == {
        "funding.sector.city": "行业扶贫(帮扶)资金（市级资金）应为金额（元），最多两位小数",
        "funding.social.central": "表单里没有“funding.social.central”这一项",
    }
    assert errors_of(form_of(FUNDING), {"funding.sector.city": [" "]}) == {"funding": "请填写投资规模"}


PEOPLE = {
    "name": "team",
    "label": "专业力量",
    "type": "table",
    "required": True,
    "columns": [
        {"name": "name", "label": "姓名", "type": "text", "required": True},
        {"name": "title", "label": "职务", "type": "text", "required": True},
    ],
}


def test_table_rows_keep_their_order_and_empty_rows_vanish() -> None:
    posted = {
        "team.10.name": ["冉琼"],
        "team.10.title": ["农艺师"],
        "team.2.name": ["张勇"],
        "team.2.title": ["副镇长"],
        "team.3.name": [" "],
        "team.3.title": [""],
    }
    assert parse(form_of(PEOPLE), posted, Asked()) == {
        "team": [{"name": "张勇", "title": "副镇长"}, {"name": "冉琼", "title": "农艺师"}]
    }


def test_table_errors_name_the_posted_box() -> None:
    errors = errors_of(form_of(PEOPLE), {"team.1.name": [""], "team.4.name": ["a\x00"], "team.7.name": ["张勇"]})
    assert errors["team.7.title"] == "请填写职务"
    assert errors["team.4.title"] == "请填写职务"
    assert errors["team.4.name"].startswith("姓名第 2 个字符")
    assert set(errors) == {"team.7.title", "team.4.title", "team.4.name"}
    assert errors_of(form_of(PEOPLE), {}) == {"team": "请填写专业力量"}


RECORDS = {
    "name": "reviews",
    "label": "会审意见处理",
    "type": "records",
    "columns": [
        {
            "name": "taken",
            "label": "是否采纳",
            "type": "radio",
            "options": [{"value": "yes", "label": "采纳"}, {"value": "no", "label": "不采纳"}],
            "required": True,
        },
        {"name": "why", "label": "理由", "type": "text", "required": True, "show_if": {"taken": ["no"]}},
    ],
}


def test_records_ask_the_same_of_each_given_key() -> None:
    asked = Asked(records={"reviews": [("17", "县财政局"), ("18", "县审计局")]})
    form = form_of({**RECORDS, "required": True})
    assert parse(form, {"reviews.17.taken": ["yes"], "reviews.18.taken": ["yes"], "reviews.18.why": ["x"]}, asked) == {
        "reviews": [{"key": "17", "taken": "yes"}, {"key": "18", "taken": "yes"}]
    }
    assert errors_of(form, {"reviews.17.taken": ["no"], "reviews.19.taken": ["no"]}, asked) == {
        "reviews.17.why": "请填写理由",
        "reviews.18.taken": "请选择是否采纳",
        "reviews.19.taken": "表单里没有“reviews.19.taken”这一项",
    }


def test_optional_records_without_content_are_left_out() -> None:
    asked = Asked(records={"reviews": [("17", "县财政局"), ("18", "县审计局")]})
    assert parse(form_of(RECORDS), {"reviews.18.taken": ["yes"]}, asked) == {"reviews": [{"key": "18", "taken": "yes"}]}


def test_records_nobody_has_to_answer_are_not_demanded() -> None:
    """P3: where every reviewing body agrees there is nothing to answer."""
    assert parse(form_of({**RECORDS, "required": True}), {}, Asked()) == {}


def test_files_are_those_uploaded_to_the_item() -> None:
    """P2: an answer cannot claim another item's file."""
    photos = {"name": "photos", "label": "照片", "type": "file", "kind": "photo", "required": True}
    assert errors_of(form_of(photos), {"photos": ["9"]}) == {"photos": "请上传照片"}
    assert parse(form_of(photos), {"photos": ["9"]}, Asked(attached={"photos": [4, 5]})) == {"photos": [4, 5]}
    assert errors_of(form_of({**photos, "min": 3}), {}, Asked(attached={"photos": [4]})) == {
        "photos": "请上传照片（至少 3 项）"
    }


def test_choices_that_differ_from_item_to_item() -> None:
    meeting = {"name": "meeting", "label": "会议", "type": "meeting", "source": "meetings", "required": True}
    asked = Asked(options={"meetings": [Option("7", "2023年第12次党委会")]})
    assert parse(form_of(meeting), {"meeting": ["7"]}, asked) == {"meeting": "7"}
    assert errors_of(form_of(meeting), {"meeting": ["8"]}, asked) == {"meeting": "请从列表中选择会议"}


@pytest.mark.parametrize(
    ("kind", "typed", "says"),
    [
        ("percent", "101", "不能大于 100"),
        ("year", "1800", "不能小于 1949"),
        ("year", "23", "四位数"),
        ("date", "2023-02-29", "这一天不存在"),
        ("date", "2023/11/25", "应为日期"),
        ("integer", "1.5", "应为整数"),
        ("integer", "-1", "不能小于 0"),
    ],
)
def test_numbers_and_days_out_of_range(kind: str, typed: str, says: str) -> None:
    assert says in errors_of(form_of({"name": "n", "label": "数", "type": kind}), {"n": [typed]})["n"]


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("percent", "８０％", 80),
        ("year", "2019年", 2019),
        ("date", "２０２３－１１－２５", "2023-11-25"),
        ("integer", "1,024", 1024),
    ],
)
def test_numbers_and_days_as_people_write_them(kind: str, typed: str, value: Any) -> None:
    assert parse(form_of({"name": "n", "label": "数", "type": kind}), {"n": [typed]}, Asked()) == {"n": value}


def test_a_retired_field_is_no_longer_asked() -> None:
    """F8: an administrator retires a field, old answers keep it."""
    form = form_of({**TEXT, "required": True, "retired": True})
    assert parse(form, {"opinion": ["好"]}, Asked()) == {}


def test_notes_and_computed_values_are_not_answers() -> None:
    form = form_of(
        {"name": "hint", "label": "请注意", "type": "note"}, {"name": "total", "label": "合计", "type": "display"}
    )
    assert parse(form, {"total": ["9"]}, Asked()) == {}


def test_what_is_posted_back_gives_the_same_answers() -> None:
    form = form_of(OPERATION, CAUSES, FUNDING, PEOPLE, {"name": "truth", "label": "真实", "type": "tick"}, RECORDS)
    asked = Asked(records={"reviews": [("17", "县财政局")]})
    posted = {
        "operation": ["stopped"],
        "causes": ["funds", "other"],
        "funding.sector.county": ["8"],
        "team.0.name": ["张勇"],
        "team.0.title": ["副镇长"],
        "truth": ["true"],
        "reviews.17.taken": ["yes"],
    }
    answers = parse(form, posted, asked)
    assert parse(form, posted_from(form, answers), asked) == answers


def test_the_schema_is_a_draft_2020_12_schema_that_the_answers_satisfy() -> None:
    form = form_of(OPERATION, CAUSES, FUNDING)
    schema = json_schema(form, Asked())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    funding = {"earmarked": {"central": "1.00"}}
    assert validator.is_valid({"operation": "normal", "funding": funding})
    assert not validator.is_valid({"operation": "stopped", "funding": funding})
    assert not validator.is_valid({"operation": "normal", "funding": funding, "approved": True})
