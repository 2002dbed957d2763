"""What a counted project has from one source is asked of the database exactly (issue 8 item 3)."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from ledger.db import transaction
from ledger.tallies import SOURCES, Tallied, amount_from
from tests.walk import Ground


def test_an_amount_is_read_from_its_place(ground: Ground) -> None:
    amounts = ("1200000.05", "0", "0.00", "7.25", "19999999999.99")
    with transaction(ground.sessions) as session:
        session.add(Tallied(project_id=ground.projects[0].id, revisions=1, shares={"money": list(amounts)}))
        session.flush()
        found = {source: session.scalars(select(amount_from(source))).one() for source in SOURCES}
        some = [source for source in SOURCES if session.scalar(select(Tallied).where(amount_from(source) != 0))]
    assert found == {source: Decimal(amount) for source, amount in zip(SOURCES, amounts, strict=True)}
    assert some == ["earmarked", "social", "unattributed"]
