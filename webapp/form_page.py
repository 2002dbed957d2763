"""What the field macros (`templates/fields.html`) need to draw a form from posted values and their errors."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from forms.fields import Asked, Field, Form, Option, Posted
from forms.fields import options_of as choices_of
from forms.schema import tiers_of
from ledger.findings import Finding
from ledger.papers import Attachment
from ledger.vocabulary import FundingSource, FundingTier
from webapp.suggesting import CLASSES, Advice

_EMPTY_ROWS = 3  # offered below the filled ones; saving the draft offers as many again
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPLIT = (FundingTier.CENTRAL, FundingTier.CITY, FundingTier.COUNTY)


def _article(option: Option) -> str:
    return Finding(option.value).article


@dataclass(frozen=True)
class FormPage:
    """One form as it stands: its questions, what was typed, what is wrong, what was uploaded."""

    form: Form
    posted: Posted
    asked: Asked = field(default_factory=Asked)
    errors: Mapping[str, str] = field(default_factory=dict)
    attachments: Mapping[str, Sequence[Attachment]] = field(default_factory=dict)  # by field
    removable: bool = False  # files lie on an item and can be taken off again
    last: Mapping[str, str] = field(default_factory=dict)  # how each field was answered the last time, in words
    now: Mapping[str, str] = field(default_factory=dict)  # and what stands in it now, where that can be told
    advice: Advice | None = None  # what the decision table says to what is ticked
    pretended: bool = False  # in a play nothing is uploaded: a file is only said to be there
    files: Collection[str] = ()  # the fields for which that is said

    def value(self, name: str) -> str:
        """Return what stands in a box; the first value where several were posted."""
        values = self.posted.get(name, ())
        return values[0] if values else ""

    def before(self, each: Field) -> str:
        """Return how a field was answered the last time, where something else stands in it now."""
        said = self.last.get(each.name, "")
        return said if said != self.now.get(each.name, "") else ""

    def values(self, name: str) -> Sequence[str]:
        return self.posted.get(name, ())

    def main(self, each: Field) -> str:
        """Return the choice that counts as the main one."""
        return self.value(f"{each.name}.main") or self.value(each.name)

    def options(self, each: Field) -> tuple[Option, ...]:
        return choices_of(each, self.asked)

    def groups(self, each: Field) -> Sequence[tuple[str, tuple[tuple[int, Option], ...]]]:
        """Return a question's numbered choices under headings: the conditions of a class by its article."""
        numbered = tuple(enumerate(self.options(each), 1))
        if each.vocabulary != Finding.__name__:
            return (("", numbered),)
        return tuple(
            (f"第（{numeral}）条　{category.label}类", tuple(n for n in numbered if _article(n[1]) == article))
            for numeral, (article, category) in zip("三四五六", CLASSES.items(), strict=True)
        )

    def asks(self, show_if: Mapping[str, Sequence[str]]) -> bool:
        """Say whether the conditions on the item's context hold; those on other answers are left to the page."""
        return all(self.asked.about(name) in values for name, values in show_if.items() if name.startswith("$"))

    def condition(self, show_if: Mapping[str, Sequence[str]]) -> str:
        """Return the conditions on other answers as JSON for `data-show-if`; empty when there are none."""
        on_answers = {name: list(values) for name, values in show_if.items() if not name.startswith("$")}
        return json.dumps(on_answers, ensure_ascii=False) if on_answers else ""

    def is_day(self, name: str) -> bool:
        """Say whether a date box can show its value: a browser silently drops what is no date."""
        return not self.value(name) or _ISO_DAY.fullmatch(self.value(name)) is not None

    def labels(self) -> dict[str, str]:
        return {each.name: each.label for _section, each in self.form.fields()}

    def box(self, name: str) -> str:
        """Return the id of the element that an error's link leads to."""
        return f"f-{name or 'form'}"

    def row_numbers(self, each: Field) -> range:
        """Return the numbers of a table's rows: the filled ones and some empty ones."""
        prefix = f"{each.name}."
        used = [
            int(name.split(".")[1])
            for name, values in self.posted.items()
            if name.startswith(prefix) and any(values) and name.split(".")[1].isdecimal()
        ]
        return range(max(used, default=-1) + 1 + _EMPTY_ROWS)

    def records(self, each: Field) -> Sequence[tuple[str, str]]:
        return self.asked.records.get(each.name, ())

    def shown_text(self, each: Field) -> str:
        return self.asked.display.get(each.name, "")

    def has_unsplit(self, each: Field) -> bool:
        """Say whether a source came without its tiers: then the matrix has a column for the sum not split yet."""
        return any(
            self.value(f"{each.name}.{source}.{FundingTier.UNSPLIT}")
            for source in FundingSource
            if FundingTier.CENTRAL in tiers_of(source)
        )

    def sources(self) -> Sequence[FundingSource]:
        return tuple(FundingSource)

    def tiers(self, each: Field) -> tuple[FundingTier, ...]:
        return (*_SPLIT, FundingTier.UNSPLIT) if self.has_unsplit(each) else _SPLIT

    def is_split(self, source: FundingSource) -> bool:
        return FundingTier.CENTRAL in tiers_of(source)
