"""`docs/security.md` speaks of every requirement of ASVS 5.0, levels 1 and 2, exactly once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def test_every_requirement_is_answered_once() -> None:
    text = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")
    chapter = text.split("## 对照 OWASP ASVS 5.0")[1].split("\n## ")[0]
    answered = Counter(re.findall(r"\b\d{1,2}\.\d{1,2}\.\d{1,2}\b", chapter))
    wanted = (REPOSITORY / "tests" / "data" / "asvs-5.0-levels-1-2.txt").read_text(encoding="utf-8").split()
    assert len(wanted) == 246
    assert [number for number in wanted if answered[number] != 1] == []
    assert sorted(answered.keys() - set(wanted)) == []
