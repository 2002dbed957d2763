"""Every act of the journal stands in the transaction it speaks of: with it or not at all (safety rule 14, issue 10)."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from ledger.channel_settings import Webhooks
from ledger.db import open_ledger
from ledger.journal import Entry
from ledger.settings import BackingUp
from ledger.writing import mac_of
from scheduler.backups import Drill
from tests.audited import EVERYBODY, HOOK, Stage, cases, people, works
from tests.conftest import KEYS
from tests.walk import lay_ground
from tests.webapp.conftest import site_over
from tests.webapp.test_receipts import CHANNELS as RECEIPTS
from webapp.audit_details import lines_of, pairs_of
from webapp.audit_words import OTHER_ACTS, WORDS

DRIVES = {**people.DRIVES, **cases.DRIVES, **works.DRIVES}


CHANNELS = RECEIPTS["aliyun"].model_copy(update={"webhooks": Webhooks(hosts=(urlsplit(HOOK).netloc,))})


WITHOUT_PAIR = frozenset(
    {
        # who came, and what was refused
        *("sign_in", "sign_in_failed", "sign_in_refused", "sign_out", "sessions_ended", "denied"),
        *("password_changed", "second_factor_begun", "recovery_code_used", "bundle_refused", "template_rejected"),
        # what was looked at, taken away or verified
        *("telephone_revealed", "export", "audit_verified", "backup", "rotate_keys", "rotate_audit_key", "snapshot"),
        # what is gone for good, and its application
        *("purge_asked", "purged"),
        # work on projects, meetings and reports: told by the case's history and by the things themselves
        *("upload", "remove_paper", "comment", "import", "import_rows", "import_refused", "columns", "push", "assign"),
        *("ledger_taken", "ledger_refused", "meeting", "meeting_changed", "minutes", "message_retried"),
        *("round_opened", "round_completed", "round_chased", "round_closed", "round_upload", "round_paper_removed"),
        *("spot_check_drawn", "spot_check_found", "spot_check_mended", "spot_check_again", "spot_check_settled"),
        # a draft's way to a version, whose row tells every change
        *("draft_begin", "draft_submit", "draft_take_back", "draft_discard", "draft_approve", "draft_refuse"),
        *("draft_scenarios", "scenario_keep", "scenario_retire", "rehearsal_run", "move_run", "message_undelivered"),
    }
)
"""Acts outside a case that change no setting of the administration; every other one tells its change in pairs."""


class Torn(Exception):
    """The power went when the row had been written and nothing was committed."""


@pytest.fixture(scope="module")
def stage(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One county for all acts: each drive finds what it needs in it or makes it."""
    folder = tmp_path_factory.mktemp("audited")
    shutil.copy(migrated_sqlite, folder / "ledger.sqlite")
    sessions = open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}", KEYS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bpmn.prints.print_paper", lambda title, rows, *_: f"{title}{rows}".encode())
        # trying a template or a diagram out takes seconds, and is no part of the act
        patch.setattr("webapp.paper_designs.problems_of", lambda *_: [])
        patch.setattr("bpmn.publishing.draft_findings", lambda *_: [])
        patch.setattr("webapp.backups.back_up", lambda *_: Drill("a.sgyb", "", 1, 1, 0, ()))
        patch.setattr("scheduler.clock.Clock.pass_once", lambda *_: None)
        site = site_over(lay_ground(sessions, folder / "papers", projects=115), datetime.now().astimezone())
        known = site.app.extensions["sigeyipi_settings"]
        more = {"database": f"sqlite:///{folder / 'ledger.sqlite'}", "backup": BackingUp(folder=folder / "backups")}
        site.app.extensions["sigeyipi_settings"] = known.model_copy(update={"channels": CHANNELS, **more})
        with closing(sqlite3.connect(folder / "ledger.sqlite")) as outside:
            made = Stage(site, outside)
            made.shared("receive")
            for login in EVERYBODY:
                made.person(login).token()  # signing in is an act of its own
            yield made
    sessions.kw["bind"].dispose()


@contextmanager
def torn(stage: Stage, act: str) -> Iterator[list[str]]:
    """Let every transaction that has written a row of `act` fail at its commit; yields the acts it met."""
    met: list[str] = []
    before = stage.newest(Entry)

    def fail(session: Session) -> None:
        session.flush()
        if session.scalars(select(Entry.id).where(Entry.id > before, Entry.act == act).limit(1)).first():
            met.append(act)
            raise Torn

    event.listen(Session, "before_commit", fail)
    try:
        yield met
    finally:
        event.remove(Session, "before_commit", fail)


def attempt(do: Callable[[], object]) -> int:
    """Do an act; return the answer's status, 500 for a fault, 200 for what has no answer."""
    try:
        answer = do()
    except Torn:
        return 500
    return answer.status_code if isinstance(answer, TestResponse) else 200


def committed(stage: Stage) -> int:
    """Return a number that another one follows whenever something is committed, seen from outside."""
    version: int = stage.outside.execute("PRAGMA data_version").fetchone()[0]
    return version


@pytest.mark.parametrize("act", DRIVES)
def test_an_act_and_its_row_are_there_together_or_not_at_all(stage: Stage, act: str) -> None:
    drive = DRIVES[act](stage)
    rows, state, effect = len(stage.entries(act)), committed(stage), drive.effect and stage.read(drive.effect)
    with torn(stage, act) as met:
        status = attempt(drive.do)
    assert set(met) == {act}, f"the act was not done: {status}"
    assert len(stage.entries(act)) == rows
    if drive.effect is None:
        assert committed(stage) == state, "something of the act stayed without its row"
    else:
        assert stage.read(drive.effect) == effect, "the act stayed without its row"
    assert attempt(drive.do) < 500
    new = stage.entries(act)[rows:]
    assert new, "the act left no row"
    assert drive.effect is None or stage.read(drive.effect) != effect
    row = new[-1]
    detail = orjson.loads(row.detail)
    assert (stage.login_of(row.user_id), bool(row.who)) == (drive.who, True)
    assert {name: detail.get(name) for name in drive.told} == dict(drive.told)
    assert row.mac == mac_of(row, KEYS)
    strange = [line for line in lines_of(row.detail) if not re.match(r"[^：]*[一-鿿]", line)]
    assert strange == [], f"{act} tells what nobody can read"
    if act in OTHER_ACTS and act not in WITHOUT_PAIR:
        pairs = pairs_of(detail)
        assert any(each.before != each.after for each in pairs), f"{act} does not say from what to what: {detail}"
        assert any("→" in line for line in lines_of(row.detail))


def test_what_changes_nothing_is_named() -> None:
    assert sorted(WITHOUT_PAIR - OTHER_ACTS.keys()) == []


def test_every_act_has_its_drive() -> None:
    assert sorted(WORDS.keys() - DRIVES.keys()) == []
    assert sorted(DRIVES.keys() - WORDS.keys()) == []
