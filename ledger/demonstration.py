"""A made-up county to try the product on: 彭水's units, people with titles for names, one campaign, some projects.

Only the townships' names are real. Everybody has the same password, which the demonstration prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from pypinyin import lazy_pinyin
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from ledger.campaigns import Campaign
from ledger.people import Post, Unit, User, appoint
from ledger.projects import Project, set_funding
from ledger.scope import Actor, actor_of
from ledger.sign_ins import hash_password
from ledger.vocabulary import Industry, Level, OperatingMode, Role, UnitKind, Use

PASSWORD = "Yanshi-2023!"  # noqa: S105  # printed at every start; the demonstration says that it is one
DIRECTIVE_YEAR = 2023
BEGINS_AT = datetime(2023, 11, 6, 1, 0, tzinfo=UTC)  # 09:00 in Asia/Shanghai on the day of the directive

# fmt: off
TOWNSHIPS = (
    "汉葭街道", "绍庆街道", "靛水街道", "保家镇", "郁山镇", "高谷镇", "桑柘镇", "鹿角镇",
    "黄家镇", "普子镇", "龙射镇", "连湖镇", "万足镇", "平安镇", "长生镇", "新田镇",
    "鞍子镇", "太原镇", "龙溪镇", "梅子垭镇", "大同镇", "岩东乡", "鹿鸣乡", "棣棠乡",
    "三义乡", "联合乡", "石柳乡", "走马乡", "芦塘乡", "乔梓乡", "诸佛乡", "桐楼乡",
    "善感乡", "双龙乡", "石盘乡", "大垭乡", "润溪乡", "朗溪乡", "龙塘乡",
)
# fmt: on
DEPARTMENTS = ("县林业局", "县水利局", "县商务委", "县发展改革委", "县文化旅游委", "县供销合作社")
REVIEWERS = ("县财政局", "县审计局", "县纪委监委")
VILLAGES = ("云顶村", "龙门村", "双河村")
STAFFED_TOWNSHIPS = ("桑柘镇", "保家镇", "汉葭街道", "郁山镇")  # their first village has an account of its own
BUSY_DEPARTMENTS = ("县林业局", "县水利局")

_KINDS_OF_WORK = (
    ("中药材种植基地", Industry.PLANTING, "新建管网及配套设施"),
    ("高山蔬菜基地", Industry.PLANTING, "新建大棚及灌溉设施"),
    ("跑山鸡养殖场", Industry.BREEDING, "新建圈舍及围栏"),
    ("冷藏保鲜库", Industry.COLD_CHAIN, "新建冷库及制冷设备"),
    ("乡村民宿", Industry.TOURISM, "改造农房及附属设施"),
    ("村级光伏电站", Industry.SOLAR, "安装光伏组件及并网设施"),
    ("茶叶加工厂", Industry.PROCESSING, "新建厂房及加工设备"),
)
_LEVELS = (Level.VILLAGE, Level.TOWNSHIP, Level.VILLAGE, Level.DEPARTMENT, Level.TOWNSHIP)


@dataclass
class County:
    """The made-up county while it is built, and afterwards what tests and the demonstration reach for."""

    county: Unit
    bureau: Unit
    agriculture: Unit
    office: Unit
    reviewers: list[Unit]
    departments: dict[str, Unit]
    townships: dict[str, Unit]
    villages: dict[tuple[str, str], Unit]
    campaign: Campaign


def build_county(
    session: Session,
    now: datetime,
    townships: tuple[str, ...] = TOWNSHIPS,
    *,
    staffed: bool = True,
    year: int = DIRECTIVE_YEAR,
) -> County:
    """Enter the units, the people and the campaign of `year` (T2); `townships` keeps a test's county small.

    With `staffed` false nobody is entered: a real installation has no made-up people.
    """
    city = _unit(session, None, "500000", "重庆市", UnitKind.CITY)
    county = _unit(session, city, "500243", "彭水苗族土家族自治县", UnitKind.COUNTY)
    bureau = _unit(session, county, "500243-XZJ", "县乡村振兴局", UnitKind.BUREAU)
    agriculture = _unit(session, county, "500243-NYW", "县农业农村委", UnitKind.AGRICULTURE)
    office = _unit(session, county, "500243-LXB", "领导小组办公室", UnitKind.OFFICE)
    reviewers = [
        _unit(session, county, f"500243-HS{n}", name, UnitKind.REVIEWER) for n, name in enumerate(REVIEWERS, 1)
    ]
    departments = {
        name: _unit(session, county, f"500243-BM{n}", name, UnitKind.DEPARTMENT)
        for n, name in enumerate(DEPARTMENTS, 1)
    }
    towns = {
        name: _unit(session, county, f"500243{n:03}", name, UnitKind.TOWNSHIP) for n, name in enumerate(townships, 101)
    }
    villages = {
        (town, name): _unit(session, unit, f"{unit.code}{n:03}", name, UnitKind.VILLAGE)
        for town, unit in towns.items()
        for n, name in enumerate(VILLAGES, 201)
    }
    campaign = campaign_of(county.id, year)
    session.add(campaign)
    built = County(county, bureau, agriculture, office, reviewers, departments, towns, villages, campaign)
    if staffed:
        _staff(session, built, now)
    session.flush()
    return built


def campaign_of(county_id: int, year: int) -> Campaign:
    """Return a campaign with the directive's dates (T2) in `year`."""
    return Campaign(
        county_id=county_id,
        name=f"{year}年经营性帮扶产业项目“四个一批”",
        year=year,
        plan_on=date(year, 11, 13),
        mobilise_on=date(year, 11, 15),
        survey_on=date(year, 11, 21),
        decision_on=date(year, 11, 25),
        disposal_on=date(year, 11, 30),
        first_results_on=date(year, 12, 5),
        report_on=date(year, 12, 15),
    )


