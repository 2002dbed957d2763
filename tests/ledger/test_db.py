"""Exact money, aware times, sealed personal data, and a schema that its migrations really give."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.exceptions import InvalidTag
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, StatementError

from ledger.db import Keys, SealedJson, SessionFactory, open_ledger, transaction
from ledger.demonstration import build_county, build_projects
from ledger.journal import Act, Entry, Moment
from ledger.projects import Project
from ledger.scope import CLOCK
from ledger.tables import METADATA
from ledger.writing import mac_of, record
from tests.conftest import KEYS

NOW = datetime(2023, 11, 6, 1, 0, tzinfo=UTC)


def _one_project(sessions: SessionFactory) -> int:
    with transaction(sessions) as session:
        county = build_county(session, NOW, ("桑柘镇",))
        return build_projects(session, county, 1, NOW)[0].id


def test_migrations_give_the_declared_schema(sessions: SessionFactory) -> None:
    with sessions() as session:
        context = MigrationContext.configure(session.connection())
        assert compare_metadata(context, METADATA) == []


def test_m1_amounts_are_exact(sessions: SessionFactory) -> None:
    project_id = _one_project(sessions)
    with transaction(sessions) as session:
        project = session.get_one(Project, project_id)
        project.balance_yuan = Decimal("12345678901234.56")
    with transaction(sessions) as session:
        assert session.get_one(Project, project_id).balance_yuan == Decimal("12345678901234.56")


def test_m1_a_third_decimal_is_refused(sessions: SessionFactory) -> None:
    project_id = _one_project(sessions)
    with pytest.raises(StatementError, match="two decimals"), transaction(sessions) as session:
        session.get_one(Project, project_id).balance_yuan = Decimal("0.001")


def test_a_moment_without_zone_is_refused(sessions: SessionFactory) -> None:
    project_id = _one_project(sessions)
    with pytest.raises(StatementError, match="time zone"), transaction(sessions) as session:
        session.get_one(Project, project_id).created_at = datetime(2023, 11, 6)


def test_m2_personal_data_is_sealed_in_the_table(sessions: SessionFactory, ledger_url: str) -> None:
    project_id = _one_project(sessions)
    with transaction(sessions) as session:
        project = session.get_one(Project, project_id)
        assert project.telephone is not None
        plain = project.telephone
        stored = bytes(session.execute(text("SELECT telephone FROM project")).scalar_one())
    assert plain.startswith("1380000")
    assert plain.encode() not in stored
    other = open_ledger(ledger_url, Keys(b"x" * 32, KEYS.mac, KEYS.cookie))
    with pytest.raises(InvalidTag), transaction(other) as session:
        session.get_one(Project, project_id)
    other.kw["bind"].dispose()


@pytest.mark.parametrize("statement", ["UPDATE journal SET who = '别人'", "DELETE FROM journal"])
def test_the_journal_is_append_only(sessions: SessionFactory, statement: str) -> None:
    with transaction(sessions) as session:
        record(session, Moment(NOW, NOW), CLOCK, Act("sign_in"))
    with pytest.raises(DBAPIError, match="append-only"), transaction(sessions) as session:
        session.execute(text(statement))


def test_a_journal_row_carries_its_mac(sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        record(session, Moment(NOW, NOW), CLOCK, Act("complete", case_id=1, detail={"旧": "巩固", "新": "提升"}))
    with transaction(sessions) as session:
        entry = session.query(Entry).one()
        assert entry.mac == mac_of(entry, KEYS)
        entry.detail = entry.detail.replace("提升", "重建")
        assert entry.mac != mac_of(entry, KEYS)
        session.expunge(entry)


def _fail_after_writing(sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        record(session, Moment(NOW, NOW), CLOCK, Act("sign_in"))
        session.flush()
        raise RuntimeError


def test_a_failure_leaves_nothing(sessions: SessionFactory) -> None:
    with pytest.raises(RuntimeError):
        _fail_after_writing(sessions)
    with transaction(sessions) as session:
        assert session.query(Entry).count() == 0


@pytest.mark.parametrize("value", [{"a": "意见"}, {"a": "现场查看，设备运行正常。" * 60}, ["x" * 900], "x", 7])
def test_m2_answers_are_sealed_and_long_ones_packed(sessions: SessionFactory, value: object) -> None:
    dialect, sealed = sessions.kw["bind"].dialect, SealedJson()
    stored = sealed.process_bind_param(value, dialect)
    assert stored is not None
    assert sealed.process_result_value(stored, dialect) == value
    plain = json.dumps(value, ensure_ascii=False).encode()
    assert len(stored) < (len(plain) if len(plain) > 400 else len(plain) + 29)
    assert sealed.process_bind_param(None, dialect) is None


def test_a_connection_that_the_server_ended_is_not_used_again(postgres_url: str) -> None:
    sessions = open_ledger(postgres_url, KEYS)
    try:
        with transaction(sessions, writes=False) as session:
            own = session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with transaction(sessions, writes=False) as session:
            assert session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar_one() == own
        with psycopg.connect(postgres_url.replace("+psycopg", "")) as other:
            other.execute("SELECT pg_terminate_backend(%s, 10000)", [own])
        with transaction(sessions, writes=False) as session:
            assert session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar_one() != own
    finally:
        sessions.kw["bind"].dispose()


def test_writers_of_one_process_take_turns(sessions: SessionFactory) -> None:
    project_id = _one_project(sessions)

    def add_one(_number: int) -> None:
        with transaction(sessions) as session:
            project = session.get_one(Project, project_id, with_for_update=True)
            project.name += "一"

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add_one, range(40)))
    with transaction(sessions, writes=False) as session:
        assert session.get_one(Project, project_id).name.endswith("一" * 40)


def test_a_turn_ends_with_a_failure(sessions: SessionFactory) -> None:
    project_id = _one_project(sessions)
    for _again in range(2):
        with pytest.raises(ZeroDivisionError), transaction(sessions) as session:
            session.get_one(Project, project_id).name = str(1 / 0)


@pytest.mark.parametrize(("said", "jit"), [("", "off"), ("-c jit=on -c work_mem=7MB", "on")])
def test_postgresql_compiles_no_statement_unless_the_address_says_so(postgres_url: str, said: str, jit: str) -> None:
    url = make_url(postgres_url).update_query_dict({"options": said} if said else {})
    sessions = open_ledger(url, KEYS)
    try:
        with sessions() as session:
            shown = session.connection().exec_driver_sql("SHOW jit").scalar_one()
            memory = session.connection().exec_driver_sql("SHOW work_mem").scalar_one()
    finally:
        sessions.kw["bind"].dispose()
    assert (shown, memory == "7MB") == (jit, bool(said))
