"""`opportune screen`: a folder of DICOM in, result objects and findings out. No network, no database."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicom_node.header import is_own_output, read_instance
from models import registry
from screening.clock import now
from screening.errors import BadHeader, ScreeningError, SpoolUnavailable
from screening.faults import describe
from screening.findings import NotEvaluable
from screening.grouping import studies_of
from screening.jobs import input_digest
from screening.reports import Report
from screening.serialize import outcome_to_json
from screening.settings import Settings
from screening.types import ClinicalContext, Eligible, Instance, Study
from worker.pipeline import Pipeline
from worker.request import ScreenRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread:
    """A file that is no instance to be screened, and why."""

    path: Path
    reason: str


def read_folder(path: Path) -> tuple[list[Study], list[Unread]]:
    """Read a file, or every file below a folder, into studies.

    The same SOP Instance UID a second time is left out: with the same bytes silently, with others as unread.
    """
    found: dict[str, Instance] = {}
    unread: list[Unread] = []
    for file in sorted(item for item in (path.rglob("*") if path.is_dir() else [path]) if item.is_file()):
        try:
            instance = read_instance(file, location=str(file))
        except (BadHeader, SpoolUnavailable) as exc:
            unread.append(Unread(path=file, reason=str(exc)))
            continue
        own = is_own_output(instance.header)
        if own is not None:
            unread.append(Unread(path=file, reason=own))
            continue
        before = found.setdefault(instance.sop_instance_uid, instance)
        if before.digest != instance.digest:
            unread.append(Unread(path=file, reason="another file has this SOP Instance UID and other bytes"))
    return studies_of(found.values()), unread


def screen_study(
    study: Study, settings: Settings, names: list[str], pipeline: Pipeline, out: Path
) -> Iterator[dict[str, Any]]:
    """Run each model over a study and write its objects below `out`; one JSON value for each model."""
    for name in names:
        result: dict[str, Any] = {"study_instance_uid": study.study_instance_uid, "model": name, "rejected": []}
        try:
            selection = registry.selector(name)(study)
        except Exception as exc:  # noqa: BLE001 (a header nobody foresaw must not stop the other models)
            yield result | _failed(exc)
            continue
        result["rejected"] = [
            {"series_instance_uid": item.series_instance_uid, "sop_instance_uid": item.sop_instance_uid,
             "code": item.code, "reason": item.reason}
            for item in selection.rejected
        ]  # fmt: skip
        if selection.chosen is None:
            yield result | {"decision": "ineligible", "outcome": None, "objects": []}
            continue
        request = request_of(study, name, settings, selection.chosen)
        yield result | _run(request, pipeline, out / study.study_instance_uid / name)


def request_of(study: Study, name: str, settings: Settings, chosen: Eligible) -> ScreenRequest:
    """What a pipeline is told of a study of files."""
    model = settings.of_model(name)
    wanted = set(chosen.sop_instance_uids)
    instances = tuple(instance for instance in study.instances if instance.sop_instance_uid in wanted)
    return ScreenRequest(
        model_name=name,
        thresholds=model.thresholds,
        bundle=model.bundle,
        device=settings.worker.runs_on,
        threads=settings.worker.threads,
        instances=instances,
        paths=tuple(Path(instance.location) for instance in instances),
        chosen=chosen,
        context=ClinicalContext(),
        input_digest=input_digest(instances),
        config_digest=registry.config_digest(name, model),
        inferred_at=now().astimezone(),
        forms=settings.forms,
        engine=settings.worker.engine,
        engine_cache=settings.engine_cache,
        half_precision=settings.worker.half_precision,
    )


def _run(request: ScreenRequest, pipeline: Pipeline, folder: Path) -> dict[str, Any]:
    try:
        outcome, report = pipeline.run(request)
    except Exception as exc:  # noqa: BLE001 (a fault in a codec or a model must not stop the other studies)
        return _failed(exc)
    return {
        "decision": "not_evaluable" if isinstance(outcome, NotEvaluable) else "screened",
        "chosen": {
            "series_instance_uid": request.chosen.series_instance_uid,
            "sop_instance_uids": list(request.chosen.sop_instance_uids),
        },
        "outcome": outcome_to_json(outcome),
        "engine": report.engine,
        "objects": _write(report, folder),
    }


def _failed(exc: Exception) -> dict[str, Any]:
    """A run that failed; a fault that nobody foresaw without its text, which may hold patient data."""
    reason = str(exc) if isinstance(exc, ScreeningError) else describe(exc)
    return {"decision": "failed", "reason": reason, "outcome": None, "objects": []}


def _write(report: Report, folder: Path) -> list[dict[str, str]]:
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for item in report.objects:
        path = folder / f"{item.kind}-{item.role}.dcm"
        path.write_bytes(item.encoded)
        written.append(
            {"kind": str(item.kind), "role": item.role, "sop_class_uid": item.sop_class_uid,
             "sop_instance_uid": item.sop_instance_uid, "path": str(path)}
        )  # fmt: skip
    return written
