"""帮助: a manual page per role, the person's own first, and one per subject of the administrators' work.

The files lie in `webapp/manual/`, written as `webapp.manual_text` reads them. The word 帮助 at the top of every page
leads to the subject of that page, so that who does not know how to go on need not search.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from flask import Blueprint, abort, has_request_context, render_template, request, url_for

from ledger.scope import Actor
from ledger.vocabulary import Role, UnitKind
from webapp.manual_text import Manual, read_manual
from webapp.permissions import SIGNED_IN, allows
from webapp.request import actor

bp = Blueprint("help", __name__)
FOLDER = Path(__file__).parent / "manual"
ROLES = ("clerk", "signer", "village", "reviewer", "office", "bureau", "supervisor", "system", "security", "audit")
TOPICS = (
    *("design", "problems", "forms", "templates", "tables", "rehearsal", "comparison", "publishing", "moving"),
    *("people", "calendar", "vocabularies", "parameters", "messages", "campaigns"),
)
PAGES = (*ROLES, *TOPICS)
ADMINISTRATORS = frozenset({"system", "security"})
"""The roles whose page begins with the subjects."""
TOPIC_OF: Mapping[str, str] = {
    "design": "design",
    **dict.fromkeys(("design.version", "bundles", "publishing"), "publishing"),
    "publishing.versions": "comparison",
    "moving": "moving",
    **dict.fromkeys(("form_design", "form_permissions"), "forms"),
    "table_design": "tables",
    **dict.fromkeys(("playing", "rehearsals"), "rehearsal"),
    "paper_designs": "templates",
    **dict.fromkeys(("people", "units", "approvals", "handing", "substitutes", "people_lists"), "people"),
    "working_calendar": "calendar",
    "vocabularies": "vocabularies",
    "parameters": "parameters",
    **dict.fromkeys(("messaging", "message_texts"), "messages"),
    "campaigns": "campaigns",
}
"""Which subject a page belongs to: by its endpoint, else by its blueprint."""
_OF_KIND = {
    UnitKind.VILLAGE: "village",
    UnitKind.REVIEWER: "reviewer",
    UnitKind.OFFICE: "office",
    UnitKind.BUREAU: "bureau",
}
_OF_ROLE = {
    Role.SIGNER: "signer",
    Role.SUPERVISOR: "supervisor",
    Role.SYSTEM_ADMIN: "system",
    Role.SECURITY_ADMIN: "security",
    Role.AUDIT_ADMIN: "audit",
}


@bp.get("/help")
@allows(SIGNED_IN)
def index() -> str:
    return _page(own_page(actor()))


@bp.get("/help/<name>")
@allows(SIGNED_IN)
def show(name: str) -> str:
    return _page(name if name in PAGES else abort(404))


@bp.app_context_processor
def help_link() -> dict[str, str]:
    """Give every template the address behind 帮助, and the subject's title where the page has one."""
    if not has_request_context():
        return {}
    topic = topic_here(request.endpoint or "", request.blueprint or "")
    if topic is None:
        return {"help_url": url_for("help.index"), "help_about": ""}
    return {"help_url": url_for("help.show", name=topic), "help_about": manual(topic).title}


def topic_here(endpoint: str, blueprint: str) -> str | None:
    """Return the subject a page belongs to; None where the role's own page says it."""
    return TOPIC_OF.get(endpoint) or TOPIC_OF.get(blueprint)


def own_page(who: Actor) -> str:
    """Return which page speaks to a person: by the first post, its kind of unit before its role."""
    if not who.posts:
        return "clerk"
    post = who.posts[0]
    if post.role is Role.HANDLER:
        return _OF_KIND.get(post.unit_kind, "clerk")
    return _OF_ROLE.get(post.role, "clerk")


@cache
def manual(name: str) -> Manual:
    """Read one page."""
    return read_manual((FOLDER / f"{name}.md").read_text(encoding="utf-8"))


def _page(name: str) -> str:
    titles = {each: manual(each).title for each in PAGES}
    return render_template(
        "help/show.html",
        manual=manual(name),
        name=name,
        roles=[(each, titles[each]) for each in ROLES],
        topics=[(each, titles[each]) for each in TOPICS],
        topics_first=name in TOPICS or name in ADMINISTRATORS,
    )
