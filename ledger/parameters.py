"""Parameters of an installation that may be changed while it runs: each with its meaning and the range that is safe.

What is not here is set where the program is started, for it says where things lie or opens the way in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base


class Parameter(Base):
    """A parameter somebody has changed; without a row it is as the installation was started with."""

    __tablename__ = "parameter"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]


@dataclass(frozen=True)
class Meaning:
    """What a parameter of `Settings` is: in words, with its unit and the range an administrator may choose from."""

    name: str
    label: str
    unit: str
    least: int
    most: int
    words: str


MEANINGS: tuple[Meaning, ...] = (
    Meaning("idle_minutes", "多久不操作须重新登录", "分钟", 5, 30, "等级保护要求不超过30分钟；只能更严，不能放宽。"),
    Meaning("absolute_hours", "一次登录最长时间", "小时", 1, 12, "到时间须重新登录，正在填的内容自动保存。"),
    Meaning("upload_quota_mb", "每人每天可上传", "MB", 100, 50_000, "超过的当天不能再上传，防止磁盘被占满。"),
    Meaning(
        "round_limit", "一个项目回到同一环节的最多次数", "次", 5, 500, "超过的记入“异常处理”，由管理员看过再继续。"
    ),
    Meaning("purge_after_years", "归档几年后可清除个人信息", "年", 1, 30, "清除姓名和电话须双人复核。"),
)


class ParameterRefused(ValueError):
    """The value is not allowed; the message says why in Chinese."""


def changed_parameters(session: Session) -> Sequence[Parameter]:
    """Return what was changed since the installation was started with its file."""
    return session.scalars(select(Parameter)).all()


def change_parameter(session: Session, name: str, typed: str, who: str, now: datetime) -> int:
    """Keep a parameter's new value and return it; raises KeyError for a name there is none of, ParameterRefused."""
    meaning = BY_NAME[name]
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= len(str(meaning.most))):
        raise ParameterRefused(f"{meaning.label}应为{meaning.least}—{meaning.most}的整数")
    value = int(typed)
    if not meaning.least <= value <= meaning.most:
        raise ParameterRefused(f"{meaning.label}应为{meaning.least}—{meaning.most}{meaning.unit}")
    session.merge(Parameter(name=name, value=value, changed_at=now, changed_by=who))
    return value


BY_NAME: Mapping[str, Meaning] = {each.name: each for each in MEANINGS}
