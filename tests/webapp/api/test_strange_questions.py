"""Whatever a program sends, the interface answers as it is described (issue 10; the long run: tests/proofs/api)."""

from __future__ import annotations

from collections import Counter

from tests.strange_questions import ask
from tests.webapp.api.conftest import Programs, everybodys
from tests.webapp.conftest import Site
from webapp.api.operations import OPERATIONS

ROUNDS = 1  # of each operation, by each of the nine


def test_no_question_breaks_the_interface(site: Site) -> None:
    walk = site.walk()
    walk.to("joint_review")
    site.catch_up(walk)
    asking = everybodys(site)
    seeds = [str(number) for number in range(ROUNDS)]
    answers = [
        each for seed in seeds for program in asking.values() for each in ask(program.client, program.token, seed)
    ]
    assert [each for each in answers if each.wrong] == []
    assert len(answers) == ROUNDS * len(asking) * len(OPERATIONS)
    statuses = Counter(each.status for each in answers)
    assert statuses[200] > 60
    assert {400, 403, 404} <= statuses.keys()


def test_a_finished_item_goes_nowhere(site: Site, programs: Programs) -> None:
    walk = site.walk()
    done = walk.item("receive")
    walk.to("joint_review")
    answer = programs("桑柘镇").get(f"/items/{done.id}/return-targets")
    assert (answer.status_code, answer.json) == (200, [])
