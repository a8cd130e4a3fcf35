"""Which series of a study is an axial CT that a volume model can read. Headers only; no torch.

What several CT models ask of a series stands here; each says in a `Needs` how thin, long and where. Everything is
judged from orientation and position of the slices, which scanners state, before any description, which people type.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from models.ct_stack import Stack, stack_of
from screening.header import Header
from screening.patient import patient_of
from screening.types import Eligible, Ineligible, Instance, Selection, Series, Study

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"  # PS3.4 B.5
ENHANCED_CT = ("1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # and its multi-frame kin, .7.1 to .7.4
OURS = "opportune"  # how Manufacturer and ManufacturerModelName of our own objects begin, lower case
DESCRIPTIONS = ("BodyPartExamined", "SeriesDescription", "ProtocolName")
SUPINE = ("HFS", "FFS")  # Patient Position, PS3.3 C.7.3.1.1.2
PROJECTIONS = (  # values of ImageType for what is no plain slice, as scanners write them; assumption
    "MIP", "MINIP", "MAX_IP", "MIN_IP", "MAXIMUM", "MINIMUM", "PROJECTION IMAGE", "VOLREN", "VRT", "SSD", "AVERAGE",
    "PERFUSION", "SUBTRACTION", "MATERIAL", "COLLAGE",
)  # fmt: skip
SHARP_WORDS = ("LUNG", "BONE", "EDGE", "SHARP", "DETAIL")  # in ConvolutionKernel; assumption
SHARP_NUMBER = 55  # of kernels that are numbered by their sharpness (B70f, I70f, Br64, FC55); assumption
TOLERANCE = 0.01  # mm: positions are rounded

Objection = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a model asks of a CT series."""

    what: str  #: what it shows, e.g. "chest CT": for the reason
    thickest: float  #: mm, of a slice and from slice to slice
    shortest: float  #: mm that the slices cover
    fewest: int  #: slices
    body_parts: tuple[str, ...]  #: words of BodyPartExamined that may hold it, upper case
    names: tuple[str, ...]  #: words of a header that names the part, upper case: such a series is preferred
    adult_years: float  #: age below which it is not for
    soft_kernel_first: bool = True
    further: Callable[[Series], Iterator[Objection]] | None = None  #: what this model alone objects to


@dataclass(frozen=True)
class _Candidate:
    """A series that could be read, and how it ranks."""

    stack: Stack
    header: Header
    needs: Needs

    @property
    def criteria(self) -> tuple[tuple[str, float | str], ...]:
        """What decides, most important first; the smaller value is preferred."""
        header = self.header
        moment = (header.text("AcquisitionDate") or header.text("StudyDate")) + header.text("AcquisitionTime")
        contrast = header.text("ContrastBolusAgent") or header.text("ContrastBolusAgentSequence")
        derived = "DERIVED" in [text.upper() for text in header.texts("ImageType")]
        sharp = is_sharp(header.text("ConvolutionKernel"))
        said = " ".join(header.text(keyword) for keyword in DESCRIPTIONS).upper()
        return (
            ("its header names the part", not any(word in said for word in self.needs.names)),
            ("its slices are thinner", round(max(self.stack.spacing, self.stack.thickness), 1)),
            ("a soft kernel is preferred to a sharp one", sharp == self.needs.soft_kernel_first),
            ("without contrast medium is preferred to with", bool(contrast)),
            ("an original image is preferred to a derived one", derived),
            ("it covers more", -round(self.stack.coverage)),
            ("the earlier acquisition is preferred", moment or "9"),
            ("equal in every respect; the lower UID is taken", self.stack.instances[0].series_instance_uid),
        )


def choose(study: Study, needs: Needs) -> Selection:
    """Choose the thinnest series that meets the needs; reject every other one, or single images, with a reason."""
    candidates: list[_Candidate] = []
    refused: list[Ineligible] = []
    for series in study.series:
        answer, images = _judge(series, needs)
        refused += images
        if isinstance(answer, Stack):
            candidates.append(_Candidate(answer, answer.instances[0].header, needs))
        elif answer is not None:
            refused.append(answer)
    if not candidates:
        return Selection(chosen=None, rejected=tuple(refused))
    best = min(candidates, key=lambda c: [value for _, value in c.criteria])
    refused += [_second(best, other, needs) for other in candidates if other is not best]
    order = {series.series_instance_uid: i for i, series in enumerate(study.series)}
    return Selection(
        chosen=_chosen(best, needs),
        rejected=tuple(sorted(refused, key=lambda r: order[r.series_instance_uid])),
    )


def is_sharp(kernel: str) -> bool:
    """Whether a reconstruction kernel enhances edges, by its name as far as names tell."""
    upper = kernel.upper()
    numbers = [int("".join(digits)) for found, digits in groupby(upper, str.isdigit) if found]
    return any(word in upper for word in SHARP_WORDS) or bool(numbers and SHARP_NUMBER <= numbers[0] < 100)


def _judge(series: Series, needs: Needs) -> tuple[Stack | Ineligible | None, list[Ineligible]]:
    """The stack, or why the series is none; and the images that are no part of it (None when all of them are)."""
    kept: list[Instance] = []
    refused: list[Ineligible] = []
    for instance in series.instances:
        objection = next(_image_objections(instance), None)
        if objection is None:
            kept.append(instance)
        else:
            refused.append(_refusal(series, objection, instance))
    if not kept:
        return None, _merged(series, refused)
    stack, objection = _stack(series, kept, needs)
    return stack if objection is None else _refusal(series, objection), refused


