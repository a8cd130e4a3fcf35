"""Where the network looks: shares of its activation map by part of the chest, beside the parts' shares of the picture.

`python -m training.experiments.pediatric_regions OUT`. The paper says of its heat maps that they lie on spine,
mediastinum, heart and great vessels, then bones. Phantoms know where these are.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch.nn import functional

from models.framing import Array
from models.pediatric_age_cxr.preprocess import Prepared, prepare
from models.pediatric_age_cxr.reader import Reader, load_reader
from training.cohorts.pediatric_age_cxr import DRAWN, SPLIT_SEEDS
from training.evaluation.bootstrap import bootstrap
from training.evaluation.interval import Ints
from training.phantoms.child.phantom import make_child
from training.phantoms.child.regions import NAMES, regions
from training.request import Progress, silent

BUNDLE = Path(__file__).parents[2] / "models" / "pediatric_age_cxr" / "bundle"
CHILDREN = {"tiny": 3, "full": 100}
FIRST = 900_000  # seeds after the first of the test split: children whom nothing else uses


def run(
    out: Path,
    *,
    seed: int = 0,
    scale: Literal["tiny", "full"] = "full",
    bundle: Path = BUNDLE,
    progress: Progress = silent,
) -> Mapping[str, float]:
    """For each part: its share of the map's magnitude, of the exposed picture, and their ratio; out/results.json.

    Parts overlap, so shares do not add up to 1. The map is as coarse as the network's last stage (a cell is 32 pixels
    of its square), and what lies beside a part counts for it as well.

    Parameters
    ----------
    out
        Folder for the results.
    seed
        Of the children.
    scale
        "tiny" takes three children: for tests.
    bundle
        Weights to look at.
    progress
        Called with ("regions", done, total).
    """
    torch.set_num_threads(1)
    reader, count = load_reader(bundle), CHILDREN[scale]
    rows = []
    for number in range(count):
        rows.append(_shares(reader, SPLIT_SEEDS["test"] + FIRST + 10_000 * seed + number))
        progress("regions", number + 1, count)
    shares = np.stack(rows)  # (children, parts, 2)

    def means(chosen: Ints) -> list[float]:
        energy, area = shares[chosen].mean(0).T
        return [*(float(value) for value in energy), *(float(value) for value in energy / area)]

    draws = bootstrap(means, np.arange(count))
    results = {"children": float(count)}
    for place, name in enumerate(NAMES):
        for offset, what in ((0, "share"), (len(NAMES), "ratio")):
            found = draws.interval(offset + place)
            results |= {f"{name}_{what}": found.value, f"{name}_{what}_low": found.low,
                        f"{name}_{what}_high": found.high}  # fmt: skip
        results[f"{name}_area"] = float(shares[:, place, 1].mean())
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return results


def _shares(reader: Reader, seed: int) -> Array:
    """(parts, 2): of the map's magnitude and of the area."""
    phantom = make_child(seed, longest_side=round(DRAWN * reader.size))
    picture = prepare(phantom.pixels, phantom.spacing, reader.size)
    (raw,) = reader.contributions([picture], [phantom.sex])
    up = functional.interpolate(
        torch.from_numpy(np.abs(raw))[None, None], size=(reader.size, reader.size), mode="bilinear"
    )
    masks = regions(phantom)
    return shares_of(up[0, 0].numpy(), picture, {name: masks[name].astype(np.float32) for name in NAMES})


def shares_of(magnitude: Array, picture: Prepared, masks: Mapping[str, Array]) -> Array:
    """(parts, 2): share of the magnitude (size, size), and of the exposed picture, that each mask covers."""
    some = next(iter(masks.values()))
    field = picture.placement.apply(np.ones_like(some)) > 0.5
    energy = magnitude * field
    total = max(float(energy.sum()), 1e-12)
    rows = []
    for mask in masks.values():
        inside = (picture.placement.apply(mask) > 0.5) & field
        rows.append((float(energy[inside].sum()) / total, float(inside.sum() / field.sum())))
    return np.asarray(rows, np.float32)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
