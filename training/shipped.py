"""A bundle whose table is drawn anew, and where its patients came from."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from screening.card import ModelCard
from screening.errors import ConfigurationError
from training.cohorts.source import Cohort, Splits
from training.request import TrainingRequest

Figures = Mapping[str, float]
Judges = Mapping[str, Callable[[], Figures]]  #: by the beginning of the figures' names: draws the patients, judges them

UNSEEN = ("test", "external")  # patients that training never saw
TRAINED_ON = re.compile(r"\(simulator ([^,)\s]+)\)?, tier (\w+), seed (\d+)")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a card says of the patients that its model learned from."""

    simulator: str
    tier: str
    seed: int

    @classmethod
    def of(cls, card: ModelCard) -> "Origin":
        """As a recipe wrote it into `trained_on`.

        Raises
        ------
        ConfigurationError
            If the patients were not simulated: a site's cannot be drawn anew.
        """
        found = TRAINED_ON.search(card.trained_on)
        if found is None:
            raise ConfigurationError(
                f"{card.name} was trained on {card.trained_on or 'patients that its card does not name'}: only figures"
                " of simulated patients can be drawn anew; judge it with opportune evaluate --cohort"
            )
        return cls(simulator=found[1], tier=found[2], seed=int(found[3]))


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """A bundle, and the training that it came from as far as patients are drawn by it."""

    bundle: Path
    results: Figures = field(repr=False)  #: the card's table
    request: TrainingRequest  #: tier and seed are the card's, out holds cohorts

    def count(self, name: str) -> int:
        """How many there were, by a figure of the table: a bundle may have been judged on other numbers than its tier.

        Raises
        ------
        ConfigurationError
            If the table does not say.
        """
        if name not in self.results:
            raise ConfigurationError(f"results.json of {self.bundle} lacks {name}: nobody knows how many to draw")
        return int(self.results[name])


def results_of(bundle: Path) -> dict[str, float]:
    """The table of a bundle's card.

    Raises
    ------
    ConfigurationError
        If there is none.
    """
    path = bundle / "docs" / "results.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): float(value) for name, value in found.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path} is no table of figures: {error}") from error


def named(part: str, figures: Figures) -> dict[str, float]:
    """Figures under the names that they have in the table."""
    return {f"{part}_{name}": value for name, value in figures.items()}


def rows(part: str, cohort: Cohort) -> dict[str, float]:
    """The table's count of a part, as training writes it."""
    return Splits(parts={part: cohort}).counts
