"""Model cards: what a screening model is, for whom, on what evidence. Readable without torch."""

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

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
        if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,31}", self.version):  # part of folder names and of LO values
            raise ValueError(
                f"version of {self.name} must be 1 to 32 letters, digits, '.', '+', '_' or '-', got {self.version!r}"
            )
        path = PurePosixPath(self.weights_file)
        plain = re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z._/+-]*", self.weights_file)
        if not plain or ".." in path.parts or path.suffix != ".safetensors":
            raise ValueError(
                f"weights_file of {self.name} must be a .safetensors file in the bundle, got {self.weights_file!r}"
            )
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
        except ValidationError as exc:
            raise WeightsMismatch(f"model card {path} cannot be read: {_explain(exc)}") from exc
        except KeyError:
            raise WeightsMismatch(f"model card {path} cannot be read: it has no section 'card'") from None
        except (OSError, ValueError, TypeError, RecursionError) as exc:
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
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as exc:
            raise WeightsMismatch(f"weights of {self.name} cannot be read: {exc}") from exc
        if found != self.weights_sha256:
            raise WeightsMismatch(
                f"weights of {self.name} {path.name} have SHA-256 {found}, the card says {self.weights_sha256}"
            )
        return path


def _explain(exc: ValidationError) -> str:
    """One line for all that is wrong in a card."""
    return "; ".join(
        ": ".join(part for part in (".".join(map(str, error["loc"])), error["msg"]) if part)
        for error in exc.errors(include_url=False)
    ).replace("Value error, ", "")


_ADAPTER = TypeAdapter(ModelCard)
