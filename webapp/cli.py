"""sigeyipi: the command line. Wrong input says in Chinese what and where, exits with 2 and changes nothing."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from bpmn.refusals import ActRefused, ItemGone
from bpmn.rehearsal.county import NotEmpty
from bpmn.starting import PROCESS
from forms.sheets.guard import WorkbookRefused
from ledger.channel_settings import Channelling
from ledger.db import SessionFactory, transaction
from ledger.demonstration import PASSWORD, sign_ins
from ledger.log_lines import write_log_lines
from ledger.migrations import NoDatabase
from ledger.settings import Settings
from ledger.working_days import load_calendar
from scheduler.clock import clock_of, run_forever
from webapp import (
    archive_commands,
    audit_commands,
    backup_commands,
    create_app,
    deploying,
    import_commands,
    key_commands,
    rehearsing,
)
from webapp.audit_commands import Unusable
from webapp.command_files import NoFile, cannot_open, read_file
from webapp.import_commands import CannotImport
from webapp.installing import NoFolder, OtherKind, appoint_administrators, ensure_county, set_up
from webapp.migrating import Asked, Migrating, NoVersion
from webapp.portal import PortalUnusable
from webapp.rehearsing import FolderTaken
from webapp.request import real_now
from webapp.serving import serve

_MOST_DAYS = 400
_YEARS = range(2023, 2100)  # no earlier campaign than the directive's
_SEED_DIGITS = 18
_LARGEST = 2**31  # no row has a higher number
_PORTS = 65536  # a larger number would be taken for another port
_USAGE = (
    (re.compile(r"the following arguments are required: (.+)"), "缺少：{}"),
    (re.compile(r"unrecognized arguments: (.+)"), "不认识的参数：{}"),
    (re.compile(r"argument (.+): expected .*argument.*"), "参数 {} 后面缺少值"),
    (re.compile(r"argument (.+): invalid choice: (\S+).*"), "{} 没有 {} 这一项"),
    (re.compile(r"one of the arguments (.+) is required"), "须写明其中之一：{}"),
    (re.compile(r"argument (.+): not allowed with argument (.+)"), "{} 不能与 {} 同时使用"),
)


class Refused(Exception):
    """The command cannot be carried out; the message is the Chinese sentence for it."""


_REFUSALS = (
    *(Refused, OtherKind, NoFolder, NoFile, NoDatabase, WorkbookRefused, CannotImport, FolderTaken, NotEmpty),
    Unusable,
    PortalUnusable,
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        for pattern, sentence in _USAGE:
            found = pattern.fullmatch(message)
            if found:
                message = sentence.format(*found.groups())
                break
        raise Refused(f"命令写法有误。{message}。用 {self.prog} --help 查看用法")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; exit 0, or 2 with a sentence on standard error."""
    try:
        given = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = given.command
        sys.exit(command(given))
    except _REFUSALS as refused:
        sys.stderr.write(f"{refused}\n")
        sys.exit(2)


