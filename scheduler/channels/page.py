"""Messages read in the page: one is delivered by being in the outbox, where its reader's pages look for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.outbox import PAGE as NAME
from scheduler.channels import Reach, Send

__all__ = ["NAME", "PageChannel"]


class PageChannel:
    """Has nothing to carry: the row itself is what the person reads."""

    reach = Reach.NOTHING
    batch = 200

    @contextmanager
    def opened(self) -> Iterator[Send]:
        yield lambda letter: ""
