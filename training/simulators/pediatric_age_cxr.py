"""Frontal chest radiographs of children of 0-18 years: <patient>/chest.dcm.

In labels.csv, age_months is the age in the calendar and maturity_months that of the skeleton; oracle_months is the best
that can be read from the picture.
"""

from training.phantoms.child.phantom import SIMULATOR_VERSION, make_child, oracle_age
from training.phantoms.dicom import write_radiograph
from training.simulators.case import Case, Row

LONGEST_SIDE = 1024  # pixels: enough for the model's input, and quick to draw
COLUMNS = ("file", "seed", "age_months", "maturity_months", "oracle_months", "stature_cm", "sex", "view",
           "cardiothoracic_ratio", "simulator")  # fmt: skip


def write(case: Case) -> Row:
    """One patient."""
    phantom = make_child(case.seed, longest_side=LONGEST_SIDE)
    patient = case.patient("CHILD", "Child", phantom)
    path = case.folder(patient) / "chest.dcm"
    write_radiograph(
        path,
        phantom,
        patient=patient,
        study_instance_uid=case.study_uid(SIMULATOR_VERSION),
        acquired=case.acquired,
        accession_number=f"SIC{case.seed:08d}",
        simulator=SIMULATOR_VERSION,
    )
    return {
        "file": case.named(path),
        "seed": case.seed,
        "age_months": f"{phantom.months:.2f}",
        "maturity_months": f"{phantom.truth.maturity:.2f}",
        "oracle_months": f"{oracle_age(phantom.truth):.2f}",
        "stature_cm": f"{phantom.truth.stature:.1f}",
        "sex": phantom.sex,
        "view": phantom.view,
        "cardiothoracic_ratio": f"{phantom.truth.cardiothoracic_ratio:.3f}",
        "simulator": SIMULATOR_VERSION,
    }
