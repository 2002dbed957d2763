"""The stage on which every act is played, and what is asked of each: it and its row together or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest
from sqlalchemy.exc import DBAPIError
from werkzeug.test import TestResponse

from ledger.channel_settings import Webhooks
from ledger.db import open_ledger
from ledger.settings import BackingUp
from ledger.writing import mac_of
from scheduler.backups import Drill
from tests.audited import EVERYBODY, HOOK, Drive, Stage, cases, people, works
from tests.audited.outside import Outside, Torn
from tests.conftest import KEYS
from tests.walk import lay_ground
from tests.webapp.conftest import site_over
from tests.webapp.test_receipts import CHANNELS as RECEIPTS
from webapp.audit_details import lines_of, pairs_of
from webapp.audit_words import OTHER_ACTS

DRIVES = {**people.DRIVES, **cases.DRIVES, **works.DRIVES}
CHANNELS = RECEIPTS["aliyun"].model_copy(update={"webhooks": Webhooks(hosts=(urlsplit(HOOK).netloc,))})


WITHOUT_PAIR = frozenset(
    {
        # who came, and what was refused
        *("sign_in", "sign_in_failed", "sign_in_refused", "sign_out", "sessions_ended", "denied"),
        *(
            "password_changed",
            "second_factor_begun",
            "recovery_code_used",
            "bundle_refused",
            "template_rejected",
            "file_refused",
        ),
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

AFTERWARDS: Mapping[str, Collection[str]] = {
    "rehearsal_run": {"rehearsal_run", "rehearsal_outcome", "message"},
    "move_run": {"move_run", "message"},
}
"""What a run that somebody began writes bit by bit while it goes on: how far it is, and word that it is done."""


@contextmanager
def staged(url: str, folder: Path, outside: Outside) -> Iterator[Stage]:
    """Lay one county for all acts over a migrated database: each drive finds what it needs in it or makes it."""
    sessions = open_ledger(url, KEYS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bpmn.prints.print_paper", lambda title, rows, *_: f"{title}{rows}".encode())
        # trying a template or a diagram out takes seconds, and is no part of the act
        patch.setattr("webapp.paper_designs.problems_of", lambda *_: [])
        patch.setattr("bpmn.publishing.draft_findings", lambda *_: [])
        patch.setattr("webapp.backups.back_up", lambda *_: Drill("a.sgyb", "", 1, 1, 0, ()))
        patch.setattr("scheduler.clock.Clock.pass_once", lambda *_: None)
        site = site_over(lay_ground(sessions, folder / "papers", projects=115), datetime.now().astimezone())
        known = site.app.extensions["sigeyipi_settings"]
        more = {"database": url, "backup": BackingUp(folder=folder / "backups")}
        site.app.extensions["sigeyipi_settings"] = known.model_copy(update={"channels": CHANNELS, **more})
        made = Stage(site, outside)
        made.shared("receive")
        for login in EVERYBODY:
            made.person(login).token()  # signing in is an act of its own
        yield made
    sessions.kw["bind"].dispose()


def attempt(do: Callable[[], object]) -> int:
    """Do an act; return the answer's status, 500 for a fault, 200 for what has no answer."""
    try:
        answer = do()
    except (Torn, DBAPIError):
        return 500
    return answer.status_code if isinstance(answer, TestResponse) else 200


def play(stage: Stage, act: str) -> None:
    """Do an act twice: first where its row cannot be kept, and nothing stays; then with its row, in one transaction."""
    drive = DRIVES[act](stage)
    outside, effect = stage.outside, drive.effect
    rows, state, before = len(stage.entries(act)), outside.committed(), effect and stage.read(effect)
    with outside.torn(act) as met:
        status = attempt(drive.do)
    assert set(met) == {act}, f"the act was not done: {status}"
    assert len(stage.entries(act)) == rows
    if effect is None:
        assert outside.committed() == state, "something of the act stayed without its row"
    else:
        assert stage.read(effect) == before, "the act stayed without its row"
    began = outside.now()
    assert attempt(drive.do) < 500
    assert stage.entries(act)[rows:], "the act left no row"
    if effect is None:
        strays = {name for name in outside.strays(began) if name not in AFTERWARDS.get(act, ())}
        assert strays == set(), "something of the act came in a transaction without a row"
    else:
        assert stage.read(effect) != before
    _check_row(stage, act, drive)


def _check_row(stage: Stage, act: str, drive: Drive) -> None:
    """Look at the newest row of an act: who, what, from what to what, in words, with the right MAC."""
    row = stage.entries(act)[-1]
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
