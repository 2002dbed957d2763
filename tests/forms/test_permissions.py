"""What a step may do with the fields of its form (issue 9 items 1 and 4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from forms.definition import read_form
from forms.fields import Asked, Form
from forms.parsing import FormErrors, parse
from forms.permissions import (
    BadPermissions,
    FieldPermission,
    Written,
    permission_faults,
    permitted,
    read_permissions,
    texts_to_read,
    written_permissions,
)

FIELDS: list[dict[str, Any]] = [
    {"name": "note", "label": "说明", "type": "note"},
    {"name": "verdict", "label": "结论", "type": "radio", "required": True, "publish": "verdict"},
    {"name": "why", "label": "理由", "type": "text", "show_if": {"verdict": ["no"]}},
    {"name": "balance", "label": "结余", "type": "money", "project": "balance_yuan"},
    {"name": "secret", "label": "线索", "type": "text", "required": True},
]
FIELDS[1]["options"] = [{"value": "yes", "label": "同意"}, {"value": "no", "label": "不同意"}]
FORM = read_form({"stem": "own_1", "title": "复核", "sections": [{"title": "复核", "fields": FIELDS}]})


def at_step(written: str) -> Form:
    return permitted(FORM, read_permissions(written))


def test_permissions_are_read_and_written_alike() -> None:
    written = "verdict:read secret:hidden"
    assert read_permissions(written) == {"verdict": FieldPermission.READ, "secret": FieldPermission.HIDDEN}
    assert written_permissions(read_permissions(written)) == written
    for wrong in ("verdict", "verdict:none", ":read", "why:read why:hidden"):
        with pytest.raises(BadPermissions):
            read_permissions(wrong)


def test_a_hidden_field_is_no_part_of_the_form_and_refused_when_sent() -> None:
    form = at_step("secret:hidden")
    assert "secret" not in [each.name for _section, each in form.fields()]
    assert parse(form, {"verdict": ["yes"]}, Asked()) == {"verdict": "yes"}
    with pytest.raises(FormErrors) as refused:
        parse(form, {"verdict": ["yes"], "secret": ["x"]}, Asked())
    assert refused.value.errors == {"secret": "表单里没有“secret”这一项"}


def test_what_is_sent_for_a_field_to_read_is_not_taken() -> None:
    form = at_step("verdict:read why:write secret:write balance:read")
    sent = {"verdict": ["no"], "balance": ["9"], "why": ["因为"]}
    assert parse(form, sent, Asked()) == {}  # “why” is asked where the verdict answered here is “no”
    assert [each.name for each in form.to_read] == ["verdict", "balance"]
    assert not any(each.publish or each.project for _section, each in form.fields())


def test_a_field_may_be_left_empty_or_has_to_be_filled_in() -> None:
    assert parse(at_step("secret:write"), {"verdict": ["yes"]}, Asked()) == {"verdict": "yes"}
    with pytest.raises(FormErrors) as refused:
        parse(at_step("balance:required"), {"verdict": ["yes"], "secret": ["x"]}, Asked())
    assert refused.value.errors == {"balance": "请填写结余"}


def test_what_is_only_read_shows_what_is_known() -> None:
    form = at_step("verdict:read balance:read secret:read")
    known = Written({"balance_yuan": Decimal("1200.5")}, {"verdict": "no"}, {"verdict": "yes", "secret": "举报信"})
    assert texts_to_read(form, known, Asked()) == {"verdict": "不同意", "balance": "1,200.50 元", "secret": "举报信"}
    assert texts_to_read(form, Written({}, {}, {}), Asked()) == {"verdict": "", "balance": "", "secret": ""}


@pytest.mark.parametrize(
    ("written", "needed", "fault"),
    [
        ("nobody:read", False, "表单“复核”里没有字段“nobody”"),
        ("note:read", False, "字段“说明”只是显示，只能设为“隐藏”"),
        ("secret:hidden", True, "字段“线索”是处理程序要用的必填项，不能设为“隐藏”"),
        ("verdict:read", False, "字段“理由”要看“结论”才显示，“结论”不能设为“只读”"),
    ],
)
def test_what_the_form_cannot_do_is_told(written: str, needed: bool, fault: str) -> None:
    assert list(permission_faults(FORM, read_permissions(written), needed=needed)) == [fault]


def test_what_the_form_can_do_has_no_fault() -> None:
    for written in ("verdict:read why:hidden", "note:hidden balance:required", "secret:write"):
        assert list(permission_faults(FORM, read_permissions(written), needed=False)) == []
    assert list(permission_faults(FORM, read_permissions("balance:hidden secret:required"), needed=True)) == []
