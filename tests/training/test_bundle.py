import json
from pathlib import Path

import pytest
import torch
from torch import nn

from screening.card import ModelCard
from training.bundle import BundleContent, fill_measured, halve, measured, retell, write_bundle
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


def test_figures_found_anew_take_their_place_in_table_readme_and_card(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    (bundle / "docs").mkdir(parents=True)
    old = {"train_rows": 9.0, "test_auc": 0.5}
    (bundle / "docs" / "results.json").write_text(json.dumps(old))
    texts = (bundle / "docs" / "README.md", tmp_path / "card.md")
    for path in texts:
        path.write_text(f"before\n{measured(old)}\nafter\n")
    retell(bundle, {"test_auc": 0.75, "test_brier": 0.1})
    now = {"train_rows": 9.0, "test_auc": 0.75, "test_brier": 0.1}
    assert json.loads((bundle / "docs" / "results.json").read_text()) == now
    assert [path.read_text() for path in texts] == [f"before\n{measured(now)}\nafter\n"] * 2
