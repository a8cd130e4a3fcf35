"""A site's own weights: taken in after every check, given out as they are. Neither changes what is in force."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from db import audit
from db.engine import Sessions, transaction
from models import registry
from models.safetensors_header import read_header
from screening import manifest
from screening.card import ModelCard
from screening.errors import BundleRefused, UnknownModel, WeightsMismatch
from screening.settings import Settings
from screening.signatures import Signatures
from worker.bundle_files import same, set_aside, settle, staged
from worker.pickled import Unpickle, convert, pickled_weights

DTYPES = ("F32", "F16", "BF16", "I64")  # floating point of networks, and the counters of batch normalisation
LARGEST_SIDE = 1024  # of an input; beyond, a job would not end in its time; assumption

Probe = Callable[[str, Path], float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A bundle in its place."""

    card: ModelCard
    folder: Path  #: absolute
    new: bool  #: False: the same was there before
    probability: float  #: what it makes of a made-up picture, 0..1; no measure of quality

    @property
    def toml(self) -> str:
        """The lines of opportune.toml that put it in force."""
        return f"[models.{self.card.name}]\nbundle = {json.dumps(str(self.folder), ensure_ascii=False)}"


def import_bundle(
    settings: Settings, sessions: Sessions, source: Path, *, who: str, probe: Probe, unpickle: Unpickle
) -> Taken:
    """Check a folder, copy it below `home`/bundles, write a line of the audit trail; a refusal is a line of it too.

    Parameters
    ----------
    settings
        Say where `home` is.
    sessions
        The node's database.
    source
        The bundle.
    who
        Who asks.
    probe
        Tries a model's name and a bundle, e.g. `worker.sandbox.probe.probe`.
    unpickle
        Makes safetensors of a pickle, e.g. `worker.sandbox.unpickle.unpickle`.

    Raises
    ------
    BundleRefused
        Names what is wrong and what to do; nothing was kept.
    DatabaseUnavailable
        If the line cannot be written.
    """
    try:
        with _copied(settings, source, unpickle) as part:
            return _take(settings, sessions, part, who=who, probe=probe)
    except BundleRefused as exc:
        with transaction(sessions) as session:
            audit.record(session, actor=who, action="refuse import", subject="bundle", detail=str(exc))
        raise


@contextmanager
def _copied(settings: Settings, source: Path, unpickle: Unpickle) -> Iterator[Path]:
    """A staged copy; a pickle in it is safetensors now."""
    place = settings.bundles / "any"
    pickled = pickled_weights(source)
    with staged(source, place, without=pickled) as part:
        if pickled is not None:
            if settings.signatures.required:
                raise BundleRefused(
                    f"{pickled} is a pickle, and signatures.required is set: who signs, signs what is run;"
                    " convert it on a node that asks for none, then sign it"
                )
            with set_aside(source / pickled, place) as pickle:
                convert(pickle, part, unpickle)
        yield part


def _take(settings: Settings, sessions: Sessions, part: Path, *, who: str, probe: Probe) -> Taken:
    """Check a staged copy and give it its place."""
    card = check(part, settings.signatures)
    probability = probe(card.name, part)
    target = settings.bundles.resolve() / f"{card.name}-{card.version}-{card.weights_sha256[:12]}"
    new = not target.exists()
    with transaction(sessions) as session:
        said = f"version {card.version}, evidence {card.evidence}, SHA-256 {card.weights_sha256}, in {target}"
        audit.record(session, actor=who, action="import", subject=f"model {card.name}", detail=said)
        if new:
            settle(part, target)
        elif not same(part, target):
            raise BundleRefused(
                f"{target} holds these weights with other files beside them, and is not overwritten;"
                " give this bundle a version of its own (card.version in configs/opportune.json)"
            )
    return Taken(card=card, folder=target, new=new, probability=probability)


def export_bundle(settings: Settings, name: str, out: Path) -> ModelCard:
    """Copy the bundle in force for a model to a new folder; its card.

    Raises
    ------
    UnknownModel
        If there is no model of this name.
    BundleRefused
        If the bundle in force is not whole, or `out` is there already.
    """
    with staged(registry.bundle(name, settings.of_model(name)), out) as part:
        card = check(part)
        if card.name != name:
            raise BundleRefused(f"the bundle in force for {name} is that of {card.name}; mend models.{name}.bundle")
        for path in (part, *part.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)  # for whoever gets it
        settle(part, out)
    return card


def check(bundle: Path, signatures: Signatures | None = None) -> ModelCard:
    """The card of a bundle that lies still, after manifest, card and weights were looked at; nothing of it is run.

    signatures: whose bundles are taken; any, signed or not, when None.

    Raises
    ------
    BundleRefused
        Names what is wrong and what to do.
    """
    try:
        if signatures is not None:
            manifest.verify(bundle, signatures.trusted_keys, required=signatures.required)
        card = ModelCard.load(bundle)
        shipped = registry.card(card.name)
        _check_card(card, shipped)
        card.verify(bundle)
        for path in sorted(bundle.rglob("*.safetensors")):
            _check_dtypes(path)
    except (WeightsMismatch, UnknownModel) as exc:
        # the copy, which is gone when this is read
        text = str(exc).replace(f"{bundle}/", "").replace(f" in {bundle}", "")
        raise BundleRefused(f"{text}; mend it, or train the weights for a model of this node") from exc
    return card


def _check_dtypes(path: Path) -> None:
    for name, tensor in read_header(path).items():
        if tensor.dtype not in DTYPES:
            raise BundleRefused(
                f"tensor {name[:100]!r} of {path.name} is {tensor.dtype}; save it as one of {', '.join(DTYPES)}"
            )


def _check_card(card: ModelCard, shipped: ModelCard) -> None:
    """What the shipped card of the same model settles."""
    size, wanted = list(card.input_size), len(shipped.input_size)
    if len(size) != wanted or not all(1 <= side <= LARGEST_SIDE for side in size):
        raise BundleRefused(
            f"card.input_size in configs/opportune.json is {size};"
            f" {card.name} needs {wanted} numbers of 1 to {LARGEST_SIDE}"
        )
    if card.series_base != shipped.series_base:
        raise BundleRefused(
            f"card.series_base in configs/opportune.json is {card.series_base};"
            f" the results of {card.name} are numbered from {shipped.series_base}"
        )
