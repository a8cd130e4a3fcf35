import hashlib
from pathlib import Path

import pytest
import torch
from torch import nn

from models.weights import fill, pick_device, read_shared_weights, read_weights, write_weights
from screening.card import Evidence, ModelCard
from screening.errors import WeightsMismatch


def card_of(path: Path) -> ModelCard:
    return ModelCard(
        name="test", version="1", title="t", evidence=Evidence.SIMULATION, intended_use="", population="", limits=(),
        reference="", series_base=1, input_size=(8, 8), weights_file=path.name, trained_on="",
        weights_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )  # fmt: skip


def test_half_precision_on_disk_single_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    tensors = {"a": torch.tensor([1 / 3]), "keep.b": torch.tensor([1 / 3]), "n": torch.tensor([7])}
    write_weights(path, tensors, keep_precision=("keep.",))
    read = read_weights(card_of(path), tmp_path)
    assert read["a"].dtype == torch.float32
    assert float(read["a"]) == float(torch.tensor(1 / 3).half())
    assert float(read["keep.b"]) == float(torch.tensor(1 / 3))
    assert int(read["n"]) == 7


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    write_weights(path, {"a": torch.zeros(3)})
    card = card_of(path)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(WeightsMismatch, match="SHA-256"):
        read_weights(card, tmp_path)
    path.write_bytes(b"nonsense")
    with pytest.raises(WeightsMismatch, match="cannot be read"):
        read_weights(card_of(path), tmp_path)


def test_tensors_must_fit_the_network() -> None:
    net = nn.Linear(2, 1)
    fill(net, {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}, "test")
    assert net(torch.ones(1, 2)).item() == 2.0
    with pytest.raises(WeightsMismatch, match="test"):
        fill(net, {"weight": torch.ones(1, 3), "bias": torch.zeros(1)}, "test")


def test_a_named_device_is_taken_as_named() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda")


def test_weights_outside_of_a_bundle_are_checked_too(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    write_weights(path, {"a": torch.ones(3)})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_shared_weights(path, digest, "the gate")["a"].tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(WeightsMismatch, match=r"the gate w\.safetensors have SHA-256"):
        read_shared_weights(path, "0" * 64, "the gate")
    with pytest.raises(WeightsMismatch, match="cannot be read"):
        read_shared_weights(tmp_path / "none.safetensors", digest, "the gate")
    path.write_bytes(b"nonsense")
    with pytest.raises(WeightsMismatch, match="cannot be read"):
        read_shared_weights(path, hashlib.sha256(b"nonsense").hexdigest(), "the gate")
