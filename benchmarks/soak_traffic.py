"""What a department sends during the soak: simulated studies under new identifiers, single and in bursts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.uid import UID, generate_uid

from training.simulate import SIMULATORS

SHARES = {
    "cap_mortality_cxr": 40.0,
    "pediatric_age_cxr": 10.0,
    "spine_fracture_xr": 20.0,
    "ssc_ild_mortality_ct": 15.0,
    "bone_muscle_ct": 15.0,
}
"""Of a hundred studies that come one by one, by the model that they are meant for."""

BURST_EVERY_SECONDS = 600.0
BURST = ("ssc_ild_mortality_ct", "bone_muscle_ct", *["cap_mortality_cxr"] * 6, *["spine_fracture_xr"] * 4)
"""Studies that come at once, as after a ward round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """One study."""

    seconds: float  #: after the begin
    kind: str


@dataclass
class Templates:
    """One simulated study of each kind, drawn once."""

    folder: Path

    def __post_init__(self) -> None:
        for number, kind in enumerate(SHARES):
            SIMULATORS[kind](self.folder / kind, 1, 70_000 + number, lambda: None)
        self._files = {kind: sorted(filter(_is_image, (self.folder / kind).rglob("*.dcm"))) for kind in SHARES}

    def images(self, kind: str) -> int:
        """How many a study has."""
        return len(self._files[kind])

    @property
    def images_of_a_study(self) -> float:
        """On average, by SHARES."""
        return sum(share * self.images(kind) for kind, share in SHARES.items()) / sum(SHARES.values())

    def copy(self, kind: str, number: int, folder: Path) -> list[Path]:
        """Files of a new patient's study with the pixels of the template."""
        folder.mkdir(parents=True)
        study = generate_uid(prefix=None)
        series: dict[str, str] = {}
        paths = []
        for position, path in enumerate(self._files[kind]):
            data_set = dcmread(path)
            series.setdefault(data_set.SeriesInstanceUID, f"{study}.{len(series) + 1}")
            data_set.StudyInstanceUID = study
            data_set.SeriesInstanceUID = series[data_set.SeriesInstanceUID]
            data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = UID(f"{study}.9.{position + 1}")
            data_set.PatientID, data_set.AccessionNumber = f"SOAK{number}", f"S{number}"
            paths.append(folder / f"{position}.dcm")
            data_set.save_as(paths[-1], enforce_file_format=True)
        return paths


def _is_image(path: Path) -> bool:
    """Whether it is a picture and not the truth that the simulator wrote beside it."""
    return str(dcmread(path, specific_tags=["Modality"]).Modality) != "SEG"


def arrivals(minutes: float, images_per_second: float, templates: Templates, seed: int = 0) -> Iterator[Arrival]:
    """A Poisson process of studies with bursts on top, so that both together have the rate asked for."""
    rng = np.random.default_rng(seed)
    length = 60 * minutes
    bursts = [BURST_EVERY_SECONDS * (k + 0.5) for k in range(int(length / BURST_EVERY_SECONDS + 0.5))]
    in_bursts = len(bursts) * sum(templates.images(kind) for kind in BURST)
    count = rng.poisson(max(1.0, (length * images_per_second - in_bursts) / templates.images_of_a_study))
    kinds = rng.choice(list(SHARES), size=count, p=np.array(list(SHARES.values())) / sum(SHARES.values()))
    single = [
        Arrival(seconds=float(moment), kind=str(kind))
        for moment, kind in zip(rng.uniform(0, length, count), kinds, strict=True)
    ]
    together = [Arrival(seconds=moment, kind=kind) for moment in bursts for kind in BURST]
    yield from sorted(single + together, key=lambda arrival: arrival.seconds)
