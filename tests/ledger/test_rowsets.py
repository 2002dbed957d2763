"""Many rows of one shape are written as they are, whatever stands in them, and a changed one stops them all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from ledger.asking import asking_once
from ledger.db import RowChanged, SessionFactory, transaction
from ledger.demonstration import build_county, build_projects
from ledger.journal import Act, Entry, Moment
from ledger.projects import Project
from ledger.scope import CLOCK
from ledger.writing import mac_of, record, write_many, write_rows
from tests.conftest import KEYS

NOW = datetime(2023, 11, 6, 1, 0, 0, 123456, tzinfo=UTC)
ODD = '引号"、\'、\\x00、%s、换行\n、{"a": null}'


@pytest.fixture
def projects(sessions: SessionFactory) -> list[int]:
    with transaction(sessions) as session:
        county = build_county(session, NOW, ("桑柘镇",))
        return [project.id for project in build_projects(session, county, 3, NOW)]


def given_to(number: int) -> dict[str, Any]:
    return {
        "name": f"{ODD}{number}",
        "responsible_person": f"张{ODD}" if number else None,  # sealed
        "balance_yuan": Decimal("-12345678901234.56") + number,
        "funding": {"中央": {"county": f"{number}.10"}, ODD: {}},
        "causes": [ODD, "市场"][: number + 1],
        "created_at": NOW + timedelta(microseconds=number),
    }


def test_every_kind_of_value_arrives_as_it_was(sessions: SessionFactory, projects: list[int]) -> None:
    with transaction(sessions) as session, asking_once(session):
        for number, project in enumerate(session.scalars(select(Project).order_by(Project.id)).all()):
            for name, value in given_to(number).items():
                setattr(project, name, value)
            record(session, Moment(NOW, NOW), CLOCK, Act(f"改{ODD}", detail={"day": date(2023, 11, 6), "n": ODD}))
        write_rows(session)  # leaves it to the bulk act
        write_many(session)
    with transaction(sessions, writes=False) as session:
        for number, project_id in enumerate(projects):
            project = session.get_one(Project, project_id)
            assert {name: getattr(project, name) for name in given_to(number)} == given_to(number)
        entries = session.scalars(select(Entry).order_by(Entry.id.desc()).limit(3)).all()
        assert [(entry.act, entry.case_id, entry.at) for entry in entries] == [(f"改{ODD}", None, NOW)] * 3
        assert [mac_of(entry, KEYS) == entry.mac for entry in entries] == [True] * 3


def test_a_row_changed_meanwhile_stops_them_all(sessions: SessionFactory, projects: list[int]) -> None:
    with transaction(sessions) as session:
        for project in session.scalars(select(Project)).all():
            project.name = "改后"
        behind = update(Project.__table__).where(Project.__table__.c.id == projects[1])  # type: ignore[arg-type]
        session.connection().execute(behind.values(revision=9))
        with pytest.raises(RowChanged, match="project"):
            write_many(session)
        session.rollback()
