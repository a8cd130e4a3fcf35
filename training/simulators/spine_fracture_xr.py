"""Lateral lumbar radiographs with the centres of L1-L5: <patient>/lumbar.dcm.

The centres are pixels (row, column) of the file's image, in labels.csv and again in keypoints.json.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from training.phantoms.canvas import Array
from training.phantoms.dicom import LUMBAR_SPINE, write_radiograph
from training.phantoms.spine.phantom import SIMULATOR_VERSION
from training.phantoms.spine.radiograph import KEYPOINTS, LumbarRadiograph, make_lumbar_radiograph
from training.simulators.case import Case, Row

LONGEST_SIDE = 1024  # pixels: enough for the model's input, and quick to draw
COLUMNS = (
    "file", "seed", "age", "sex", "bmi", "view",
    *(f"{level}_{what}" for level in KEYPOINTS for what in ("row", "column", "grade", "hu")), "simulator",
)  # fmt: skip


@dataclass(frozen=True)
class LateralView:
    """The radiograph as the DICOM writer wants it. The side is named that lies against the detector."""

    seed: int
    age: float
    sex: Literal["M", "F"]
    view: Literal["LL", "RL"]
    pixels: Array = field(repr=False)
    spacing: tuple[float, float]


def write(case: Case) -> Row:
    """One patient."""
    film = make_lumbar_radiograph(case.seed, longest_side=LONGEST_SIDE)
    shown = lateral_view(film)
    patient = case.patient("LSP", "Spine", shown)
    path = case.folder(patient) / "lumbar.dcm"
    write_radiograph(
        path,
        shown,
        patient=patient,
        study_instance_uid=case.study_uid(f"{SIMULATOR_VERSION} radiograph"),
        acquired=case.acquired,
        accession_number=f"SIL{case.seed:08d}",
        study_description="Lumbar spine, lateral",
        simulator=SIMULATOR_VERSION,
        part=LUMBAR_SPINE,
        orientation=("A" if film.view.mirrored else "P", "F"),
    )
    row: dict[str, object] = {
        "file": case.named(path), "seed": case.seed, "age": f"{film.age:.1f}", "sex": film.sex,
        "bmi": f"{film.anatomy.bmi:.1f}", "view": shown.view, "simulator": SIMULATOR_VERSION,
    }  # fmt: skip
    for level in KEYPOINTS:
        place = film.keypoints[level]
        row |= {f"{level}_row": f"{place[0]:.2f}", f"{level}_column": f"{place[1]:.2f}"}
        row |= {f"{level}_grade": film.fractures[level].grade, f"{level}_hu": f"{film.trabecular_hu[level]:.0f}"}
    return row


def lateral_view(film: LumbarRadiograph) -> LateralView:
    """Focus on the left: the right side lies against the detector."""
    view: Literal["LL", "RL"] = "RL" if film.view.side > 0 else "LL"
    return LateralView(film.seed, film.age, film.sex, view, film.pixels, film.spacing)


def write_keypoints(out: Path, rows: list[Row]) -> None:
    """Centres by file and level, as [row, column]."""
    found = {
        str(row["file"]): {k: [float(str(row[f"{k}_{axis}"])) for axis in ("row", "column")] for k in KEYPOINTS}
        for row in rows
    }
    (out / "keypoints.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
