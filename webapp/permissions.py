"""Who may use a route: declared beside it with `allows`, refused unless declared, checked in one place.

A permission looks only at the person's posts. Which rows a person sees is the ledger's business (`visible_projects`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask

from ledger.scope import COUNTY_WIDE
from ledger.vocabulary import Role, UnitKind
from webapp.request import Permission

View = TypeVar("View", bound=Callable[..., object])
_MARK = "sigeyipi_permission"


_BUSINESS = frozenset({Role.HANDLER, Role.SIGNER, Role.SUPERVISOR})
_RESPONSIBLE = frozenset({UnitKind.TOWNSHIP, UnitKind.DEPARTMENT, UnitKind.BUREAU, UnitKind.AGRICULTURE})

PUBLIC = Permission("任何人", public=True)
SIGNED_IN = Permission("已登录人员")
STAFF = Permission("业务人员", _BUSINESS)
ACTING = Permission("经办人、审核人", frozenset({Role.HANDLER, Role.SIGNER}))
BUREAU = Permission("县乡村振兴局经办人", frozenset({Role.HANDLER}), frozenset({UnitKind.BUREAU}))
CHECKING = Permission(
    "县乡村振兴局、上级部门经办人",
    frozenset({Role.HANDLER}),
    frozenset({UnitKind.BUREAU, UnitKind.COUNTY, UnitKind.CITY}),
)
COLLECTOR = Permission(
    "县乡村振兴局、领导小组办公室经办人", frozenset({Role.HANDLER}), frozenset({UnitKind.BUREAU, UnitKind.OFFICE})
)
MEETING = Permission("召集会议的单位经办人", frozenset({Role.HANDLER}), _RESPONSIBLE | {UnitKind.OFFICE})
COUNTY_LEVEL = Permission("县级业务人员", _BUSINESS, COUNTY_WIDE)
LEDGER = Permission("责任单位、县乡村振兴局经办人", frozenset({Role.HANDLER}), _RESPONSIBLE)
SYSTEM = Permission("系统管理员", frozenset({Role.SYSTEM_ADMIN}))
SECURITY = Permission("安全管理员", frozenset({Role.SECURITY_ADMIN}))
AUDIT = Permission("审计管理员", frozenset({Role.AUDIT_ADMIN}))
STAFFING = Permission("系统管理员、安全管理员", frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}))
DESIGN = Permission("系统管理员、安全管理员", frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}))
LEADING = Permission("审核人、系统管理员", frozenset({Role.SIGNER, Role.SYSTEM_ADMIN}))
OBJECTIONS = Permission("责任单位、领导小组办公室经办人", frozenset({Role.HANDLER}), _RESPONSIBLE | {UnitKind.OFFICE})


class PermissionMissing(RuntimeError):
    """A route declares no permission: the application does not start."""


def allows(permission: Permission) -> Callable[[View], View]:
    """Declare who may use a route; stands directly above the view, below the route."""

    def mark(view: View) -> View:
        setattr(view, _MARK, permission)
        return view

    return mark


def permission_of(view: Callable[..., object]) -> Permission | None:
    found = getattr(view, _MARK, None)
    return found if isinstance(found, Permission) else None


def permission_table(app: Flask) -> dict[str, Permission]:
    """Return the permission of every endpoint; PermissionMissing names all routes without one."""
    table = {rule.endpoint: permission_of(app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()}
    missing = sorted(endpoint for endpoint, permission in table.items() if permission is None)
    if missing:
        raise PermissionMissing("routes without a declared permission: " + ", ".join(missing))
    return {endpoint: permission for endpoint, permission in table.items() if permission is not None}
