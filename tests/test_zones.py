"""Cases and rounds fall due at the same moments whatever zone server and database keep (safety.md: server zones)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

ZONES = {"UTC": "UTC", "Asia/Shanghai": "CST", "America/New_York": "EST"}  # as the process itself calls each


def begun(zone: str, url: str, folder: Path) -> subprocess.Popen[str]:
    """Begin some weeks in a process whose machine keeps `zone`."""
    command = [sys.executable, "-m", "tests.zoned_year", url, str(folder)]
    return subprocess.Popen(command, env={**os.environ, "TZ": zone}, stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, _nothing = process.communicate()
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_t4_due_moments_are_the_same_in_every_zone_of_the_server(
    tmp_path: Path, migrated_sqlite: Path, postgres_url: str
) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET timezone = 'America/New_York'".encode())
    processes = {}
    for number, zone in enumerate(ZONES):
        file = tmp_path / f"{number}.sqlite"
        shutil.copy(migrated_sqlite, file)
        processes[zone] = begun(zone, f"sqlite:///{file}", tmp_path / f"papers-{number}")
    processes["database"] = begun("Asia/Shanghai", postgres_url, tmp_path / "papers")
    years = {zone: told(process) for zone, process in processes.items()}
    assert {zone: years[zone]["zone"] for zone in ZONES} == ZONES
    assert years["database"]["database"] == "America/New_York"
    first = years["UTC"]["moments"]
    assert {name: len(moments) > 0 for name, moments in first.items()} == dict.fromkeys(first, True)
    assert [zone for zone, year in years.items() if year["moments"] != first] == []
    assert years["UTC"]["figures"]["timers_fired"] > 0
