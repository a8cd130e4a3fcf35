"""arXiv 2509.23530: death of patients with SSc-ILD within 1, 3 and 5 years from chest CT."""

from collections.abc import Sequence

from training.evaluation.hazard_ratio import hazard_ratio
from training.reporting import binary, published, survival
from training.reporting.bench import Bench, cell_of
from training.reporting.cells import ABSENT, NOT_GIVEN, Cell, Form, label
from training.reporting.tables import Table

HORIZONS = (1.0, 3.0, 5.0)
NETWORKS = {"radiomics": "radiomics", "resnet18": "ResNet-18", "densenet121": "DenseNet-121", "swin": "Swin",
            "risk": "ensemble"}  # fmt: skip
RISKS = {horizon: f"risk_{horizon:g}" for horizon in HORIZONS}
EXTENSIVE = 20.0  # per cent of the lungs: limited or extensive disease (Goh 2008)


def tables(benches: Sequence[Bench]) -> list[Table]:
    """AUROC by horizon and network, the same with censoring weights, C, calibration, extent, oracle."""
    made = []
    for bench in benches:
        made += [_auroc(bench, weighted=False), _auroc(bench, weighted=True)]
    scores = {"risk_5": "the bundle's risk by 5 y", "radiomics_5": "radiomics by 5 y", "extent": "extent of disease",
              "oracle": "oracle"}  # fmt: skip
    oracle = binary.oracle_table(
        [(b.name, b.concordance("risk_5"), b.concordance("oracle")) for b in benches], "C of the bundle's risk"
    )
    return [
        *made, survival.concordance_table(benches, scores, HORIZONS[-1]), survival.calibration_table(benches, RISKS),
        _extent(benches), *([oracle] if oracle else []),
    ]  # fmt: skip


def _auroc(bench: Bench, *, weighted: bool) -> Table:
    rows = []
    for horizon in HORIZONS:
        year = int(horizon)
        dead = bench.binary_auc_at(f"risk_{year}", horizon)
        n = label("-") if dead is None else label(f"{dead.events}/{dead.n}")
        cells = [label(f"{year} y"), Cell(text=n.text, published=published.ILD_DEATHS[year])]
        for column in NETWORKS:
            name = f"{column}_{year}"
            measured = bench.auc_at(name, horizon) if weighted else bench.binary_auc_at(name, horizon)
            cells.append(cell_of(measured, published.ILD_RADIOMICS if column == "radiomics" else ""))
        cells.append(label(published.ILD_BEST[year]))
        rows.append(tuple(cells))
    how = "all patients, censoring weighted" if weighted else "those censored before the horizon left out"
    lacking = [title for column, title in NETWORKS.items() if not bench.has(f"{column}_5")]
    hint = f"{ABSENT} ({', '.join(lacking)}): the bundle has no such network; train one with it and evaluate that."
    return Table(
        key=f"auroc_{'weighted' if weighted else 'binary'}:{bench.name}",
        title=f"AUROC by horizon, {bench.name}: {how}",
        columns=("death within", "died/n", *NETWORKS.values(), "best network, published"), rows=tuple(rows),
        notes=(
            "Published: one figure per horizon; the abstract does not say which network. Radiomics: the range over"
            " horizons.",
            "Ensemble: what the bundle gives out. Rows are scans, draws are patients.",
            *((hint,) if lacking else ()),
        ),
    )  # fmt: skip


def _extent(benches: Sequence[Bench]) -> Table:
    rows = []
    for bench in benches:
        if not bench.has("extent", "time", "event"):
            rows.append((label(bench.name), label("-"), label("-"), label(NOT_GIVEN, published.ILD_HAZARD_RATIO)))
            continue
        inside = bench.rows("extent", "time", "event")
        extensive = bench.column("extent", inside) > EXTENSIVE
        time, event = bench.column("time", inside), bench.flag("event", inside)
        counted = (
            label(bench.name), label(f"{int(extensive.sum())} of {extensive.size}"),
            label(f"{int((event & extensive).sum())}, {int((event & ~extensive).sum())}"),
        )  # fmt: skip
        try:
            found = hazard_ratio(time, event, extensive)
            ratio = Cell(value=found.value, low=found.low, high=found.high, form=Form.TWO,
                         published=published.ILD_HAZARD_RATIO)  # fmt: skip
        except ValueError:
            ratio = label("does not exist", published.ILD_HAZARD_RATIO)
        rows.append((*counted, ratio))
    return Table(
        key="extent", title="Extent of disease above 20 %",
        columns=("cohort", "above 20 %", "deaths above, not above", "hazard ratio"), rows=tuple(rows),
        notes=("Extent: per cent of the lungs, measured on the CT. Hazard ratio: Cox, Wald interval; published: Goh"
               " 2008.",),
    )  # fmt: skip
