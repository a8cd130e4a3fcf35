"""Further forms of made-up results, read back."""

from dataclasses import replace
from io import BytesIO

from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset

from dicom_node.reports.build import build_report
from dicom_node.reports.request import ReportRequest
from screening.reports import FORMS, ObjectKind, Report


def with_forms(request: ReportRequest) -> Report:
    """The report with every further form."""
    return build_report(replace(request, forms=FORMS))


def form(request: ReportRequest, kind: ObjectKind) -> FileDataset:
    """The form of that kind."""
    (item,) = (item for item in with_forms(request).objects if item.kind is kind)
    return dcmread(BytesIO(item.encoded))


def texts(dataset: Dataset, meaning: str) -> list[str]:
    """The TEXT items of that name."""
    return [
        item.TextValue
        for item in dataset.ContentSequence
        if item.ValueType == "TEXT" and item.ConceptNameCodeSequence[0].CodeMeaning == meaning
    ]
