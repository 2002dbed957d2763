"""python -m scheduler: run the clock in a process of its own, on the ledger that SIGEYIPI_… or the options name."""

from __future__ import annotations

import argparse
import signal
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from ledger.db import open_ledger
from ledger.log_lines import write_log_lines
from ledger.settings import Settings, load_keys
from scheduler.clock import clock_of, run_forever
from scheduler.lasting import spare_what_lasts


def main() -> None:
    """Tick until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m scheduler", description="按时办理：公告期满、到期提醒、消息发送")
    parser.add_argument("--data", type=Path, help="数据文件夹")
    parser.add_argument("--database", help="数据库地址，缺省为数据文件夹里的 SQLite")
    given = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    settings = Settings(**given)
    sessions = open_ledger(settings.database_url, load_keys(settings.data, settings.audit.digest))
    signal.signal(signal.SIGTERM, _leave)
    spare_what_lasts()
    write_log_lines()
    with suppress(KeyboardInterrupt, SystemExit):
        run_forever(clock_of(sessions, settings))


def _leave(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
