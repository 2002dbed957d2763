"""What a counted project has from one source is kept exactly, and nothing where it has none (issue 8 item 3)."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from ledger.db import transaction
from ledger.tallies import SourceShare, place_money
from tests.walk import Ground


def test_a_projects_money_is_kept_by_source(ground: Ground) -> None:
    amounts = [Decimal(each) for each in ("1200000.05", "0", "0.00", "7.25", "19999999999.99")]
    project_id = ground.projects[0].id
    for known in ([Decimal(1)] * 5, amounts):  # the second takes the place of the first
        with transaction(ground.sessions) as session:
            place_money(session, {project_id: known})
    with transaction(ground.sessions, writes=False) as session:
        found = {(share.source, share.yuan) for share in session.scalars(select(SourceShare))}
    told = {("earmarked", "1200000.05"), ("social", "7.25"), ("unattributed", "19999999999.99")}
    assert found == {(source, Decimal(yuan)) for source, yuan in told}
