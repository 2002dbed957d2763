"""帮助: one manual page per role inside the application, the person's own first; written in a little Markdown.

The files lie in `webapp/manual/`: `#` the title, `##` a section, `-` a point, anything else a paragraph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, abort, render_template

from ledger.scope import Actor
from ledger.vocabulary import Role, UnitKind
from webapp.permissions import SIGNED_IN, allows
from webapp.request import actor

bp = Blueprint("help", __name__)
FOLDER = Path(__file__).parent / "manual"
PAGES = ("clerk", "signer", "village", "reviewer", "office", "bureau", "supervisor", "system", "security", "audit")
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


@dataclass(frozen=True)
class ManualSection:
    title: str
    paragraphs: tuple[str, ...]
    points: tuple[str, ...]


@dataclass(frozen=True)
class Manual:
    """One role's page."""

    title: str
    sections: tuple[ManualSection, ...]


@bp.get("/help")
@allows(SIGNED_IN)
def index() -> str:
    return _page(own_page(actor()))


@bp.get("/help/<name>")
@allows(SIGNED_IN)
def show(name: str) -> str:
    return _page(name if name in PAGES else abort(404))


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
    title, _, rest = (FOLDER / f"{name}.md").read_text(encoding="utf-8").partition("\n")
    return Manual(title.removeprefix("# "), tuple(_section(part.splitlines()) for part in rest.split("\n## ")[1:]))


def _section(lines: Sequence[str]) -> ManualSection:
    said = [line for line in lines[1:] if line]
    points = tuple(line.removeprefix("- ") for line in said if line.startswith("- "))
    return ManualSection(lines[0], tuple(line for line in said if not line.startswith("- ")), points)


def _page(name: str) -> str:
    titles = [(each, manual(each).title) for each in PAGES]
    return render_template("help/show.html", manual=manual(name), name=name, titles=titles)
