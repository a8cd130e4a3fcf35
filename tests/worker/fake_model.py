"""A model that finds the same in every picture, and images for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from models.engines.engine import Part
from screening.card import ModelCard
from screening.findings import Findings, Outcome
from screening.images import Image
from screening.types import ClinicalContext, Patient
from tests.dicom_node import build
from tests.dicom_node.reports.factories import make_findings
from tests.worker.factories import STUDY
from tests.worker.ports import make_card

ROWS, COLUMNS = 64, 48


def find(image: Image, patient: Patient, context: ClinicalContext) -> Findings:
    """A risk of 34.2 % and a hot spot."""
    return make_findings(sop_instance_uid=f"{STUDY}.1.1", rows=ROWS, columns=COLUMNS)


class FakeModel:
    """Answers with what it was made with, and remembers what it was shown."""

    def __init__(
        self,
        answer: Callable[[Image, Patient, ClinicalContext], Outcome] = find,
        parts: tuple[Part, ...] = (),
    ) -> None:
        self._answer = answer
        self._parts = parts
        self.shown: list[tuple[Image, Patient, ClinicalContext]] = []

    @property
    def card(self) -> ModelCard:
        return make_card()

    def parts(self) -> tuple[Part, ...]:
        return self._parts

    def probe(self) -> float:
        return 0.342

    def predict(self, image: Image, patient: Patient, context: ClinicalContext) -> Outcome:
        self.shown.append((image, patient, context))
        return self._answer(image, patient, context)


def picture(number: int = 1, **elements: Any) -> Dataset:
    """A chest radiograph of 64 x 48 pixels, without its file meta."""
    pixels = np.linspace(0, 4095, ROWS * COLUMNS).reshape(ROWS, COLUMNS).astype(np.uint16)
    values: dict[str, Any] = {
        "SOPInstanceUID": f"{STUDY}.1.{number}", "SeriesInstanceUID": f"{STUDY}.1", "StudyInstanceUID": STUDY,
        "PatientID": "ZQ-778812", "PatientName": "Quillfeather^Zebulon", "PatientBirthDate": "19510417",
        "PatientSex": "F", "StudyDate": "20261120", "StudyTime": "091500", "StudyID": "S1",
        "AccessionNumber": "A-17", "ReferringPhysicianName": "", "Modality": "CR", "BodyPartExamined": "CHEST",
        "ViewPosition": "PA", "InstanceNumber": number, "BitsStored": 12, "PatientOrientation": ["L", "F"],
    }  # fmt: skip
    return build.image(pixels, number=number, **(values | elements))


def write_picture(folder: Path, number: int = 1, **elements: Any) -> Path:
    """A chest radiograph as a file."""
    folder.mkdir(parents=True, exist_ok=True)
    return build.write(folder / f"image{number}.dcm", picture(number, **elements))
