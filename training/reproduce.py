"""`opportune reproduce`: the table of a card made anew with the weights that are shipped."""

import importlib
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from models.weights import pick_device
from screening.card import ModelCard
from screening.errors import ConfigurationError, UnknownModel, WeightsMismatch
from training.request import Progress, TrainingRequest, silent
from training.shipped import Figures, Judges, Origin, Shipped, results_of
from training.train import trainable

ABSOLUTE = 0.002  # of figures up to 1: shares, AUC, C, risks
RELATIVE = 0.02  # of all others: counts, months, mm, HU
LEARNING = ("train_", "training_", "validation_", "pictures_")  # how the names of what learning came to begin
COUNTED = "counted while the weights learned, which is not done again"
LEFT_OUT = "not asked for (--only)"
NO_LONGER = "this program no longer finds such a figure"


@dataclass(frozen=True, kw_only=True)
class Task:
    """Which table, and how."""

    model_name: str
    bundle: Path
    device: str = "cpu"
    workers: int = 1
    cache: Path | None = None  #: keeps simulated patients; a training's folder `out` does
    only: tuple[str, ...] = ()  #: parts of the table; empty: all
    progress: Progress = silent


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table."""

    name: str
    card: float
    found: float  #: NaN where this program finds none

    @property
    def difference(self) -> float:
        """Found less the card's."""
        return self.found - self.card

    @property
    def tolerance(self) -> float:
        """What machines may differ by; see ABSOLUTE and RELATIVE."""
        return ABSOLUTE if not abs(self.card) > 1 else RELATIVE * abs(self.card)

    @property
    def within(self) -> bool:
        """Whether the card's figure was found again."""
        if math.isnan(self.card) or math.isnan(self.found):
            return math.isnan(self.card) and math.isnan(self.found)
        return abs(self.difference) <= self.tolerance


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """What came out."""

    origin: Origin
    figures: tuple[Figure, ...]  #: in the table's order
    left: Mapping[str, str]  #: figures of the table that were not made anew, and why
    new: Figures  #: found now, but not in the table
    seconds: float

    @property
    def differing(self) -> tuple[Figure, ...]:
        """Figures that are not the card's."""
        return tuple(figure for figure in self.figures if not figure.within)

    @property
    def farthest(self) -> Figure | None:
        """The figure that is farthest from the card's, measured by what is tolerated; None without any."""
        known = [figure for figure in self.figures if not math.isnan(figure.difference)]
        return max(known, key=lambda figure: abs(figure.difference) / figure.tolerance, default=None)


def reproduce(task: Task) -> Reproduction:
    """Draw the judged patients anew, let the bundle's own weights judge them, and compare with the card's table.

    Raises
    ------
    UnknownModel
        If nothing is known of the model's table.
    WeightsMismatch
        If the bundle is another model's or not whole.
    ConfigurationError
        If the table's patients cannot be drawn (a site's, another simulator's, an unknown tier's), or it has no such
        part.
    """
    if task.model_name not in trainable():
        raise UnknownModel(f"the table of {task.model_name!r} cannot be made anew; {', '.join(trainable())} can be")
    recipe = importlib.import_module(f"training.recipes.{task.model_name}")
    card = ModelCard.load(task.bundle)
    if card.name != task.model_name:
        raise WeightsMismatch(f"the bundle in {task.bundle} is that of {card.name}, not of {task.model_name}")
    origin = _origin(card, recipe)
    table, begun = results_of(task.bundle), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        request = TrainingRequest(
            tier=origin.tier, seed=origin.seed, out=task.cache or Path(folder),
            device=str(pick_device(task.device)), workers=task.workers, progress=task.progress,
        )  # fmt: skip
        parts: Judges = recipe.parts(Shipped(bundle=task.bundle, results=table, request=request))
        wanted = _wanted(task.only, parts)
        found: dict[str, float] = {}
        for part in wanted:
            found |= parts[part]()
    return compared(table, found, parts=tuple(parts), wanted=wanted, origin=origin, seconds=time.monotonic() - begun)


def compared(
    table: Figures, found: Figures, *, parts: Sequence[str], wanted: Sequence[str], origin: Origin, seconds: float
) -> Reproduction:
    """Each figure of the table beside the one found now, or the reason why there is none."""
    figures, left = [], {}
    for name, value in table.items():
        part = next((part for part in parts if name.startswith(f"{part}_")), None)
        if part in wanted or name in found:
            figures.append(Figure(name=name, card=value, found=found.get(name, math.nan)))
        elif part is not None:
            left[name] = LEFT_OUT
        else:
            left[name] = COUNTED if name.startswith(LEARNING) else NO_LONGER
    new = {name: value for name, value in found.items() if name not in table}
    return Reproduction(origin=origin, figures=tuple(figures), left=left, new=new, seconds=seconds)


def _origin(card: ModelCard, recipe: ModuleType) -> Origin:
    origin, simulator = Origin.of(card), recipe.SIMULATOR_VERSION
    if origin.simulator != simulator:
        raise ConfigurationError(
            f"{card.name} was judged on patients of the simulator {origin.simulator}, this program has {simulator}:"
            " they cannot be drawn anew"
        )
    if origin.tier not in recipe.TIERS:
        raise ConfigurationError(f"{card.name} is of tier {origin.tier!r}; there are {', '.join(recipe.TIERS)}")
    return origin


def _wanted(only: Sequence[str], parts: Judges) -> tuple[str, ...]:
    unknown = sorted(set(only) - set(parts))
    if unknown:
        raise ConfigurationError(f"--only must be of {', '.join(parts)}, got {', '.join(unknown)}")
    return tuple(part for part in parts if not only or part in only)
