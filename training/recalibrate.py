"""`opportune recalibrate`: a bundle's probabilities fitted to a site's own patients, as a new version of the bundle."""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.recalibration import Recalibration, recalibrations
from screening.card import ModelCard
from screening.clock import now
from screening.errors import ConfigurationError
from training.evaluate import Simulated, Task, card_of, load, score_loaded
from training.evaluation.interval import Floats
from training.evaluation.scored import ScoredCohort
from training.recalibration_fit import (
    Target,
    agreement,
    binary_target,
    cross_fitted,
    enough,
    fit,
    horizon_target,
    number_target,
)

YEARS = {
    "ssc_ild_mortality_ct": (1, 2, 3, 4, 5), "spine_fracture_xr": (1, 3, 5), "bone_muscle_ct": (1, 2, 3, 4, 5),
}  # fmt: skip
SUFFIX = "+recal."
CLOSE = 1e-4  # how far the new bundle's output may be from what the map says: half precision is not in it


@dataclass(frozen=True, kw_only=True)
class Recalibrated:
    """A new bundle and what was done."""

    card: ModelCard
    bundle: Path
    record: Mapping[str, Any]  #: also in docs/recalibration.json
    bad: int  #: rows of the table that were left out


def recalibrate(task: Task, method: str, out: Path) -> Recalibrated:
    """Fit the outputs of the task's bundle to its one cohort and write `out`, which must not be there.

    Weights and their SHA-256 stay; the section calibration.recalibration, the version, the limits of the card, the
    metadata's changelog and docs/recalibration.json are new. An earlier recalibration is replaced. The new bundle is
    scored again, to see that it gives out what the maps say.

    Raises
    ------
    ConfigurationError
        If `out` is there, the cohort has too few events, or the new bundle does not give out what the maps say.
    """
    if len(task.sources) != 1:
        raise ConfigurationError("recalibrate takes one cohort")
    if out.exists():
        raise ConfigurationError(f"{out} is there already; nothing is overwritten")
    before = card_of(task)
    loaded = load(task, task.sources[0])
    old = recalibrations(_configuration(task.bundle))
    shutil.copytree(task.bundle, out)
    try:
        _write_maps(out, {}, str(_configuration(task.bundle).get("calibration", {}).get("method", "")))
        raw = score_loaded(task, loaded, out)
        maps, said = _fit_all(task.model_name, raw, method, old)
        _write_maps(out, maps, method)
        record = _record(before, raw, method, said, simulated=isinstance(task.sources[0], Simulated))
        _write_texts(out, before, record, maps)
        _require_taken(raw, score_loaded(task, loaded, out), maps)
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    return Recalibrated(card=ModelCard.load(out), bundle=out, record=record, bad=len(raw.bad))


def targets(model_name: str, scored: ScoredCohort) -> tuple[Target, ...]:
    """The outputs of a model that can be fitted to a cohort."""
    if model_name in YEARS:
        years = [year for year in YEARS[model_name] if scored.has(f"risk_{year}", "time", "event")]
        return tuple(horizon_target(scored, f"risk_{year}", float(year)) for year in years)
    if model_name == "pediatric_age_cxr":
        return (number_target(scored, "months", "true_months"),)
    return tuple(binary_target(scored, name, "died") for name in ("risk", "combined") if scored.has(name, "died"))


def _fit_all(
    model_name: str, raw: ScoredCohort, method: str, old: Mapping[str, Recalibration]
) -> tuple[dict[str, Recalibration], dict[str, Any]]:
    maps: dict[str, Recalibration] = {}
    said: dict[str, Any] = {}
    for target in targets(model_name, raw):
        why = enough(target)
        if why is not None:
            said[target.name] = {"left_as_it_was": why}
            if target.name in old:
                maps[target.name] = old[target.name]
            continue
        maps[target.name] = fit(target, method)
        in_force: Floats = old[target.name](target.predicted) if target.name in old else target.predicted
        crossed = cross_fitted(target, method)
        said[target.name] = {
            "n": int(target.true.size), "events": target.events, "map": maps[target.name].plain,
            "before": agreement(target, in_force),
            "after_same_patients": agreement(target, maps[target.name](target.predicted)),
            "after_cross_validated": None if crossed is None else agreement(target, crossed),
        }  # fmt: skip
    if not any("map" in values for values in said.values()):
        reasons = "; ".join(f"{name}: {values['left_as_it_was']}" for name, values in said.items())
        raise ConfigurationError(f"{raw.name} cannot teach a recalibration: {reasons or 'no outcome is known'}")
    return maps, said


