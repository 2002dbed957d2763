"""A case sent back again and again costs what it cost at first (issue 3 items 8 and 9, engine rule 1)."""

from __future__ import annotations

from tests.bpmn.many_returns import go_round
from tests.replay import assert_case
from tests.walk import Ground, Walk

ROUNDS = 40
SERIAL_BYTES = 4  # the next token's number is written in as few bytes as it needs


def test_neither_state_nor_statements_grow_with_returns(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    rounds = list(go_round(walk, ROUNDS))
    for act in zip(*rounds, strict=True):
        settled = act[5:]  # the first rounds read what is read once per process
        assert {step.statements for step in settled} == {settled[0].statements}
        assert settled[-1].state_bytes <= settled[0].state_bytes + SERIAL_BYTES
    acts = assert_case(sqlite_ground.sessions, walk.case_id)
    assert acts.count("send_back") == ROUNDS
