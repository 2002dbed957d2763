"""Work that goes on after the answer: begun once the request has committed, told of in the database."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

from flask import Flask, Response, after_this_request, current_app

Work = Callable[[], None]
_NAME = "sigeyipi_background"


def install(app: Flask, begin: Callable[[Work], None] | None = None) -> None:
    """Say how work is begun: in a thread of its own, unless a test wants to wait for it."""
    app.extensions[_NAME] = begin or _in_a_thread


def after_the_answer(work: Work) -> None:
    """Begin `work` when this request has committed: what it looks for is there then."""
    begin: Callable[[Work], None] = current_app.extensions[_NAME]

    def start(response: Response) -> Response:
        begin(work)
        return response

    after_this_request(start)


def _in_a_thread(work: Work) -> None:
    Thread(target=work, daemon=True).start()
