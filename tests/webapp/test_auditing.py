"""审计 over HTTP and on the command line: for the audit administrator alone (safety rule 14)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from ledger.db import transaction
from ledger.journal import Entry
from scheduler.auditing import Watch
from tests.webapp.conftest import Person, Site
from tests.webapp.test_people import acts
from webapp.cli import main
from webapp.request import real_now


def auditor(site: Site) -> Person:
    person = site.visitor()
    assert person.sign_in("shenji").status_code == 303
    return person


def test_only_the_audit_administrator_sees_the_trail(site: Site) -> None:
    system = site.visitor()
    system.sign_in("xitong")
    for person in (site.town(), site.bureau(), system):
        assert person.get("/audit").status_code == 403
        assert person.post("/audit/verify").status_code == 403
    assert auditor(site).get("/audit").status_code == 200


def test_rows_are_found_by_person_act_and_day(both_sites: Site) -> None:
    site = both_sites
    site.town()
    site.bureau()
    person = auditor(site)
    page = person.get("/audit?q=桑柘镇经办甲&act=sign_in").get_data(as_text=True)
    assert "桑柘镇经办甲" in page
    assert "县乡村振兴局经办甲" not in page
    assert "没有符合条件的记录" in person.get("/audit?until=2020-01-01").get_data(as_text=True)
    assert person.get("/audit?case=99999999999999&since=x").status_code in (200, 404)


def test_an_export_is_text_and_leaves_a_row(site: Site, tmp_path: Path) -> None:
    site.town()
    answer = auditor(site).get("/audit/export?act=sign_in")
    (tmp_path / "audit.xlsx").write_bytes(answer.get_data())
    sheet = load_workbook(tmp_path / "audit.xlsx").worksheets[0]
    assert {row[4].value for row in sheet.iter_rows(min_row=3)} == {"登录"}
    assert acts(site)[-1] == "export"


def test_a_verification_is_kept_with_who_asked(both_sites: Site, tmp_path: Path) -> None:
    site = both_sites
    person = auditor(site)
    Watch(site.ground.sessions, tmp_path / "a.jsonl", tmp_path).seal(real_now())
    assert person.post("/audit/verify").status_code == 303
    page = person.get("/audit").get_data(as_text=True)
    assert "完好" in page
    assert "审计管理员甲" in page
    with transaction(site.ground.sessions, writes=False) as session:
        row = session.query(Entry).order_by(Entry.id.desc()).first()
        assert row is not None
        assert (row.act, json.loads(row.detail)["faults"]) == ("audit_verified", 0)


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(words))
    assert isinstance(left.value.code, int)
    return left.value.code


def test_the_command_verifies_archives_and_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = str(tmp_path / "data")
    assert run("audit", "verify", "--data", data, "--json") == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    archive = tmp_path / "month.zip"
    assert run("audit", "archive", str(archive), "--month", "2023-11", "--data", data) == 0
    assert run("audit", "check", str(archive), "--data", data) == 0
    archive.write_bytes(archive.read_bytes()[:-30])
    assert run("audit", "check", str(archive), "--data", data) == 2
    assert "不是完整的审计归档" in capsys.readouterr().err
    assert run("audit", "archive", "--month", "2023-13", "--data", data) == 2
    assert run("audit", "check", str(tmp_path / "none.zip"), "--data", data) == 2
