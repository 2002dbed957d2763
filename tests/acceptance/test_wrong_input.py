"""Wrong input gets a Chinese sentence naming what and where and changes nothing (issue 2, "must show")."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from ledger.db import Base, Keys, SessionFactory, open_ledger, transaction
from ledger.projects import Project
from ledger.settings import load_keys
from ledger.vocabulary import ItemStatus
from tests.acceptance.clerk import Town, complaints, pdf
from tests.webapp.conftest import Site
from webapp.cli import main

TESTS = Path(__file__).parents[1]
CASES = TESTS / "cases"
HOSTILE = json.loads((CASES / "data" / "form_values.json").read_text())
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass
class Shell:
    """The command line over one installation."""

    place: tuple[str, ...]
    counts: Callable[[], dict[str, int]]
    said: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([arguments[0], *self.place, *arguments[1:]] if arguments else [])
        out, err = self.said.readouterr()
        return int(ended.value.code or 0), out, err


@pytest.fixture
def shell(
    ledger_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    data, opened = tmp_path / "installation", []

    def open_to_be_closed(url: str, keys: Keys) -> SessionFactory:
        opened.append(open_ledger(url, keys))  # a command's process ends with it, the test's does not
        return opened[-1]

    monkeypatch.setattr("webapp.installing.open_ledger", open_to_be_closed)
    sessions = open_ledger(ledger_url, load_keys(data))

    def counts() -> dict[str, int]:
        with transaction(sessions, writes=False) as session:
            tables = [table for table in Base.metadata.sorted_tables if table.name != "journal"]
            return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}

    found = Shell(("--data", str(data), "--database", ledger_url), counts, capsys)
    assert found.run("init")[0] == 0
    yield found
    for each in (sessions, *opened):
        each.kw["bind"].dispose()


def refused(shell: Shell, *arguments: str) -> str:
    """Run a command that must be refused; return its sentence."""
    before = shell.counts()
    code, _out, err = shell.run(*arguments)
    assert code == 2, (arguments, err)
    assert CHINESE.search(err), err
    assert "Traceback" not in err
    assert shell.counts() == before
    return err


def test_a_command_line_that_is_wrong_says_what_and_where(shell: Shell, tmp_path: Path) -> None:
    missing, folder = tmp_path / "没有.xlsx", tmp_path / "文件夹"
    folder.mkdir()
    assert f"{missing} 打不开：没有这个文件" in refused(shell, "import", str(missing), "--confirm")
    assert "这是一个文件夹" in refused(shell, "import", str(folder), "--check")
    assert "须写明其中之一：--check --confirm" in refused(shell, "import", "x.xlsx")
    assert "--check 不能与" in refused(shell, "import", "x.xlsx", "--confirm", "--check")
    assert "缺少：FILE" in refused(shell, "import", "--confirm")
    assert "不认识的参数：--jsn" in refused(shell, "workdays", "--days", "5", "--jsn", "2023-11-27")
    assert "“2023-11-31”不是日期" in refused(shell, "workdays", "--days", "5", "2023-11-27", "2023-11-31")
    assert "“27.11.2023”不是日期" in refused(shell, "workdays", "--days", "5", "27.11.2023")
    assert "不能是“五”" in refused(shell, "workdays", "--days", "五", "2023-11-27")
    assert "不能是“0”" in refused(shell, "workdays", "--days", "0", "2023-11-27")
    assert "9999-12-31 太晚" in refused(shell, "workdays", "--days", "5", "9999-12-31")
    assert "没有 'weekdays' 这一项" in refused(shell, "weekdays")
    assert "--port 应是 1—65535 的整数" in refused(shell, "serve", "--port", "八千")
    assert "不能是“70000”" in refused(shell, "serve", "--port", "70000")
    assert "000000" in refused(
        shell, "import", str(TESTS / "data" / "export-plain-1086.xlsx"), "--confirm", "--county", "000000"
    )


def test_a_place_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "文件"
    file.write_text("x")
    for place, named in (
        (("--data", str(file)), str(file)),
        (("--data", str(tmp_path / "d"), "--database", "nonsense"), "nonsense"),
        (("--data", str(tmp_path / "d"), "--database", "postgresql://nobody@127.0.0.1:1/none"), "127.0.0.1"),
    ):
        said = Shell(place, dict, capsys).run("workdays", "--days", "5", "2023-11-27")
        assert (said[0], named in said[2], bool(CHINESE.search(said[2]))) == (2, True, True), said


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("renamed_html", "xlsx"),
        ("renamed_csv", "xlsx"),
        ("empty", "空"),
        ("truncated", "损坏"),
        ("encrypted_like", "密码"),
        ("macro_renamed", "宏"),
        ("billion_laughs_sheet", "DTD"),
    ],
)
def test_a_wrong_workbook_is_refused(shell: Shell, name: str, named: str) -> None:
    assert named in refused(shell, "import", str(CASES / "xlsx" / f"{name}.xlsx"), "--confirm")


@pytest.mark.parametrize("name", ["bad_truncated", "bad_html", "bad_duplicate_id", "rce_script_task", "dos_self_loop"])
def test_a_wrong_diagram_is_refused(shell: Shell, name: str) -> None:
    refused(shell, "deploy", str(CASES / "bpmn" / f"{name}.bpmn"))


def test_working_days_are_printed_as_the_issue_shows(shell: Shell) -> None:
    """T1: 2023-11-27 is not counted; 28, 29, 30 November, 1 and 4 December are."""
    code, out, _err = shell.run("workdays", "--days", "5", "--json", "2023-11-27")
    assert code == 0
    assert json.loads(out) == {"from": "2023-11-27", "end": "2023-12-04", "days": 5, "provisional": False}


def test_spoiled_rows_are_named_and_the_good_ones_taken(shell: Shell) -> None:
    """P1: what was confirmed is written and answers 0; each spoiled row is named beside it."""
    code, out, err = shell.run("import", str(TESTS / "data" / "export-dirty-1086.xlsx"), "--confirm", "--json")
    result = json.loads(out)
    assert (code, err) == (0, "")
    assert result["errors"]
    assert shell.counts()["project"] == result["new"] > 0


# -- the browser


@pytest.fixture
def town(both_sites: Site) -> Town:
    return Town(both_sites)


def told(answer: TestResponse) -> None:
    """Hold an answer to a refusal in Chinese."""
    assert 400 <= answer.status_code < 500, answer.status_code
    assert CHINESE.search(answer.get_data(as_text=True))


def sent_with(value: str) -> str:
    """Return a hostile value as a browser could send it: what is no Unicode goes as what UTF-8 allows."""
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def test_hostile_words_are_kept_exactly_or_refused_by_name(town: Town) -> None:
    """Every text field × every value: kept as typed (trimmed) or 4xx naming it; never 5xx, escaped in the page."""
    matter = town.matter(0).to("field_survey")
    item, person = matter.walk.item("field_survey"), town.town("桑柘镇")
    before, page = town.counts(), {"_revision": str(item.revision), "_action": "submit"}
    texts = ("name", "village_text", "responsible_person", "telephone", "construction", "remark", "conclusion")
    others = (
        "balance_yuan",
        "implementation_year",
        "surveyed_on",
        "operation",
        "funding.earmarked.central",
        "findings",
    )
    for value in HOSTILE["values"]:
        posted = dict.fromkeys((*texts, *others), sent_with(value))
        answer = person.post(f"/items/{item.id}", {**posted, **page})
        told(answer)  # the rest of the form is missing, so nothing can be taken
        assert "<script>alert(1)" not in answer.text
        assert "<img src=x" not in answer.text
        assert "49" not in re.findall(r'id="f-remark"[^>]*>([^<]*)<', answer.text)
    assert town.counts() == before
    raw = b"name=\xed\xa0\x80&remark=%ED%A0%80&_action=submit&csrf_token=" + person.token().encode()
    told(person.client.post(f"/items/{item.id}", data=raw, content_type="application/x-www-form-urlencoded"))


def test_a_hostile_reason_comes_back_exactly_or_is_refused(town: Town) -> None:
    """A free text that is taken is kept as typed, whatever it holds, on either database; the pages stay whole."""
    matter = town.matter(0)
    units = [str(town.site.ground.county.townships[name].id) for name in ("保家镇", "桑柘镇")]
    taken = 0
    for value in HOSTILE["values"]:
        answer = matter.submit("receive", verdict="back", reason=sent_with(value))
        if answer.status_code == 422:
            assert "退回理由" in complaints(answer), value
            continue
        assert answer.status_code == 303
        assert matter.walk.items("receive")[taken].answers["reason"] == expected(value)
        page = matter.open("reassign")
        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page
        matter.do("reassign", verdict="unit", unit=units[taken % 2], reason="重新核对")
        taken += 1
    assert taken > len(HOSTILE["values"]) / 2


def expected(value: str) -> str:
    """Return what a browser's textarea would have sent, composed and trimmed."""
    return unicodedata.normalize("NFC", sent_with(value).replace("\r\n", "\n")).strip()


