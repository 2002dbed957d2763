"""A run saved into the case table after every step does what one never saved does (issue 3 item 8)."""

from __future__ import annotations

from tests.bpmn.random_runs import play_at_random, unsaved
from tests.bpmn.row_keeping import through_rows
from tests.walk import Ground, Walk

SEEDS = range(1_000, 1_020)


def test_rows_keep_all_of_a_run(ground: Ground) -> None:
    case_id = Walk(ground, ground.projects[0]).case_id
    steps = 0
    for seed in SEEDS:
        plain, kept = play_at_random(seed, unsaved), play_at_random(seed, through_rows(ground.sessions, case_id))
        assert plain == kept, f"seed {seed}"
        steps += len(plain)
    assert steps > 10 * len(SEEDS)
