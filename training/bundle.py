"""Write a MONAI bundle: configs, weights, documents; and the measured figures into texts for people."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.weights import write_weights
from screening.card import ModelCard

WEIGHTS = "models/model.safetensors"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
LICENSE = Path(__file__).parents[1] / "LICENSE"


@dataclass(frozen=True, kw_only=True)
class BundleContent:
    """Everything a bundle holds beside the card's SHA-256, which follows from the tensors."""

    card: Mapping[str, Any]  #: fields of ModelCard without weights_file and weights_sha256
    configuration: Mapping[str, Any]  #: further sections of opportune.json
    metadata: Mapping[str, Any]  #: MONAI's metadata.json, without the versions
    inference: Mapping[str, Any]  #: MONAI's inference.json
    tensors: Mapping[str, Tensor]
    keep_precision: tuple[str, ...]  #: prefixes of tensors that stay float32
    results: Mapping[str, float]  #: what was measured


def halve(net: nn.Module) -> None:
    """Round the weights to the half precision that the file keeps, so that what is judged is what is shipped."""
    with torch.no_grad():
        for tensor in (*net.parameters(), *net.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(tensor.half().float())


def write_bundle(folder: Path, content: BundleContent) -> ModelCard:
    """Write the bundle, and return its card after checking that it reads back."""
    write_weights(folder / WEIGHTS, content.tensors, keep_precision=content.keep_precision)
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    card = dict(content.card) | {"weights_file": WEIGHTS, "weights_sha256": digest}
    _json(folder / "configs" / "opportune.json", {"card": card} | dict(content.configuration))
    versions = {f"{name}_version": _released(package) for name, package in _PACKAGES.items()}
    _json(folder / "configs" / "metadata.json", dict(content.metadata) | {"version": card["version"]} | versions)
    _json(folder / "configs" / "inference.json", content.inference)
    _json(folder / "docs" / "results.json", content.results)
    (folder / "LICENSE").write_text(LICENSE.read_text(encoding="utf-8"), encoding="utf-8")
    written = ModelCard.load(folder)
    readme = f"# {written.title}\n\n{written.intended_use}\n\n{written.banner}\n\n{measured(content.results)}\n"
    (folder / "docs" / "README.md").write_text(readme, encoding="utf-8")
    written.verify(folder)
    return written


_PACKAGES = {"monai": "monai", "pytorch": "torch", "numpy": "numpy"}


def _released(package: str) -> str:
    """Version of a package without its local part (2.13.0+cpu is 2.13.0)."""
    return version(package).split("+")[0]


def card_fields(card: ModelCard) -> dict[str, Any]:
    """A card as JSON-ready fields."""
    return {**asdict(card), "evidence": card.evidence.value}


def measured(results: Mapping[str, float]) -> str:
    """The measured figures as a Markdown table between two marks."""
    rows = [f"| {name.replace('_', ' ')} | {value:.4g} |" for name, value in results.items()]
    return "\n".join([BEGIN, "| measured on simulated patients | value |", "| --- | --- |", *rows, END])


def fill_measured(text: str, results: Mapping[str, float]) -> str:
    """Put the figures between the marks of a text.

    Raises
    ------
    ValueError
        If the text does not hold the two marks.
    """
    if BEGIN not in text or END not in text:
        raise ValueError(f"the text lacks {BEGIN} ... {END}")
    before, rest = text.split(BEGIN, 1)
    return before + measured(results) + rest.split(END, 1)[1]


def retell(bundle: Path, found: Mapping[str, float]) -> None:
    """Put figures that were found anew into the table of a bundle: results.json, README, and the card.md beside it.

    Raises
    ------
    ValueError
        If a text does not hold the two marks.
    """
    table = bundle / "docs" / "results.json"
    results = json.loads(table.read_text(encoding="utf-8")) | dict(found)
    texts = [path for path in (bundle / "docs" / "README.md", bundle.parent / "card.md") if path.is_file()]
    filled = [fill_measured(path.read_text(encoding="utf-8"), results) for path in texts]
    _json(table, results)
    for path, text in zip(texts, filled, strict=True):
        path.write_text(text, encoding="utf-8")


def _json(path: Path, values: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
