"""What is said beside the figures: why some are withheld, what the scan does to the others, and the conclusion."""

import math

from models.bone_muscle_ct.findings import PROBABLE, Result, fractured, percent, risks
from models.bone_muscle_ct.layout import LEVELS
from models.bone_muscle_ct.measurements import Measurements
from models.bone_muscle_ct.quality import ARTERIAL, BLOOD
from models.bone_muscle_ct.reader import Readings
from models.ct_selection import is_sharp
from screening.header import Header
from screening.types import Patient

AGES = (50.0, 80.0)  # years, of the paper's cohort (specification)
USUAL_KVP = 120.0  # that attenuation is compared at
KVP_TOLERANCE = 1.0
BY_KVP = {80: "28 % brighter", 100: "11 % brighter", 140: "7 % darker"}
"""Bone against 120 kVp: hydroxyapatite at the effective energies of 52, 58 and 70 keV, NIST XCOM, rounded."""
THICK = 3.5  # mm from which partial volume is remarked on
FAR_FROM_TRAINING = 1.0  # the 99th percentile of validation
FAR_NOTE = "This CT lies outside what the model has learned to read: the probabilities may be far off."
SHARP_NOTE = "Reconstructed with a sharp kernel: attenuation is noisier than with a soft one, fat in muscle overstated."
CUT_NOTE = "Muscle at L3 reaches the edge of the field of view: its area is not given."
REFERENCE_NOTE = (
    "For comparison: trabecular attenuation at L1 is 226 HU (SD 44) below 30 years and falls by about 2.5 HU a year"
    " (20,374 adults, Jang 2019)."
)


def against_networks(measured: Measurements) -> str | None:
    """Why no probability at all is told: the networks have not learned to see such spines."""
    if measured.metal:
        return f"metal in the spine ({', '.join(measured.metal)})"
    return None


def against_risk(patient: Patient, reading: Readings) -> tuple[str, ...]:
    """Why the risk of years ahead is not told though the present is."""
    found = []
    if patient.age_years is None:
        found.append(f"the age is unknown, and the risk holds for {AGES[0]:.0f} to {AGES[1]:.0f} years only")
    elif not AGES[0] <= patient.age_years < AGES[1] + 1:
        found.append(f"age is {int(patient.age_years)} years; the risk holds for {AGES[0]:.0f} to {AGES[1]:.0f}")
    if fractured(reading):
        found.append("a fracture is probable now, and the risk is that of a spine without one")
    return tuple(found)


def notes_of(
    header: Header, vessels: float, spacing: float, result: Result, withheld: tuple[str, ...]
) -> tuple[str, ...]:
    """Remarks on this scan. vessels: HU; spacing: mm between slices."""
    far = result.reading is not None and round(float(result.reading.distance[0]), 3) > FAR_FROM_TRAINING
    notes = [
        *(f"The risk is withheld: {reason}." for reason in withheld),
        FAR_NOTE if far else None,
        _metal(result.measured),
        None if result.muscle else CUT_NOTE,
        _collapsed(result),
        _contrast(header, vessels),
        _voltage(header),
        SHARP_NOTE if is_sharp(header.text("ConvolutionKernel")) else None,
        f"Slices of {spacing:.1f} mm: end plates and discs blur into each other, a slight fracture may be missed."
        if spacing > THICK
        else None,
        REFERENCE_NOTE,
    ]
    return tuple(note for note in notes if note)


def _metal(measured: Measurements) -> str | None:
    if not measured.metal:
        return None
    return (
        f"Metal at {', '.join(measured.metal)}: their attenuation is not measured; streaks may reach their neighbours."
    )


def _collapsed(result: Result) -> str | None:
    if result.reading is None:
        return None
    broken = [n for n, p in zip(LEVELS, result.reading.levels[0], strict=True) if percent(p) >= PROBABLE]
    return (
        f"Probably fractured: {', '.join(broken)}. A collapsed body reads denser than its bone is." if broken else None
    )


def _contrast(header: Header, vessels: float) -> str | None:
    """By the vessels before the spine; by the header where they say nothing."""
    effect = (
        "Against a native scan muscle reads some 5 to 20 HU higher and trabecular bone a little; nothing is corrected."
    )
    if vessels >= BLOOD:
        phase = "arterial" if vessels >= ARTERIAL else "venous or late"
        return f"Contrast medium, {phase} phase: the vessels before the spine have {vessels:.0f} HU. {effect}"
    if header.text("ContrastBolusAgent") or header.text("ContrastBolusAgentSequence"):
        return f"The header names a contrast medium; the vessels before the spine have {vessels:.0f} HU, as without it."
    return None


def _voltage(header: Header) -> str | None:
    kvp = header.number("KVP")
    if kvp is None:
        return "The header names no tube voltage: attenuation of bone can be compared at 120 kVp only."
    if abs(kvp - USUAL_KVP) <= KVP_TOLERANCE:
        return None
    by = next((f"; bone reads about {text} than at 120 kVp" for known, text in BY_KVP.items()
               if abs(kvp - known) <= KVP_TOLERANCE), "")  # fmt: skip
    return f"Tube voltage {kvp:.0f} kVp{by}. Nothing is corrected."


def conclusion_of(result: Result, withheld: tuple[str, ...], site_stratum: str) -> str:
    """One to three sentences. site_stratum: the 5-year stratum in words, or nothing."""
    said = []
    if result.reading is not None:
        now = _percent(percent(result.reading.fracture[0]))
        said.append(f"The estimated probability of a vertebral fracture of T12-L5 on this CT is {now}.")
        if result.risk:
            two, three, five = (_percent(one.value) for one in risks(result.reading.risks[0]))
            said.append(
                f"That of a new one is {two} within 2 years, {three} within 3 years and {five} within 5 years"
                f"{site_stratum}."
            )
    if withheld:
        said.append(f"The risk is withheld: {'; '.join(withheld)}.")
    said.append(_measured(result))
    return " ".join(part for part in said if part)


def _measured(result: Result) -> str:
    parts = []
    hu, muscle = result.measured.hu("L1"), result.measured.muscle
    if math.isfinite(hu):
        parts.append(f"trabecular bone of L1 {hu:.0f} HU")
    if result.muscle and muscle is not None:
        parts.append(f"muscle at L3 {muscle.area:.0f} cm2 of {muscle.hu:.0f} HU")
    return f"Measured: {', '.join(parts)}." if parts else ""


def _percent(value: float) -> str:
    return f"{value:.0f} %" if value >= 1 else "less than 1 %"
