"""The example client of `docs/` against a real server: what an office would start from works as written."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from zipfile import ZipFile

import pytest

from tests.conftest import REPOSITORY
from tests.walk import PDF
from tests.webapp.api.conftest import program_of
from tests.webapp.conftest import Site

CLIENT = run_path(str(REPOSITORY / "docs" / "api_client.py"))


class Quiet(WSGIRequestHandler):
    """A server that writes no line per request."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(site: Site) -> Iterator[str]:
    server: WSGIServer = make_server("127.0.0.1", 0, site.app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_example_fetches_lists_urges_and_takes_a_table_away(
    site: Site, served: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    item = site.walk().item("receive")
    monkeypatch.setenv("SIGEYIPI_URL", served)
    monkeypatch.setenv("SIGEYIPI_TOKEN", program_of(site, site.ground.county.bureau.id).token)
    CLIENT["main"](["ledger"])
    ledger = json.loads(capsys.readouterr().out)
    assert {row["name"] for row in ledger} == {project.name for project in site.ground.projects}
    CLIENT["main"](["urge", str(item.id), "请尽快办理"])
    assert capsys.readouterr().out == "1 人已收到催办\n"
    with pytest.raises(CLIENT["Refused"], match="409"):
        CLIENT["main"](["urge", str(item.id)])
    CLIENT["main"](["table", "annex4", str(tmp_path / "附件4.xlsx")])
    assert (tmp_path / "附件4.xlsx").read_bytes().startswith(b"PK")
    monkeypatch.setenv("SIGEYIPI_TOKEN", program_of(site, item.unit_id).token)
    CLIENT["main"](["items"])
    assert capsys.readouterr().out.startswith(f"{item.id}\t")


def test_the_example_pushes_what_has_no_case_and_carries_files_both_ways(
    site: Site, served: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = site.walk()
    walk.complete("receive")
    monkeypatch.setenv("SIGEYIPI_URL", served)
    monkeypatch.setenv("SIGEYIPI_TOKEN", program_of(site, site.ground.county.bureau.id).token)
    campaign = str(site.ground.county.campaign.id)
    CLIENT["main"](["push", campaign])
    assert capsys.readouterr().out == f"已推送 {len(site.ground.projects) - 1} 个，已在办 0 个\n"
    CLIENT["main"](["push", campaign])
    assert capsys.readouterr().out == ""
    photo, archive, item = tmp_path / "现场.pdf", tmp_path / "归档.zip", walk.item("field_survey")
    photo.write_bytes(PDF)
    monkeypatch.setenv("SIGEYIPI_TOKEN", program_of(site, item.unit_id).token)
    CLIENT["main"](["upload", str(item.id), "photos", str(photo)])
    assert capsys.readouterr().out == "现场.pdf 已上传\n"
    CLIENT["main"](["archive", str(walk.case_id), str(archive)])
    with ZipFile(archive) as package:
        assert any(name.endswith("现场.pdf") for name in package.namelist())
