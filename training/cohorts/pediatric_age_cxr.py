"""Children's chest radiographs with their ages as arrays ready for training: simulated, or a site's own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from models.ages import BINS
from models.pediatric_age_cxr import preprocess
from models.pediatric_age_cxr.preprocess import FIELD, Sex, prepare
from screening.errors import ScreeningError
from training.cohorts.columns import Column, Kind
from training.cohorts.drawing import draw_rows, kept
from training.cohorts.site_images import WrongModality, read_site_radiograph
from training.cohorts.table import BadRow, CohortTable, Layout, Outcome
from training.cohorts.table import Row as TableRow
from training.phantoms.child.phantom import SIMULATOR_VERSION, drawn_months, make_child, oracle_age

Floats = npt.NDArray[np.float32]
Pictures = npt.NDArray[np.uint8]

# First seeds of the splits: no seed is in two splits, none is used by the demo (below 1000)
SPLIT_SEEDS = {"train": 1_000_000, "validation": 20_000_000, "test": 40_000_000, "external": 60_000_000}
DRAWN = 1.2  # pixels along the longer side of a phantom for each pixel of the network's square
UNKNOWN_SEX = -1
TOGETHER = 500  # children kept in one file, so that little is lost when a run is cut off
# What is seen of a phantom and an auxiliary head may learn, each over a size that makes it about 1
TRUTHS: Mapping[str, float] = {
    "maturity": 100.0, "stature": 100.0, "thorax_width": 200.0, "lung_length": 200.0, "heart_width": 100.0,
    "vertebral_body": 20.0, "humeral_head": 30.0, "physis": 3.0, "thymus": 1.0,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class AgeCohort:
    """N children."""

    scaled: Pictures = field(repr=False)  #: (N, size, size) to scale where that is known, 255 is 1
    filled: Pictures = field(repr=False)  #: (N, size, size) the same with the longer side as long as the square
    length: Floats = field(repr=False)  #: (N,) mm of the longer side; NaN where it is not known
    sex: npt.NDArray[np.int8] = field(repr=False)  #: (N,) 1 boy, 0 girl, -1 unknown
    months: Floats = field(repr=False)  #: (N,) age in the calendar
    oracle: Floats = field(repr=False)  #: (N,) best estimate from what is visible, months; NaN in a site's children
    truths: Floats = field(repr=False)  #: (N, 9) what is visible, see TRUTHS; NaN in a site's children
    patient_id: npt.NDArray[np.str_] = field(repr=False)
    vendor: npt.NDArray[np.str_] = field(repr=False)  #: (N,) of the X-ray unit, "" where the table does not say

    def __len__(self) -> int:
        return len(self.months)

    @property
    def size(self) -> int:
        """Side of the pictures, pixels."""
        return int(self.scaled.shape[1])

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """(N,) whether the picture is to scale."""
        return np.isfinite(self.length)

    @property
    def scale(self) -> Floats:
        """(N,) log(mm that the square spans / FIELD), as `preprocess.prepare` tells it; 0 where unknown."""
        inner = np.clip(np.round(self.size * self.length / FIELD), 1, self.size)
        told = np.log(self.length / inner * self.size / FIELD)
        return np.asarray(np.nan_to_num(told, nan=0.0), np.float32)

    @property
    def sexes(self) -> list[Sex | None]:
        """N sexes as the network is told them."""
        names: dict[int, Sex | None] = {1: "M", 0: "F"}
        return [names.get(int(value)) for value in self.sex]

    @property
    def patients(self) -> tuple[str, ...]:
        """Patient of each row."""
        return tuple(str(name) for name in self.patient_id)

    def take(self, rows: npt.ArrayLike) -> "AgeCohort":
        """Some of the children: indices or flags."""
        chosen = np.asarray(rows)
        chosen = chosen if chosen.size else np.zeros(0, np.int64)  # an empty list is an array of floats
        return AgeCohort(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    def without_size(self) -> "AgeCohort":
        """The same children, the size of their pixels forgotten."""
        return replace(self, scaled=self.filled, length=np.full(len(self), np.nan, np.float32))

    def with_length(self, length: npt.ArrayLike) -> "AgeCohort":
        """The same children as if their pictures were so long: (N,) mm. Laid anew from the filled pictures."""
        told = np.asarray(length, np.float32)
        scaled = np.zeros_like(self.scaled)
        for row, inner in enumerate(np.clip(np.round(self.size * told / FIELD), 1, self.size).astype(int)):
            start = (self.size - inner) // 2
            picture = torch.from_numpy(self.filled[row])[None, None].float()
            small = functional.interpolate(picture, size=(int(inner), int(inner)), mode="bilinear", antialias=True)
            scaled[row, start : start + inner, start : start + inner] = small[0, 0].round().numpy()
        return replace(self, scaled=scaled, length=told)


Row = Mapping[str, Any]


def row_of(pixels: npt.NDArray[np.float32], spacing: tuple[float, float] | None, size: int) -> dict[str, Any]:
    """The two pictures of a radiograph and its length, as the cohort keeps them."""
    loose = prepare(pixels, None, size)
    true = loose if spacing is None else prepare(pixels, spacing, size)
    frame = true.placement.frame
    length = np.exp(true.scale) * FIELD * frame.size / size if true.known else np.nan
    return {"scaled": _bytes(true.square), "filled": _bytes(loose.square), "length": np.float32(length)}


def _bytes(square: npt.NDArray[np.float32]) -> Pictures:
    return np.asarray(np.round(square * 255), np.uint8)


def _child(seed: int, *, size: int, external: bool) -> Row:
    phantom = make_child(seed, longest_side=max(64, round(size * DRAWN)), external=external)
    truth = phantom.truth
    return row_of(phantom.pixels, phantom.spacing, size) | {
        "sex": np.int8(phantom.sex == "M"),
        "months": np.float32(phantom.months),
        "oracle": np.float32(oracle_age(truth)),
        "truths": np.array([getattr(truth, name) / unit for name, unit in TRUTHS.items()], np.float32),
        "patient_id": f"SIM-CHILD-{seed}",
    }


def simulate(
    split: str,
    count: int,
    *,
    size: int,
    seed: int = 0,
    workers: int = 1,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AgeCohort:
    """`count` children of a split ("train", "validation", "test", "external": another hospital).

    The same arguments give the same cohort, whatever `workers`. `cache` is a folder that keeps cohorts by what made
    them. `size` is the side of the pictures in pixels.

    Raises
    ------
    ValueError
        If the split is unknown or count is not positive.
    """
    if split not in SPLIT_SEEDS or count < 1:
        raise ValueError(f"split must be one of {', '.join(SPLIT_SEEDS)} and count positive, got {split!r}, {count}")
    first = first_seed(split, seed)
    make = partial(_child, size=size, external=split == "external")
    parts = []
    for begin in range(0, count, TOGETHER):
        end = min(begin + TOGETHER, count)
        seeds = range(first + begin, first + end)

        def draw(seeds: range = seeds, begin: int = begin) -> dict[str, npt.NDArray[Any]]:
            told = None if progress is None else lambda done, _: progress(begin + done, count)
            return stack(draw_rows(seeds, make, workers=workers, progress=told))

        name = f"pediatric_age_cxr-{SIMULATOR_VERSION}-{preprocess.VERSION}-{split}-{seeds}-{size}-{DRAWN}"
        parts.append(kept(cache, name, draw))
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return AgeCohort(vendor=np.full(count, ""), **whole)


def ages(split: str, count: int, *, seed: int = 0) -> Floats:
    """(N,) months: the ages of the children that `simulate` draws, without their pictures."""
    first = first_seed(split, seed)
    return np.array([drawn_months(number) for number in range(first, first + count)], np.float32)


def first_seed(split: str, seed: int) -> int:
    """Of a split's children; the others follow one by one."""
    return SPLIT_SEEDS[split] + 1_000_000_000 * seed


