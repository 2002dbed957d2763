"""参数: every parameter of the installation with its meaning, range, default and present value; some changed here.

The rest is set where the program is started: where things lie, what opens the way in, and every secret, which is told
only as being set or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, SecretStr

from ledger.journal import Act
from ledger.parameters import BY_NAME, MEANINGS, ParameterRefused, change_parameter, changed_parameters
from ledger.settings import Settings
from ledger.writing import record
from webapp.in_force import forget_parameters, started_with
from webapp.permissions import DESIGN, SYSTEM, allows
from webapp.request import actor, ledger_session, moment, settings

bp = Blueprint("parameters", __name__, url_prefix="/parameters")
STARTED: Mapping[str, str] = {
    "data": "数据放在哪个文件夹",
    "database": "数据库的地址；不写为数据文件夹里的 SQLite",
    "host": "在本机的哪个地址接受访问",
    "port": "在哪个端口接受访问",
    "https": "前面是否有 HTTPS 代理",
    "trusted_proxy": "HTTPS 代理的地址，只信它转来的访问者地址",
    "requests_per_minute": "一个人一分钟最多请求几次；0 为不限",
    "upload_limit_mb": "一个文件最大多少 MB",
    "clamav": "病毒检查程序的地址；填了而连不上时不收文件",
    "office": "LibreOffice 程序的位置，用来转 PDF",
    "public_url": "消息里写的访问地址",
    "channels": "邮件、短信、工作群等渠道，在“消息发送”里查看和发测试消息",
    "audit": "审计链的算法和存放位置，在“审计”里查看",
    "backup": "备份的位置、时间和保留期，在“备份”里查看",
    "password_policy": "密码规则：dengbao 等级保护，asvs 国际通用",
    "administrators_prove_twice": "管理员登录是否须验证码",
    "portal": "统一身份认证（OpenID Connect），没有设置时只用密码登录",
}


@dataclass(frozen=True)
class Line:
    """One parameter that is set where the program is started."""

    name: str
    words: str
    present: str
    usual: str


@bp.get("")
@allows(DESIGN)
def index() -> str:
    return _page()


@bp.post("")
@allows(SYSTEM)
def change() -> ResponseReturnValue:
    """Keep a parameter's new value; what was typed is never lost."""
    name, typed = request.form.get("name", ""), request.form.get("value", "").strip()[:20]
    meaning, before = BY_NAME.get(name), _present()
    if meaning is None:
        abort(404)
    try:
        value = change_parameter(ledger_session(), name, typed, actor().name, moment().at)
    except ParameterRefused as refused:
        return _page({name: typed}, {name: str(refused)}), 422
    if value != before[name]:
        detail = {"parameter": name, "label": meaning.label, "value": [before[name], value]}
        record(ledger_session(), moment(), actor(), Act("parameter_changed", detail=detail))
    forget_parameters(current_app.extensions)
    flash(f"“{meaning.label}”已改为 {value} {meaning.unit}，一分钟内生效。")
    return redirect(url_for("parameters.index"), 303)


def _page(typed: Mapping[str, str] | None = None, wrong: Mapping[str, str] | None = None) -> str:
    return render_template(
        "parameters/index.html",
        meanings=MEANINGS,
        present=_present(),
        usual={each.name: Settings.model_fields[each.name].default for each in MEANINGS},
        changed={each.name: each for each in changed_parameters(ledger_session())},
        started=list(started_lines(settings())),
        may_change=SYSTEM.admits(actor()),
        typed=typed or {},
        wrong=wrong or {},
    )


def _present() -> dict[str, int]:
    """Return what is kept for each parameter, which every process takes up within a minute."""
    changed = {each.name: each.value for each in changed_parameters(ledger_session()) if each.name in BY_NAME}
    return {**started_with(current_app.extensions), **changed}


def started_lines(here: Settings) -> Iterator[Line]:
    """Yield what is set where the program is started, secrets and groups of settings only as set or not."""
    for name, words in STARTED.items():
        usual = Settings.model_fields[name].get_default(call_default_factory=True)
        yield Line(
            f"SIGEYIPI_{name.upper()}", words, _told(name, getattr(here, name), usual), _told(name, usual, usual)
        )


def _told(name: str, value: Any, usual: Any) -> str:
    if name == "database" and value:
        return "已设置"  # the address holds a password
    if isinstance(value, BaseModel | SecretStr):
        return "未设置" if value == usual else "已设置"
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value) if value not in (None, "") else "（空）"
