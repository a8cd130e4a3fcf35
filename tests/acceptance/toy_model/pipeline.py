"""A made-up model: how bright a radiograph is, in percent of its range, by a weight of one number."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from screening.card import ModelCard
from screening.codes import PERCENT, PRIVATE_SCHEME, CodedName
from screening.findings import Findings, Measurement, MeasurementGroup, NotEvaluable, Outcome, rectangle
from screening.images import Image, Radiograph
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Patient

BRIGHTNESS = CodedName(value="TOYBRIGHT", scheme=PRIVATE_SCHEME, meaning="Mean brightness")


@dataclass(frozen=True, kw_only=True)
class Brightness:
    """The model, loaded."""

    card: ModelCard
    gain: float

    def predict(self, image: Image, patient: Patient, context: ClinicalContext) -> Outcome:
        """The mean of the pixels between the darkest and the brightest."""
        if not isinstance(image, Radiograph) or np.ptp(image.pixels) == 0:
            return NotEvaluable(code="image-blank", reason="no radiograph with anything in it", sop_instance_uid=None)
        low, high = float(image.pixels.min()), float(image.pixels.max())
        share = self.gain * (float(image.pixels.mean()) - low) / (high - low)
        rows, columns = image.pixels.shape
        group = MeasurementGroup(
            tracking_identifier="brightness", finding=BRIGHTNESS, site=BRIGHTNESS,
            region=rectangle(columns * 0.25, rows * 0.25, columns * 0.75, rows * 0.75, image.sop_instance_uid),
            measurements=(Measurement(name=BRIGHTNESS, value=100 * share, unit=PERCENT),),
        )  # fmt: skip
        return Findings(groups=(group,), conclusion="A made-up model for a test of the software.")

    def parts(self) -> tuple[()]:
        """Nothing that takes time."""
        return ()

    def probe(self) -> float:
        """The weight itself, halved."""
        return self.gain / 2


def load(bundle: Path, *, device: str, threads: int, settings: ModelSettings | None) -> Brightness:
    """Build the model from its bundle."""
    card = ModelCard.load(bundle)
    return Brightness(card=card, gain=float(load_file(card.verify(bundle))["gain"]))
