"""O1: a unit sees its own subtree; county-wide units see the county; a township never sees another's cases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.db import SessionFactory, transaction
from ledger.demonstration import build_county, build_projects
from ledger.people import User
from ledger.projects import Project
from ledger.scope import actor_of, visible_projects
from ledger.vocabulary import Level

NOW = datetime(2023, 11, 6, 1, 0, tzinfo=UTC)


def _seen(session: Session, login: str) -> set[str]:
    user = session.scalars(select(User).where(User.login == login)).one()
    return set(session.scalars(select(Project.number).where(visible_projects(actor_of(user)))))


@pytest.fixture
def county(sessions: SessionFactory) -> SessionFactory:
    with transaction(sessions) as session:
        built = build_county(session, NOW, ("桑柘镇", "保家镇"))
        build_projects(session, built, 10, NOW)
    return sessions


def test_o1_a_township_sees_what_it_runs_and_what_stands_on_its_ground(county: SessionFactory) -> None:
    with transaction(county) as session:
        mine = {p.number for p in session.scalars(select(Project)) if p.township_text == "桑柘镇"}
        assert _seen(session, "sangzhezhen.jingban") == mine
        assert _seen(session, "baojiazhen.jingban").isdisjoint(mine)


def test_o1_county_wide_units_see_the_county(county: SessionFactory) -> None:
    with transaction(county) as session:
        everything = set(session.scalars(select(Project.number)))
        for login in ("xiangcunzhenxingju.jingban", "lingdaoxiaozubangongshi.shenhe", "ducha"):
            assert _seen(session, login) == everything


def test_o1_a_department_sees_its_own(county: SessionFactory) -> None:
    with transaction(county) as session:
        own = {
            p.number
            for p in session.scalars(select(Project))
            if p.level == Level.DEPARTMENT and p.unit_text == "县林业局"
        }
        assert _seen(session, "linyeju.jingban") == own
        assert own


def test_o2_administrators_and_the_unasked_see_nothing(county: SessionFactory) -> None:
    with transaction(county) as session:
        for login in ("xitong", "anquan", "shenji", "caizhengju.huishen"):
            assert _seen(session, login) == set()
