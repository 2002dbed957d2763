"""What a release ships takes the place of what a release shipped, and never of what people published (F8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from bpmn.casefile import Acting
from bpmn.deployment import Bundle, deploy
from bpmn.releasing import put_in_force
from bpmn.round_procedures import shipped_round
from ledger.db import SessionFactory, transaction
from ledger.installation import found
from ledger.journal import Moment
from ledger.procedure_drafts import DraftStage, drafts_of
from ledger.procedures import newest_versions
from ledger.scope import CLOCK
from ledger.vocabulary import RoundKind
from ledger.working_days import seed_calendar

NOW = datetime(2023, 11, 6, 1, tzinfo=UTC)
SHIPPED = shipped_round(RoundKind.WEEKLY)


def named(bundle: Bundle, name: str) -> Bundle:
    """Return the bundle with its first task called something else: a next release, or an administrator's own."""
    before, quoted, after = bundle.diagram.partition('<bpmn:userTask id="')
    element, _, rest = after.partition(' name="')
    _, _, rest = rest.partition('"')
    return replace(bundle, diagram=f'{before}{quoted}{element} name="{name}"{rest}')


@pytest.fixture
def acting(sessions: SessionFactory, tmp_path: Path) -> Iterator[Acting]:
    with transaction(sessions) as session:
        found(session, NOW, demonstration=False)
        seed_calendar(session)
    with sessions() as session:
        yield Acting(session, CLOCK, Moment(NOW, NOW), tmp_path)


def in_force(session: Session) -> list[tuple[int, str]]:
    return [(version.number, version.sha256) for version in newest_versions(session).values()]


def waiting(session: Session) -> list[str]:
    return [draft.name for draft in drafts_of(session, (DraftStage.EDITING,), 10)]


def test_f8_a_release_replaces_what_a_release_shipped(acting: Acting) -> None:
    first, second = SHIPPED, named(SHIPPED, "新版填报")
    put_in_force(acting, first)
    put_in_force(acting, second)
    put_in_force(acting, second)
    assert in_force(acting.session) == [(2, second.sha256)]
    assert waiting(acting.session) == []


def test_f8_what_people_published_stays_and_the_shipped_waits_once(acting: Acting) -> None:
    own, update = named(SHIPPED, "本县填报"), named(SHIPPED, "新版填报")
    put_in_force(acting, SHIPPED)
    deploy(acting.session, own, "系统管理员甲", NOW)
    put_in_force(acting, SHIPPED)  # a plain restart
    assert waiting(acting.session) == []
    kept = put_in_force(acting, update)
    put_in_force(acting, update)
    assert kept.sha256 == own.sha256
    assert in_force(acting.session) == [(2, own.sha256)]
    assert waiting(acting.session) == [f"随软件更新的版本 {update.sha256[:8]}"]