def _parser() -> _Parser:
    shared = _Parser(add_help=False)
    shared.add_argument("--data", type=Path, help="数据文件夹")
    shared.add_argument("--database", help="数据库地址，缺省为数据文件夹里的 SQLite")
    parser = _Parser(prog="sigeyipi", description="经营性帮扶产业项目“四个一批”管理系统")
    commands = parser.add_subparsers(required=True, metavar="命令")

    def add(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, parents=[shared], help=text, description=text)
        added.set_defaults(command=run)
        return added

    for name, run, text in (("serve", _serve, "启动服务"), ("demo", _demo, "启动演示")):
        serving = add(name, run, text)
        serving.add_argument("--host", help="监听地址，缺省 127.0.0.1")
        serving.add_argument("--port", type=_port, help="端口，缺省 8000")
    add("clock", _clock, "单独运行时钟（公告期满、提醒、消息）")
    audit_commands.add_to(add)
    archive_commands.add_to(add)
    backup_commands.add_to(add)
    key_commands.add_to(add)
    add("init", _init, "建立数据文件夹、单位和三个管理员（一次性密码只显示一次）")
    import_commands.add_to(add)
    played = add("rehearse", _rehearse, "预演：用编造的决定把清单里的项目走完全流程，写出统计表、台账和归档材料")
    played.add_argument("--from", dest="file", metavar="FILE", type=Path, required=True, help="项目清单")
    played.add_argument("--year", type=_year, default=_YEARS[0], help=f"工作批次的年份，缺省 {_YEARS[0]}")
    played.add_argument("--seed", type=_seed, default=1, help="同一种子，同一结果；缺省 1")
    played.add_argument("--out", type=Path, default=Path("sigeyipi-rehearsal"), help="空文件夹，结果写在里面")
    workdays = add("workdays", _workdays, "计算工作日：起始日不计，数到第几个工作日")
    workdays.add_argument("--days", required=True, metavar="N")
    workdays.add_argument("--json", action="store_true", help="每行一个 JSON 对象")
    workdays.add_argument("dates", nargs="+", metavar="DATE")
    deployed = add("deploy", _deploy, "检查或启用流程图；FILE 也可以是放有流程图、决策表和表单的文件夹或 zip")
    deployed.add_argument("file", metavar="FILE", type=Path)
    deployed.add_argument("--check", action="store_true", help="只检查")
    deployed.add_argument("--json", action="store_true", help="结果为 JSON")
    migrating = add("migrate", _migrate, "把办理中的项目换到另一版流程")
    migrating.add_argument("--to", required=True, type=_version, metavar="N", help="换到第几版")
    migrating.add_argument("--process", default=PROCESS, help="流程编号，缺省为总流程")
    doing = migrating.add_mutually_exclusive_group(required=True)
    doing.add_argument("--plan", action="store_true", help="只列出每个项目会怎样，不写入")
    doing.add_argument("--apply", action="store_true", help="换版，逐个项目写入")
    doing.add_argument("--undo", action="store_true", help="换回换版以后没有动过的项目")
    migrating.add_argument(
        "--case", type=_version, action="append", default=[], metavar="ID", help="只换这个项目的流程"
    )
    migrating.add_argument("--map", type=_pair, action="append", default=[], metavar="旧=新", help="指定接续的环节")
    migrating.add_argument("--fresh-timers", action="store_true", help="规则有变化的期限重新计算，缺省不变")
    migrating.add_argument("--checked", action="store_true", help="须确认的项目也换版")
    migrating.add_argument("--json", action="store_true", help="结果为 JSON")
    return parser


def _settings(given: argparse.Namespace) -> Settings:
    named = {name: getattr(given, name, None) for name in ("data", "database", "host", "port")}
    return Settings(**{name: value for name, value in named.items() if value is not None})


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _print_json(value: Any) -> None:
    _print(json.dumps(value, ensure_ascii=False))


def _serve(given: argparse.Namespace) -> int:
    settings = _settings(given)
    return _answer(settings, set_up(settings, real_now()), lambda: _print(f"服务已启动：{_address(settings)}"))


def _demo(given: argparse.Namespace) -> int:
    settings = _drilling(_settings(given))
    sessions = set_up(settings, real_now(), demonstration=True)
    with transaction(sessions, writes=False) as session:
        people = sign_ins(session)

    def ready() -> None:
        _print(f"演示已启动：{_address(settings)}")
        _print(f"这是演示环境，人员和项目都是编的；所有人的密码都是 {PASSWORD}")
        for unit, name, login in people:
            _print(f"  {login:<32}{unit}　{name}")
        _print("按 Ctrl-C 停止")

    return _answer(settings, sessions, ready)


def _drilling(settings: Settings) -> Settings:
    """Let the demonstration's emails and text messages become files, unless channels are set."""
    if settings.channels != Channelling():
        return settings
    drill = Channelling(folder=settings.data / "messages")
    return settings.model_copy(update={"channels": drill, "public_url": settings.public_url or _address(settings)})


def _address(settings: Settings) -> str:
    return f"http://{settings.host}:{settings.port}/"


def _answer(settings: Settings, sessions: SessionFactory, ready: Callable[[], None]) -> int:
    write_log_lines()
    app = create_app(sessions, settings)
    try:
        serve(app, settings, clock_of(sessions, settings), ready)
    except OSError as busy:
        raise Refused(f"{_address(settings)} 打不开（{busy.strerror}），请用 --port 换一个端口") from busy
    return 0


def _clock(given: argparse.Namespace) -> int:
    settings = _settings(given)
    write_log_lines()
    run_forever(clock_of(set_up(settings, real_now()), settings))
    return 0


