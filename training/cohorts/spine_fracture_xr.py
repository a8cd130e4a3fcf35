"""People with a lateral lumbar radiograph, a referral and a follow-up: simulated, or a site's own."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from models.framing import Frame
from models.spine_fracture_xr.clinical import ITEMS
from models.spine_fracture_xr.preprocess import scale
from screening.errors import BadHeader, BadPixelData, SpoolUnavailable
from training.cohorts.columns import Column, Kind
from training.cohorts.site_images import WrongModality, read_site_radiograph
from training.cohorts.spine_pictures import SpinePictures, draw_pictures
from training.cohorts.table import BadRow, CohortTable, Layout, Outcome, Row
from training.evaluation.interval import Bools, Floats, Ints
from training.outcomes.spine_fracture_xr import FollowUp, clinical_items, draw_fates, hazard

FloatArray = npt.NDArray[np.float32]
DAYS = 365.25  # in a year
SIZE = 256  # pixels along the longer side of what is kept of a radiograph, unless told otherwise
LIVES = 1000  # of a person at most for each seed
AGE_BANDS = (("50-59", 50, 60), ("60-69", 60, 70), ("70-75", 70, 76))  # years; the paper's eligibility

LAYOUT = Layout(
    outcome=Outcome.SURVIVAL,
    clinical=(
        Column(name="age", low=18, high=110),
        Column(name="sex", kind=Kind.TEXT, choices=("F", "M")),
        Column(name="bmi", low=10, high=80),
        *(Column(name=name, kind=Kind.YES_NO) for name in ITEMS[3:]),
    ),
    comparators=("frax",),
    groups=("vendor",),
)
"""Of a site's table: time in days, event (incident vertebral fracture), the seven items, a FRAX figure of the site."""

