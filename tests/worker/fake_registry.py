"""A registry of models for tests: says what `models.registry` says, about models that are made up."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from models import registry
from models.contract import Narrowing, ScreeningModel, Selector
from screening.card import ModelCard
from screening.errors import UnknownModel
from screening.settings import Indication, ModelSettings
from screening.signatures import Signatures
from screening.types import ClinicalContext, Eligible, Ineligible, Selection, Study
from tests.worker.ports import MODEL, make_card

CONFIG_DIGEST = "c" * 64

Load = Callable[[str, ModelSettings | None], ScreeningModel]


def choose_all(study: Study) -> Selection:
    """Choose every instance of the first series and reject the others."""
    first, *others = study.series
    chosen = Eligible(
        series_instance_uid=first.series_instance_uid,
        sop_instance_uids=tuple(instance.sop_instance_uid for instance in first.instances),
        reason="the first series",
    )
    return Selection(chosen=chosen, rejected=tuple(_rejected(series.series_instance_uid) for series in others))


def choose_frontal(study: Study) -> Selection:
    """Choose the first frontal view; reject every series where there is none."""
    for series in study.series:
        for instance in series.instances:
            if instance.header.text("ViewPosition") == "PA":
                chosen = Eligible(
                    series_instance_uid=series.series_instance_uid,
                    sop_instance_uids=(instance.sop_instance_uid,),
                    reason="ViewPosition PA",
                )
                return Selection(chosen=chosen, rejected=())
    return Selection(chosen=None, rejected=tuple(_rejected(series.series_instance_uid) for series in study.series))


def told_everything(context: ClinicalContext) -> ClinicalContext:
    """All of the clinical context."""
    return context


def _rejected(series_instance_uid: str) -> Ineligible:
    return Ineligible(series_instance_uid=series_instance_uid, code="wrong-view", reason="not a frontal view")


def _no_model(name: str, settings: ModelSettings | None) -> ScreeningModel:
    raise AssertionError(f"{name} was loaded")


@dataclass
class FakeRegistry:
    """Models by name: what they select and what their card says. A site's own bundle has a card and a digest too."""

    selectors: dict[str, Selector] = field(default_factory=lambda: {MODEL: choose_all})
    the_card: ModelCard = field(default_factory=make_card)
    folder: Path = Path("/nowhere")
    own: dict[Path, tuple[ModelCard, str]] = field(default_factory=dict)
    loader: Load = _no_model
    the_indication: Indication | None = None
    narrow: Narrowing = told_everything
    devices: list[str] = field(default_factory=list)  #: where models were loaded, in order

    def names(self) -> list[str]:
        return sorted(self.selectors)

    def bundle(self, name: str, settings: ModelSettings | None = None) -> Path:
        if name not in self.selectors:
            raise UnknownModel(f"there is no screening model {name!r}; there are {', '.join(self.names())}")
        return (settings.bundle if settings is not None else None) or self.folder

    def card(self, name: str, settings: ModelSettings | None = None) -> ModelCard:
        card, _ = self.own.get(self.bundle(name, settings), (self.the_card, ""))
        return replace(card, name=name)

    def selector(self, name: str) -> Selector:
        self.bundle(name)
        return self.selectors[name]

    def config_digest(self, name: str, settings: ModelSettings | None = None) -> str:
        _, digest = self.own.get(self.bundle(name, settings), (self.the_card, CONFIG_DIGEST))
        return digest

    def indication(self, name: str) -> Indication | None:
        self.bundle(name)
        return self.the_indication

    def relevant(self, name: str, context: ClinicalContext) -> ClinicalContext:
        self.bundle(name)
        return self.narrow(context)

    def require_untampered(
        self, name: str, settings: ModelSettings | None = None, signatures: Signatures | None = None
    ) -> None:
        self.bundle(name)

    def load(
        self,
        name: str,
        device: str = "auto",
        threads: int = 1,
        settings: ModelSettings | None = None,
        signatures: Signatures | None = None,
    ) -> ScreeningModel:
        self.bundle(name)
        self.devices.append(device)
        return self.loader(name, settings)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Answer in place of `models.registry`."""
        answered = ("names", "bundle", "card", "selector", "indication", "relevant", "config_digest", "load")
        for name in (*answered, "require_untampered"):
            monkeypatch.setattr(registry, name, getattr(self, name))
