"""Chest CTs with interstitial lung disease: <patient>/ct, lobes.nii.gz, patterns.nii.gz, segmentation.dcm.

Lobes are numbered as in training.phantoms.lung.shape.LOBES, from 1; patterns are 1 ground glass, 2 reticulation and
3 honeycombing. In labels.csv shares are of the volume of both lungs.
"""

from training.phantoms.ct_dicom import CtScan
from training.phantoms.label_files import ABNORMAL, STRUCTURE, Segment
from training.phantoms.lung.disease import GROUND_GLASS, HONEYCOMBING, RETICULATION
from training.phantoms.lung.phantom import SIMULATOR_VERSION, ChestCT, make_chest_ct
from training.simulators.case import Case, Row
from training.simulators.ct_study import kernel, write_study

SPACING = (2.0, 1.5, 1.5)  # mm: within what the model takes (slices up to 3 mm), and quick to draw
SHARES = ("extent", "ground_glass", "reticulation", "honeycombing", "cardiothoracic_ratio", "inspiration")
LENGTHS = ("pulmonary_artery", "aorta", "oesophagus", "heart")
ZONES = ("lower", "middle", "upper")
COLUMNS = (
    "file", "lobes", "patterns", "segmentation", "seed", "age", "sex", "kvp", "contrast", *SHARES,
    *(f"{zone}_third" for zone in ZONES), *(f"{name}_mm" for name in LENGTHS), "lung_volume_ml", "simulator",
)  # fmt: skip
PATTERNS = {
    GROUND_GLASS: ("112120", "DCM", "Ground glass opacity"),
    RETICULATION: ("112113", "DCM", "Reticular pattern"),
    HONEYCOMBING: ("112106", "DCM", "Honeycomb pattern"),
}


def write(case: Case) -> Row:
    """One patient."""
    ct = make_chest_ct(case.seed, spacing=SPACING)
    labels = {"lobes": ct.lobe_labels, "patterns": ct.pattern_labels}
    row = write_study(
        case, chest_scan(ct), kind="ILD", description="CT chest, systemic sclerosis", labels=labels,
        segments=segments(ct),
    )  # fmt: skip
    truth = ct.truth
    row |= {name: f"{getattr(truth, name):.4f}" for name in SHARES}
    row |= {f"{zone}_third": f"{truth.zones[zone]:.4f}" for zone in ZONES}
    row |= {f"{name}_mm": f"{getattr(truth, name):.1f}" for name in LENGTHS}
    return row | {"lung_volume_ml": f"{truth.lung_volume_ml:.0f}"}


def chest_scan(ct: ChestCT) -> CtScan:
    """The phantom as the DICOM writer wants it."""
    return CtScan(
        seed=ct.seed, age=ct.age, sex=ct.sex, hu=ct.hu, spacing=ct.spacing, origin=ct.origin, kvp=ct.acquisition.kvp,
        kernel=kernel(ct.acquisition.sharpen), contrast=ct.acquisition.contrast is not None,
        simulator=SIMULATOR_VERSION,
    )  # fmt: skip


def segments(ct: ChestCT) -> list[Segment]:
    """Both lungs, and within them the patterns."""
    lung = ("39607008", "SCT", "Lung")
    out = [
        Segment(label="Right lung", category=STRUCTURE, kind=lung, mask=(ct.lobe_labels >= 1) & (ct.lobe_labels <= 3)),
        Segment(label="Left lung", category=STRUCTURE, kind=lung, mask=ct.lobe_labels >= 4),
    ]
    for number, code in PATTERNS.items():
        out.append(Segment(label=code[2], category=ABNORMAL, kind=code, mask=ct.pattern_labels == number))
    return out
