"""Bone and muscle on abdominal CT, 2025: vertebral fractures now and within five years, against bone alone and FRAX."""

from collections.abc import Sequence

from training.reporting import binary, published, survival
from training.reporting.bench import Bench, Measured, cell_of
from training.reporting.cells import ABSENT, NOT_GIVEN, Cell, count, label
from training.reporting.tables import Table

HORIZONS = (2.0, 3.0, 5.0)
RISKS = {horizon: f"risk_{horizon:g}" for horizon in HORIZONS}


def tables(benches: Sequence[Bench]) -> list[Table]:
    """Detection, C, AUROC by horizon with the paired difference, calibration, oracle."""
    made = [_detection(benches)]
    for bench in benches:
        made += [_concordance(bench), _auroc(bench)]
    oracle = binary.oracle_table(
        [(b.name, b.concordance("risk_5"), b.concordance("oracle")) for b in benches], "C of bone and muscle"
    )
    point = binary.operating_table(benches, {"fracture_score": "fracture score"}, "fracture")
    return [*made, point, survival.calibration_table(benches, RISKS), *([oracle] if oracle else [])]


def _detection(benches: Sequence[Bench]) -> Table:
    rows = []
    for bench in benches:
        found = bench.auc("fracture_score", "fracture")
        n = (label("-"), label("-")) if found is None else (count(found.n), count(found.events or 0))
        rows.append((label(bench.name), *n, cell_of(found, published.BONE_DETECTION, NOT_GIVEN)))
    return Table(
        key="detection", title="Fractures that are there now",
        columns=("cohort", "n", "with a fracture", "AUROC"), rows=tuple(rows),
    )  # fmt: skip


def _concordance(bench: Bench) -> Table:
    rows = [
        _against(bench, "risk_5", "bone and muscle", published.BONE_C),
        _against(bench, "bone_5", "bone alone", ""),
        _against(bench, "frax", "FRAX", published.BONE_FRAX),
    ]
    return Table(
        key=f"concordance:{bench.name}", title=f"Prediction of fractures to come, {bench.name}",
        columns=("score", "n", "events", "C", "bone and muscle - this", "P"), rows=tuple(rows),
        notes=(
            "Paired bootstrap on the patients who have both scores. FRAX is licensed and not computed: give it as the"
            " column frax.",
            published.BONE_SIBLING,
        ),
    )  # fmt: skip


def _against(bench: Bench, name: str, title: str, text: str) -> tuple[Cell, ...]:
    measured = bench.concordance(name)
    if measured is None:
        absent = NOT_GIVEN if name == "frax" else ABSENT
        return label(title), label("-"), label("-"), Cell(text=absent, published=text), label("-"), label("-")
    cells = label(title), count(measured.n), count(measured.events or 0), measured.cell(text)
    if name == "risk_5" or not bench.has("risk_5", name):
        return *cells, label("-"), label("-")
    rows = bench.rows("risk_5", name, "time", "event")
    pair: tuple[Measured | None, Measured | None] = bench.concordance("risk_5", rows), bench.concordance(name, rows)
    return *cells, *survival.compared(*pair)


def _auroc(bench: Bench) -> Table:
    rows = []
    for horizon in HORIZONS:
        year = int(horizon)
        both, bone = f"risk_{year}", f"bone_{year}"
        texts = published.BONE_AUC[year]
        first, second = bench.auc_at(both, horizon), bench.auc_at(bone, horizon)
        gap, p = label("-"), label("-")
        if bench.has(both, bone, "time", "event"):
            shared = bench.rows(both, bone, "time", "event")
            gap, p = survival.compared(bench.auc_at(both, horizon, shared), bench.auc_at(bone, horizon, shared))
        p = Cell(text=p.text, value=p.value, form=p.form, published=published.BONE_P)
        events = label("-") if first is None else count(first.events or 0)
        rows.append((label(f"{year} y"), events, cell_of(first, texts[0]), cell_of(second, texts[1]), gap, p))
    missing = f'"{ABSENT}": the bundle has no network for bone alone; train one that has.'
    return Table(
        key=f"auroc:{bench.name}", title=f"AUROC by horizon, {bench.name}",
        columns=("by", "events", "bone and muscle", "bone alone", "difference", "P"), rows=tuple(rows),
        notes=(
            "Cumulative/dynamic AUROC with censoring weights; differences by the paired bootstrap.",
            *(() if bench.has("bone_5") else (missing,)),
        ),
    )  # fmt: skip