def test_keys_the_form_does_not_have_are_refused(town: Town) -> None:
    """`json_bodies`: no key of another's making reaches the variables a gateway reads."""
    matter = town.matter(0)
    item, person = matter.walk.item("receive"), town.town("桑柘镇")
    before, page = town.counts(), {"_revision": str(item.revision), "_action": "submit"}
    for body in HOSTILE["json_bodies"]:
        for key, value in body.items():
            # the verdict is missing, so that a key that is ignored (“_…” is the page's own) takes nothing either
            answer = person.post(f"/items/{item.id}", {"level": "village", key: json.dumps(value), **page})
            told(answer)
            assert ("2 处需要修改" in answer.text) is not key.startswith("_"), key
    injected = {"verdict": "taken", "level": "village", "approved": "true", "variables.approved": "1", **page}
    told(person.post(f"/items/{item.id}", injected))
    told(person.post(f"/items/{item.id}", {**page, "verdict": "withdraw", "level": "village"}))
    as_json = json.dumps({"verdict": "taken", "level": "village"})
    told(person.client.post(f"/items/{item.id}", data=as_json, content_type="application/json"))
    assert town.counts() == before
    matter.do("receive", verdict="taken", level="village")  # the case can still be loaded and goes on
    assert matter.walk.waiting() == ["field_survey"]


