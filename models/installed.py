"""The bundle in force for each model, for people: its card, whether it is whole, what it reads. Without torch."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from models import registry
from models.evaluation import Evaluation, evaluation
from screening import manifest
from screening.card import Evidence, ModelCard
from screening.errors import WeightsMismatch
from screening.settings import ModelSettings, Settings
from screening.signatures import Signatures

PLAINLY = {
    Evidence.SIMULATION: "Trained on made-up patients of a simulator, never on a real one. Not for clinical use.",
    Evidence.RESEARCH: "Trained on patients and judged in research, not on this site's patients. Not for diagnosis.",
    Evidence.SITE_VALIDATED: "Judged on this site's own patients and approved here. A radiologist reads it too.",
}
"""What a level of evidence means."""

RELEASED, SIGNED, LISTED, UNSIGNED, WRONG = "of the release", "signed", "listed, unsigned", "unsigned", "does not agree"

_ROW = re.compile(r"\| (question|input|output|not for) \| (.+) \|")


@dataclass(frozen=True, kw_only=True, slots=True)
class Integrity:
    """Whether a bundle is what somebody answers for."""

    state: str  #: RELEASED, SIGNED, LISTED, UNSIGNED or WRONG
    detail: str

    @property
    def good(self) -> bool:
        """Whether the worker would load it."""
        return self.state != WRONG


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """A model and the bundle in force."""

    name: str
    bundle: Path
    shipped: bool
    settings: ModelSettings
    card: ModelCard | None  #: None: it cannot be read; integrity says why
    integrity: Integrity
    about: dict[str, str]  #: "question", "input", "output", "not for", of the model's page

    @property
    def when(self) -> str:
        """When it runs, once it is enabled: "always", "indication" or "manual"."""
        own = "always" if registry.indication(self.name) is None else "indication"
        return self.settings.when or own

    @property
    def evaluation(self) -> Evaluation | None:
        """What the bundle says of its evaluation."""
        return evaluation(self.bundle)


def installed(settings: Settings) -> list[Installed]:
    """Every model, by name."""
    return [one(settings, name) for name in registry.names()]


def one(settings: Settings, name: str) -> Installed:
    """A model.

    Raises
    ------
    UnknownModel
        If there is no model of this name.
    """
    own = settings.of_model(name)
    folder = registry.bundle(name, own)
    try:
        card, found = registry.card(name, own), integrity(name, own, settings.signatures)
    except WeightsMismatch as exc:
        card, found = None, Integrity(state=WRONG, detail=str(exc))
    return Installed(
        name=name, bundle=folder, shipped=own.bundle is None, settings=own, card=card, integrity=found,
        about=_about(registry.FOLDER / name / "card.md"),
    )  # fmt: skip


def evidence_of(settings: Settings) -> dict[tuple[str, str], Evidence]:
    """The evidence level of each (model, version) whose bundle lies on this node: in force, shipped or imported."""
    cards = []
    for name in registry.names():
        cards += [_card(registry.bundle(name)), _card(registry.bundle(name, settings.of_model(name)))]
    cards[:0] = [_card(path.parent.parent) for path in sorted(settings.bundles.glob("*/configs/opportune.json"))]
    return {(card.name, card.version): card.evidence for card in cards if card is not None}


def _card(folder: Path) -> ModelCard | None:
    try:
        return ModelCard.load(folder)
    except WeightsMismatch:
        return None


def integrity(name: str, settings: ModelSettings, signatures: Signatures) -> Integrity:
    """Whether a bundle is what its release, its manifest or its card says; read anew when a file of it was changed.

    To a reader of a page it need not be more: the worker reads every byte before it loads one.
    """
    folder = registry.bundle(name, settings)
    return _integrity(name, None if settings.bundle is None else folder, signatures, _stamps(name, folder))


@lru_cache(maxsize=64)
def _integrity(name: str, own: Path | None, signatures: Signatures, _stamps: tuple[object, ...]) -> Integrity:
    settings = ModelSettings(bundle=own)
    try:
        registry.require_untampered(name, settings, signatures)
        if own is None:
            return Integrity(state=RELEASED, detail="each file has the SHA-256 that this release has for it")
        registry.card(name, settings).verify(own)
    except WeightsMismatch as exc:
        return Integrity(state=WRONG, detail=str(exc))
    if (own / manifest.SIGNATURE).is_file():
        return Integrity(state=SIGNED, detail="the site's own, signed by a key of signatures.trusted_keys")
    if (own / manifest.MANIFEST).is_file():
        return Integrity(
            state=LISTED, detail="the site's own; its files are those of its manifest, which nobody signed"
        )
    return Integrity(state=UNSIGNED, detail="the site's own; its weights are those of its card, which nobody signed")


def _stamps(name: str, folder: Path) -> tuple[object, ...]:
    """What changes when a file does: its size and the moment of its last change."""
    shared = registry.FOLDER.glob("*.safetensors")
    found = []
    for path in (*sorted(folder.rglob("*")), *sorted(shared)):
        try:
            stat = path.lstat()
        except OSError:
            continue  # it went just now
        found.append((str(path), stat.st_size, stat.st_mtime_ns))
    return name, str(folder), *found


def _about(page: Path) -> dict[str, str]:
    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    return dict(_ROW.findall(text))
