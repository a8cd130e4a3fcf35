"""How large a filled database is, and what its statements share.

Study k has a series of two radiographs and a CT of 98 slices, and ten jobs. Half of the studies are so old that they
were purged. Most jobs are inferred and most deliveries committed; some are in every other state.
"""

from collections.abc import Mapping
from dataclasses import dataclass

IMAGES, SLICES, JOBS = 2, 98, 10  # of a study
PER_STUDY = IMAGES + SLICES
YEAR = 365 * 86400
OWNER = "worker-1:17:0a1b2c3d"

Insert = tuple[str, str]
"""A table and the INSERT ... SELECT that fills it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """How much of everything."""

    instances: int

    def __post_init__(self) -> None:
        if self.instances < 10_000 or self.instances % PER_STUDY:
            raise ValueError(f"instances must be 10000 or more, in hundreds, got {self.instances}")

    @property
    def studies(self) -> int:
        """One in a hundred instances."""
        return self.instances // PER_STUDY

    @property
    def jobs(self) -> int:
        """Ten on each study."""
        return self.studies * JOBS

    @property
    def ready(self) -> int:
        """Jobs that no worker has yet."""
        return max(100, self.jobs // 500)

    @property
    def fresh(self) -> int:
        """Associations that are not reported yet; twenty times as many instances wait to be indexed."""
        return min(20, max(1, self.studies // 100))


def insert(table: str, values: Mapping[str, str], source: str, where: str = "") -> Insert:
    """values: SQL by column."""
    words = [f"INSERT INTO {table} ({', '.join(values)}) SELECT", ", ".join(values.values()), "FROM", source]
    return table, " ".join([*words, "WHERE", where] if where else words)


def study_uid(k: str) -> str:
    """SQL of a Study Instance UID. Neighbours in time are none in the order of UIDs, as in life."""
    return f"('1.2.826.0.1.3680043.8.498.' || (({k}) * 2654435761 % 4294967296 + 10000000000) || '.' || ({k}))"


def digest(text: str) -> str:
    """SQL of 64 hexadecimal digits; text: SQL."""
    return f"md5('a' || {text}) || md5('b' || {text})"
