"""The gate for every upgrade of the library: random programs against an interpreter and against themselves.

Rule 10 of design/engine.md, issue 3 item 8. The seeds are fixed; `make prove` goes on where these end.
"""

from tests.bpmn.random_runs import in_memory, play_against_the_interpreter, play_at_random, unsaved

SEEDS = 150


def test_random_programs_do_what_the_interpreter_does() -> None:
    steps = sum(play_against_the_interpreter(seed, (unsaved, in_memory)[seed % 2]) for seed in range(SEEDS))
    assert steps > 8 * SEEDS


def test_saving_after_every_step_changes_nothing() -> None:
    steps = 0
    for seed in range(0, SEEDS, 2):
        plain, saved = play_at_random(seed, unsaved), play_at_random(seed, in_memory)
        assert plain == saved, f"seed {seed}"
        steps += len(plain)
    assert steps > 5 * SEEDS
