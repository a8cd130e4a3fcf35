"""`python -m benchmarks.capacity`: simulate and print, or write the page."""

import argparse
from pathlib import Path

from benchmarks.capacity.forecast import fewest, forecasts, year_of
from benchmarks.capacity.page import page
from benchmarks.capacity.service_times import FILE, load
from benchmarks.capacity.traffic import NETWORKS

SLOWER = (1.0, 5.0, 20.0)
"""The times as they were measured; larger networks, more slices or slower processors; many minutes for each CT."""


def main() -> None:
    """Simulate every network."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--networks", type=int, default=len(NETWORKS), help="only so many, the smallest first")
    parser.add_argument("--service-times", type=Path, default=FILE)
    parser.add_argument("--write", type=Path, help="the page")
    options = parser.parse_args()
    measured = load(options.service_times)
    years = [year_of(network, measured, options.seed) for network in NETWORKS[: options.networks]]
    found = [{factor: forecasts(year, options.seed, factor) for factor in (SLOWER[0], SLOWER[-1])} for year in years]
    needed = [{factor: fewest(year, options.seed, factor) for factor in SLOWER} for year in years]
    text = page(measured, years, found, needed, options.seed)
    if options.write is None:
        print(text)
    else:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
