"""Some weeks of cases and rounds in a process of its own, whose server keeps any time zone: every due moment told.

python -m tests.zoned_year URL FOLDER
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path

from sqlalchemy import select

from ledger.db import open_ledger, transaction
from ledger.tables import METADATA
from tests.conftest import KEYS
from tests.walk import lay_ground
from tests.whole_year import whole_year

UNTIL = date(2023, 12, 6)  # the first publicity periods have ended
DUE = ("work_item", "timer", "unit_round", "round_item")


def main(url: str, folder: Path) -> None:
    """Play the weeks, compare each due moment with the oracles, and print the zone and the moments as JSON."""
    sessions = open_ledger(url, KEYS)
    year = whole_year(lay_ground(sessions, folder, 2), UNTIL, seed=1)
    year.play()
    figures = year.check()
    with transaction(sessions, writes=False) as session:
        moments = {}
        for table in (METADATA.tables[name] for name in DUE):
            told = session.scalars(select(table.c.due_at).order_by(table.c.id)).all()
            moments[table.name] = [str(moment) for moment in told]
        kept = "" if url.startswith("sqlite") else session.connection().exec_driver_sql("SHOW timezone").scalar_one()
    sessions.kw["bind"].dispose()
    print(json.dumps({"zone": time.tzname[0], "database": kept, "figures": figures, "moments": moments}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
