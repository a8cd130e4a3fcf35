"""Model cards: what a screening model is, for whom, on what evidence. Readable without torch."""

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from screening.errors import WeightsMismatch


class Evidence(StrEnum):
    """How far the weights are proven."""

    SIMULATION = "simulation"  #: trained on our own simulator
    RESEARCH = "research"  #: trained on patients, judged in research
    SITE_VALIDATED = "site-validated"  #: judged on the site's own patients and approved there


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCard:
    """A model's identity and limits, read from its bundle (`bundle/configs/opportune.json`)."""

    name: str
    version: str
    title: str  #: what a radiologist reads, e.g. "30-day mortality in pneumonia"
    evidence: Evidence
    intended_use: str
    population: str
    limits: tuple[str, ...]
    reference: str  #: the paper
    series_base: int  #: first Series Number of its result series, e.g. 9010
    input_size: tuple[int, ...]  #: spatial shape that the network takes
    weights_file: str  #: relative to the bundle
    weights_sha256: str
    trained_on: str  #: what the weights were trained on, with its seed and version

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise ValueError(f"name must be a lower-case identifier, got {self.name!r}")
        if not re.fullmatch(r"[0-9a-f]{64}", self.weights_sha256):
            raise ValueError(f"weights_sha256 of {self.name} must be a SHA-256, got {self.weights_sha256!r}")

    @property
    def banner(self) -> str:
        """The line that every picture and report of this model carries."""
        return {
            Evidence.SIMULATION: "SIMULATION-TRAINED - NOT FOR CLINICAL USE",
            Evidence.RESEARCH: "RESEARCH USE ONLY - NOT FOR DIAGNOSTIC USE",
            Evidence.SITE_VALIDATED: "AI RESULT - UNVERIFIED, TO BE READ BY A RADIOLOGIST",
        }[self.evidence]

    @classmethod
    def load(cls, bundle: Path) -> "ModelCard":
        """Read the card of a bundle folder.

        Raises
        ------
        WeightsMismatch
            If the card is missing or malformed.
        """
        path = bundle / "configs" / "opportune.json"
        try:
            values = json.loads(path.read_text(encoding="utf-8"))["card"]
            return _ADAPTER.validate_python(values)
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as exc:
            raise WeightsMismatch(f"model card {path} cannot be read: {exc}") from exc

    def verify(self, bundle: Path) -> Path:
        """The path of the weights, after their SHA-256 was found to be the card's.

        Raises
        ------
        WeightsMismatch
            If the file is missing or differs.
        """
        path = bundle / self.weights_file
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as exc:
            raise WeightsMismatch(f"weights of {self.name} cannot be read: {exc}") from exc
        if found != self.weights_sha256:
            raise WeightsMismatch(
                f"weights of {self.name} {path.name} have SHA-256 {found}, the card says {self.weights_sha256}"
            )
        return path


_ADAPTER = TypeAdapter(ModelCard)
