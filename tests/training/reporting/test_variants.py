import json
from pathlib import Path

import pytest

from screening.errors import ConfigurationError
from training.reporting.variants import variant_table


def test_without_a_file_the_published_figures_stand_alone() -> None:
    table = variant_table(None)
    assert len(table.rows) == 6
    assert {str(cell) for row in table.rows for cell in row[1:]} == {"not evaluated here"}
    assert table.rows[4][1].published == ".8015"
    assert "--variants" in table.notes[-1]


def test_figures_of_the_experiment(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps({
        "patches_L1L5_auroc": 0.71, "patches_L1L5_auroc_low": 0.69, "patches_L1L5_auroc_high": 0.73,
        "full_L1L4_mask_npv": 0.9, "events": 3000, "scale": "full", "full_L1L5_auroc": float("nan"),
    }))  # fmt: skip
    table = variant_table(path)
    assert str(table.rows[4][1]) == "0.710 (0.690 to 0.730)"
    assert str(table.rows[3][5]) == "0.900"
    assert str(table.rows[0][1]) == "not in this file"


@pytest.mark.parametrize("text", ["", "[1]", '{"events": 3}'])
def test_another_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"results\.json"):
        variant_table(path)
