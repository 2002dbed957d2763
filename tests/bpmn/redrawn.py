"""Other versions of the shipped procedure: pieces of its diagram replaced, a step under another id, other forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bpmn.deployment import Bundle, deploy, shipped_bundle
from bpmn.starting import PROCESS
from ledger.cases import Case
from ledger.db import transaction
from ledger.procedures import Procedure
from tests.walk import Ground


def changed(*swaps: tuple[str, str], forms: Mapping[str, Mapping[str, Any]] | None = None) -> Bundle:
    """The shipped bundle with pieces of its diagram and some forms replaced."""
    shipped = shipped_bundle()
    drawn = shipped.diagram
    for old, new in swaps:
        assert old in drawn, old
        drawn = drawn.replace(old, new)
    return replace(shipped, diagram=drawn, forms={**shipped.forms, **(forms or {})})


def renamed(element: str, to: str, **more: Any) -> Bundle:
    """The shipped bundle with an element under another id, its handler the same."""
    drawn = re.sub(rf'(["\W]){element}(["<])', rf"\g<1>{to}\g<2>", shipped_bundle().diagram)
    return replace(changed(**more), diagram=drawn.replace(f'sgyp:handler="{to}"', f'sgyp:handler="{element}"'))


NAMES = changed(('name="填申请表"', 'name="填写申请表"'))
WORDS = changed(('name="签收项目"', 'name="接收项目"'), ('name="领导小组审定"', 'name="领导小组会议审定"'))
LONGER = changed(("publicity_end(5)", "publicity_end(7)"), ('name="会审"', 'name="联合会审"'))


def newly(ground: Ground, wanted: Bundle) -> int:
    """Deploy a bundle, once however often it is asked for, and return the version's id."""
    with transaction(ground.sessions) as session:
        return deploy(session, wanted, "管理员", ground.now).id


def others(session: Session, case_id: int) -> list[int]:
    """Return the versions of its procedure that a case is not on, oldest first."""
    here = session.get_one(Case, case_id).procedure_id
    wanted = select(Procedure.id).where(Procedure.process_id == PROCESS, Procedure.id != here)
    return list(session.scalars(wanted.order_by(Procedure.id)))
