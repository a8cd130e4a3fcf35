"""Frontal chest radiographs of adults with pneumonia: <patient>/chest.dcm."""

from training.phantoms.chest.phantom import SIMULATOR_VERSION, make_phantom
from training.phantoms.dicom import write_radiograph
from training.simulators.case import Case, Row

LONGEST_SIDE = 1024  # pixels: enough for the model's input, and quick to draw
COLUMNS = ("file", "seed", "age", "sex", "view", "extent", "effusion", "risk", "died", "simulator")


def write(case: Case) -> Row:
    """One patient."""
    phantom = make_phantom(case.seed, longest_side=LONGEST_SIDE)
    patient = case.patient("CXR", "Chest", phantom)
    path = case.folder(patient) / "chest.dcm"
    write_radiograph(
        path,
        phantom,
        patient=patient,
        study_instance_uid=case.study_uid(SIMULATOR_VERSION),
        acquired=case.acquired,
        accession_number=f"SIM{case.seed:08d}",
        study_description="Chest, pneumonia",
    )
    return {
        "file": case.named(path),
        "seed": case.seed,
        "age": f"{phantom.age:.1f}",
        "sex": phantom.sex,
        "view": phantom.view,
        "extent": f"{phantom.truth.extent:.4f}",
        "effusion": f"{phantom.truth.effusion:.4f}",
        "risk": f"{phantom.outcome.risk:.4f}",
        "died": int(phantom.outcome.died),
        "simulator": SIMULATOR_VERSION,
    }
