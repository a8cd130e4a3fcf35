"""One simulated patient with SSc-ILD: the scans over the years, what they show, and what came of it."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from models.ssc_ild_mortality_ct.lung_mask import lung_mask
from models.ssc_ild_mortality_ct.preprocess import scale
from models.ssc_ild_mortality_ct.radiomics import extent, radiomics
from training.outcomes.ssc_ild_mortality_ct import PROGRESSION, Signs, course, log_hazard, progress, standard, visits
from training.phantoms.lung.acquisition import Acquisition, draw_acquisition, expose
from training.phantoms.lung.person import EXTENTS, Person, draw_person
from training.phantoms.lung.phantom import Scene, paint, slice_lattice

ANOTHER_SCAN = 7_919  # between the seeds of one patient's acquisitions; a prime
ARTERY_A_YEAR = 0.3  # mm that the pulmonary trunk widens for 10 % more extent a year; assumption
ACQUISITION = ("noise", "kvp", "blur", "sharpen", "contrast", "table")
"""How a scan was taken, as numbers: it must not say what came of the patient."""

Row = dict[str, Any]  #: arrays and scalars of numpy by column


@dataclass(frozen=True)
class Visit(Scene):
    """The chest of a patient some years after the first scan: older, more diseased, scanned anew."""

    number: int = 0
    years: float = 0.0
    rate: float = 0.0  #: yearly growth of the log extent

    @cached_property
    def person(self) -> Person:
        """Who, by now."""
        first = draw_person(self.seed, external=self.external)
        now = float(np.clip(progress(first.extent, self.years, self.rate), *EXTENTS))
        wider = ARTERY_A_YEAR * 10 * (now - first.extent)
        return replace(
            first, age=first.age + self.years, extent=now, pulmonary_artery=first.pulmonary_artery + wider
        )  # fmt: skip

    @cached_property
    def acquisition(self) -> Acquisition:
        """Settings of this scan."""
        return draw_acquisition(self.seed + ANOTHER_SCAN * self.number, external=self.external)

    @property
    def signs(self) -> Signs:
        """What a reader could measure of the prognosis."""
        truth = self.truth
        return Signs(
            extent=truth.extent, reticulation=truth.reticulation_share, honeycombing=truth.honeycombing / truth.extent,
            artery=truth.pulmonary_artery, age=self.person.age, man=self.person.sex == "M",
        )  # fmt: skip


def draw_patient(seed: int, *, slices: int, size: int, most: int, external: bool) -> list[Row]:
    """A row for each scan that was made of the patient, by column of the cohort.

    Parameters
    ----------
    seed
        Decides everything. What comes of the patient is drawn apart from the picture.
    slices, size
        Of each scan, and their rows and columns.
    most
        Largest number of scans.
    external
        A patient of the held-out hospital.
    """
    rng = np.random.default_rng([seed, 91])
    rate, at = float(rng.normal(*PROGRESSION)), visits(rng, most)
    scenes = [Visit(seed, external, number, years, rate) for number, years in enumerate(at)]
    lp = [log_hazard(scene.signs) for scene in scenes]
    fate = course(lp, at, np.random.default_rng([seed, 92]))
    return [
        _picture(scene, slices, size) | {
            "lp": np.float32(score), "time": np.float32(fate.time[k]), "event": np.bool_(fate.event[k]),
            "risk": fate.risk[k].astype(np.float32), "patient_id": np.str_(f"SIM-ILD-{seed}"),
            "year": np.float32(scene.years), "seed": np.int64(seed),
        }
        for k, (scene, score) in enumerate(zip(scenes[: fate.time.size], lp, strict=False))
    ]  # fmt: skip


def _picture(scene: Visit, slices: int, size: int) -> Row:
    lattice = slice_lattice(scene, slices, size, 1, 0.0)
    painted = paint(scene, lattice)
    hu = expose(painted.hu, lattice, scene.acquisition, np.random.default_rng([scene.seed, 71, scene.number]))
    spacing = (float(lattice.z[1] - lattice.z[0]), lattice.pixel, lattice.pixel)
    lung = lung_mask(hu, spacing)
    scan = scene.acquisition
    taken = (scan.noise, scan.kvp, scan.blur, scan.sharpen, scan.contrast is not None, scan.table)
    return {
        "images": scale(hu),
        "patterns": _patterns(painted.lobes, painted.patterns),
        "signs": np.array(standard(scene.signs), np.float32),
        "features": np.array(list(radiomics(hu, lung, spacing).values()), np.float32),
        "extent": np.float32(extent(hu, lung, spacing)),
        "acquisition": np.array(taken, np.float32),
        "age": np.float32(scene.person.age),
        "sex": np.str_(scene.person.sex),
        "vendor": np.str_(""),
    }  # fmt: skip


def _patterns(lobes: npt.NDArray[np.uint8], patterns: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(S, 3) share of each slice's lung that is ground glass, reticulation and honeycombing."""
    lung = np.maximum((lobes > 0).sum((1, 2)), 1)
    found = [((patterns == kind) & (lobes > 0)).sum((1, 2)) / lung for kind in (1, 2, 3)]
    return np.stack(found, 1).astype(np.float32)
