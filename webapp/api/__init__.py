"""/api/v1: what the pages do, as JSON for a person's own programs, under the same permissions and scopes.

Who asks is told by a bearer token and by nothing else; a cookie counts for nothing here, so no page elsewhere can
make a browser act.
"""

from __future__ import annotations

from webapp.api import cases, description, hooks, items, meetings, projects, pushing
from webapp.api.operations import bp

__all__ = ["bp", "cases", "description", "hooks", "items", "meetings", "projects", "pushing"]
