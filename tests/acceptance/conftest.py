"""Fixtures: the application over a small county, as the web's tests have it, and the product a browser can open."""

from __future__ import annotations

from tests.acceptance.houses import house
from tests.webapp.conftest import both_sites, site

__all__ = ["both_sites", "house", "site"]
