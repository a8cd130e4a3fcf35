"""Drawing many simulated patients over processes, and keeping what was drawn."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch

Row = TypeVar("Row")
Arrays = Mapping[str, npt.NDArray[Any]]

CHUNK = 16  # patients handed to a process at a time


def draw_rows(
    seeds: Iterable[int],
    make: Callable[[int], Row],
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Row]:
    """`make(seed)` of each seed, in their order, whatever `workers`.

    Parameters
    ----------
    seeds
        One for each patient.
    make
        Draws a patient; with several workers it must be picklable (a function of a module, or a partial of one).
    workers
        Processes, of one torch thread each.
    progress
        Called with (done, total).
    """
    numbers = [int(seed) for seed in seeds]
    rows: list[Row] = []
    with contextlib.ExitStack() as stack:
        made: Iterator[Row] = map(make, numbers)
        if workers > 1:
            pool = ProcessPoolExecutor(
                workers, mp_context=get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
            )
            made = stack.enter_context(pool).map(make, numbers, chunksize=CHUNK)
        for row in made:
            rows.append(row)
            if progress is not None:
                progress(len(rows), len(numbers))
    return rows


def kept(folder: Path | None, name: str, make: Callable[[], Arrays]) -> dict[str, npt.NDArray[Any]]:
    """Arrays from the folder if it has those of this name, else from `make`, which are then kept there.

    Parameters
    ----------
    folder
        Where arrays are kept; None keeps nothing.
    name
        Everything that the arrays depend on: the simulator's version and all arguments.
    make
        Makes the arrays. None of them may be of objects.
    """
    if folder is None:
        return dict(make())
    path = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.npz"
    if path.is_file():
        with np.load(path) as stored:
            return {key: stored[key] for key in stored.files}
    arrays = dict(make())
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{path.stem}.{os.getpid()}.part"
    try:
        with unfinished.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return arrays
