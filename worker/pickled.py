"""Weights that come as a pickle (`.pt`, `.pth`) are made into safetensors in a confined child, once, when imported."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from screening import manifest
from screening.card import ModelCard
from screening.errors import BundleRefused, WeightsMismatch

SUFFIXES = (".pt", ".pth")

Unpickle = Callable[[Path, Path], None]
"""Reads a pickle, writes safetensors, e.g. `worker.sandbox.unpickle.unpickle`; raises BundleRefused."""


def pickled_weights(bundle: Path) -> Path | None:
    """The pickle, relative to the bundle, that stands where its card names safetensors; None where there is none.

    Nothing of it is read here.
    """
    try:
        wanted = bundle / ModelCard.load(bundle).weights_file
    except WeightsMismatch:
        return None  # what is wrong with the card is told when it is checked
    if wanted.exists():
        return None
    found = (wanted.with_suffix(suffix) for suffix in SUFFIXES)
    return next((path.relative_to(bundle) for path in found if path.is_file()), None)


def convert(source: Path, bundle: Path, unpickle: Unpickle) -> None:
    """Put safetensors where a bundle's card wants them, made of a pickle that lies beside it.

    Parameters
    ----------
    source
        The pickle; its SHA-256 must be the one on the card, which is then replaced by that of the safetensors.
    bundle
        A staged copy, without the pickle.
    unpickle
        Does it, in a process of its own.

    Raises
    ------
    BundleRefused
        If the pickle is not the one that the card names, the bundle has a manifest, or `unpickle` refuses.
    """
    if any((bundle / name).exists() for name in (manifest.MANIFEST, manifest.SIGNATURE)):
        raise BundleRefused(
            f"{source.name} is a pickle in a bundle with a manifest, which its conversion would break;"
            " import it without, then sign it: opportune models export, opportune models sign"
        )
    card = ModelCard.load(bundle)
    found = manifest.digest(source)
    if found != card.weights_sha256:
        raise BundleRefused(
            f"{source.name} has SHA-256 {found}, the card says {card.weights_sha256};"
            " put its own into card.weights_sha256, the import replaces it by that of the safetensors"
        )
    target = bundle / card.weights_file
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unpickle(source, target)
    path = bundle / "configs" / "opportune.json"
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    values["card"]["weights_sha256"] = manifest.digest(target)
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
