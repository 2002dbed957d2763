"""What a process keeps is spared by the collector; what it makes later and drops is still found."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from scheduler.lasting import spare_what_lasts


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


class Circle:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.own = self


def test_what_there_is_is_spared_and_what_comes_is_not() -> None:
    spare_what_lasts()
    spared = gc.get_freeze_count()
    assert spared > 1_000
    circle = Circle()
    seen = ref(circle)
    del circle
    gc.collect()
    assert seen() is None
    assert gc.get_freeze_count() <= spared
