"""What can be wrong with a radiograph, and what each of the three models makes of it."""

from collections.abc import Iterator, Mapping

import numpy as np

from models.chest_position import MIRRORED_NOTE
from models.pediatric_age_cxr.pipeline import NO_AGE_NOTE
from models.spine_fracture_xr.pipeline import METAL_NOTE as SPINE_NOTE
from models.straight_metal import METAL_NOTE
from tests.acceptance.quality.defects import READ, UNREAD, Change, Defect
from tests.acceptance.quality.pictures import (
    another,
    blurred,
    cement,
    drawn,
    exposed,
    kept,
    lateral_chest,
    noisy,
    rods,
    screws,
    tagged,
)

CAP, CHILD, SPINE = "cap_mortality_cxr", "pediatric_age_cxr", "spine_fracture_xr"
SEEDS: Mapping[str, int] = {CAP: 8, CHILD: 9, SPINE: 40012}
"""Of the study that is spoiled."""

UNSEEN: Mapping[str, str] = {
    CAP: "A blurred picture, metal, or a child taken for an adult may go unnoticed.",
    CHILD: "A blurred picture, metal, or an adult taken for a child may go unnoticed.",
}
"""Among the limits of the card, which every result shows."""

TURNS: Mapping[str, Change] = {
    "grey scale inverted, its tag right": drawn(lambda image: 1 - image),
    "upside down": drawn(lambda image: image[::-1]),
    "turned by 90 degrees": drawn(np.rot90),
    "turned by 180 degrees": drawn(lambda image: image[::-1, ::-1]),
}
CUTS: Mapping[str, Change] = {
    "the lower third missing": kept(rows=(0, 2 / 3)),
    "the upper third missing": kept(rows=(1 / 3, 1)),
    "the left third missing": kept(columns=(1 / 3, 1)),
    "the right third missing": kept(columns=(0, 2 / 3)),
}
GREYS: Mapping[str, tuple[Change, str]] = {
    "heavy noise": (noisy(0.35), "image-noisy"),
    "blank": (drawn(lambda image: np.full_like(image, 0.4)), "image-blank"),
    "over-exposed: nine tenths black": (exposed(black=0.9), "image-clipped"),
    "under-exposed: nine tenths white": (exposed(white=0.9), "image-clipped"),
    "a tiny matrix": (drawn(lambda image: image[::12, ::12]), "image-too-small"),
    "eight grey values": (drawn(lambda image: np.round(image * 7) / 7), "image-posterised"),
}
KINDS: Mapping[str, tuple[Change, str]] = {
    "another modality (MR)": (tagged(Modality="MR"), "wrong-modality"),
    "a CT localizer": (
        tagged(Modality="CT", SOPClassUID="1.2.840.10008.5.1.4.1.1.2", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]),
        "wrong-modality",
    ),
    "a Secondary Capture": (tagged(SOPClassUID="1.2.840.10008.5.1.4.1.1.7"), "secondary-capture"),
    "a raw image": (tagged(PresentationIntentType="FOR PROCESSING"), "for-processing"),
    "our own output": (tagged(Manufacturer="Opportune"), UNREAD),
    "another part of the body by its tag": (
        tagged(BodyPartExamined="HAND", SeriesDescription="Hand"),
        "wrong-body-part",
    ),
    "no age and no birth date": (tagged(PatientAge=None, PatientBirthDate=""), "age-unknown"),
}


def _of_a_chest(model: str) -> Iterator[Defect]:
    """What holds for both models of chests."""
    for name, change in TURNS.items():
        yield Defect(model, name, change, "not-a-frontal-chest")
    for name, change in CUTS.items():
        other = (model, name) == (CHILD, "the left third missing")  # this child's looks like no chest at all then
        yield Defect(model, name, change, "not-a-frontal-chest" if other else "chest-cut-off")
    yield Defect(model, "mirrored, or the heart on the right", drawn(np.fliplr), READ, MIRRORED_NOTE)
    yield Defect(model, "rods of a mended spine", rods, READ, METAL_NOTE)
    yield Defect(model, "a lateral view tagged as frontal", lateral_chest, "not-a-frontal-chest")
    yield Defect(model, "a frontal view tagged as lateral", tagged(ViewPosition="LL"), "wrong-view")
    yield Defect(model, "a lumbar spine tagged as chest", another(SPINE, SEEDS[SPINE]), "not-a-frontal-chest")


def _of_any(model: str, *others: str) -> Iterator[Defect]:
    """What holds for all three; others: names of rows that a model has of its own."""
    for name, (change, code) in {**GREYS, **KINDS}.items():
        if name not in others:
            yield Defect(model, name, change, code)


NO_AGE = "no age and no birth date"

ROWS: tuple[Defect, ...] = (
    *_of_a_chest(CAP),
    *_of_any(CAP),
    Defect(CAP, "a child by its age", tagged(PatientAge="008Y", PatientBirthDate=""), "not-adult"),
    Defect(CAP, "a child tagged as an adult", another(CHILD, SEEDS[CHILD]), READ, UNSEEN[CAP], recognised=False),
    Defect(CAP, "blurred by motion", blurred, READ, UNSEEN[CAP], recognised=False),
    *_of_a_chest(CHILD),
    *_of_any(CHILD, NO_AGE),
    Defect(CHILD, NO_AGE, tagged(PatientAge=None, PatientBirthDate=""), READ, NO_AGE_NOTE),
    Defect(CHILD, "an adult by the age", tagged(PatientAge="045Y", PatientBirthDate=""), "not-a-child"),
    Defect(CHILD, "an adult tagged as a child", another(CAP, SEEDS[CAP]), READ, UNSEEN[CHILD], recognised=False),
    Defect(CHILD, "blurred by motion", blurred, READ, UNSEEN[CHILD], recognised=False),
    Defect(SPINE, "grey scale inverted, its tag right", TURNS["grey scale inverted, its tag right"], "inverted"),
    *(Defect(SPINE, name, TURNS[name], "levels-not-found") for name in list(TURNS)[1:]),
    *(Defect(SPINE, name, CUTS[name], "levels-not-found") for name in list(CUTS)[:2]),
    Defect(SPINE, "the left half missing", kept(columns=(1 / 2, 1)), "levels-not-found"),
    Defect(SPINE, "the right half missing", kept(columns=(0, 1 / 2)), "spine-cut-off"),
    Defect(SPINE, "screws and a rod", screws, "metal-in-spine"),
    Defect(SPINE, "cement in a vertebral body", cement, "metal-in-spine"),
    Defect(SPINE, "a chest tagged as lumbar spine", another(CAP, SEEDS[CAP]), "levels-not-found"),
    Defect(SPINE, "a lateral chest tagged as lumbar spine", lateral_chest, "levels-not-found"),
    Defect(SPINE, "a frontal view by its tag", tagged(ViewPosition="AP"), "wrong-view"),
    Defect(SPINE, "flexion by its description", tagged(SeriesDescription="Lumbar spine flexion"), "not-neutral"),
    Defect(SPINE, "extension by its description", tagged(SeriesDescription="Lumbar spine extension"), "not-neutral"),
    Defect(SPINE, "a spot view by its description", tagged(SeriesDescription="Lumbar spine spot"), "spot-view"),
    Defect(SPINE, "too young", tagged(PatientAge="030Y", PatientBirthDate=""), "age-not-validated"),
    Defect(SPINE, "pixels twice as large as they are", tagged(ImagerPixelSpacing=["0.8", "0.8"]), "size-implausible"),
    *_of_any(SPINE),
    Defect(SPINE, "blurred by motion", blurred, READ, SPINE_NOTE, recognised=False),
)
