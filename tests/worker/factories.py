"""Values for tests of the worker: only what matters is named in a test."""

from datetime import UTC, datetime
from pathlib import Path

from screening.header import Header, JsonValue
from screening.types import ClinicalContext, Eligible, Instance, Series, Study
from worker.request import ScreenRequest

STUDY = "1.2.826.0.1.3680043.10.511.1"


def make_instance(number: int = 1, **header: JsonValue) -> Instance:
    return Instance(
        sop_class_uid="1.2.840.10008.5.1.4.1.1.1",
        sop_instance_uid=f"{STUDY}.1.{number}",
        series_instance_uid=f"{STUDY}.1",
        study_instance_uid=STUDY,
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        digest=f"{number:064x}",
        location=f"file{number}",
        header=Header({"Modality": "CR", **header}),
    )


def make_study(*instances: Instance) -> Study:
    found = instances or (make_instance(),)
    return Study(
        study_instance_uid=STUDY, series=(Series(series_instance_uid=found[0].series_instance_uid, instances=found),)
    )


def make_request(**changes: object) -> ScreenRequest:
    instance = make_instance()
    values: dict[str, object] = {
        "model_name": "cap_mortality_cxr",
        "thresholds": (),
        "bundle": None,
        "device": "cpu",
        "threads": 1,
        "instances": (instance,),
        "paths": (Path("/nowhere"),),
        "chosen": Eligible(
            series_instance_uid=instance.series_instance_uid,
            sop_instance_uids=(instance.sop_instance_uid,),
            reason="frontal",
        ),
        "context": ClinicalContext(),
        "input_digest": "0" * 64,
        "config_digest": "c" * 64,
        "inferred_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return ScreenRequest(**{**values, **changes})  # type: ignore[arg-type]
