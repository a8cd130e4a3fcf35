"""What a screening model's folder must offer (design: a sixth model is a sixth folder and nothing else).

`models/<name>/selection.py` has `select(study) -> Selection`, imported without torch, and may have `INDICATION`: the
patients that the model is for, without which it does not run unless a site's settings say so; and
`relevant(context) -> ClinicalContext`: what of the clinical context the model is told. Without it, it is told nothing.
`models/<name>/pipeline.py` has `load(bundle, *, device, threads, settings) -> ScreeningModel`; importing it may import
torch and monai.
`models/<name>/bundle/` has the card and the weights; `models/<name>/card.md` says to people what it is.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from screening.card import ModelCard
from screening.findings import Outcome
from screening.images import Image
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Patient, Selection, Study

if TYPE_CHECKING:
    from models.engines.engine import Part  # imports torch


class Selector(Protocol):
    """`select` of a model's selection module."""

    def __call__(self, study: Study) -> Selection:
        """Choose at most one series by its headers; reject every other one with a reason."""
        ...


class Narrowing(Protocol):
    """`relevant` of a model's selection module."""

    def __call__(self, context: ClinicalContext) -> ClinicalContext:
        """The part that can change the model's answer. When it changes, a study is screened again."""
        ...


class ScreeningModel(Protocol):
    """A model that is loaded and ready."""

    @property
    def card(self) -> ModelCard:
        """Identity, evidence and limits."""
        ...

    def predict(self, image: Image, patient: Patient, context: ClinicalContext) -> Outcome:
        """Findings in source pixel coordinates, or why there are none. Deterministic; no I/O.

        Calls of a network are a stage, `network.NAME` (`screening.stopwatch`): what is left of the time is the model's
        own work on the picture.
        """
        ...

    def parts(self) -> "tuple[Part, ...]":
        """Where its time goes: what an engine may run in torch's place, each for one image at a time."""
        ...

    def probe(self) -> float:
        """A number, 0..1, for a made-up picture, past every refusal: whether these weights make numbers at all.

        A probability, or whatever the model tells as a share of its scale.

        Not finite, or WeightsMismatch, if they do not. Says nothing about how good they are.
        """
        ...


class Loader(Protocol):
    """`load` of a model's pipeline module."""

    def __call__(self, bundle: Path, *, device: str, threads: int, settings: ModelSettings | None) -> ScreeningModel:
        """Build the model from a bundle; WeightsMismatch if its parts do not belong together."""
        ...
