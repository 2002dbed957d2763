"""How a message leaves the building: one contract, a module per channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Protocol

from scheduler.letters import Letter

PATIENCE = 10.0
"""Seconds that a channel waits for one answer where it has no setting for that."""

Send = Callable[[Letter], str]
"""Sends one letter and returns the provider's number for it, or raises ChannelFailed or ChannelAway."""


class ChannelFailed(Exception):
    """The message did not go out; `permanent` when trying again is no use."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class ChannelAway(Exception):
    """Nothing goes out over the channel now: server away, account refused, throttled. No message is to blame."""


class Reach(StrEnum):
    """What a channel needs to know of a person: the column of `User`, or nothing."""

    NOTHING = ""
    EMAIL = "email"
    TELEPHONE = "telephone"


class Channel(Protocol):
    """One way to people. `batch` letters are sent over one connection, with no transaction open."""

    @property
    def reach(self) -> Reach: ...

    @property
    def batch(self) -> int: ...

    def opened(self) -> AbstractContextManager[Send]:
        """Connect for one batch; raises ChannelAway."""
        ...


Channels = Mapping[str, Channel]
