"""Put an export's funding columns together: sources, tiers, subtotals not split into tiers, and the total."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from forms.sheets.cells import FEN, Amount
from ledger.vocabulary import FundingSource, FundingTier

Funding = Mapping[tuple[FundingSource, FundingTier], Decimal]
Problem = tuple[str, str]
_SPLIT: Final = (FundingTier.CENTRAL, FundingTier.CITY, FundingTier.COUNTY)


def read_funding(
    parts: Mapping[str, Amount | None], total: Amount | None
) -> tuple[dict[tuple[FundingSource, FundingTier], Decimal], Decimal, list[Problem]]:
    """Return the amounts in 元 by source and tier, the total, and what does not add up (field, reason).

    `parts` holds the columns the workbook has, by field; None is an empty cell. A subtotal without its tiers is
    kept as `unsplit`; a stated total may exceed its parts only where the workbook has no column for some source.
    """
    funding: dict[tuple[FundingSource, FundingTier], Decimal] = {}
    problems: list[Problem] = []
    for source in FundingSource:
        amounts, problem = _source(source, parts)
        funding |= {(source, tier): yuan for tier, yuan in amounts.items()}
        problems += problem
    known = sum(funding.values(), Decimal(0))
    if total is None or problems:
        return funding, known, problems
    all_sources = all(any(field.startswith(source) for field in parts) for source in FundingSource)
    stated = any(amount is not None for amount in parts.values())
    slack = _slack([*parts.values(), total])
    if stated and (known - total.yuan > slack or (all_sources and total.yuan - known > slack)):
        difference = _plain(total.yuan - known)
        reason = f"合计 {_plain(total.yuan)} 元，各项之和 {_plain(known)} 元，相差 {difference} 元"
        return funding, known, [("funding_total", reason)]
    return funding, known if all_sources and stated else max(known, total.yuan), []


def _source(
    source: FundingSource, parts: Mapping[str, Amount | None]
) -> tuple[dict[FundingTier, Decimal], list[Problem]]:
    tiers = {tier: parts[f"{source}_{tier}"] for tier in _SPLIT if f"{source}_{tier}" in parts}
    amounts = {tier: amount.yuan for tier, amount in tiers.items() if amount is not None}
    field = f"{source}_{FundingTier.UNSPLIT}"
    subtotal = parts.get(field)
    if subtotal is None:
        return amounts, []
    rest = subtotal.yuan - sum(amounts.values(), Decimal(0))
    whole = len(tiers) == len(_SPLIT) and bool(amounts)
    slack = _slack([*tiers.values(), subtotal])
    if rest < -slack or (whole and rest > slack):
        split = _plain(sum(amounts.values(), Decimal(0)))
        return amounts, [(field, f"小计 {_plain(subtotal.yuan)} 元，其中各级之和 {split} 元")]
    if not amounts or rest > slack:
        amounts[FundingTier.UNSPLIT] = rest
    return amounts, []


def _slack(amounts: list[Amount | None]) -> Decimal:
    """What rounding each amount to the fen can make of a true sum: nothing where none was rounded."""
    return FEN * sum(amount is not None and amount.rounded for amount in amounts)


def _plain(yuan: Decimal) -> str:
    return format(yuan, "f").rstrip("0").rstrip(".") if "." in format(yuan, "f") else format(yuan, "f")
