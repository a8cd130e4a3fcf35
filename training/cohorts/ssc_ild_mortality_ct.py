"""Chest CTs of patients with SSc-ILD as arrays ready for training: simulated, or a site's own."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.ssc_ild_mortality_ct import preprocess
from models.ssc_ild_mortality_ct.lung_mask import NoLungs
from models.ssc_ild_mortality_ct.preprocess import Prepared, prepare
from models.ssc_ild_mortality_ct.radiomics import extent, radiomics
from screening.errors import BadGeometry, BadHeader, BadPixelData, ScreeningError
from training.cohorts.columns import Column, Kind
from training.cohorts.drawing import draw_rows, kept
from training.cohorts.site_images import WrongModality, read_site_volume
from training.cohorts.ssc_ild_visits import ACQUISITION, Row, draw_patient
from training.cohorts.table import BadRow, CohortTable, Layout, Outcome
from training.cohorts.table import Row as TableRow
from training.outcomes.ssc_ild_mortality_ct import WEIGHTS, YEARS
from training.phantoms.lung.phantom import SIMULATOR_VERSION

Floats = npt.NDArray[np.float32]
# First seeds of the splits: no seed is in two splits, none is used by the demo (below 1000)
SPLIT_SEEDS = {"train": 1_000_000, "validation": 20_000_000, "test": 40_000_000, "external": 60_000_000}
SCANS = {"train": 2, "validation": 2, "test": 4, "external": 4}
"""Most scans of a simulated patient: as many as there are where patients are judged, few where they teach."""
TOGETHER = 100  # patients kept in one file, so that little is lost when a run is cut off
DAYS = 365.25  # of a year: the table counts days
SHORTEST = 200.0  # mm of z that a scan of the lungs must cover (specification)
THICKEST = 3.0  # mm from slice to slice (specification)


@dataclass(frozen=True, kw_only=True)
class IldCohort:
    """N scans, several of a patient among them. NaN: not known, as all truths of a site's patients."""

    images: npt.NDArray[np.uint8] = field(repr=False)  #: (N, S, size, size), `preprocess.scale`
    features: Floats = field(repr=False)  #: (N, F) radiomics
    extent: Floats = field(repr=False)  #: (N,) the baseline's share of diseased lung
    time: Floats = field(repr=False)  #: (N,) years from the scan to death or the end of follow-up
    event: npt.NDArray[np.bool_] = field(repr=False)  #: (N,) death
    patient_id: npt.NDArray[np.str_] = field(repr=False)
    age: Floats = field(repr=False)  #: (N,) years at the scan
    sex: npt.NDArray[np.str_] = field(repr=False)  #: (N,) M, F or empty
    vendor: npt.NDArray[np.str_] = field(repr=False)  #: (N,)
    lp: Floats = field(repr=False)  #: (N,) the oracle's score
    risk: Floats = field(repr=False)  #: (N, 5) the oracle's risk by each year
    signs: Floats = field(repr=False)  #: (N, 6) what the hazard is made of, `outcomes.standard`
    patterns: Floats = field(repr=False)  #: (N, S, 3) ground glass, reticulation, honeycombing of each slice's lung
    year: Floats = field(repr=False)  #: (N,) of the scan, from the patient's first
    acquisition: Floats = field(repr=False)  #: (N, 6) `ACQUISITION`
    seed: npt.NDArray[np.int64] = field(repr=False)  #: (N,) of the phantom, -1 of a site's patient

    def __len__(self) -> int:
        return len(self.time)

    @property
    def patients(self) -> tuple[str, ...]:
        """Patient of each scan."""
        return tuple(str(name) for name in self.patient_id)

    @property
    def known(self) -> bool:
        """Whether the oracle's risks are known: the patients are simulated."""
        return bool(np.isfinite(self.risk).all())

    def take(self, rows: npt.ArrayLike) -> "IldCohort":
        """Some of the scans: indices or flags."""
        chosen = np.asarray(rows)
        return IldCohort(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})