def test_foreign_and_unknown_ids_are_not_found(town: Town) -> None:
    """O1: another's is as unknown as what does not exist; numbers of any size are only numbers."""
    matter = town.matter(0).to("joint_review")
    stranger, item = town.town("鹿角镇"), matter.walk.items("field_survey")[0]
    paper = re.search(r"/papers/(\d+)", town.town("桑柘镇").get(matter.address + "?tab=papers").text)
    assert paper is not None
    before = town.counts()
    for path in (f"/items/{item.id}", matter.address, f"/papers/{paper[1]}", f"{matter.address}/position.json"):
        told(stranger.get(path))
    for number in (0, 99999999999999999999, 2**63, 2**31):
        for path in (f"/items/{number}", f"/cases/{number}", f"/papers/{number}", f"/meetings/{number}"):
            told(town.town("桑柘镇").get(path))
            told(town.town("桑柘镇").post(path))
    for path in ("/batches", "/meetings", "/notices"):
        assert town.town("桑柘镇").get(f"{path}?before={2**63}").status_code == 200
    for path in ("/inbox?after=0_99999999999999999999", "/inbox?q=%00", "/projects?q=%00", "/projects?after=%00"):
        told(town.town("桑柘镇").get(path))
    for path in ("/items/-1", "/items/x", "/items/1.0", "/cases/%00", "/cases/一", "/papers/../1", "/nichts"):
        told(stranger.get(path))
    told(stranger.post(f"/items/{item.id}", {"_revision": "1", "_action": "submit"}))
    told(stranger.post(f"{matter.address}/waivers/5", {"reason": "不适用"}))
    told(stranger.post(f"{matter.address}/waivers/99", {"reason": "不适用"}))
    told(stranger.post("/imports/new"))
    told(stranger.get("/unassigned"))
    foreign = {"meeting": "999999", "verdict": "on", "category": "upgrade"}
    own = town.matter(4).to("party_meeting")
    elsewhere = town.hold_meeting(town.site.ground.county.townships["保家镇"].id, "保家镇党委会", scan=pdf("纪要"))
    assert "党组（委）会" in own.refused("party_meeting", **foreign)
    assert "党组（委）会" in own.refused("party_meeting", **{**foreign, "meeting": str(elsewhere)})
    after = town.counts()
    assert after["case"] == before["case"] + 1
    assert after["archive_waiver"] == before["archive_waiver"]


