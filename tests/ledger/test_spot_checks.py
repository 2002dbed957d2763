"""R5: a draw depends on projects, rule and seed alone; each layer gives its share; anyone can draw again."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from hashlib import sha256

import pytest

from ledger.spot_checks import BAND_NAMES, Candidate, Drawing, band_of, draw

POOL = [
    Candidate(f"PS2023-{n:04}", f"镇{n % 7}", ("revive", "upgrade", "none")[n % 3], Decimal(n * 10_000))
    for n in range(300)
]


def numbers(drawing: Drawing, pool: list[Candidate] = POOL) -> list[str]:
    return [each.number for each, _layer in draw(pool, drawing)]


def test_r5_the_same_seed_draws_the_same_whatever_the_order() -> None:
    drawing = Drawing(("unit", "category"), 10, "七号")
    assert numbers(drawing) == numbers(drawing, POOL[::-1])
    assert numbers(drawing) != numbers(Drawing(("unit", "category"), 10, "八号"))


@pytest.mark.parametrize(
    ("strata", "layers"), [((), 1), (("unit",), 7), (("unit", "category"), 21), (("category", "money"), 9)]
)
def test_r5_each_layer_gives_its_share_rounded_up(strata: tuple[str, ...], layers: int) -> None:
    drawn = draw(POOL, Drawing(strata, 10, "x"))
    within = Counter(each.layer(strata) for each in POOL)
    assert len(within) == layers
    assert Counter(layer for _each, layer in drawn) == {layer: -(-count // 10) for layer, count in within.items()}


def test_r5_by_hand_the_smallest_lots_are_drawn() -> None:
    pool = POOL[:5]
    lots = sorted((sha256(f"seed\n{each.number}".encode()).hexdigest(), each.number) for each in pool)
    assert sorted(numbers(Drawing((), 40, "seed"), pool)) == sorted(number for _lot, number in lots[:2])


def test_r5_bands_of_money_begin_at_their_amount() -> None:
    amounts = (0, 499_999, 500_000, 1_999_999, 2_000_000)
    assert [BAND_NAMES.index(band_of(Decimal(yuan))) for yuan in amounts] == [0, 0, 1, 1, 2]


def test_r5_every_project_is_drawn_about_as_often_as_any_other() -> None:
    counts = Counter(number for n in range(400) for number in numbers(Drawing((), 10, str(n)), POOL[:50]))
    assert len(counts) == 50
    assert 15 < min(counts.values()) <= max(counts.values()) < 75  # expected 40, five standard deviations
