"""Endocrinology and Metabolism 2022: vertebral fracture from lateral lumbar radiographs, against Cox and FRAX."""

from collections.abc import Sequence

import numpy as np

from training.reporting import binary, published, survival
from training.reporting.bench import Bench, Measured
from training.reporting.cells import ABSENT, NOT_GIVEN, Cell, label
from training.reporting.tables import Table

HORIZONS = (1.0, 3.0, 5.0)
RISKS = {horizon: f"risk_{horizon:g}" for horizon in HORIZONS}
MAIN = ("deepsurv_image_m3", "DeepSurv and image, model 3")


def tables(benches: Sequence[Bench]) -> list[Table]:
    """Figure 4 in women and in all, what the image adds, Table 2's measures, C, calibration, oracle."""
    made = []
    for bench in benches:
        women = bench.part(_women(bench))
        made += [_figure_4(women, "women", quote=True), _figure_4(bench, "all", quote=False), _added(bench)]
    oracle = binary.oracle_table(
        [(b.name, b.concordance(MAIN[0]), b.concordance("oracle")) for b in benches], f"C of {MAIN[1]}"
    )
    scores = {"image": "image only", MAIN[0]: MAIN[1], "frax": "FRAX", "oracle": "oracle"}
    point = binary.operating_table(benches, {"image": "image only", MAIN[0]: MAIN[1]}, "event")
    return [
        *made, point, survival.concordance_table(benches, scores, HORIZONS[-1]),
        survival.calibration_table(benches, RISKS), *([oracle] if oracle else []),
    ]  # fmt: skip


def _women(bench: Bench) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if "sex" not in bench.cohort.groups:
        return np.zeros(len(bench.cohort), np.bool_)
    return np.asarray(bench.cohort.groups["sex"] == "F", np.bool_)


def _figure_4(bench: Bench, who: str, *, quote: bool) -> Table:
    rows = []
    for name, (title, text) in published.FIGURE_4.items():
        measured = bench.concordance(name)
        absent = NOT_GIVEN if name == "frax" else ABSENT
        shown = text if quote else ""
        if measured is None:
            cell = Cell(text=absent, published=shown)
            rows.append((label(title), label("-"), label("-"), cell))
        else:
            rows.append((label(title), label(measured.n), label(measured.events), measured.cell(shown)))
    lacking = [title for name, (title, _) in published.FIGURE_4.items() if not bench.has(name)]
    hint = (
        f"Missing here ({', '.join(lacking)}): FRAX is licensed and not computed, give it as the column frax; for the"
        " others train a bundle that holds them."
    )
    return Table(
        key=f"figure_4_{who}:{bench.name}", title=f"Concordance by model, {who}, {bench.name} (the paper's Figure 4)",
        columns=("score", "n", "events", "C"), rows=tuple(rows),
        notes=(*(published.FIGURE_4_NOTES if quote else ()), *((hint,) if lacking else ())),
    )  # fmt: skip


def _added(bench: Bench) -> Table:
    rows = []
    for model in ("m1", "m2", "m3"):
        for name, other in (("deepsurv", "cox"), ("deepsurv_image", "cox"), ("deepsurv_image", "deepsurv")):
            gap = survival.compared(*_pair(bench, f"{name}_{model}", f"{other}_{model}"))
            said = f"{name.replace('_', ' and ')} - {other}"
            rows.append((label(f"model {model[1]}"), label(said), *gap))
    if bench.has("frax"):
        rows.append((label("-"), label("image - FRAX"), *survival.compared(*_pair(bench, "image", "frax"))))
    return Table(
        key=f"differences:{bench.name}", title=f"Differences of C, {bench.name}",
        columns=("covariates", "comparison", "difference", "P"), rows=tuple(rows),
        notes=("Paired bootstrap on the patients who have both scores.",),
    )  # fmt: skip


def _pair(bench: Bench, first: str, second: str) -> tuple[Measured | None, Measured | None]:
    if not bench.has(first, second, "time", "event"):
        return None, None
    rows = bench.rows(first, second, "time", "event")
    return bench.concordance(first, rows), bench.concordance(second, rows)
