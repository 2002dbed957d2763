"""Messages read in the page: one is delivered by being in the outbox, where its reader's pages look for it."""

from __future__ import annotations

from ledger.outbox import Message

NAME = "page"


class PageChannel:
    """Has nothing to carry."""

    def send(self, message: Message) -> None:
        """Do nothing: the row itself is what the person reads."""
