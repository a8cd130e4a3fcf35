"""Patients with pneumonia and a frontal chest radiograph, simulated or from a site's table, ready to be scored."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dicom_node.header import read_instance
from dicom_node.pixels import read_radiograph
from models import frontal_gate
from models.cap_mortality_cxr import preprocess
from models.cap_mortality_cxr.curb65 import curb65
from models.cap_mortality_cxr.network import AUXILIARY
from models.cap_mortality_cxr.selection import ADULT_YEARS, select
from models.framing import Array, Frame, robust_scale
from screening.errors import ScreeningError
from screening.header import Header
from screening.images import Radiograph
from screening.patient import patient_of
from screening.types import Instance, Series, Study
from training.cohorts.chest import ChestCohort, make_cohort
from training.cohorts.curb65 import COLUMNS, curb65_of
from training.cohorts.table import IMAGES, BadRow, CohortTable, Layout, Outcome, Row
from training.evaluation.interval import Floats
from training.evaluation.subgroups import bands
from training.phantoms.chest.phantom import draw_person, streams_of
from training.phantoms.chest.vitals import draw_vitals

Progress = Callable[[int, int], None]
Pictures = npt.NDArray[np.uint16]

LAYOUT = Layout(outcome=Outcome.EVENT, clinical=COLUMNS)  #: event: death from any cause within 30 days
AGE_EDGES = (50.0, 65.0, 80.0)  # years; assumption
TOP = 65535


@dataclass(frozen=True, kw_only=True, eq=False)
class CapCohort:
    """N radiographs with outcome."""

    patient_id: tuple[str, ...]
    line: tuple[int, ...]  #: of the table; of simulated patients their number, from 1
    images: Pictures = field(repr=False)  #: (N, size, size), 65535 is 1
    gate: Pictures | None = field(repr=False)  #: (N, 64, 64) for the check of the view; None: simulated, not checked
    died: Floats = field(repr=False)
    curb65: Floats = field(repr=False)  #: 0 to 5, NaN where an item is not known
    oracle: Floats = field(repr=False)  #: log hazard of simulated patients, NaN of others
    groups: Mapping[str, tuple[str, ...]] = field(repr=False)

    def __len__(self) -> int:
        return len(self.patient_id)


def simulate(
    split: str,
    count: int,
    *,
    size: int,
    seed: int = 0,
    workers: int = 1,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> CapCohort:
    """`count` simulated patients of a split, with findings at the bedside for CURB-65.

    Raises
    ------
    ValueError
        If the split is unknown or count is not positive.
    """
    drawn = make_cohort(split, count, size=size, seed=seed, workers=workers, cache=cache, progress=progress)
    persons = [draw_person(streams_of(int(number))[0]) for number in drawn.seeds]
    ages = np.array([age for age, _, _ in persons])
    return CapCohort(
        patient_id=tuple(f"S{number}" for number in drawn.seeds), line=tuple(range(1, count + 1)),
        images=drawn.images.astype(np.uint16) * np.uint16(TOP // 255), gate=None, died=drawn.died.astype(np.float64),
        curb65=simulated_curb65(drawn),
        oracle=drawn.lp.astype(np.float64),
        groups={
            "sex": tuple(sex for _, sex, _ in persons), "view": tuple(view for _, _, view in persons),
            "age_band": bands(ages, AGE_EDGES), "vendor": ("Simulator",) * count,
        },
    )  # fmt: skip


def simulated_curb65(drawn: ChestCohort) -> Floats:
    """(N,) CURB-65 of simulated patients, every item known."""
    scores = []
    for number, lp in zip(drawn.seeds, drawn.lp, strict=True):
        age, _, _ = draw_person(streams_of(int(number))[0])
        score = curb65(draw_vitals(int(number), age=age, lp=float(lp)))
        scores.append(np.nan if score is None else float(score))
    return np.array(scores, np.float64)


def read(table: CohortTable, *, size: int, progress: Progress | None = None) -> tuple[CapCohort, tuple[BadRow, ...]]:
    """The radiographs of a site's table; a row whose images cannot be used is bad, with its reason.

    Of a row's images the one is taken that the node would take. Age, sex, view and vendor are the header's; age that
    the header lacks is the table's.
    """
    scores = curb65_of(table)
    kept: list[tuple[Row, float, Radiograph, float]] = []
    squares: list[Pictures] = []
    views: list[Pictures] = []
    bad = []
    for number, (row, score) in enumerate(zip(table.rows, scores, strict=True)):
        try:
            picture, age = _radiograph(row)
        except _Unusable as error:
            bad.append(BadRow(line=row.line, faults=((IMAGES.name, str(error)),)))
        else:
            square, _ = preprocess.prepare(picture.pixels, size)
            squares.append(_packed(square))
            views.append(_packed(_gate_square(picture.pixels)))
            kept.append((row, float(score), _without_pixels(picture), age))
        if progress is not None:
            progress(number + 1, len(table.rows))
    ages = np.array([age for _, _, _, age in kept])
    headers = [picture.header for _, _, picture, _ in kept]
    return CapCohort(
        patient_id=tuple(row.patient_id for row, _, _, _ in kept), line=tuple(row.line for row, _, _, _ in kept),
        images=_stacked(squares, size), gate=_stacked(views, frontal_gate.SIZE),
        died=np.array([float(bool(row.values["event"])) for row, _, _, _ in kept]),
        curb65=np.array([score for _, score, _, _ in kept]), oracle=np.full(len(kept), np.nan),
        groups={
            "sex": tuple(patient_of(header).sex or "" for header in headers),
            "view": tuple(header.text("ViewPosition").upper() for header in headers),
            "age_band": bands(ages, AGE_EDGES) if kept else (),
            "vendor": tuple(header.text("Manufacturer") for header in headers),
        },
    ), tuple(bad)  # fmt: skip


def to_learn(
    table: CohortTable, *, size: int, progress: Progress | None = None
) -> tuple[ChestCohort, tuple[BadRow, ...]]:
    """`read`, as a training takes it: what happened in place of the risk, which nobody knows."""
    cohort, bad = read(table, size=size, progress=progress)
    died = cohort.died.astype(np.float32)
    unknown = np.full(len(cohort), np.nan, np.float32)
    return ChestCohort(
        images=np.round(cohort.images / (TOP / 255)).astype(np.uint8),
        auxiliary=np.full((len(cohort), AUXILIARY), np.nan, np.float32), lp=unknown, risk=died, died=died,
        seeds=np.array(cohort.line, np.int64), names=cohort.patient_id,
    ), bad  # fmt: skip


class _Unusable(Exception):
    """A row's images cannot be used; the message names no patient's data."""


def _radiograph(row: Row) -> tuple[Radiograph, float]:
    """The row's frontal radiograph and the patient's age in years."""
    instances, reasons = _instances(row.images)
    if not instances:
        raise _Unusable("; ".join(sorted(set(reasons))) or "must hold a DICOM file")
    chosen = _choose(instances)
    try:
        picture = read_radiograph(Path(chosen.location), chosen)
    except ScreeningError as error:
        raise _Unusable(f"cannot be decoded: {error}") from error
    except Exception as error:  # a fault in a codec that nobody foresaw must not stop the other rows
        raise _Unusable(f"cannot be decoded: {type(error).__name__}") from error
    refusal = frontal_gate.check_values(picture.pixels)
    if refusal is not None:
        raise _Unusable(f"{refusal.code}: {refusal.reason}")
    age = patient_of(chosen.header).age_years
    if age is None:
        given = row.values["age_years"]
        age = None if given is None else float(given)
    if age is None:
        raise _Unusable("age-unknown: neither header nor table gives an age; the model is for adults")
    if age < ADULT_YEARS:
        raise _Unusable("not-adult: the model is for adults")
    return picture, age


def _instances(paths: Iterable[Path]) -> tuple[list[Instance], list[str]]:
    found, reasons = {}, []
    for path in paths:
        for file in sorted(item for item in (path.rglob("*") if path.is_dir() else [path]) if item.is_file()):
            try:
                instance = read_instance(file, location=str(file))
            except ScreeningError as error:
                reasons.append(str(error).replace(str(file), file.name))
            else:
                found[instance.sop_instance_uid] = instance
    return list(found.values()), reasons


def _choose(instances: Sequence[Instance]) -> Instance:
    by_series: dict[str, list[Instance]] = {}
    for instance in instances:
        by_series.setdefault(instance.series_instance_uid, []).append(instance)
    series = tuple(
        Series(series_instance_uid=uid, instances=tuple(members)) for uid, members in sorted(by_series.items())
    )
    selection = select(Study(study_instance_uid=instances[0].study_instance_uid, series=series))
    if selection.chosen is None:
        said = {f"{r.code}: {r.reason}" if r.code != "not-adult" else r.code for r in selection.rejected}
        raise _Unusable("; ".join(sorted(said)))
    return next(i for i in instances if i.sop_instance_uid == selection.chosen.sop_instance_uids[0])


def _gate_square(pixels: Array) -> Array:
    """As `frontal_gate.frontal_score` makes it."""
    scaled = robust_scale(pixels, *frontal_gate.PERCENTILES)
    return Frame(rows=pixels.shape[0], columns=pixels.shape[1], size=frontal_gate.SIZE).apply(scaled)


def _packed(square: Array) -> Pictures:
    return np.round(np.clip(square, 0, 1) * TOP).astype(np.uint16)


def _stacked(squares: Sequence[Pictures], size: int) -> Pictures:
    return np.stack(squares) if squares else np.zeros((0, size, size), np.uint16)


def _without_pixels(picture: Radiograph) -> Radiograph:
    """So that a cohort's full pictures are not kept."""
    return Radiograph(
        pixels=np.zeros((1, 1), np.float32), spacing=picture.spacing, sop_instance_uid=picture.sop_instance_uid,
        header=Header(dict(picture.header)),
    )  # fmt: skip
