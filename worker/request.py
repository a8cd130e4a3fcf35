"""One screening run, as data: what the child process is told."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dicom_node.reports.request import Predecessor
from screening.reports import ObjectKind
from screening.serialize import context_from_json, context_to_json, instance_from_json, instance_to_json
from screening.settings import EngineChoice, ModelSettings
from screening.signatures import Signatures
from screening.types import ClinicalContext, Eligible, Instance


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreenRequest:
    """Everything a run needs, and nothing it would have to look up."""

    model_name: str
    thresholds: tuple[float, ...]
    bundle: Path | None  #: the site's own; None: the shipped one
    device: str  #: "auto", "cpu" or "cuda"
    threads: int
    instances: tuple[Instance, ...]  #: the chosen ones, in the series' order
    paths: tuple[Path, ...]  #: of the instances' files, in the same order
    chosen: Eligible
    context: ClinicalContext
    input_digest: str
    config_digest: str
    inferred_at: datetime
    signatures: Signatures = field(default_factory=Signatures)  #: whose bundles are taken
    predecessors: tuple[Predecessor, ...] = ()
    forms: tuple[ObjectKind, ...] = ()  #: further forms of the result that a destination asks for
    engine: EngineChoice = "torch"
    engine_cache: Path | None = None  #: what OpenVINO compiled; None: nothing
    half_precision: bool = False  #: on CUDA

    def __post_init__(self) -> None:
        if len(self.instances) != len(self.paths) or not self.instances:
            raise ValueError(f"paths must name a file for each of {len(self.instances)} instances")

    @property
    def is_volume(self) -> bool:
        """Whether its images are read as one volume: a CT."""
        return self.instances[0].header.text("Modality").upper() == "CT"

    @property
    def model_settings(self) -> ModelSettings:
        """What of the model's section of the settings changes numbers."""
        return ModelSettings(thresholds=self.thresholds, bundle=self.bundle)

    def to_json(self) -> dict[str, Any]:
        """As JSON. Holds headers, and so the patient's identity: for the child's socket only."""
        return {
            "model_name": self.model_name,
            "thresholds": list(self.thresholds),
            "bundle": None if self.bundle is None else str(self.bundle),
            "device": self.device,
            "threads": self.threads,
            "instances": [instance_to_json(instance) for instance in self.instances],
            "paths": [str(path) for path in self.paths],
            "chosen": {
                "series_instance_uid": self.chosen.series_instance_uid,
                "sop_instance_uids": list(self.chosen.sop_instance_uids),
                "reason": self.chosen.reason,
            },
            "context": context_to_json(self.context),
            "input_digest": self.input_digest,
            "config_digest": self.config_digest,
            "inferred_at": self.inferred_at.isoformat(),
            "signatures": self.signatures.model_dump(mode="json"),
            "predecessors": [asdict(predecessor) for predecessor in self.predecessors],
            "forms": list(self.forms),
            "engine": self.engine,
            "engine_cache": None if self.engine_cache is None else str(self.engine_cache),
            "half_precision": self.half_precision,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "ScreenRequest":
        """The inverse of `to_json`."""
        chosen = values["chosen"]
        return cls(
            model_name=values["model_name"],
            thresholds=tuple(values["thresholds"]),
            bundle=None if values["bundle"] is None else Path(values["bundle"]),
            device=values["device"],
            threads=values["threads"],
            instances=tuple(instance_from_json(instance) for instance in values["instances"]),
            paths=tuple(Path(path) for path in values["paths"]),
            chosen=Eligible(**{**chosen, "sop_instance_uids": tuple(chosen["sop_instance_uids"])}),
            context=context_from_json(values["context"]),
            input_digest=values["input_digest"],
            config_digest=values["config_digest"],
            inferred_at=datetime.fromisoformat(values["inferred_at"]),
            signatures=Signatures.model_validate(values["signatures"]),
            predecessors=tuple(Predecessor(**item) for item in values["predecessors"]),
            forms=tuple(ObjectKind(kind) for kind in values["forms"]),
            engine=values["engine"],
            engine_cache=None if values["engine_cache"] is None else Path(values["engine_cache"]),
            half_precision=values["half_precision"],
        )