def test_a_stale_page_a_double_submit_and_a_missing_token_change_nothing(town: Town) -> None:
    matter = town.matter(0)
    item, person = matter.walk.item("receive"), town.town("桑柘镇")
    form = {"verdict": "taken", "level": "village", "_action": "submit"}
    before = town.counts()
    for revision in ("", "0", "999", "abc", "1e3", str(10**30), str(item.revision - 1)):
        answer = person.post(f"/items/{item.id}", {**form, "_revision": revision})
        assert answer.status_code == 409, revision
        told(answer)
    bare = person.client.post(f"/items/{item.id}", data={**form, "_revision": str(item.revision)})
    assert (bare.status_code, "页面已过期" in bare.text) == (400, True)
    told(town.site.visitor().post(f"/items/{item.id}", form))
    told(town.site.visitor().post("/login", {"login": "sangzhezhen\0.jingban", "password": "x\0"}))
    told(person.post(f"{matter.address}/waivers/5", {"reason": "不\0适用"}))
    assert town.counts() == before
    first = person.post(f"/items/{item.id}", {**form, "_revision": str(item.revision)})
    once = town.counts()
    second = person.post(f"/items/{item.id}", {**form, "_revision": str(item.revision)})
    assert (first.status_code, second.status_code) == (303, 409)
    assert "该任务已由桑柘镇经办甲于" in second.text
    assert town.counts() == once


def test_a_wrong_upload_is_named_and_not_kept(town: Town) -> None:
    matter = town.matter(0).to("field_survey")
    item, person = matter.walk.item("field_survey"), town.town("桑柘镇")
    before = town.counts()
    stored = sorted(town.site.ground.papers.rglob("*"))
    for name in ("html_named.jpg", "html_named.pdf", "stored_xss.svg", "stored_xss.html", "xhtml_in.xml"):
        upload = (BytesIO((CASES / "data" / name).read_bytes()), name)
        page = {"_revision": str(item.revision), "_action": "upload", "photos": upload}
        answer = person.post(f"/items/{item.id}", page, content_type="multipart/form-data")
        told(answer)
        assert f"“{name}”" in answer.text
    unknown = {"_action": "upload", "unknown": pdf("照片"), "_revision": "1"}
    told(person.post(f"/items/{item.id}", unknown, content_type="multipart/form-data"))
    for name in ("renamed_html.xlsx", "empty.xlsx", "macro_renamed.xlsx", "xxe_sheet.xlsx", "truncated.xlsx"):
        book = {"workbook": (BytesIO((CASES / "xlsx" / name).read_bytes()), name)}
        told(town.bureau().post("/imports/new", book, content_type="multipart/form-data"))
    told(town.bureau().post("/imports/new"))
    assert town.counts() == before
    assert sorted(town.site.ground.papers.rglob("*")) == stored
    assert town.rows(Project)[0].surveyed_on is None
    assert matter.walk.item("field_survey").status == ItemStatus.OPEN