def _unit(session: Session, parent: Unit | None, code: str, name: str, kind: UnitKind) -> Unit:
    printed = name
    if kind is UnitKind.TOWNSHIP:
        printed = f"{name}办事处" if name.endswith("街道") else f"{name}人民政府"
    unit = Unit(code=code, name=printed, short_name=name, kind=kind, parent_id=parent.id if parent else None, path="")
    session.add(unit)
    session.flush()
    unit.path = f"{parent.path if parent else '/'}{unit.id}/"
    unit.county_id = unit.id if kind is UnitKind.COUNTY else parent.county_id if parent else None
    return unit


def _staff(session: Session, built: County, now: datetime) -> None:
    # one hash serves all: a hundred would take seconds, and the password is no secret here
    password_hash = hash_password(PASSWORD)

    def person(unit: Unit, title: str, role: Role, login: str) -> None:
        serial = session.info["demonstration_people"] = session.info.get("demonstration_people", 0) + 1
        user = User(
            login=login,
            name=title,
            password_hash=password_hash,
            telephone=f"1380000{serial:04}",
            email=f"{login}@example.test",
            created_at=now,
        )
        session.add(user)
        appoint(session, user, unit, role)

    person(built.county, "县督查甲", Role.SUPERVISOR, "ducha")
    for title, role, login in (
        ("系统管理员甲", Role.SYSTEM_ADMIN, "xitong"),
        ("安全管理员甲", Role.SECURITY_ADMIN, "anquan"),
        ("审计管理员甲", Role.AUDIT_ADMIN, "shenji"),
    ):
        person(built.county, title, role, login)
    working = (built.bureau, built.agriculture, built.office, *built.departments.values(), *built.townships.values())
    for unit in working:
        person(unit, f"{unit.short_name}经办甲", Role.HANDLER, f"{login_of(unit)}.jingban")
        person(unit, f"{unit.short_name}审核甲", Role.SIGNER, f"{login_of(unit)}.shenhe")
    for unit in built.reviewers:
        person(unit, f"{unit.short_name}会审甲", Role.HANDLER, f"{login_of(unit)}.huishen")
    for town in STAFFED_TOWNSHIPS:
        if town in built.townships:
            village = built.villages[town, VILLAGES[0]]
            login = f"{login_of(built.townships[town])}.{login_of(village)}"
            person(village, f"{town}{village.short_name}经办甲", Role.HANDLER, login)


