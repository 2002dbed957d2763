"""Every route × method × role, and every object with another township's ids: refused as the table says (safety 3, 4).

The table is reviewed by people; a route that is not in it, or stands in it otherwise, fails here.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from werkzeug.routing import Rule

from ledger.db import transaction
from ledger.people import User
from ledger.scope import actor_of
from tests.authorisation import TABLE, lines_of
from tests.webapp.conftest import Person, Site

CAST = (
    *("sangzhezhen.jingban", "sangzhezhen.shenhe", "sangzhezhen.yundingcun", "caizhengju.huishen"),
    *("xiangcunzhenxingju.jingban", "lingdaoxiaozubangongshi.jingban", "ducha", "xitong", "anquan", "shenji"),
)
ENDS_THE_SESSION = {"auth.logout", "auth.change_password", "account.end", "proofs.check", "auth.sign_in"}
ELSEWHERE = {"demonstration.move", "health.healthz"}  # moves the clock; is red without one
OWNED = {"case_id", "item_id", "project_id", "attachment_id", "meeting_id", "batch_id", "notice_id", "comment_id"}


def test_the_table_of_permissions_is_the_reviewed_one(site: Site) -> None:
    assert lines_of(site.app) == TABLE.read_text(encoding="utf-8").splitlines()


def asked(site: Site) -> Iterator[tuple[Rule, str, str]]:
    """Return each route with a method and an address in which every id is 1."""
    for rule in site.app.url_map.iter_rules():
        if rule.endpoint in ENDS_THE_SESSION | ELSEWHERE:
            continue
        built = rule.build(dict.fromkeys(rule.arguments, "1"))
        assert built is not None
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, built[1]


def press(person: Person, method: str, address: str) -> int:
    if method == "GET":
        return person.get(address).status_code
    return person.post(address).status_code


@pytest.mark.parametrize("login", CAST)
def test_a_role_gets_what_the_table_says_and_nothing_breaks(site: Site, login: str) -> None:
    """Whoever is not admitted is refused before anything is read; whoever is gets an answer, never a fault of ours."""
    site.walk(0).to("joint_review")
    person = site.visitor()
    assert person.sign_in(login).status_code == 303
    with transaction(site.ground.sessions, writes=False) as session:
        actor = actor_of(session.query(User).filter_by(login=login).one())
    table, wrong = site.app.extensions["sigeyipi_permissions"], []
    for rule, method, address in asked(site):
        if rule.endpoint.startswith("api."):  # a cookie counts for nothing there
            expected = {200} if table[rule.endpoint].public else {401}
        elif table[rule.endpoint].public or table[rule.endpoint].admits(actor):
            expected = set(range(200, 500))
        else:
            expected = {403}
        status = press(person, method, address)
        if status not in expected:
            wrong.append((method, address, status))
    assert wrong == []


def test_another_townships_objects_do_not_exist(site: Site) -> None:
    """The stranger knows every number and gets the same answer as for one that nobody has (safety rule 3)."""
    site.walk(0).to("joint_review")
    stranger = site.town("保家镇")
    leaks = []
    for rule, method, address in asked(site):
        if not rule.arguments or not rule.arguments <= OWNED or rule.endpoint.startswith("api."):
            continue
        foreign, unknown = press(stranger, method, address), press(stranger, method, address.replace("/1", "/999999"))
        if foreign != unknown or foreign not in (403, 404):
            leaks.append((method, address, foreign, unknown))
    assert leaks == []
