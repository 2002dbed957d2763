"""What a release ships, put in force when an installation starts, and never above what people published (F8)."""

from __future__ import annotations

from bpmn.casefile import Acting
from bpmn.deployment import Bundle, deploy
from bpmn.drafting import lay_draft
from bpmn.engine import read_diagram
from ledger.procedure_drafts import is_drafted
from ledger.procedures import Procedure, newest_versions, procedure_by_hash

RELEASE = "系统"
"""Who deployed a version that came with the software."""


def put_in_force(acting: Acting, bundle: Bundle) -> Procedure:
    """Return the procedure's version in force: the shipped one, unless people published theirs.

    Then a shipped one nobody has seen yet is laid down as a draft, once: they compare it with their own and take what
    they want.
    """
    session, process = acting.session, read_diagram(bundle.diagram.encode()).process_id
    current = newest_versions(session).get(process)
    if current is None or current.deployed_by == RELEASE:
        return deploy(session, bundle, RELEASE, acting.now, acting.moment.real_at)
    name = f"随软件更新的版本 {bundle.sha256[:8]}"
    if procedure_by_hash(session, bundle.sha256) is None and not is_drafted(session, process, name):
        lay_draft(acting, process, name, bundle)
    return current
