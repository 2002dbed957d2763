"""The interface asked 200 times each operation by nine people, and by schemathesis as each of them.

schemathesis draws its questions from the OpenAPI document as it is served and holds every answer against it:
`pip install schemathesis` beside the tests. Without it only our own questions are asked, and the figures say so.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from importlib.util import find_spec
from typing import Any

from tests.benchmarks.figures import place
from tests.strange_questions import ask
from tests.walk import lay_ground
from tests.webapp.api.conftest import Program, everybodys
from tests.webapp.conftest import Site, site_over

TIMES = 200


def prove(seed: int) -> Iterator[dict[str, Any]]:
    """Yield how often each status was answered; AssertionError names the first answers that are not as described."""
    os.environ["SIGEYIPI_REQUESTS_PER_MINUTE"] = "0"
    times = int(os.environ.get("TIMES", TIMES))
    with place("sqlite") as laid:
        site = site_over(lay_ground(laid.sessions, laid.folder / "papers"), datetime.now().astimezone())
        walk = site.walk()
        walk.to("joint_review")
        site.catch_up(walk)
        asking = everybodys(site)
        for name, program in asking.items():
            answers = [each for n in range(times) for each in ask(program.client, program.token, f"{seed} {n}")]
            wrong = [each for each in answers if each.wrong]
            assert not wrong, (seed, wrong[:5])
            statuses = dict(sorted(Counter(each.status for each in answers).items()))
            yield {"seed": seed, "who": name, "questions": len(answers), "statuses": statuses, "wrong": 0}
        if find_spec("schemathesis") is None:
            yield {"schemathesis": "not installed"}
        else:
            for name, program in asking.items():
                yield {"seed": seed, "who": name, **_by_schemathesis(site, program, seed, times)}


def _by_schemathesis(site: Site, program: Program, seed: int, times: int) -> dict[str, Any]:
    """Let schemathesis ask every operation; it raises for a fault and for an answer that is not as described."""
    # beside the tests' own libraries, and slow to load
    import hypothesis
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

    checks = [not_a_server_error, content_type_conformance, response_schema_conformance]
    asked: Counter[str] = Counter()
    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", site.app)
    for found in described.get_all_operations():
        operation = found.ok()

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=times, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
        )
        @hypothesis.given(case=operation.as_strategy())
        def question(case: Any) -> None:
            asked[case.operation.label] += 1
            case.call_and_validate(headers=program.headers, checks=checks)

        question()
    return {"schemathesis": schemathesis.__version__, "operations": len(asked), "questions": asked.total()}