def _record(
    before: ModelCard, raw: ScoredCohort, method: str, said: Mapping[str, Any], *, simulated: bool
) -> dict[str, Any]:
    return {
        "method": method, "date": now().date().isoformat(), "from_version": before.version,
        "weights_sha256": before.weights_sha256, "cohort": raw.name, "simulated": simulated, "rows": len(raw),
        "patients": int(np.unique(raw.patient_id).size), "bad_rows": len(raw.bad), "outputs": dict(said),
        "note": "after_same_patients flatters; after_cross_validated is what to expect of other patients of the site",
    }  # fmt: skip


def _configuration(bundle: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((bundle / "configs" / "opportune.json").read_text(encoding="utf-8"))
    return values


def _write_maps(bundle: Path, maps: Mapping[str, Recalibration], method: str) -> None:
    """The section calibration.recalibration, and nothing else."""
    values = _configuration(bundle)
    section = dict(values.get("calibration", {}))
    section.pop("recalibration", None)
    if maps:
        section["recalibration"] = {name: one.plain for name, one in maps.items()}
        section["method"] = (
            f"{section.get('method', 'as trained').split('; then ')[0]}; then {method} on a site's cohort"
        )
    values["calibration"] = section
    _json(bundle / "configs" / "opportune.json", values)


def _write_texts(out: Path, before: ModelCard, record: dict[str, Any], maps: Mapping[str, Recalibration]) -> None:
    digest = hashlib.sha256(json.dumps({n: m.plain for n, m in maps.items()}, sort_keys=True).encode()).hexdigest()
    base, _, earlier = before.version.partition(SUFFIX)
    number = int(earlier.split(".")[0]) + 1 if earlier.split(".")[0].isdigit() else 1
    record["version"] = version = f"{base}{SUFFIX}{number}.{digest[:6]}"
    who = "simulated patients" if record["simulated"] else "patients of a site"
    done = (
        f"Recalibrated ({record['method']}) on {record['rows']} examinations of {record['patients']} {who},"
        f" {record['date']}; holds for patients like these. The weights are those of version {base}."
    )
    values = _configuration(out)
    kept = [text for text in values["card"]["limits"] if not text.startswith("Recalibrated (")]
    values["card"] |= {"version": version, "limits": [*kept, done]}
    _json(out / "configs" / "opportune.json", values)
    path = out / "configs" / "metadata.json"
    if path.is_file():
        metadata = json.loads(path.read_text(encoding="utf-8"))
        metadata |= {"version": version, "changelog": dict(metadata.get("changelog", {})) | {version: done}}
        _json(path, metadata)
    _json(out / "docs" / "recalibration.json", record)
    readme = out / "docs" / "README.md"
    text = readme.read_text(encoding="utf-8").split("\n## Recalibration\n")[0].rstrip() if readme.is_file() else ""
    after = "Figures above were measured before the recalibration. What it changed: docs/recalibration.json."
    readme.write_text(f"{text}\n\n## Recalibration\n\n{done} {after}\n", encoding="utf-8")


def _require_taken(raw: ScoredCohort, found: ScoredCohort, maps: Mapping[str, Recalibration]) -> None:
    """The new bundle gives out what the maps say; risks by a later year may have been lifted to an earlier one."""
    wanted = {name: maps[name](column) if name in maps else column for name, column in raw.values.items()}
    for year, earlier in sorted((int(name[5:]), name) for name in wanted if re.fullmatch(r"risk_\d+", name)):
        for later in (f"risk_{k}" for k in range(year + 1, 100)):
            if later in wanted:
                wanted[later] = np.fmax(wanted[later], wanted[earlier])
    for name in maps:
        if len(found) != len(raw) or not np.allclose(found.values[name], wanted[name], CLOSE, CLOSE, equal_nan=True):
            raise ConfigurationError(f"the reader of {raw.model_name} does not apply the recalibration of {name}")


def _json(path: Path, values: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