# What the picture shows, known of simulated people: labels that make a network learn from fewer of them
TRUTH = (
    *(f"hu_{level}" for level in ("L1", "L2", "L3", "L4", "L5")),
    *(f"wedge_{level}" for level in ("L1", "L2", "L3", "L4", "L5")), "deformity", "disc", "age", "female", "bmi",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SpineCohort:
    """N people. What is not known is NaN."""

    images: npt.NDArray[np.uint8] = field(repr=False)  #: (N, films, size, size), 255 is 1; a site's people have one
    points: FloatArray = field(repr=False)  #: (N, 5, 2) column and row of the centres of L1-L5; NaN of a site's people
    clinical: FloatArray = field(repr=False)  #: (N, 7) in the order of ITEMS
    time: Floats = field(repr=False)  #: (N,) years to the fracture or the end of follow-up
    event: Bools = field(repr=False)  #: (N,)
    lp: Floats = field(repr=False)  #: (N,) the oracle's log-hazard
    truth: FloatArray = field(repr=False)  #: (N, 15) in the order of TRUTH, each about standardised
    frax: Floats = field(repr=False)  #: (N,) the site's own FRAX figure; never computed here
    vendor: npt.NDArray[np.str_] = field(repr=False)  #: (N,) "" where not known
    patient_id: npt.NDArray[np.str_] = field(repr=False)  #: (N,)
    line: Ints = field(repr=False)  #: (N,) of the site's table; of simulated people their place

    def __len__(self) -> int:
        return len(self.patient_id)

    @property
    def patients(self) -> tuple[str, ...]:
        """Patient of each row."""
        return tuple(map(str, self.patient_id))

    @property
    def simulated(self) -> bool:
        """Whether the truth about these people is known."""
        return bool(np.isfinite(self.lp).all())

    @property
    def sex(self) -> npt.NDArray[np.str_]:
        """(N,) "F", "M" or ""."""
        female = self.clinical[:, ITEMS.index("female")]
        return np.where(np.isnan(female), "", np.where(female > 0.5, "F", "M"))

    @property
    def age_band(self) -> npt.NDArray[np.str_]:
        """(N,) decade of age within the paper's eligibility, else "other"; "" where not known."""
        age = self.clinical[:, ITEMS.index("age")]
        found = np.where(np.isnan(age), "", "other").astype("<U5")
        for name, low, high in AGE_BANDS:
            found[(age >= low) & (age < high)] = name
        return found

    def with_points(self, points: npt.NDArray[np.floating[Any]]) -> Self:
        """The same people with other centres of L1-L5, (N, 5, 2)."""
        return replace(self, points=np.asarray(points, np.float32))

    def take(self, rows: Ints) -> Self:
        """These rows only."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def simulate(
    split: str,
    count: int,
    *,
    size: int = SIZE,
    films: int = 1,
    seed: int = 0,
    workers: int = 1,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    follow_up: FollowUp = "paper",
) -> SpineCohort:
    """`count` people of a split ("train", "validation", "test", "external").

    Parameters
    ----------
    split, count, size, films, seed, workers, cache, progress
        Of `training.cohorts.spine_pictures.draw_pictures`.
    follow_up
        "paper", or "long" for experiments (`training.outcomes.spine_fracture_xr.draw_fates`).

    Raises
    ------
    ValueError
        If the split or the follow-up is unknown or count is not positive.
    """
    people = draw_pictures(
        split, count, size=size, films=films, seed=seed, workers=workers, cache=cache, progress=progress
    )
    return of_people(people, split, seed=seed, follow_up=follow_up)


def of_people(people: SpinePictures, split: str, *, seed: int = 0, follow_up: FollowUp = "paper") -> SpineCohort:
    """Simulated people with a referral and a fate."""
    clinical = clinical_items(people)
    lp = hazard(people, clinical)
    time, event = draw_fates(lp, split=split, seed=LIVES * seed, follow_up=follow_up)
    count = len(people)
    return SpineCohort(
        images=people.images, points=people.points, clinical=clinical, time=time, event=event, lp=lp,
        truth=truth_of(people), frax=np.full(count, np.nan), vendor=np.full(count, ""),
        patient_id=np.array([f"S{seed}" for seed in people.seeds]), line=np.arange(count),
    )  # fmt: skip


def lives(
    cohort: SpineCohort, split: str, count: int, *, seed: int = 0, follow_up: FollowUp = "paper"
) -> list[SpineCohort]:  # fmt: skip
    """The same people with `count` further fates each, independent of one another; a site's people keep their one.

    Whoever draws from several lives must draw by patient: they share a picture.
    """
    if not cohort.simulated:
        return [cohort]
    fates = [
        draw_fates(cohort.lp, split=split, seed=LIVES * seed + life, follow_up=follow_up)
        for life in range(1, count + 1)
    ]
    return [replace(cohort, time=time, event=event) for time, event in fates]


def truth_of(people: SpinePictures) -> FloatArray:
    """(N, 15) what the pictures show, in the order of TRUTH: centred and scaled by round figures."""
    wedge = (people.heights[..., 0] / people.heights[..., 2] - 1.0) / 0.1
    columns = (
        (people.hu - 145.0) / 45.0, wedge, (people.grades.max(1, keepdims=True) > 0).astype(np.float32),
        (people.discs.mean(1, keepdims=True) - 10.2), (people.age[:, None] - 60.5) / 6.0, people.female[:, None] - 0.75,
        (people.bmi[:, None] - 24.1) / 3.7,
    )  # fmt: skip
    return np.asarray(np.concatenate(columns, 1), np.float32)


def read(
    table: CohortTable, *, size: int = SIZE, progress: Callable[[int, int], None] | None = None
) -> tuple[SpineCohort, tuple[BadRow, ...]]:
    """A site's people: the first image of each row, its DICOM pixels scaled and padded to a square.

    An image that cannot be read makes its row bad. The keypoints are not known: the keypoint network finds them.
    """
    squares, good, bad = [], [], []
    for done, row in enumerate(table.rows, start=1):
        try:
            squares.append(_square(row, size))
            good.append(row)
        except WrongModality as error:
            bad.append(BadRow(line=row.line, faults=(("images", str(error)),)))
        except (BadHeader, BadPixelData, SpoolUnavailable) as error:
            bad.append(BadRow(line=row.line, faults=(("images", f"must be a readable radiograph: {error}"),)))
        if progress is not None:
            progress(done, len(table.rows))
    kept = replace(table, rows=tuple(good))
    return _site(kept, squares, size), tuple(bad)


def _square(row: Row, size: int) -> npt.NDArray[np.uint8]:
    if len(row.images) != 1 or row.images[0].is_dir():
        raise BadPixelData("one lateral radiograph, a file")
    pixels = read_site_radiograph(row.images[0]).pixels
    frame = Frame(rows=pixels.shape[0], columns=pixels.shape[1], size=size)
    return np.round(frame.apply(scale(pixels)) * 255).astype(np.uint8)


def _site(table: CohortTable, squares: list[npt.NDArray[np.uint8]], size: int) -> SpineCohort:
    count = len(table.rows)
    numbers = {name: table.numbers(name) for name in ITEMS if name != "female"}
    numbers["female"] = np.array([np.nan if sex is None else float(sex == "F") for sex in table.labels("sex")])
    return SpineCohort(
        images=np.stack(squares)[:, None] if squares else np.zeros((0, 1, size, size), np.uint8),
        points=np.full((count, 5, 2), np.nan, np.float32),
        clinical=np.stack([numbers[name] for name in ITEMS], 1).astype(np.float32).reshape(count, len(ITEMS)),
        time=table.numbers("time") / DAYS, event=table.numbers("event") > 0.5, lp=np.full(count, np.nan),
        truth=np.full((count, len(TRUTH)), np.nan, np.float32), frax=table.numbers("frax"),
        vendor=np.array([label or "" for label in table.labels("vendor")], np.str_),
        patient_id=np.array(table.patients(), np.str_), line=np.array([row.line for row in table.rows], np.int64),
    )  # fmt: skip
