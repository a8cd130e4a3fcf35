"""Weights on disk: safetensors, half precision, checked against a SHA-256 before a byte of them is used."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor, nn

from screening.card import ModelCard
from screening.errors import WeightsMismatch

_LONGEST = 300  # characters of what does not fit: a list of names may have thousands


def read_weights(card: ModelCard, bundle: Path) -> dict[str, Tensor]:
    """Every tensor of the card's weights file by name; floating point ones as float32.

    Raises
    ------
    WeightsMismatch
        If the file is missing, is not the one that the card names, or is no safetensors file.
    """
    return _tensors(card.verify(bundle), card.name)


def read_shared_weights(path: Path, sha256: str, name: str) -> dict[str, Tensor]:
    """Every tensor of a file that belongs to no bundle, as `read_weights` gives them.

    Raises
    ------
    WeightsMismatch
        If the file is missing, has another SHA-256, or is no safetensors file.
    """
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as exc:
        raise WeightsMismatch(f"weights of {name} {path.name} cannot be read: {exc}") from exc
    if found != sha256:
        raise WeightsMismatch(f"weights of {name} {path.name} have SHA-256 {found}, the program expects {sha256}")
    return _tensors(path, name)


def _tensors(path: Path, name: str) -> dict[str, Tensor]:
    try:
        tensors = load(path.read_bytes())
    except (SafetensorError, OSError) as exc:
        raise WeightsMismatch(f"weights of {name} {path.name} cannot be read: {exc}") from exc
    return {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}


def write_weights(path: Path, tensors: Mapping[str, Tensor], *, keep_precision: tuple[str, ...] = ()) -> None:
    """Write tensors in half precision, except whole numbers and names that begin with one of `keep_precision`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    settled = {
        name: value.detach().cpu().contiguous()
        if not value.is_floating_point() or name.startswith(keep_precision)
        else value.detach().cpu().contiguous().to(torch.float16)
        for name, value in sorted(tensors.items())
    }
    save_file(settled, path)
    path.chmod(0o644)  # safetensors writes files that only their owner can read


def fill(network: nn.Module, tensors: Mapping[str, Tensor], name: str) -> None:
    """Put tensors into a network, every one of them and no other.

    Raises
    ------
    WeightsMismatch
        If names or shapes differ.
    """
    try:
        network.load_state_dict(dict(tensors), strict=True)
    except RuntimeError as exc:
        first = [line.strip() for line in str(exc).splitlines()][:2][-1]  # the first line only says that it failed
        raise WeightsMismatch(f"weights of {name} do not fit its network: {first[:_LONGEST]}") from exc


def pick_device(device: str) -> torch.device:
    """Turn a setting into a device: "auto" is CUDA where there is a device, else the CPU."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(device)
