"""Header values by DICOM keyword, without pydicom: what selection and predictions may ask of a header."""

import math
from collections.abc import Iterator, Mapping
from typing import TypeAlias

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"


class Header(Mapping[str, JsonValue]):
    """A read-only mapping of DICOM keyword to value (text, number, or a list of them for VM > 1).

    Built from what indexing kept of a data set. Absent and empty elements read alike; no accessor ever raises on
    a malformed value: it answers as if the element were absent.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, JsonValue]) -> None:
        self._values = dict(values)

    def __getitem__(self, keyword: str) -> JsonValue:
        return self._values[keyword]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        """Keywords only: values may identify a patient and must not reach a log."""
        return f"Header({', '.join(sorted(self._values))})"

    def text(self, keyword: str) -> str:
        """The value as stripped text, first of several, or an empty string."""
        value = self._first(keyword)
        return "" if value is None else str(value).strip()

    def texts(self, keyword: str) -> tuple[str, ...]:
        """All values as stripped text."""
        return tuple("" if v is None else str(v).strip() for v in self._all(keyword))

    def number(self, keyword: str) -> float | None:
        """The value as a number, first of several, or None."""
        found = self.numbers(keyword)
        return found[0] if found else None

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """All values as finite numbers; empty when one of them is none."""
        try:
            found = tuple(float(v) for v in self._all(keyword))  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            return ()
        return found if all(math.isfinite(v) for v in found) else ()

    def _all(self, keyword: str) -> list[JsonValue]:
        value = self._values.get(keyword)
        if value is None or value == "":
            return []
        return value if isinstance(value, list) else [value]

    def _first(self, keyword: str) -> JsonValue:
        found = self._all(keyword)
        return found[0] if found else None
