"""Fixtures: the application over a small county, as the web's tests have it."""

from __future__ import annotations

from tests.webapp.conftest import both_sites, site

__all__ = ["both_sites", "site"]