def _stack(series: Series, kept: Sequence[Instance], needs: Needs) -> tuple[Stack | None, Objection | None]:
    shown = Series(series_instance_uid=series.series_instance_uid, instances=tuple(kept))
    objection = next(_series_objections(shown, needs), None)
    if objection is not None:
        return None, objection
    found = stack_of(kept)
    if not isinstance(found, Stack):
        return None, found
    return found, next(_geometry_objections(found, needs), None)


def _image_objections(instance: Instance) -> Iterator[Objection]:
    """What speaks against a single image, most basic first."""
    header, sop_class = instance.header, instance.sop_class_uid
    modality = header.text("Modality").upper()
    if any(header.text(key).lower().startswith(OURS) for key in ("Manufacturer", "ManufacturerModelName")):
        yield "own-output", "made by this node itself"
    if sop_class == SECONDARY_CAPTURE or sop_class.startswith(SECONDARY_CAPTURE + "."):
        yield "secondary-capture", "a Secondary Capture image has no Hounsfield units; CT Image Storage is needed"
    if modality != "CT":
        yield "wrong-modality", f"Modality is {modality or 'not stated'}; CT is needed"
    if sop_class in ENHANCED_CT:
        yield "multi-frame", "an enhanced multi-frame CT; a series of single slices is needed"
    if sop_class != CT_IMAGE:
        yield "wrong-sop-class", f"SOP Class {sop_class} is not CT Image Storage"
    kind = [text.upper() for text in header.texts("ImageType")]
    if "LOCALIZER" in kind:
        yield "localizer", "a localizer (scout) by its ImageType"
    processed = next((text for text in kind if text in PROJECTIONS), None)
    if processed is not None:
        yield "processed-image", f"ImageType says {processed}; plain slices are needed"


def _series_objections(series: Series, needs: Needs) -> Iterator[Objection]:
    """What its header says against a series."""
    header = series.header
    part = header.text("BodyPartExamined").upper()
    if part and not any(word in part for word in needs.body_parts):
        yield "wrong-body-part", f"BodyPartExamined is {part}; {needs.what} is needed"
    position = header.text("PatientPosition").upper()
    if position and position not in SUPINE:
        yield "not-supine", f"PatientPosition is {position}; a patient on the back is needed"
    age = patient_of(header).age_years
    if age is not None and age < needs.adult_years:
        yield "not-adult", f"age is {int(age)} years; the model is for adults of {int(needs.adult_years)} and over"
    if needs.further is not None:
        yield from needs.further(series)


def _geometry_objections(stack: Stack, needs: Needs) -> Iterator[Objection]:
    """What speaks against a stack of axial slices."""
    if len(stack.instances) < needs.fewest:
        yield "too-few-slices", f"{len(stack.instances)} slices; {needs.fewest} or more are needed"
    thick = max(stack.spacing, stack.thickness)
    if thick > needs.thickest + TOLERANCE:
        yield (
            "slices-too-thick",
            f"slices of {stack.thickness:.1f} mm every {stack.spacing:.1f} mm; {needs.thickest:g} mm or less is needed",
        )
    if stack.coverage < needs.shortest:
        yield (
            "coverage-too-short",
            f"covers {stack.coverage:.0f} mm from feet to head; {needs.shortest:.0f} mm or more is needed",
        )
    if stack.gap is not None:
        yield "slices-uneven", stack.gap


def _refusal(series: Series, objection: Objection, instance: Instance | None = None) -> Ineligible:
    code, reason = objection
    return Ineligible(
        series_instance_uid=series.series_instance_uid,
        code=code,
        reason=reason,
        sop_instance_uid=None if instance is None else instance.sop_instance_uid,
    )


def _merged(series: Series, refused: list[Ineligible]) -> list[Ineligible]:
    """One row for a series whose images were all refused for the same reason."""
    if len({(one.code, one.reason) for one in refused}) > 1:
        return refused
    return [_refusal(series, (refused[0].code, refused[0].reason))]


def _chosen(best: _Candidate, needs: Needs) -> Eligible:
    stack, kernel = best.stack, best.header.text("ConvolutionKernel")
    return Eligible(
        series_instance_uid=stack.instances[0].series_instance_uid,
        sop_instance_uids=tuple(instance.sop_instance_uid for instance in stack.instances),
        reason=(
            f"axial {needs.what}: {len(stack.instances)} slices every {stack.spacing:.2g} mm over"
            f" {stack.coverage:.0f} mm, kernel {kernel or 'not stated'}"
        ),
    )


def _second(best: _Candidate, other: _Candidate, needs: Needs) -> Ineligible:
    """Why a series that could be read is not the one."""
    pairs = zip(best.criteria, other.criteria, strict=True)
    reason = next(reason for (reason, mine), (_, theirs) in pairs if mine != theirs)
    return Ineligible(
        series_instance_uid=other.stack.instances[0].series_instance_uid,
        code="not-preferred",
        reason=f"another {needs.what} of the study was taken: {reason}",
    )
