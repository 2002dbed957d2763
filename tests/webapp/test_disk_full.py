"""A full disk: a page with a number, nothing half done, and the same request works once there is room (safety rule 16).

SQLite says so itself when it may take no page more; PostgreSQL's word and the papers' disk are played.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from io import BytesIO
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event
from werkzeug.test import TestResponse

from ledger.cases import WorkItem
from ledger.db import day_of, transaction
from ledger.vocabulary import ItemStatus
from tests.kills import counts
from tests.ledger.test_failing import FullDisk, commits_fail, files
from tests.replay import assert_case
from tests.walk import PDF, Walk, fill
from tests.webapp.conftest import Site

STEP = "field_survey"  # writes a paper
LONG = {"villagers_opinion": 1_000, "conclusion": 2_000}  # characters: more than the pages there are have room for
GB = 1024**3
_WORDS = [chr(number) for number in range(0x4E00, 0x9000)]
Post = Callable[[], TestResponse]
Full = Callable[[Site], AbstractContextManager[None]]


@contextmanager
def no_page_more(site: Site) -> Iterator[None]:
    """Let SQLite find no room beyond the pages it has."""
    engine, most = site.ground.sessions.kw["bind"], [1]  # never less than there are
    with closing(sqlite3.connect(engine.url.database)) as connection:
        connection.execute("VACUUM")  # nor room in those

    def limit(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {most[0]}")

    event.listen(engine, "checkout", limit)
    yield
    most[0] = 2**31


@contextmanager
def no_commit(site: Site) -> Iterator[None]:
    with commits_fail(site.ground.sessions, done=False):
        yield


@contextmanager
def no_paper(_site: Site) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as full:
        full.setattr("ledger.papers.open", FullDisk, raising=False)
        yield


def completing(site: Site) -> tuple[Walk, Post]:
    """Return a case before a step that writes a paper, and what posts that step's form as its page would."""
    walk = site.walk()
    walk.to(STEP)
    site.catch_up(walk)
    item = walk.item(STEP)
    with walk.acting(item.role, item.unit_id) as acting:
        shown = walk.prepare(acting, item, {})
        said = {name: "".join(Random(name).choices(_WORDS, k=count)) for name, count in LONG.items()}
        posted: dict[str, Any] = dict(fill(shown, {**walk.answers_for(shown), **said}, day_of(walk.now)))
    given = {**posted, "_revision": str(item.revision), "_action": "submit"}
    person = site.person(item.unit_id)
    person.token()  # its page was opened before
    return walk, partial(person.post, f"/items/{item.id}", given, content_type="multipart/form-data")


def refused(site: Site, full: Full, post: Post) -> dict[str, int]:
    """Post on a full disk; answers how many rows of which table that left nevertheless."""
    before, lying = counts(site.ground), set(files(site.ground.papers))
    with full(site):
        answer = post()
    assert answer.status_code == 500, answer.text
    assert re.search("错误编号：[0-9a-f]{8}", answer.text)
    assert set(files(site.ground.papers)) == lying
    return {name: more for name, count in counts(site.ground).items() if (more := count - before[name])}


def goes_on(site: Site, walk: Walk, item: WorkItem, post: Post) -> None:
    """Post once there is room: the step is done, and every paper of every row lies there."""
    assert post().status_code == 303
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.get_one(WorkItem, item.id).status == ItemStatus.DONE
    assert_case(site.ground.sessions, walk.case_id)


def half_done(site: Site, full: Full) -> dict[str, int]:
    """Complete a step on a full disk and again once there is room; answers what the first left."""
    walk, post = completing(site)
    item = walk.item(STEP)
    left = refused(site, full, post)
    assert_case(site.ground.sessions, walk.case_id)
    goes_on(site, walk, item, post)
    return left


def test_a_ledger_that_takes_no_page_more_is_left_as_it_was(site: Site) -> None:
    assert half_done(site, no_page_more) == {}


def test_a_commit_that_finds_no_room_changes_nothing(both_sites: Site) -> None:
    assert half_done(both_sites, no_commit) == {}


def test_a_paper_that_finds_no_room_is_no_paper(both_sites: Site) -> None:
    """Where only the papers' disk is full, the ledger keeps what was typed and tells the administrators."""
    assert half_done(both_sites, no_paper) == {"draft": 1, "incident": 1}


@pytest.mark.parametrize("full", [no_commit, no_paper])
def test_a_file_sent_to_a_full_disk_is_nowhere(site: Site, full: Full) -> None:
    walk = site.walk()
    walk.to(STEP)
    person, path = site.person(walk.item(STEP).unit_id), f"/items/{walk.item(STEP).id}"
    person.token()

    def post() -> TestResponse:
        scan = PDF + Random(1).randbytes(9_000)
        sent = {"photos": (BytesIO(scan), "现场.pdf"), "_action": "draft", "remark": "".join(_WORDS[:300])}
        return person.post(path, sent, content_type="multipart/form-data")

    assert refused(site, full, post) == {}
    assert post().status_code == 303
    assert "现场.pdf" in person.get(path).text


@pytest.mark.parametrize(("free", "ok"), [(GB - 1, False), (5 * GB, True)])
def test_health_tells_of_the_disk(site: Site, monkeypatch: pytest.MonkeyPatch, free: int, *, ok: bool) -> None:
    site.town().post("/demonstration/clock", {"by": "day"})  # the clock has beaten
    monkeypatch.setattr("webapp.uploads.disk_usage", lambda _path: SimpleNamespace(total=100 * GB, free=free))
    answer = site.visitor().get("/healthz")
    assert answer.status_code == (200 if ok else 503)
    assert answer.json == {"ok": ok, "clock": "正常", "disk": "正常" if ok else "磁盘空间不足，不能上传"}
