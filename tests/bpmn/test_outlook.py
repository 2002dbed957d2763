"""What can come after a step, read off the shipped diagram (interface 10: who comes next)."""

from __future__ import annotations

import pytest

from bpmn.deployment import shipped_bundle
from bpmn.engine import read_diagram
from bpmn.outlook import next_steps


@pytest.mark.parametrize(
    ("step", "following"),
    [
        ("receive", {"reassign", "field_survey"}),
        ("field_survey", {"assessment", "joint_review"}),
        ("acceptance_check", {"application", "field_survey", "decision"}),
        ("notice_unit", {"publicity_over", "objection_raised"}),
        ("reply", {"party_meeting", "notice_unit", "notice_site"}),
        ("evaluation", {"disposal", "reclassification", "filing", "decision"}),
        ("archiving", set()),
    ],
)
def test_the_steps_that_can_follow(step: str, following: set[str]) -> None:
    diagram = read_diagram(shipped_bundle().diagram.encode())
    assert {element.id for element in next_steps(diagram, step)} == following
