"""The model of the faults: the brightness of a radiograph, in place of every model that the registry knows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models import registry
from models.contract import Selector
from screening.card import Evidence, ModelCard
from screening.settings import Indication, ModelSettings
from screening.signatures import Signatures
from screening.types import ClinicalContext
from tests.acceptance.toy_model.pipeline import Brightness
from tests.acceptance.toy_model.selection import select
from worker.pipeline import Pipeline as RealPipeline

NAME = "toy_brightness"
CONFIG_DIGEST = "b" * 64


def card() -> ModelCard:
    """A card without weights."""
    return ModelCard(
        name=NAME, version="0.0.1", title="Brightness", evidence=Evidence.SIMULATION, intended_use="a test",
        population="nobody", limits=("made up",), reference="none", series_base=9990, input_size=(1, 1),
        weights_file="none.safetensors", weights_sha256="0" * 64, trained_on="nothing",
    )  # fmt: skip


def install() -> None:
    """Answer in place of `models.registry`, in this process."""
    for name, answer in _ANSWERS.items():
        setattr(registry, name, answer)


def _load(
    name: str,
    device: str = "cpu",
    threads: int = 1,
    settings: ModelSettings | None = None,
    signatures: Signatures | None = None,
) -> Brightness:
    return Brightness(card=card(), gain=0.9)


def _require_untampered(name: str, settings: ModelSettings | None = None, signatures: Signatures | None = None) -> None:
    """There are no weights."""


def _bundle(name: str, settings: ModelSettings | None = None) -> Path:
    return Path(__file__).parent


def _relevant(name: str, context: ClinicalContext) -> ClinicalContext:
    return ClinicalContext()


def _indication(name: str) -> Indication | None:
    return None


def _card(name: str, settings: ModelSettings | None = None) -> ModelCard:
    return card()


def _selector(name: str) -> Selector:
    return select


def _config_digest(name: str, settings: ModelSettings | None = None) -> str:
    return CONFIG_DIGEST


def _names() -> list[str]:
    return [NAME]


_ANSWERS: Mapping[str, Any] = {
    "names": _names,
    "bundle": _bundle,
    "card": _card,
    "selector": _selector,
    "indication": _indication,
    "relevant": _relevant,
    "config_digest": _config_digest,
    "load": _load,
    "require_untampered": _require_untampered,
}


class Pipeline(RealPipeline):
    """What the child runs: everything as in service, with this model."""

    def __init__(self, *, threads: int) -> None:
        install()
        super().__init__(threads=threads)
