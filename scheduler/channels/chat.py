"""A working group in 企业微信, 钉钉 or 飞书, through Apprise (extra `chat`): the group's robot names who is meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from apprise.exception import AppriseException
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot

from ledger.channel_settings import Chat
from scheduler.channels import ChannelAway, ChannelFailed, Reach, Send
from scheduler.letters import Letter

# only these three are loaded: Apprise itself would load a hundred services to find one
ROBOTS: Mapping[str, Any] = {"wecombot": NotifyWeComBot, "dingtalk": NotifyDingTalk, "feishu": NotifyFeishu}


class ChatChannel:
    """One robot of one group; what it is told is what a text message would say."""

    reach = Reach.NOTHING
    batch = 10  # a robot may speak twenty times a minute, and Apprise waits between two

    def __init__(self, settings: Chat) -> None:
        self._settings = settings

    @contextmanager
    def opened(self) -> Iterator[Send]:
        """Make the robot; ChannelAway when its address is none."""
        address = self._settings.url.get_secret_value()
        robot = ROBOTS.get(address.partition("://")[0])
        given = None if robot is None else robot.parse_url(address)
        if robot is None or not given:
            raise ChannelAway("工作群机器人的地址写法有误")
        try:
            made = robot(**given)
        except (AppriseException, TypeError) as wrong:
            raise ChannelAway("工作群机器人的地址写法有误") from wrong
        yield lambda letter: _send(made, letter)


def _send(robot: Any, letter: Letter) -> str:
    """Say it in the group; Apprise tells only that it failed, so it is tried again."""
    if not robot.notify(body=f"{letter.name}：{letter.short}", title=""):
        raise ChannelFailed("工作群没有收下消息")
    return ""
