"""A defect of a study, and what must become of it."""

from collections.abc import Callable
from dataclasses import dataclass

from pydicom.dataset import Dataset

Files = list[Dataset]
"""The images of a study, pixels included; their own, free to be changed."""
Change = Callable[[Files], Files]

READ = "read"  #: the model gives its findings
UNREAD = "unread"  #: the files never become a study


@dataclass(frozen=True)
class Defect:
    """One row of the suite.

    A model that reads a study in spite of its defect says so in the result: in a remark that it makes of no other
    study, or, where it cannot recognise the defect, in words that stand in each of its results.
    """

    model: str
    name: str  #: in the words of the page
    apply: Change
    expected: str  #: the reason code, or READ
    said: str = ""  #: with READ: what the result says
    recognised: bool = True  #: False: the result says it of every study

    def __post_init__(self) -> None:
        if (self.expected == READ) != bool(self.said):
            raise ValueError(f"{self.name}: a study that is read needs words that its result must hold, no other")
        if not self.recognised and self.expected != READ:
            raise ValueError(f"{self.name}: what is refused is recognised")

    @property
    def happens(self) -> str:
        """In the words of the page."""
        if self.expected == UNREAD:
            return "not taken as a study"
        if self.expected != READ:
            return "refused"
        told = f'"{self.said}"'
        return f"read, with the remark {told}" if self.recognised else f"**not recognised**; every result says {told}"
