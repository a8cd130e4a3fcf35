import json
from pathlib import Path

import pytest
import torch
from torch import nn

from screening.card import ModelCard
from training.bundle import BundleContent, fill_measured, halve, measured, write_bundle
from training.recipes.cap_mortality_texts import CARD, INFERENCE, METADATA


def test_a_bundle_reads_back(tmp_path: Path) -> None:
    content = BundleContent(
        card=CARD | {"input_size": [8, 8], "trained_on": "nothing"}, configuration={"gate": {"threshold": 0.0}},
        metadata=METADATA, inference=INFERENCE, tensors={"a": torch.ones(3)}, keep_precision=(),
        results={"test_auc": 0.75},
    )  # fmt: skip
    card = write_bundle(tmp_path, content)
    assert card == ModelCard.load(tmp_path)
    card.verify(tmp_path)
    metadata = json.loads((tmp_path / "configs" / "metadata.json").read_text())
    assert {"version", "monai_version", "pytorch_version", "numpy_version"} <= set(metadata)
    assert "+" not in metadata["pytorch_version"]
    assert "0.75" in (tmp_path / "docs" / "README.md").read_text()
    assert card.banner in (tmp_path / "docs" / "README.md").read_text()


def test_halved_weights_survive_the_file() -> None:
    torch.manual_seed(0)
    net = nn.Linear(5, 3)
    before = net.weight.detach().clone()
    halve(net)
    after = net.weight.detach()
    assert not torch.equal(before, after)
    assert torch.equal(after, after.half().float())
    torch.testing.assert_close(after, before, rtol=1e-3, atol=1e-6)


def test_measured_figures_take_the_place_of_older_ones() -> None:
    text = f"before\n{measured({'auc': 0.5})}\nafter\n"
    filled = fill_measured(text, {"auc": 0.8123})
    assert filled.startswith("before")
    assert filled.endswith("after\n")
    assert "0.8123" in filled
    assert "0.5 |" not in filled
    with pytest.raises(ValueError, match="lacks"):
        fill_measured("no marks", {})
