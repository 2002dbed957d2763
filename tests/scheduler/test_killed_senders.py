"""A short run of `make prove NAME=senders`: three senders killed at random lose nothing (safety rule 11)."""

from __future__ import annotations

from tests.proofs.senders import Run, prove_run


def test_t3_killed_senders_lose_nothing_and_repeat_at_most_one_each(ledger_url: str) -> None:
    figures = prove_run(Run(ledger_url, messages=400, kills=50, seed=7))
    assert figures["kills"] >= 25  # the rest of the senders had finished by themselves
    assert figures["missing"] == 0
