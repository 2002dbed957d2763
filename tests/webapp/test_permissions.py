"""Every route declares who may use it, and keeps to it (safety rule 4, O2)."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.routing import Rule

from ledger.scope import Actor, PostView
from ledger.vocabulary import Role, UnitKind
from tests.webapp.conftest import Site
from webapp.permissions import BUREAU, PUBLIC, SIGNED_IN, STAFF, PermissionMissing, allows, permission_table

OPEN_TO_ALL = {
    "static",
    "proofs.show",
    "proofs.check",
    "portal.begin",
    "portal.back",
    "portal.enter",
    "portal.leave",
    "auth.login",
    "auth.sign_in",
    "health.healthz",
    "public_notice.show",
    "public_notice.object_to",
    "messaging.yunmas",
    "receipts.aliyun",
    "receipts.tencent",
    "api.openapi",
}


def actor(role: Role, kind: UnitKind) -> Actor:
    return Actor(1, "甲", (PostView(7, "桑柘镇", kind, "/1/7/", 1, role),))


def address(rule: Rule) -> str:
    values = dict.fromkeys(rule.arguments, "1")
    with Flask("x").test_request_context():
        built = rule.build(values)
    assert built is not None
    return built[1]


def test_a_route_without_a_permission_stops_the_start() -> None:
    app = Flask("x", static_folder=None)
    app.add_url_rule("/open", "open", allows(PUBLIC)(lambda: ""))
    app.add_url_rule("/forgotten", "forgotten", lambda: "")
    with pytest.raises(PermissionMissing, match="forgotten"):
        permission_table(app)


@pytest.mark.parametrize(
    ("permission", "who", "admitted"),
    [
        (PUBLIC, None, True),
        (SIGNED_IN, None, False),
        (SIGNED_IN, actor(Role.AUDIT_ADMIN, UnitKind.COUNTY), True),
        (STAFF, actor(Role.SYSTEM_ADMIN, UnitKind.COUNTY), False),
        (STAFF, actor(Role.SUPERVISOR, UnitKind.COUNTY), True),
        (BUREAU, actor(Role.HANDLER, UnitKind.BUREAU), True),
        (BUREAU, actor(Role.SIGNER, UnitKind.BUREAU), False),
        (BUREAU, actor(Role.HANDLER, UnitKind.TOWNSHIP), False),
    ],
)
def test_a_permission_looks_at_roles_and_kinds_of_unit(permission, who, admitted) -> None:  # type: ignore[no-untyped-def]
    assert permission.admits(who) is admitted


def test_nobody_gets_anything_but_the_open_routes_without_signing_in(site: Site) -> None:
    visitor, refused = site.visitor(), []
    for rule in site.app.url_map.iter_rules():
        if rule.endpoint in OPEN_TO_ALL:
            continue
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        answer = visitor.get(address(rule)) if method == "GET" else visitor.post(address(rule))
        refused.append((rule.endpoint, answer.status_code))
    assert len(refused) > 40
    assert [(name, status) for name, status in refused if status not in (302, 401, 403)] == []


def test_administrators_get_no_business_page(site: Site) -> None:
    """Administrators exclude every business role (safety rule 15)."""
    county = site.ground.county.county
    for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
        person = site.person(county.id, role)
        statuses = {path: person.get(path).status_code for path in ("/projects", "/meetings", "/batches", "/campaigns")}
        assert set(statuses.values()) == {403}


@pytest.mark.parametrize("path", ["/imports/new", "/unassigned", "/campaigns/new"])
def test_what_is_the_bureaus_is_refused_to_a_township(site: Site, path: str) -> None:
    assert site.town().get(path).status_code == 403
    assert site.bureau().get(path).status_code == 200


def test_the_menu_shows_only_what_may_be_opened(site: Site) -> None:
    assert "/imports/new" not in site.town().get("/inbox").get_data(as_text=True)
    assert "/imports/new" in site.bureau().get("/inbox").get_data(as_text=True)
