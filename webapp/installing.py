"""Set an installation up: schema, calendar, procedure; and the demonstration's county when it is to be one."""

from __future__ import annotations

from datetime import datetime
from secrets import token_urlsafe

from sqlalchemy.orm import Session

from bpmn.casefile import Acting
from bpmn.deployment import deploy, shipped_bundle
from bpmn.releasing import RELEASE, put_in_force
from bpmn.round_procedures import shipped_rounds
from bpmn.starting import start_cases
from ledger.db import SessionFactory, open_ledger, transaction
from ledger.demonstration import build_county, build_projects, demonstration_offset
from ledger.installation import found, installation, shift_clock
from ledger.migrations import upgrade
from ledger.people import Unit, User, anybody, appoint, counties
from ledger.scope import CLOCK
from ledger.settings import Settings, load_keys
from ledger.sign_ins import hash_password
from ledger.vocabulary import Role
from ledger.working_days import seed_calendar
from webapp.request import moment_of

_PROJECTS = 40  # of the demonstration


class OtherKind(ValueError):
    """数据文件夹里已有另一种安装（正式或演示），不能混用."""


class NoFolder(ValueError):
    """数据文件夹不能使用."""


def set_up(settings: Settings, real_now: datetime, *, demonstration: bool = False) -> SessionFactory:
    """Return the ledger of an installation, made when its folder is empty and brought up to date when it is not.

    Raises OtherKind when a demonstration is asked for on a real installation, NoFolder or NoDatabase where nothing can
    be kept.
    """
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        keys = load_keys(settings.data, settings.audit.digest)
    except OSError as wrong:
        raise NoFolder(f"数据文件夹 {settings.data} 不能使用：它应是一个可以写入的文件夹") from wrong
    upgrade(settings.database_url, keys)
    sessions = open_ledger(settings.database_url, keys)
    with transaction(sessions) as session:
        here = found(session, real_now, demonstration=demonstration)
        if demonstration and not here.demonstration:
            raise OtherKind("这个数据文件夹（数据库）是正式环境，不能当作演示环境使用；请用 --data 另选一个文件夹")
        seed_calendar(session)
        if demonstration and not anybody(session):
            _fill_demonstration(session, settings, real_now)
        acting = Acting(session, CLOCK, moment_of(installation(session), real_now), settings.papers)
        for bundle in (shipped_bundle(), *shipped_rounds()):
            put_in_force(acting, bundle)
    return sessions


def _fill_demonstration(session: Session, settings: Settings, real_now: datetime) -> None:
    """Move the clock to the directive's day, enter a made-up county, and push its projects."""
    shift_clock(session, int(demonstration_offset(real_now).total_seconds()))
    moment = moment_of(installation(session), real_now)
    county = build_county(session, moment.at)
    projects = build_projects(session, county, _PROJECTS, moment.at)
    deploy(session, shipped_bundle(), RELEASE, moment.at, real_now)
    start_cases(Acting(session, CLOCK, moment, settings.papers), projects, county.campaign)


def ensure_county(session: Session, now: datetime) -> Unit:
    """Return the county, entering 彭水's units without any people when the ledger has none."""
    known = counties(session)
    return known[0] if known else build_county(session, now, staffed=False).county


def appoint_administrators(session: Session, county: Unit, now: datetime) -> list[tuple[str, str, str]]:
    """Enter the three administrators with one-time passwords when nobody can sign in: (name, login, password)."""
    if anybody(session):
        return []
    made = []
    for role, login in ((Role.SYSTEM_ADMIN, "xitong"), (Role.SECURITY_ADMIN, "anquan"), (Role.AUDIT_ADMIN, "shenji")):
        password = token_urlsafe(12)
        user = User(login=login, name=role.label, password_hash=hash_password(password), created_at=now)
        user.must_change_password = True
        session.add(user)
        appoint(session, user, county, role)
        made.append((role.label, login, password))
    return made