def _init(given: argparse.Namespace) -> int:
    settings, now = _settings(given), real_now()
    sessions = set_up(settings, now)
    with transaction(sessions) as session:
        county = ensure_county(session, now)
        made = appoint_administrators(session, county, now)
    _print(f"数据文件夹：{settings.data.absolute()}")
    for name, login, password in made:
        _print(f"{name}　用户名 {login}　一次性密码 {password}（首次登录须修改）")
    return 0


def _rehearse(given: argparse.Namespace) -> int:
    done = rehearsing.run(rehearsing.Asked(read_file(given.file), given.year, given.seed, given.out, given.database))
    _print_json(done.as_json())
    return 2 if done.problems else 0


def _workdays(given: argparse.Namespace) -> int:
    count = _day_count(given.days)
    begins = [_date(text) for text in given.dates]
    settings = _settings(given)
    with transaction(set_up(settings, real_now()), writes=False) as session:
        calendar = load_calendar(session)
    for begin in begins:
        try:
            period = calendar.period(begin, count)
        except OverflowError as late:
            raise Refused(f"日期 {begin.isoformat()} 太晚，数不到第 {count} 个工作日") from late
        end, provisional = period.end.isoformat(), period.provisional
        if given.json:
            _print_json({"from": begin.isoformat(), "end": end, "days": count, "provisional": provisional})
        else:
            _print(f"{begin.isoformat()} 起 {count} 个工作日，到 {end}" + ("（暂按周末推算）" if provisional else ""))
    return 0


def _day_count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _MOST_DAYS):
        raise Refused(f"--days 应是 1—{_MOST_DAYS} 的整数，不能是“{text}”")
    return int(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < _PORTS):
        raise Refused(f"--port 应是 1—{_PORTS - 1} 的整数，不能是“{text}”")
    return int(text)


def _year(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) in _YEARS):
        raise Refused(f"--year 应是 {_YEARS[0]}—{_YEARS[-1]} 的年份，不能是“{text}”")
    return int(text)


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _SEED_DIGITS):
        raise Refused(f"--seed 应是不超过 {_SEED_DIGITS} 位的整数，不能是“{text}”")
    return int(text)


def _version(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < _LARGEST):
        raise Refused(f"版本和项目流程的编号应是正整数，不能是“{text}”")
    return int(text)


def _date(text: str) -> date:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise Refused(f"“{text}”不是日期，应写成 2023-11-27 的样子") from wrong


def _deploy(given: argparse.Namespace) -> int:
    settings, now = _settings(given), real_now()
    there = not given.check or settings.database is not None or (settings.data / "ledger.sqlite").exists()
    content = _upload(given.file)
    sessions = set_up(settings, now) if there else None
    checked = deploying.check(content, given.file.name, sessions)
    words = "检查通过" if checked.ok else "检查未通过，没有启用"
    if checked.ok and sessions is not None and not given.check:
        words = "\n".join(deploying.put_in_force(checked, sessions, now))
    if given.json:
        _print_json({"ok": checked.ok, "problems": checked.problems})
    else:
        for each in checked.problems:
            sys.stderr.write(f"{each.get('file', '')} {each['element'] or given.file.name}".strip())
            sys.stderr.write(f"：{each['message']}{each['remedy']}\n")
        _print(words)
    return 0 if checked.ok else 2


def _upload(path: Path) -> bytes:
    try:
        return deploying.read_upload(path)
    except OSError as missing:
        raise cannot_open(path, missing) from missing


def _migrate(given: argparse.Namespace) -> int:
    settings = _settings(given)
    asked = Asked(given.to, given.process, given.case, dict(given.map), given.fresh_timers, given.checked)
    moving = Migrating(set_up(settings, real_now()), settings.papers, asked)
    try:
        told = moving.plan() if given.plan else moving.apply() if given.apply else moving.undo()
    except (NoVersion, ActRefused, ItemGone) as refused:
        raise Refused(str(refused)) from refused
    if given.json:
        _print_json(told.values)
    else:
        _print("\n".join(told.lines))
    return 0


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals):
        raise Refused(f"--map 应写成 旧环节编号=新环节编号，不能是“{text}”；取消这个环节时等号后面不写")
    return old, new
