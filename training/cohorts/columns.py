"""What a column of a cohort table may hold, and how a cell is read."""

import math
from dataclasses import dataclass
from enum import StrEnum

Value = float | bool | str | None  #: None: not known

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})  # what spreadsheets, R and pandas write for nothing
YES = frozenset({"1", "yes", "true", "1.0"})
NO = frozenset({"0", "no", "false", "0.0"})


class Kind(StrEnum):
    """How the cells of a column are read."""

    NUMBER = "number"
    YES_NO = "yes_no"
    TEXT = "text"


class BadCell(ValueError):
    """A cell holds what its column does not allow. The message says what is allowed, never what was found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of the table."""

    name: str
    kind: Kind = Kind.NUMBER
    low: float = -math.inf  #: smallest number allowed
    high: float = math.inf
    whole: bool = False  #: whole numbers only
    choices: tuple[str, ...] = ()  #: of text, in any case; empty: any text
    required: bool = False  #: whether an empty cell is an error

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        empty = "" if self.required else ", or empty"
        if self.kind is Kind.YES_NO:
            return f"must be 0 or 1{empty}"
        if self.kind is Kind.TEXT:
            return f"must be {' or '.join(self.choices) if self.choices else 'a text'}{empty}"
        noun = "a whole number" if self.whole else "a number"
        ends = {
            (True, True): f" from {self.low:g} to {self.high:g}",
            (True, False): f" of {self.low:g} or more",
            (False, True): f" of {self.high:g} or less",
            (False, False): "",
        }[math.isfinite(self.low), math.isfinite(self.high)]
        return f"must be {noun}{ends}{empty}"

    def read(self, cell: str) -> Value:
        """Value of a cell.

        Raises
        ------
        BadCell
            If the cell holds something else than `allowed` says.
        """
        text = cell.strip()
        if text.casefold() in MISSING:
            if self.required:
                raise BadCell(self.allowed)
            return None
        if self.kind is Kind.NUMBER:
            return self._number(text)
        return self._yes_no(text) if self.kind is Kind.YES_NO else self._text(text)

    def _number(self, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise BadCell(self.allowed) from None  # the cause would quote the cell
        # "1_000" is a number to Python and a slip in a table
        if "_" in text or not math.isfinite(value) or not self.low <= value <= self.high:
            raise BadCell(self.allowed)
        if self.whole and not value.is_integer():
            raise BadCell(self.allowed)
        return value

    def _yes_no(self, text: str) -> bool:
        if text.casefold() not in YES | NO:
            raise BadCell(self.allowed)
        return text.casefold() in YES

    def _text(self, text: str) -> str:
        if not self.choices:
            return text
        known = {choice.casefold(): choice for choice in self.choices}
        if text.casefold() not in known:
            raise BadCell(self.allowed)
        return known[text.casefold()]