def login_of(unit: Unit) -> str:
    """Return the sign-in name's first part: 桑柘镇 → sangzhezhen."""
    return "".join(lazy_pinyin(unit.short_name.removeprefix("县")))


def build_projects(session: Session, built: County, count: int, now: datetime) -> list[Project]:
    """Enter `count` made-up projects over all levels, as an import would leave them.

    Four in five lie in the staffed townships, so that their people have something to do; the rest all over the county.
    """
    busy = [built.townships[name] for name in STAFFED_TOWNSHIPS if name in built.townships]
    quiet = [unit for unit in built.townships.values() if unit not in busy]
    concentrated = count - count // 5 if quiet else count
    projects = [_project(session, built, busy if n < concentrated else quiet, n, now) for n in range(count)]
    session.flush()
    return projects


def _project(session: Session, built: County, towns: Sequence[Unit], n: int, now: datetime) -> Project:
    what, industry, construction = _KINDS_OF_WORK[n % len(_KINDS_OF_WORK)]
    level = _LEVELS[n % len(_LEVELS)]
    town = towns[n % len(towns)]
    village = built.villages[town.short_name, VILLAGES[n // len(towns) % len(VILLAGES)]]
    department = built.departments[BUSY_DEPARTMENTS[n // len(_LEVELS) % len(BUSY_DEPARTMENTS)]]
    unit = department if level is Level.DEPARTMENT else town
    year = 2016 + n % 7
    name = f"{year}年{town.short_name}{village.short_name}{what}"
    project = Project(
        county_id=built.county.id,
        number=f"50000{year}5002439{n + 1:05}",
        name=name,
        implementation_year=year,
        level=level,
        responsible_unit_id=unit.id,
        township_id=town.id,
        village_id=village.id,
        unit_text=unit.name,
        township_text=town.short_name,
        village_text=village.short_name,
        responsible_body=unit.name,
        responsible_person=f"负责人{n + 1:02}",
        telephone=f"1380000{5000 + n:04}",
        industry=industry,
        construction=construction,
        operating_mode=list(OperatingMode)[n % len(OperatingMode)],
        use=Use.IDLE if n % 3 == 2 else Use.IN_USE,
        appraised_yuan=Decimal(300000 + 12500 * n),
        created_at=now,
    )
    earmarked = {"central": Decimal(400000 + 10000 * n), "city": Decimal(150000), "county": Decimal("50000.50")}
    set_funding(project, {"earmarked": earmarked, "social": {"unsplit": Decimal(20000)}})
    session.add(project)
    return project


def demonstration_offset(real_now: datetime) -> timedelta:
    """Return how far the demonstration's clock is moved when it is set up: back to the directive's day."""
    return BEGINS_AT - real_now


def sign_ins(session: Session) -> list[tuple[str, str, str]]:
    """Return (unit, name, login) of the people the demonstration presents, a few of each kind."""
    users = session.scalars(select(User).options(selectinload(User.posts).joinedload(Post.unit)).order_by(User.id))
    return [(post.unit.short_name, u.name, u.login) for u in users for post in u.posts if _is_shown(post.unit)]


def _is_shown(unit: Unit) -> bool:
    every = (UnitKind.COUNTY, UnitKind.BUREAU, UnitKind.OFFICE, UnitKind.REVIEWER)
    return unit.kind in every or unit.short_name in (*STAFFED_TOWNSHIPS, *BUSY_DEPARTMENTS, VILLAGES[0])


def holders_of_posts(session: Session) -> dict[tuple[int, str], Actor]:
    """Return for each unit and role the first person who holds it."""
    users = session.scalars(select(User).options(selectinload(User.posts).joinedload(Post.unit)).order_by(User.id))
    found: dict[tuple[int, str], Actor] = {}
    for actor in map(actor_of, users):
        for place in actor.places:
            found.setdefault(place, actor)
    return found
