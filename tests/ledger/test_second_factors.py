"""One-time codes by RFC 6238's own figures, and passwords by policy (safety rule 10)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from ledger.db import transaction
from ledger.passwords import Policy, is_too_old, password_faults, remember, was_used
from ledger.second_factors import (
    RECOVERY_CODES,
    SecondFactor,
    begin_factor,
    confirm_factor,
    factor_of,
    is_code,
    is_recovery_code,
    recovery_codes_left,
)
from ledger.sign_ins import hash_password
from tests.walk import Ground

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(  # appendix B, SHA-1, the last six of eight digits
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_the_standards(seconds: int, code: str) -> None:
    factor = SecondFactor(user_id=1, secret=RFC_SECRET, last_step=0)
    assert is_code(factor, code, moment(seconds))
    assert not is_code(factor, code, moment(seconds)), "a code counts once"


@pytest.mark.parametrize(("late", "taken"), [(-31, False), (-29, True), (0, True), (30, True), (61, False)])
def test_a_telephones_clock_may_be_half_a_minute_off(late: int, taken: bool) -> None:
    factor = SecondFactor(user_id=1, secret=RFC_SECRET, last_step=0)
    assert is_code(factor, "081804", moment(1111111109 - 1111111109 % 30 + late)) is taken


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "08180a", "０８１８０４", "081804\0"])
def test_what_is_no_code_is_refused(typed: str) -> None:
    assert not is_code(SecondFactor(user_id=1, secret=RFC_SECRET, last_step=0), typed, moment(1111111109))


def test_recovery_codes_count_once_and_belong_to_one_person(ground: Ground) -> None:
    now = moment(1111111109)
    with transaction(ground.sessions) as session:
        factor = begin_factor(session, 1, now)
        factor.secret = RFC_SECRET
        assert confirm_factor(session, factor, "000000", now) == ()
        codes = confirm_factor(session, factor, "081804", now)
        assert len(set(codes)) == RECOVERY_CODES
        session.flush()
        assert not is_recovery_code(session, 2, codes[0], now)
        assert is_recovery_code(session, 1, codes[0].upper().replace("-", " "), now)
        assert not is_recovery_code(session, 1, codes[0], now)
        assert recovery_codes_left(session, 1) == RECOVERY_CODES - 1
    with transaction(ground.sessions, writes=False) as session:
        kept = factor_of(session, 1)
        assert kept is not None
        assert kept.secret == RFC_SECRET


@pytest.mark.parametrize(
    ("policy", "password", "administrator", "good"),
    [
        (Policy.DENGBAO, "Ganbu-23", False, True),
        (Policy.DENGBAO, "Ganbu-23", True, False),
        (Policy.DENGBAO, "Ganbu-2023!x", True, True),
        (Policy.DENGBAO, "ganbu-23", False, False),
        (Policy.DENGBAO, "Ganbu2023", False, False),
        (Policy.DENGBAO, "Zhang.jia-1", False, False),
        (Policy.ASVS, "correct horse battery", True, True),
        (Policy.ASVS, "short one", False, False),
        (Policy.ASVS, "mypassword2023", False, False),
        (Policy.ASVS, "aaaaaaaabbbbbbb", False, False),
    ],
)
def test_each_policy_asks_for_its_own(policy: Policy, password: str, administrator: bool, good: bool) -> None:
    faults = password_faults(password, policy, administrator=administrator, login="zhang.jia")
    assert (faults == []) is good


def test_the_last_five_passwords_and_ninety_days(ground: Ground) -> None:
    now = moment(1700000000)
    with transaction(ground.sessions) as session:
        for number in range(6):
            remember(session, 1, hash_password(f"Ganbu-{number}!a"), now)
        session.flush()
        assert not was_used(session, 1, "Ganbu-0!a")
        assert was_used(session, 1, "Ganbu-1!a")
        assert not was_used(session, 2, "Ganbu-1!a")
        assert not is_too_old(session, 1, Policy.DENGBAO, now + timedelta(days=90))
        assert is_too_old(session, 1, Policy.DENGBAO, now + timedelta(days=90, seconds=1))
        assert not is_too_old(session, 1, Policy.ASVS, now + timedelta(days=400))
        assert not is_too_old(session, 2, Policy.DENGBAO, now)
