"""How a message leaves the building: one contract, a module per channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ledger.outbox import Message


class ChannelFailed(Exception):
    """The message did not go out; `permanent` when trying again is no use."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Channel(Protocol):
    """Delivers one message or raises ChannelFailed; called with no transaction open."""

    def send(self, message: Message) -> None: ...


Channels = Mapping[str, Channel]
