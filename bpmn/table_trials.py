"""What a decision table would look at on a case as it stands now, so that an edited one can be tried with it."""

from __future__ import annotations

from collections.abc import Mapping

from bpmn.casefile import Acting, take_case
from bpmn.surroundings import CLASSIFICATION
from ledger.findings import inputs


def asked_of_case(acting: Acting, stem: str, case_id: int) -> Mapping[str, object]:
    """Return by name what a table of this name sees of a case: what its survey found, else its variables.

    Raises ItemGone where there is no such case, and StateRefused for one whose state is not ours.
    """
    file = take_case(acting, case_id, lock=False)
    return inputs(file.project.findings or ()) if stem == CLASSIFICATION else file.run.variables
