"""Requests to build reports from, over made-up sources."""

import warnings
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from io import BytesIO
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.config import IGNORE, disable_value_validation
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

from dicom_node.reports.request import ReportRequest
from screening.card import Evidence, ModelCard
from screening.codes import (
    CHEST,
    CLASS_ACTIVATION,
    HEATMAP_FRACTION,
    PERCENT,
    PNEUMONIA,
    PRIVATE_SCHEME,
    RISK_HIGH,
    RISK_STRATUM,
    CodedName,
)
from screening.findings import (
    Findings,
    Heatmap,
    Measurement,
    MeasurementGroup,
    NotEvaluable,
    Outcome,
    Qualitative,
    Region,
    rectangle,
)
from screening.header import Header
from screening.images import Radiograph
from screening.types import Eligible

STUDY_UID, SERIES_UID, SOP_UID = "1.2.840.99999.1", "1.2.840.99999.1.2", "1.2.840.99999.1.2.3"
ROWS, COLUMNS = 320, 260
NAME, PATIENT_ID, BIRTH_DATE = "Quillfeather^Zebulon", "ZQ-778812", "19510417"

MORT30D = CodedName(value="MORT30D", scheme=PRIVATE_SCHEME, meaning="30-day all-cause mortality probability")

CARD = ModelCard(
    name="cap_mortality_cxr",
    version="0.1.0",
    title="30-day mortality in pneumonia",
    evidence=Evidence.SIMULATION,
    intended_use="risk in pneumonia",
    population="adults with pneumonia",
    limits=("Valid only for adults with community-acquired pneumonia.",),
    reference="a paper",
    series_base=9010,
    input_size=(512, 512),
    weights_file="models/model.safetensors",
    weights_sha256="ab12cd34" * 8,
    trained_on="simulator 1, seed 1",
)
REFUSAL = NotEvaluable(code="age-unknown", reason="The age is unknown: neither birth date nor age can be read.")


def make_source(
    change: Callable[[Dataset], None] | None = None, *, patch: tuple[bytes, bytes] | None = None, **values: Any
) -> Dataset:
    """A DX header as read from a file. A value None removes the element; malformed values are written as they are.

    patch: bytes of the file and what stands in their place, for what pydicom would not write.
    """
    dataset = Dataset()
    standard: dict[str, object] = {
        "SpecificCharacterSet": "ISO_IR 100", "SOPClassUID": str(DigitalXRayImageStorageForPresentation),
        "SOPInstanceUID": SOP_UID, "SeriesInstanceUID": SERIES_UID, "StudyInstanceUID": STUDY_UID,
        "PatientName": NAME, "PatientID": PATIENT_ID, "PatientBirthDate": BIRTH_DATE, "PatientSex": "F",
        "StudyDate": "20261120", "StudyTime": "091500", "StudyID": "S1", "AccessionNumber": "A-100",
        "ReferringPhysicianName": "Doe^Jo", "Modality": "DX", "Rows": ROWS, "Columns": COLUMNS,
        "PhotometricInterpretation": "MONOCHROME2", "PatientOrientation": ["L", "F"],
        "ImagerPixelSpacing": [0.15, 0.15], "BodyPartExamined": "CHEST",
    }  # fmt: skip
    with disable_value_validation():
        for keyword, value in (standard | values).items():
            if value is not None:
                tag = tag_for_keyword(keyword)
                assert tag is not None
                dataset.add(DataElement(tag, dictionary_VR(tag), value, validation_mode=IGNORE))
        if change is not None:
            change(dataset)
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        buffer = BytesIO()
        dcmwrite(buffer, dataset, enforce_file_format=False)
    encoded = buffer.getvalue().replace(*patch) if patch else buffer.getvalue()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what pydicom says of such headers
        return dcmread(BytesIO(encoded), force=True)


def make_findings(
    *, sop_instance_uid: str = SOP_UID, rows: int = ROWS, columns: int = COLUMNS, percent: float = 34.2
) -> Findings:
    """A headline with interval and stratum, one hot spot and a heatmap with its peak at (0.3, 0.6) of its box."""
    y, x = np.mgrid[0:32, 0:32] / 31.0
    heat = np.exp(-((x - 0.3) ** 2 + (y - 0.6) ** 2) / 0.01).astype(np.float32)
    box = (0.1 * columns, 0.1 * rows, 0.9 * columns, 0.9 * rows)
    centre = (box[0] + 0.3 * (box[2] - box[0]), box[1] + 0.6 * (box[3] - box[1]))
    turns = np.linspace(0, 2 * np.pi, 25)
    ring = tuple((centre[0] + 20 * float(np.cos(t)), centre[1] + 20 * float(np.sin(t))) for t in turns)
    return Findings(
        groups=(
            MeasurementGroup(
                tracking_identifier="Chest radiograph - analysed area",
                finding=PNEUMONIA,
                site=CHEST,
                region=rectangle(*box, sop_instance_uid),
                measurements=(
                    Measurement(
                        name=MORT30D,
                        value=percent,
                        unit=PERCENT,
                        horizon_days=30,
                        low=max(percent - 6, 0),
                        high=min(percent + 7, 100),
                    ),
                ),
                qualitative=(Qualitative(name=RISK_STRATUM, value=RISK_HIGH),),
            ),
            MeasurementGroup(
                tracking_identifier="Heatmap hot spot 1",
                finding=CLASS_ACTIVATION,
                site=CHEST,
                region=Region(graphic_type="POLYLINE", points=ring, sop_instance_uid=sop_instance_uid),
                measurements=(Measurement(name=HEATMAP_FRACTION, value=41.25, unit=PERCENT),),
            ),
        ),
        conclusion="High risk of death within 30 days by this model, if the patient has pneumonia.",
        notes=("CURB-65 not computed: urea is unknown.",),
        out_of_distribution=0.42,
        heatmap=Heatmap(values=heat, box=box, sop_instance_uid=sop_instance_uid),
    )


def make_picture(
    *,
    sop_instance_uid: str = SOP_UID,
    rows: int = ROWS,
    columns: int = COLUMNS,
    spacing: tuple[float, float] | None = None,
) -> Radiograph:
    """A picture of one grey."""
    pixels = np.full((rows, columns), 0.5, dtype=np.float32)
    return Radiograph(pixels=pixels, spacing=spacing, sop_instance_uid=sop_instance_uid, header=Header({}))


def make_request(
    outcome: Outcome | None = None,
    source: Dataset | None = None,
    *,
    picture: Radiograph | None = None,
    chosen: tuple[str, ...] = (SOP_UID,),
) -> ReportRequest:
    """A request at 14:03 in a zone one hour east of Greenwich."""
    return ReportRequest(
        card=CARD,
        outcome=make_findings() if outcome is None else outcome,
        chosen=Eligible(series_instance_uid=SERIES_UID, sop_instance_uids=chosen, reason="frontal view"),
        sources=(make_source() if source is None else source,),
        picture=picture,
        input_digest="1" * 64,
        config_digest="2" * 64,
        inferred_at=datetime(2026, 11, 21, 14, 3, tzinfo=timezone(timedelta(hours=1))),
        software_version="0.1.0",
    )