def simulate(
    split: str,
    count: int,
    *,
    size: int,
    slices: int = 16,
    seed: int = 0,
    workers: int = 1,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> IldCohort:
    """All scans of `count` patients of a split ("train", "validation", "test", "external": another hospital).

    The same arguments give the same cohort, whatever `workers`. `cache` is a folder that keeps cohorts by what made
    them. `size` is the side of the slices in pixels.

    Raises
    ------
    ValueError
        If the split is unknown or count is not positive.
    """
    if split not in SPLIT_SEEDS or count < 1:
        raise ValueError(f"split must be one of {', '.join(SPLIT_SEEDS)} and count positive, got {split!r}, {count}")
    first = SPLIT_SEEDS[split] + 1_000_000_000 * seed
    make = partial(draw_patient, slices=slices, size=size, most=SCANS[split], external=split == "external")
    parts = []
    for begin in range(0, count, TOGETHER):
        seeds = range(first + begin, first + min(begin + TOGETHER, count))

        def draw(seeds: range = seeds, begin: int = begin) -> dict[str, npt.NDArray[Any]]:
            told = None if progress is None else lambda done, _: progress(begin + done, count)
            return stack([row for rows in draw_rows(seeds, make, workers=workers, progress=told) for row in rows])

        name = f"ssc_ild_mortality_ct-{SIMULATOR_VERSION}-{preprocess.VERSION}-{seeds}-{SCANS[split]}-{slices}-{size}"
        parts.append(kept(cache, name, draw))
    return IldCohort(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def stack(rows: list[Row]) -> dict[str, npt.NDArray[Any]]:
    """Rows -> columns, each an array."""
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


LAYOUT = Layout(
    outcome=Outcome.SURVIVAL,
    clinical=(Column(name="age", low=0, high=120), Column(name="sex", kind=Kind.TEXT, choices=("M", "F"))),
    groups=("vendor",),
)
"""A site's table: images is a folder with one CT series, or its files; time in days from the scan."""


def read(table: CohortTable, *, size: int, slices: int = 16) -> tuple[IldCohort, tuple[BadRow, ...]]:
    """A site's scans, and the rows whose scan cannot be used.

    Parameters
    ----------
    table
        Read with LAYOUT.
    size, slices
        As in `simulate`.
    """
    rows: list[Row] = []
    bad: list[BadRow] = []
    for row in table.rows:
        try:
            scan = prepare_files(row.images, size=size, slices=slices)
        except _Unusable as error:
            bad.append(BadRow(line=row.line, faults=(("images", str(error)),)))
        else:
            rows.append(_site_row(row, scan))
    if not rows:
        return IldCohort(**{name: array[:0] for name, array in stack([_nobody(size, slices)]).items()}), tuple(bad)
    return IldCohort(**stack(rows)), tuple(bad)


class _Unusable(Exception):
    """What is wrong with a scan, without quoting it."""


def prepare_files(paths: tuple[Path, ...], *, size: int, slices: int) -> Prepared:
    """A CT series as the model sees it; raises _Unusable with what it must be."""
    try:
        volume = read_site_volume(paths)
        if volume.spacing[0] > THICKEST + 0.01:
            raise _Unusable(f"must have a slice every {THICKEST:g} mm or less, got {volume.spacing[0]:.1f} mm")
        if volume.spacing[0] * len(volume.hu) < SHORTEST:
            covered = volume.spacing[0] * len(volume.hu)
            raise _Unusable(f"must cover {SHORTEST:g} mm from base to apex, got {covered:.0f} mm")
        return prepare(volume, slices=slices, size=size)
    except NoLungs as error:
        raise _Unusable("must show the lungs") from error
    except WrongModality as error:
        raise _Unusable(str(error)) from error
    except (BadHeader, BadPixelData, BadGeometry) as error:
        kind = {BadHeader: "header", BadPixelData: "pixels"}.get(
            type(error), "geometry"
        )  # its text could quote a header
        raise _Unusable(f"must be one axial CT series ({kind})") from error
    except (ScreeningError, OSError) as error:
        raise _Unusable(f"must be files that can be read ({type(error).__name__})") from error


def _site_row(row: TableRow, scan: Prepared) -> Row:
    values, none = row.values, _nobody(scan.hu.shape[1], len(scan.hu))
    age = values["age"]
    return none | {
        "images": scan.scaled,
        "features": np.array(list(radiomics(scan.hu, scan.lung, scan.spacing).values()), np.float32),
        "extent": np.float32(extent(scan.hu, scan.lung, scan.spacing)),
        "time": np.float32(float(values["time"] or 0) / DAYS),
        "event": np.bool_(bool(values["event"])),
        "patient_id": np.str_(row.patient_id),
        "age": np.float32(np.nan if age is None else float(age)),
        "sex": np.str_(values["sex"] or ""),
        "vendor": np.str_(values["vendor"] or ""),
    }


def _nobody(size: int, slices: int) -> Row:
    """A row of which nothing is known."""
    unknown = np.float32(np.nan)
    return {
        "images": np.zeros((slices, size, size), np.uint8), "features": np.zeros(len(FEATURES), np.float32),
        "extent": unknown, "time": unknown, "event": np.bool_(False), "patient_id": np.str_(""), "age": unknown,
        "sex": np.str_(""), "vendor": np.str_(""), "lp": unknown, "risk": np.full(YEARS, unknown),
        "signs": np.full(len(WEIGHTS), unknown), "patterns": np.full((slices, 3), unknown), "year": unknown,
        "acquisition": np.full(len(ACQUISITION), unknown), "seed": np.int64(-1),
    }  # fmt: skip


def _feature_names() -> tuple[str, ...]:
    hu = np.full((1, 2, 2), -800, np.float32)
    return tuple(radiomics(hu, np.ones(hu.shape, bool), (1.0, 1.0, 1.0)))


FEATURES = _feature_names()
"""Names of the columns of `IldCohort.features`."""