def stack(rows: Sequence[Row]) -> dict[str, npt.NDArray[Any]]:
    """Rows -> columns, each an array."""
    return {name: np.stack([np.asarray(row[name]) for row in rows]) for name in rows[0]}


LAYOUT = Layout(
    outcome=Outcome.VALUE, clinical=(Column(name="sex", kind=Kind.TEXT, choices=("M", "F")),), groups=("vendor",)
)
"""A site's table: true_value is the age in months at the examination, images one radiograph (a DICOM file)."""


def read(table: CohortTable, *, size: int) -> tuple[AgeCohort, tuple[BadRow, ...]]:
    """A site's children, and the rows whose radiograph or age cannot be used.

    Parameters
    ----------
    table
        Read with LAYOUT.
    size
        Side of the pictures, pixels.
    """
    rows: list[Row] = []
    bad: list[BadRow] = []
    for row in table.rows:
        try:
            rows.append(_site_child(row, size))
        except _Unusable as error:
            bad.append(BadRow(line=row.line, faults=((error.column, str(error)),)))
    return AgeCohort(**stack(rows)) if rows else nobody(size), tuple(bad)


def nobody(size: int) -> AgeCohort:
    """A cohort without children."""
    none = np.zeros(0, np.float32)
    return AgeCohort(
        scaled=np.zeros((0, size, size), np.uint8), filled=np.zeros((0, size, size), np.uint8), length=none,
        sex=np.zeros(0, np.int8), months=none, oracle=none, truths=np.zeros((0, len(TRUTHS)), np.float32),
        patient_id=np.zeros(0, np.str_), vendor=np.zeros(0, np.str_),
    )  # fmt: skip


class _Unusable(Exception):
    """A row cannot be used; the message says what its column must be."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def _site_child(row: TableRow, size: int) -> Row:
    months, sex = row.values["true_value"], row.values["sex"]
    if not isinstance(months, float) or not 0 <= months < BINS:
        raise _Unusable("true_value", f"must be an age from 0 to below {BINS} months")
    if len(row.images) != 1 or not row.images[0].is_file():
        raise _Unusable("images", "must be one file: a frontal chest radiograph")
    path = row.images[0]
    try:
        radiograph = read_site_radiograph(path)
    except WrongModality as error:
        raise _Unusable("images", str(error)) from error
    except ScreeningError as error:
        raise _Unusable("images", f"cannot be read: {error}") from error
    return row_of(radiograph.pixels, radiograph.spacing, size) | {
        "sex": np.int8({"M": 1, "F": 0}.get(str(sex), UNKNOWN_SEX)),
        "months": np.float32(months),
        "oracle": np.float32(np.nan),
        "truths": np.full(len(TRUTHS), np.nan, np.float32),
        "patient_id": row.patient_id,
        "vendor": str(row.values["vendor"] or ""),
    }
