"""Abdominal CTs of T11-S1: <patient>/ct, vertebrae.nii.gz (VerSe's numbers), muscles.nii.gz, segmentation.dcm.

In labels.csv the trabecular HU are those that the scan shows, the muscles' figures those of the slice through L3.
"""

from training.phantoms.ct_dicom import ABDOMEN, CtScan
from training.phantoms.label_files import STRUCTURE, Segment
from training.phantoms.spine.muscles import LABELS
from training.phantoms.spine.phantom import MEASURED, SIMULATOR_VERSION, SpineCT, make_spine_ct
from training.phantoms.spine.vertebrae import LABEL
from training.simulators.case import Case, Row
from training.simulators.ct_study import kernel, write_study

SPACING = (2.5, 1.5, 1.5)  # mm: within what the model takes (slices up to 5 mm), and quick to draw
COLUMNS = (
    "file", "vertebrae", "muscles", "segmentation", "seed", "age", "sex", "bmi", "phase", "kvp", "contrast",
    *(f"{level}_{what}" for level in MEASURED for what in ("hu", "grade")),
    "muscle_area_cm2", "muscle_hu", "muscle_fat", "metal", "cut_off", "simulator",
)  # fmt: skip
VERTEBRAE = {
    "T10": "7610001", "T11": "12989004", "T12": "23215003", "L1": "66794005", "L2": "14293000", "L3": "36470004",
    "L4": "11994002", "L5": "49668003",
}  # fmt: skip
"""SNOMED CT, as in PS3.16 CID 7602."""
MUSCLES = {"erector_spinae": ("44947003", "Erector spinae muscle"), "wall": ("1142228004", "Abdominal wall muscle")}
"""SNOMED CT; the others are told by their labels and coded as skeletal muscle."""


def write(case: Case) -> Row:
    """One patient."""
    ct = make_spine_ct(case.seed, spacing=SPACING)
    labels = {"vertebrae": ct.vertebra_labels, "muscles": ct.muscle_labels}
    row = write_study(case, spine_scan(ct), kind="ABD", description="CT abdomen", labels=labels, segments=segments(ct))
    truth = ct.truth
    for level in MEASURED:
        row |= {f"{level}_hu": f"{truth.trabecular_hu[level]:.1f}", f"{level}_grade": truth.fractures[level].grade}
    return row | {
        "bmi": f"{ct.anatomy.bmi:.1f}",
        "phase": ct.anatomy.phase,
        "muscle_area_cm2": f"{truth.muscle.area:.1f}",
        "muscle_hu": f"{truth.muscle.hu:.1f}",
        "muscle_fat": f"{truth.muscle.fat:.3f}",
        "metal": " ".join(truth.metal),
        "cut_off": int(truth.cut_off),
    }


def spine_scan(ct: SpineCT) -> CtScan:
    """The phantom as the DICOM writer wants it."""
    return CtScan(
        seed=ct.seed, age=ct.anatomy.age, sex=ct.anatomy.sex, hu=ct.hu, spacing=ct.grid.spacing, origin=ct.grid.origin,
        kvp=ct.acquisition.kvp, kernel=kernel(ct.acquisition.sharpen), contrast=ct.anatomy.phase != "native",
        simulator=SIMULATOR_VERSION, part=ABDOMEN,
    )  # fmt: skip


def segments(ct: SpineCT) -> list[Segment]:
    """Each vertebra, the sacrum and each muscle."""
    out = [
        Segment(
            label=f"{level} vertebra", category=STRUCTURE, kind=(code, "SCT", f"{level} vertebra"),
            mask=ct.vertebra_labels == LABEL[level],
        )
        for level, code in VERTEBRAE.items()
    ]  # fmt: skip
    sacrum = ct.vertebra_labels == LABEL["S1"]
    out.append(Segment(label="Sacrum", category=STRUCTURE, kind=("54735007", "SCT", "Sacrum"), mask=sacrum))
    for name, number in LABELS.items():
        value, meaning = MUSCLES.get(name, ("127954009", "Skeletal muscle"))
        label = f"Muscle: {name.replace('_', ' ')}"
        out.append(
            Segment(label=label, category=STRUCTURE, kind=(value, "SCT", meaning), mask=ct.muscle_labels == number)
        )
    return out
