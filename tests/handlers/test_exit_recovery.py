"""退出追偿 (P9, art. 2): payments, settlement, or a write-off of exactly what is outstanding."""

from typing import Any

import pytest

from handlers.exit_recovery import HANDLER
from tests.handlers.situations import refused, step, take

PAYMENT = {"action": "payment", "recovered_yuan": "20000", "recovered_on": "2023-11-27", "method": "transfer"}
VOUCHER = {"vouchers": [6]}
EARLIER = ({"recovered_yuan": "30000.00"}, {"recovered_yuan": "0.10"})
WRITE_OFF = {"action": "write_off", "write_off_yuan": "19999.90", "write_off_reason": "公司已注销"}
PROOF = {"write_off_materials": [7]}


def situation(entries: tuple[Any, ...] = EARLIER) -> Any:
    return step("exit_recovery", answers={"decision": {"recover_yuan": "50000.00"}}, entries=entries)


def test_p9_a_payment_leaves_the_item_open() -> None:
    outcome = take(HANDLER, situation(), {**PAYMENT, "recovered_yuan": "10.05"}, VOUCHER)
    assert outcome.remains
    assert outcome.variables == {}
    assert outcome.summary == "追回10.05 元，累计30,010.15 元"


@pytest.mark.parametrize("last", ["19999.90", "25000"])
def test_p9_settled_when_all_is_back(last: str) -> None:
    outcome = take(HANDLER, situation(), {**PAYMENT, "action": "settled", "recovered_yuan": last}, VOUCHER)
    assert not outcome.remains
    assert outcome.variables == {"write_off_proposed": False}


def test_p9_settled_without_another_payment_when_all_came_before() -> None:
    entries = (*EARLIER, {"recovered_yuan": "19999.90"})
    assert take(HANDLER, situation(entries), {"action": "settled"}).variables == {"write_off_proposed": False}


def test_p9_a_write_off_goes_to_the_leading_group() -> None:
    outcome = take(HANDLER, situation(), WRITE_OFF, PROOF)
    assert outcome.variables == {"write_off_proposed": True}
    assert not outcome.remains
    assert HANDLER.prepare(situation()) == {"write_off_yuan": "19999.90"}


@pytest.mark.parametrize(
    ("posted", "files", "field"),
    [
        ({**PAYMENT, "action": "settled", "recovered_yuan": "19999.89"}, VOUCHER, "action"),  # one 分 short
        ({"action": "settled"}, {}, "action"),
        ({**PAYMENT, "recovered_yuan": ""}, VOUCHER, "recovered_yuan"),
        ({**PAYMENT, "recovered_on": ""}, VOUCHER, "recovered_on"),
        ({**PAYMENT, "recovered_on": "2023-11-28"}, VOUCHER, "recovered_on"),
        ({**PAYMENT, "method": ""}, VOUCHER, "method"),
        (PAYMENT, {}, "vouchers"),
        ({**WRITE_OFF, "write_off_yuan": "20000"}, PROOF, "write_off_yuan"),
        ({**WRITE_OFF, "write_off_reason": ""}, PROOF, "write_off_reason"),
        (WRITE_OFF, {}, "write_off_materials"),
    ],
)
def test_p9_refused(posted: dict[str, str], files: dict[str, list[int]], field: str) -> None:
    assert set(refused(HANDLER, situation(), posted, files)) == {field}


def test_p9_nothing_outstanding_is_not_written_off() -> None:
    entries = ({"recovered_yuan": "50000.00"},)
    assert set(refused(HANDLER, situation(entries), WRITE_OFF, PROOF)) == {"action"}


def test_p9_the_sums_are_shown() -> None:
    assert HANDLER.show(situation()).display == {
        "due": "50,000.00 元",
        "recovered": "30,000.10 元",
        "outstanding": "19,999.90 元",
    }
