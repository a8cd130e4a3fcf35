"""The pictures of docs/radiologists-guide.md: what the shipped software makes of simulated patients.

`python -m benchmarks.pictures` writes docs/guide/*.png anew; about a minute.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom import dcmread

MODEL = "cap_mortality_cxr"
WIDTH = 800  # pixels


def simulated(folder: Path, seed: int) -> Path:
    """A simulated patient's radiograph."""
    _opportune("simulate", MODEL, "--n", "1", "--seed", str(seed), "--out", str(folder))
    return next(iter(sorted(folder.rglob("*.dcm"))))


def blanked(path: Path) -> Path:
    """The same file with an empty picture, which the model refuses."""
    ds = dcmread(path)
    ds.PixelData = np.full_like(ds.pixel_array, 1000).tobytes()
    ds.save_as(path)
    return path


def screened(path: Path, out: Path) -> dict[str, Path]:
    """The pictures that the model makes of it, by role."""
    found: dict[str, Any] = json.loads(
        _opportune("screen", str(path), "--model", MODEL, "--out", str(out), "--json")
    )  # fmt: skip
    (result,) = found["results"]
    return {item["role"]: Path(item["path"]) for item in result["objects"] if item["kind"] == "sc"}


def write_png(secondary_capture: Path, path: Path) -> None:
    """A Secondary Capture as PNG, no wider than `WIDTH`."""
    picture = Image.fromarray(dcmread(secondary_capture).pixel_array)
    picture.thumbnail((WIDTH, WIDTH))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, optimize=True)


def write(folder: Path, seed: int) -> list[Path]:
    """Write card, overlay and refusal; their paths."""
    with tempfile.TemporaryDirectory() as work:
        images = Path(work)
        pictures = screened(simulated(images / "sound", seed), images / "results")
        refusal = screened(blanked(simulated(images / "blank", seed + 1)), images / "refused")
        wanted = {"card": pictures["card"], "overlay": pictures["overlay"], "not_evaluable": refusal["card"]}
        for name, source in wanted.items():
            write_png(source, folder / f"{name}.png")
    return [folder / f"{name}.png" for name in wanted]


def _opportune(*arguments: str) -> str:
    command = [sys.executable, "-m", "worker", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/guide"))
    parser.add_argument("--seed", type=int, default=6)
    chosen = parser.parse_args()
    for written in write(chosen.out, chosen.seed):
        print(written)
