"""How often each defect of docs/quality-control.md ends as its row says: the rows on many simulated studies.

`python -m benchmarks.defect_rates --model NAME --studies N`. What the header decides is left out: it never fails.
So are studies that the simulator spoiled itself.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.clean_phantoms import FIRST_SEED, spoiled
from tests.acceptance.quality.defects import READ, Defect
from tests.acceptance.quality.runner import clean, labels, screened
from tests.acceptance.quality.suite import BY_MODEL
from worker.privacy import quiet_libraries

BY_HEADER = {
    "wrong-modality", "secondary-capture", "for-processing", "wrong-body-part", "age-unknown", "not-adult",
    "not-a-child", "wrong-view", "not-neutral", "spot-view", "age-not-validated", "unread",
}  # fmt: skip


def rates(model: str, studies: int) -> Iterator[str]:
    """Lines of a table."""
    yield "| defect | studies | refused, or remarked on | codes |"
    yield "| --- | --- | --- | --- |"
    seeds = [k for k in range(FIRST_SEED, FIRST_SEED + studies) if not spoiled(model, k, labels(model, k))]
    for row in BY_MODEL[model]:
        if row.expected not in BY_HEADER and (row.recognised or "tagged" in row.name or "blurred" in row.name):
            counts = Counter(_outcome(row, seed) for seed in seeds)
            noticed = sum(count for code, count in counts.items() if code != READ)
            codes = ", ".join(f"{count} `{code}`" for code, count in counts.most_common())
            yield f"| {row.name} | {len(seeds)} | {noticed} | {codes} |"


def _outcome(row: Defect, seed: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        seen = screened(row.model, row.apply(clean(row.model, seed)), Path(folder))
    remarked = seen.code == READ and row.said and row.recognised and row.said in seen.words
    return "remark" if remarked else seen.code


def main() -> None:
    """Screen and print a table for each model."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.defect_rates", description=__doc__)
    parser.add_argument("--model", action="append", choices=list(BY_MODEL), help="all of the suite by default")
    parser.add_argument("--studies", type=int, default=20, help="drawn for each model")
    options = parser.parse_args()
    quiet_libraries()
    for model in options.model or BY_MODEL:
        print(f"\n{model}\n", flush=True)
        for line in rates(model, options.studies):
            print(line, flush=True)


if __name__ == "__main__":
    main()
