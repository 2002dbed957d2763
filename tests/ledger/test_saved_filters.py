"""Searches kept on the server: the last one, named ones, shared ones, and nobody else's."""

from __future__ import annotations

import pytest

from ledger.db import transaction
from ledger.saved_filters import (
    LAST,
    MOST_FILTERS,
    FilterRefused,
    Search,
    drop_filter,
    remember,
    remembered,
    save_filter,
    saved_filters,
)
from ledger.vocabulary import Role
from tests.walk import Ground, person

OVERDUE = Search("inbox", {"limit": "overdue"})


def test_the_last_search_is_remembered_until_an_empty_one(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        clerk = person(session, ground.county.townships["桑柘镇"].id, Role.HANDLER)
        other = person(session, ground.county.townships["保家镇"].id, Role.HANDLER)
        remember(session, clerk, OVERDUE, ground.now)
        remember(session, clerk, Search("inbox", {"limit": "soon", "q": "蔬菜"}), ground.now)
        session.flush()
        assert remembered(session, clerk, "inbox") == {"limit": "soon", "q": "蔬菜"}
        assert remembered(session, clerk, "done") == remembered(session, other, "inbox") == {}
        assert list(saved_filters(session, clerk, "inbox")) == []
        remember(session, clerk, Search("inbox", {}), ground.now)
        session.flush()
        assert remembered(session, clerk, "inbox") == {}


def test_a_named_search_is_shared_with_the_unit_alone(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        town = ground.county.townships["桑柘镇"].id
        clerk, signer = person(session, town, Role.HANDLER), person(session, town, Role.SIGNER)
        stranger = person(session, ground.county.townships["保家镇"].id, Role.HANDLER)
        save_filter(session, clerk, OVERDUE, "催一催", True, ground.now)
        own = save_filter(session, clerk, OVERDUE, "自己看", False, ground.now)
        session.flush()
        assert [each.name for each in saved_filters(session, clerk, "inbox")] == ["催一催", "自己看"]
        assert [each.name for each in saved_filters(session, signer, "inbox")] == ["催一催"]
        assert list(saved_filters(session, stranger, "inbox")) == []
        drop_filter(session, signer, own.id)
        assert len(saved_filters(session, clerk, "inbox")) == 2
        drop_filter(session, clerk, own.id)
        assert [each.name for each in saved_filters(session, clerk, "inbox")] == ["催一催"]


def test_a_name_taken_again_replaces_and_a_bad_one_is_refused(sqlite_ground: Ground) -> None:
    ground = sqlite_ground
    with transaction(ground.sessions) as session:
        clerk = person(session, ground.county.townships["桑柘镇"].id, Role.HANDLER)
        for query in ({"limit": "today"}, {"limit": "later"}):
            save_filter(session, clerk, Search("inbox", query), "我的", False, ground.now)
            session.flush()
        assert [dict(each.query) for each in saved_filters(session, clerk, "inbox")] == [{"limit": "later"}]
        for search, name in ((OVERDUE, LAST), (OVERDUE, "长" * 21), (Search("inbox", {}), "空的")):
            with pytest.raises(FilterRefused):
                save_filter(session, clerk, search, name, False, ground.now)
        for number in range(MOST_FILTERS - 1):
            save_filter(session, clerk, OVERDUE, f"第{number}组", False, ground.now)
            session.flush()
        with pytest.raises(FilterRefused):
            save_filter(session, clerk, OVERDUE, "再一组", False, ground.now)
