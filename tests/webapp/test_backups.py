"""备份 over HTTP: the system administrator's page (safety rule 16)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.settings import BackingUp, Settings
from tests.conftest import KEYS
from tests.webapp.conftest import Person, Site
from tests.webapp.test_people import acts, admin


def with_folder(site: Site, folder: Path) -> Person:
    """Let the site back up into `folder`."""
    settings = site.app.extensions["sigeyipi_settings"]
    assert isinstance(settings, Settings)
    url = site.ground.sessions.kw["bind"].url.render_as_string()
    changed = settings.model_copy(update={"database": url, "backup": BackingUp(folder=folder)})
    site.app.extensions["sigeyipi_settings"] = changed
    return admin(site)


def test_a_backup_is_made_tried_out_and_listed(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.backups.load_keys", lambda _data: KEYS)  # those the ground was built with
    person = with_folder(site, tmp_path / "backups")
    assert "还没有备份" in person.get("/backups").get_data(as_text=True)
    assert person.post("/backups").status_code == 303
    page = person.get("/backups").get_data(as_text=True)
    assert "可以恢复" in page
    assert [path.suffix for path in sorted((tmp_path / "backups").iterdir())] == [".json", ".sgyb"]
    assert acts(site)[-1] == "backup"


def test_without_a_folder_the_page_says_what_to_set(site: Site) -> None:
    person = admin(site)
    assert "SIGEYIPI_BACKUP__FOLDER" in person.get("/backups").get_data(as_text=True)
    assert person.post("/backups").status_code == 404
    assert site.bureau().get("/backups").status_code == 403
