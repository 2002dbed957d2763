"""A rehearsed county (issue 4): every trouble of the procedure is met and mastered, and every count agrees."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bpmn.rehearsal import county
from bpmn.rehearsal.county import NotEmpty, Rehearsed, Stage, rehearse
from bpmn.rehearsal.recount import disagreements
from bpmn.rehearsal.story import Story, story_of
from forms.sheets.national_export import read_export
from ledger.cases import Case, Objection, WorkItem
from ledger.db import SessionFactory, open_ledger, transaction
from ledger.journal import Entry
from ledger.projects import Project
from ledger.statistics import annex4_rows, annex5_rows, everything, projects_where
from ledger.vocabulary import Category, Operation
from scheduler.sweep import Ground, sweep
from tests.conftest import KEYS
from tests.forms.sheets.made import export

CALM = replace(
    story_of(1, "calm"),
    category=Category.UPGRADE,
    operation=Operation.NORMAL,
    causes=(),
    problems=(),
    returned_at=frozenset(),
    withdrawn=False,
    changed=False,
    unsigned=False,
    sent_back=False,
    dissent=None,
    late_reviewer=False,
    exit_at=None,
    objections=(),
    unreached=0,
)
STEPS = frozenset({"preliminary_opinion", "party_meeting", "unit_opinion", "acceptance_check", "decision", "filing"})
TROUBLES = (
    replace(CALM, returned_at=STEPS, dissent=1, unsigned=True),
    replace(CALM, returned_at=frozenset({"receive"}), withdrawn=True),
    replace(CALM, returned_at=frozenset({"receive"}), objections=((True, False), (False,))),
    replace(CALM, exit_at="party_meeting", write_off=True, write_off_refused=True),
    replace(CALM, exit_at="disposal", write_off=True, write_off_refused=False),
    replace(CALM, exit_at="disposal", exit_refused=True, unreached=2, sent_back=True),
    replace(CALM, category=Category.REBUILD, operation=Operation.STOPPED, causes=("funds",), late_reviewer=True),
    replace(CALM, category=Category.REVIVE, operation=Operation.STOPPED, causes=("prices", "funds"), changed=True),
)


def stage_on(sessions: SessionFactory, folder: Path) -> Stage:
    ground = Ground(sessions, folder / "papers")
    return Stage(sessions, folder / "papers", lambda moment: sweep(ground, moment).fired)


@pytest.fixture
def sqlite_sessions(migrated_sqlite: Path, tmp_path: Path) -> Iterator[tuple[SessionFactory, ...]]:
    """Two empty ledgers on SQLite."""
    opened = []
    for n in range(2):
        path = shutil.copy(migrated_sqlite, tmp_path / f"ledger{n}.sqlite")
        opened.append(open_ledger(f"sqlite:///{path}", KEYS))
    yield tuple(opened)
    for sessions in opened:
        sessions.kw["bind"].dispose()


def play(stage: Stage, monkeypatch: pytest.MonkeyPatch, stories: tuple[Story, ...]) -> Rehearsed:
    """Rehearse one project of the export per story."""
    rows = read_export(export("plain")).rows[: len(stories)]
    told = {row.number: story for row, story in zip(rows, stories, strict=True)}
    monkeypatch.setattr(county, "story_of", lambda _seed, number: told[number])
    heard: list[tuple[int, int]] = []
    done = rehearse(stage, rows, 2023, 7, lambda finished, whole: heard.append((finished, whole)))
    assert heard[-1] == (len(stories), len(stories))
    return done


def test_p1_p13_every_trouble_is_met_and_mastered(
    sessions: SessionFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = play(stage_on(sessions, tmp_path), monkeypatch, TROUBLES)
    assert done.problems == ()
    assert (done.projects, done.cases_finished, done.objections, done.exits) == (8, 8, 3, 2)
    with transaction(sessions, writes=False) as session:
        assert Counter(session.scalars(select(Case.status))) == {"archived": 7, "withdrawn": 1}
        acts = Counter(session.scalars(select(Entry.act)))
        assert [acts[name] for name in ("send_back", "overdue", "objection")] == [1, 1, 3]
        assert acts["timer"] == done.timers_fired
        upheld = Counter(session.scalars(select(Objection.upheld)))
        assert upheld == {True: 1, False: 2}
        rounds = sorted(session.scalars(select(Case.round)))
        assert rounds[-1] == 3  # two rounds that did not reach their results, and the one that did
        written_off = session.scalars(select(WorkItem).where(WorkItem.stem == "exit_recovery")).all()
        assert len(written_off) == 3  # one was refused and recovered after all
        assert session.scalars(select(Project.exited_on).where(Project.exited_on.is_not(None))).all()


def test_the_same_seed_prints_the_same_tables(
    sqlite_sessions: tuple[SessionFactory, SessionFactory], tmp_path: Path
) -> None:
    rows = read_export(export("plain")).rows[:3]
    printed = []
    for n, sessions in enumerate(sqlite_sessions):
        done = rehearse(stage_on(sessions, tmp_path / str(n)), rows, 2024, 5, lambda _done, _all: None)
        assert done.problems == ()
        with transaction(sessions, writes=False) as session:
            projects = projects_where(session, everything())
            printed.append((annex4_rows(projects), annex5_rows(projects), replace(done, seconds=0.0)))
    assert printed[0] == printed[1]


def test_a_ledger_with_people_in_it_is_not_played_on(
    sqlite_sessions: tuple[SessionFactory, ...], tmp_path: Path
) -> None:
    stage = stage_on(sqlite_sessions[0], tmp_path)
    rehearse(stage, (), 2023, 1, lambda _done, _all: None)
    with pytest.raises(NotEmpty):
        rehearse(stage, (), 2023, 1, lambda _done, _all: None)


def test_f4_a_table_that_miscounts_is_told(
    sqlite_sessions: tuple[SessionFactory, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = sqlite_sessions[0]
    play(stage_on(sessions, tmp_path), monkeypatch, (CALM,))
    with transaction(sessions) as session:
        assert disagreements(session) == []
        session.execute(update(Project).values(causes=["funds"], operation="stopped"))
        assert disagreements(session) == []  # both ways count the new cause
        monkeypatch.setattr("ledger.statistics.ANNEX4_CAUSES", ())
        name = session.scalars(select(Project)).one().responsible_unit.short_name  # type: ignore[union-attr]
        assert disagreements(session) == [f"统计表“{name}”与逐项目计数不一致", "统计表“合计”与逐项目计数不一致"]
