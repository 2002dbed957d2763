"""The pages' addresses come from the manifest of the last build."""

import json
from pathlib import Path

import pytest

from webapp.assets import DIST, PagesNotBuilt, asset


def test_an_entry_names_its_script_and_its_styles_in_order(tmp_path: Path) -> None:
    chunk = {"file": "assets/app-1.js", "css": ["assets/first-2.css", "assets/second-3.css"]}
    (tmp_path / "manifest.json").write_text(json.dumps({"src/app.js": chunk}))
    entry = asset("app", tmp_path)
    assert entry.script == "/static/dist/assets/app-1.js"
    assert entry.styles == ("/static/dist/assets/first-2.css", "/static/dist/assets/second-3.css")


def test_pages_that_are_not_built_say_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(PagesNotBuilt, match="make setup"):
        asset("app", tmp_path)


def test_the_built_pages_are_all_there() -> None:
    entry = asset("app")
    for address in (entry.script, *entry.styles):
        assert (DIST / address.removeprefix("/static/dist/")).is_file()
