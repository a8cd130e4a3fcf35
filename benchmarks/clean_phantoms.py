"""How often a model refuses a study without a fault: simulated studies through the code of `opportune screen`.

`python -m benchmarks.clean_phantoms --model NAME --studies N --first-seed SEED`. The simulators spoil some studies on
purpose: lumbar radiographs with the grey scale inverted, abdominal CTs with metal or with the spine cut off. These are
left out and counted. Tubes, leads, pacemakers and fractures are a part of everyday and stay in.
"""

import argparse
import csv
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import stats

from models import registry
from screening.settings import Settings
from training.phantoms.spine.film import draw_film
from training.simulate import SIMULATORS
from training.simulators.case import PATIENTS_PER_SEED
from worker.pipeline import Pipeline
from worker.privacy import quiet_libraries
from worker.screen_folder import read_folder, screen_study

FIRST_SEED = 40_000  # of the simulator's runs: no other script draws there


@dataclass
class Tally:
    """Of one model."""

    spoiled: int = 0  #: left out
    read: int = 0
    refused: Counter[str] = field(default_factory=Counter)  #: by reason code
    remarks: Counter[str] = field(default_factory=Counter)  #: by their first words

    @property
    def studies(self) -> int:
        """Those that count."""
        return self.read + self.refused.total()


def screen_clean(model: str, studies: int, first_seed: int = FIRST_SEED) -> Tally:
    """One patient for each seed from the first on."""
    tally, pipeline = Tally(), Pipeline(threads=1)
    for seed in range(first_seed, first_seed + studies):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            SIMULATORS[model](folder / "in", 1, seed, lambda: None)
            with (folder / "in" / "labels.csv").open(encoding="utf-8", newline="") as file:
                (row,) = csv.DictReader(file)
            if spoiled(model, seed, row):
                tally.spoiled += 1
                continue
            _count(tally, model, folder, pipeline)
    return tally


def spoiled(model: str, seed: int, labels: Mapping[str, str]) -> bool:
    """Whether the simulator gave the study of this seed a fault on purpose. labels: its row of labels.csv."""
    if model == "spine_fracture_xr":
        return draw_film(np.random.default_rng([seed * PATIENTS_PER_SEED, 41])).inverted
    return any(labels.get(flag, "") not in ("", "0", "False") for flag in ("metal", "cut_off"))


def _count(tally: Tally, model: str, folder: Path, pipeline: Pipeline) -> None:
    (study,), _ = read_folder(folder / "in")
    (result,) = screen_study(study, Settings(), [model], pipeline, folder / "out")
    outcome = result["outcome"]
    if outcome is None:
        tally.refused[result["rejected"][0]["code"] if result["rejected"] else result["decision"]] += 1
    elif outcome["kind"] == "not_evaluable":
        tally.refused[outcome["code"]] += 1
    else:
        tally.read += 1
        tally.remarks.update(note.partition(":")[0].partition(".")[0] for note in outcome["notes"])


def row_of(model: str, tally: Tally) -> str:
    """One line of the table."""
    refused = tally.refused.total()
    low, high = stats.binomtest(refused, tally.studies).proportion_ci(method="wilson")
    codes = ", ".join(f"{count} `{code}`" for code, count in tally.refused.most_common()) or "none"
    share = f"{refused / tally.studies:.1%} ({low:.1%} to {high:.1%})"
    return f"| {model} | {tally.studies} | {tally.spoiled} | {refused} | {share} | {codes} |"


def main() -> None:
    """Screen and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clean_phantoms", description=__doc__)
    parser.add_argument("--model", action="append", choices=registry.names(), help="all five by default")
    parser.add_argument("--studies", type=int, default=150, help="drawn for each model")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help="another one draws other patients")
    options = parser.parse_args()
    quiet_libraries()
    print("| model | studies | left out as spoiled | refused | share (95 % interval) | codes |")
    print("| --- | --- | --- | --- | --- | --- |")
    said = []
    for model in options.model or registry.names():
        tally = screen_clean(model, options.studies, options.first_seed)
        print(row_of(model, tally), flush=True)
        said += [f"{model}: {count} of {tally.read}: {words}" for words, count in tally.remarks.most_common()]
    print("\nRemarks of the studies that were read:\n", *said, sep="\n")


if __name__ == "__main__":
    main()
