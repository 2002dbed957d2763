"""R2, R6: a report's figures beside the last time's: what changed, and what is said where there was no last time."""

from __future__ import annotations

from ledger.round_figures import FIGURES, RATES, lines_of

NOW = {"project_count": 10, "stopped_count": 2, "difficult_count": 3, "overdue_item_count": 4}
BEFORE = {"project_count": 8, "stopped_count": 2, "difficult_count": 1, "overdue_item_count": 5}


def test_r2_last_time_stands_beside_this_time() -> None:
    lines = {label: rest for label, *rest in lines_of(NOW, BEFORE)}
    assert lines["项目总数"] == ["8", "10", "+2"]
    assert lines["停产闲置"] == ["2", "2", "0"]
    assert lines["超期事项"] == ["5", "4", "-1"]
    assert lines["停产闲置率"] == ["25.00%", "20.00%", "-5.00个百分点"]
    assert lines["经营困难率"] == ["12.50%", "30.00%", "+17.50个百分点"]
    assert lines["未按约定联农带农率"] == ["0.00%", "0.00%", "0"]
    assert list(lines) == [*FIGURES.values(), *RATES.values()]


def test_r2_without_a_last_time_nothing_is_made_up() -> None:
    lines = {label: rest for label, *rest in lines_of(NOW, None)}
    assert lines["项目总数"] == ["—", "10", "—"]
    assert lines["停产闲置率"] == ["—", "20.00%", "—"]
    assert {label: rest for label, *rest in lines_of(NOW, {})}["停产闲置率"] == ["—", "20.00%", "—"]
