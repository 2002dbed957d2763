"""Why the runtime says no: each exception is a situation, its message the sentence a person reads."""

from __future__ import annotations

from datetime import datetime

from ledger.db import SHANGHAI


class ItemGone(Exception):
    """该任务不存在，或已随流程撤回."""


class AlreadyDone(Exception):
    """该任务已由别人办理."""

    def __init__(self, name: str, who: str, at: datetime) -> None:
        local = at.astimezone(SHANGHAI)
        moment = f"{local.month}月{local.day}日{local.hour}:{local.minute:02}"
        super().__init__(f"该任务已由{who}于{moment}办理")
        self.name, self.who, self.at = name, who, at


class ItemChanged(AlreadyDone):
    """该任务还没有办结，只是在填写时有了变动."""

    def __init__(self, name: str, who: str, at: datetime, why: str) -> None:
        super().__init__(name, who, at)
        self.args = (why,)


class NotYours(Exception):
    """该任务不由您办理."""


class CaseClosed(Exception):
    """该项目的流程已经结束或挂起."""


class ActRefused(ValueError):
    """这项操作现在不能进行."""


class CannotStart(ValueError):
    """项目还不能启动流程."""


class OutsidePublicity(Exception):
    """不在公告期内，不能登记异议."""
