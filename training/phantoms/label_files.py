"""Labels of a phantom's volume as NIfTI and as a DICOM segmentation (PS3.3 A.51)."""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset

from screening.errors import ConfigurationError
from training.phantoms.ct_dicom import CtScan, uid
from training.phantoms.dicom import tell_times


@dataclass(frozen=True, kw_only=True)
class Segment:
    """What is segmented: codes are value, scheme and meaning; mask (Z, Y, X). Segments may overlap."""

    label: str
    category: tuple[str, str, str]  #: PS3.16 CID 7150
    kind: tuple[str, str, str]
    mask: npt.NDArray[np.bool_] = field(repr=False)


STRUCTURE = ("91723000", "SCT", "Anatomical Structure")
ABNORMAL = ("49755003", "SCT", "Morphologically Abnormal Structure")
TISSUE = ("85756007", "SCT", "Tissue")


def require_nibabel() -> None:
    """Say what is missing before anything is written.

    Raises
    ------
    ConfigurationError
        If nibabel is not installed.
    """
    if importlib.util.find_spec("nibabel") is None:
        raise ConfigurationError("label volumes need nibabel: pip install 'opportune[training]'")


def write_nifti(path: Path, labels: npt.NDArray[np.uint8], scan: CtScan) -> None:
    """Labels (Z, Y, X) on the scan's grid as NIfTI-1: arrays (X, Y, Z), world axes to the right, front and head.

    Raises
    ------
    ConfigurationError
        If nibabel is not installed.
    """
    require_nibabel()
    import nibabel  # noqa: PLC0415 (of the extra `training`)

    dz, dy, dx = scan.spacing
    z0, y0, x0 = scan.origin
    affine = np.array([[-dx, 0, 0, -x0], [0, -dy, 0, -y0], [0, 0, dz, z0], [0, 0, 0, 1]])
    image = nibabel.Nifti1Image(np.ascontiguousarray(labels.transpose(2, 1, 0)), affine)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = b"Simulated, no patient"
    nibabel.save(image, path)


def write_segmentation(
    path: Path,
    segments: Sequence[Segment],
    sources: Sequence[FileDataset],
    scan: CtScan,
    *,
    acquired: datetime,
    description: str,
    series_number: int = 100,
) -> Dataset:
    """Write the segments as one binary DICOM SEG that refers to the slices, and return its data set.

    UIDs follow from the sources', times are the scan's: writing twice gives the same file.
    """
    import highdicom as hd  # noqa: PLC0415 (slow to import)

    study = str(sources[0].StudyInstanceUID)
    series = uid(study, "segmentation", str(series_number))
    algorithm = hd.AlgorithmIdentificationSequence(
        name="Simulator", version=scan.simulator, family=hd.sr.CodedConcept("123105", "DCM", "Segmentation by Model")
    )
    described = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=segment.label,
            segmented_property_category=hd.sr.CodedConcept(*segment.category),
            segmented_property_type=hd.sr.CodedConcept(*segment.kind),
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm,
        )
        for number, segment in enumerate(segments, 1)
    ]
    ds = hd.seg.Segmentation(
        source_images=list(sources),
        pixel_array=np.stack([segment.mask for segment in segments], -1).astype(np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=described,
        series_instance_uid=series,
        series_number=series_number,
        sop_instance_uid=uid(series, "instance"),
        instance_number=1,
        manufacturer="Simulator",
        manufacturer_model_name=scan.part.model,
        software_versions=scan.simulator,
        device_serial_number=str(scan.seed),
        content_label="SIMULATED",
        content_description=description,
        content_creator_name="Simulator^",
        series_description=f"{description}, simulated",
    )
    _settle(ds, series, acquired)
    ds.save_as(path, enforce_file_format=True)
    return ds


def _settle(ds: Dataset, series: str, acquired: datetime) -> None:
    """Replace what highdicom takes from the clock and from chance."""
    tell_times(ds, acquired)
    del ds.AcquisitionDate, ds.AcquisitionTime
    for keyword in ("InstanceCreationDate", "InstanceCreationTime"):
        if keyword in ds:
            delattr(ds, keyword)
    for equipment in ds.get("ContributingEquipmentSequence", ()):
        if "ContributionDateTime" in equipment:
            equipment.ContributionDateTime = acquired.strftime("%Y%m%d%H%M%S")
    organisation = uid(series, "dimension organisation")
    for item in (*ds.DimensionOrganizationSequence, *ds.DimensionIndexSequence):
        item.DimensionOrganizationUID = organisation
