"""A simulated CT study on disk: slices in <patient>/ct, labels beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.phantoms.ct_dicom import CtScan, write_ct
from training.phantoms.label_files import Segment, require_nibabel, write_nifti, write_segmentation
from training.simulators.case import Case


def write_study(
    case: Case,
    scan: CtScan,
    *,
    kind: str,
    description: str,
    labels: Mapping[str, npt.NDArray[np.uint8]],
    segments: Sequence[Segment],
) -> dict[str, object]:
    """Write slices, label volumes (<name>.nii.gz) and the segmentation; returns the first columns of the row.

    Parameters
    ----------
    kind
        In the patient's ID.
    description
        Of the study.
    labels
        Label volumes by name.
    segments
        Of the DICOM segmentation; empty ones are left out.

    Raises
    ------
    ConfigurationError
        If nibabel is not installed; nothing is written then.
    """
    require_nibabel()
    patient = case.patient(kind, scan.part.name, scan)
    folder = case.folder(patient)
    sources = write_ct(
        folder / "ct",
        scan,
        patient=patient,
        study_instance_uid=case.study_uid(scan.simulator),
        acquired=case.acquired,
        accession_number=f"S{kind}{case.seed:08d}",
        study_description=description,
    )
    files: dict[str, Path] = {"file": folder / "ct"}
    for name, volume in labels.items():
        files[name] = folder / f"{name}.nii.gz"
        write_nifti(files[name], volume, scan)
    shown = [segment for segment in segments if segment.mask.any()]
    files["segmentation"] = folder / "segmentation.dcm"
    write_segmentation(
        files["segmentation"], shown, sources, scan, acquired=case.acquired, description="True labels of a phantom"
    )
    row: dict[str, object] = {name: case.named(path) for name, path in files.items()}
    row |= {"seed": case.seed, "age": f"{scan.age:.1f}", "sex": scan.sex, "kvp": scan.kvp}
    return row | {"contrast": int(scan.contrast), "simulator": scan.simulator}


def kernel(sharpen: float) -> str:
    """What a kernel is called, by how much it enhances edges."""
    return "SHARP" if sharpen > 0.0 else "SOFT"
