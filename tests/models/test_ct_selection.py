from collections.abc import Iterator
from typing import Any

import pytest

from models.ct_selection import Needs, Objection, choose, is_sharp
from screening.types import Selection, Series
from tests.models.ct_series import chest, ct_instance, series_of, study_of

Values = dict[str, Any]
NEEDS = Needs(
    what="chest CT", thickest=3.0, shortest=200.0, fewest=60, body_parts=("CHEST", "BODY"), names=("CHEST",),
    adult_years=18.0,
)  # fmt: skip

REFUSED: list[tuple[Values, str]] = [
    ({"Modality": "MR"}, "wrong-modality"),
    ({"Modality": "OT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "secondary-capture"),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.4"}, "secondary-capture"),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2.1"}, "multi-frame"),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"}, "wrong-sop-class"),
    ({"Manufacturer": "Opportune"}, "own-output"),
    ({"ManufacturerModelName": "OPPORTUNE screening node"}, "own-output"),
    ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "localizer"),
    ({"ImageType": ["DERIVED", "SECONDARY", "AXIAL", "MIP"]}, "processed-image"),
    ({"ImageType": ["derived", "secondary", "minip"]}, "processed-image"),
    ({"BodyPartExamined": "HEAD"}, "wrong-body-part"),
    ({"PatientPosition": "HFP"}, "not-supine"),
    ({"PatientPosition": "FFDL"}, "not-supine"),
    ({"PatientAge": "017Y"}, "not-adult"),
    ({"ImagePositionPatient": None}, "geometry-unknown"),
    ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "not-axial"),
    ({"SliceThickness": "5"}, "slices-too-thick"),
]


def codes(selection: Selection) -> dict[str, str]:
    return {one.series_instance_uid: one.code for one in selection.rejected}


@pytest.mark.parametrize(
    "values",
    [{}, {"PatientPosition": "FFS"}, {"PatientPosition": ""}, {"BodyPartExamined": ""}, {"PatientAge": ""},
     {"BodyPartExamined": "WHOLEBODY"}, {"ImageType": ["DERIVED", "SECONDARY", "AXIAL"]}, {"SliceThickness": None}],
    ids=str,
)  # fmt: skip
def test_an_axial_series_that_meets_the_needs_is_chosen(values: Values) -> None:
    selection = choose(study_of(chest(**values)), NEEDS)
    assert selection.chosen is not None
    assert len(selection.chosen.sop_instance_uids) == 140
    assert "140 slices every 2 mm over 280 mm, kernel SOFT" in selection.chosen.reason
    assert selection.rejected == ()


@pytest.mark.parametrize(("values", "code"), REFUSED, ids=str)
def test_every_other_series_is_refused_as_a_whole_with_its_reason(values: Values, code: str) -> None:
    selection = choose(study_of(chest(**values)), NEEDS)
    assert selection.chosen is None
    (refused,) = selection.rejected
    assert (refused.code, refused.sop_instance_uid) == (code, None)
    assert refused.reason


@pytest.mark.parametrize(
    ("series", "code"),
    [
        (chest(spacing=5.0, SliceThickness="1", count=60), "slices-too-thick"),
        (chest(spacing=3.2), "slices-too-thick"),
        (chest(spacing=2.0, count=80), "coverage-too-short"),
        (chest(spacing=3.0, count=59), "too-few-slices"),
    ],
)
def test_a_stack_that_is_too_coarse_short_or_small_is_refused(series: Series, code: str) -> None:
    assert codes(choose(study_of(series), NEEDS)) == {"1.2.3.1": code}


def test_limits_are_met_by_what_lies_on_them() -> None:
    assert choose(study_of(chest(spacing=3.0, count=67)), NEEDS).chosen is not None
    assert choose(study_of(chest(spacing=2.0, count=100)), NEEDS).chosen is not None


def test_a_missing_slice_is_a_reason() -> None:
    whole = chest()
    holed = series_of([one for index, one in enumerate(whole.instances) if index != 70])
    selection = choose(study_of(holed), NEEDS)
    assert codes(selection) == {"1.2.3.1": "slices-uneven"}
    assert "slices are missing or uneven" in selection.rejected[0].reason


def test_a_localizer_within_the_series_is_left_out_and_named() -> None:
    scout = ct_instance(900, z=0.0, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    selection = choose(study_of(series_of([scout, *chest().instances])), NEEDS)
    assert selection.chosen is not None
    assert scout.sop_instance_uid not in selection.chosen.sop_instance_uids
    assert len(selection.chosen.sop_instance_uids) == 140
    assert [(one.code, one.sop_instance_uid) for one in selection.rejected] == [("localizer", "1.2.3.1.900")]


def test_images_refused_for_different_reasons_are_each_named() -> None:
    pair = [ct_instance(1, z=0.0, Modality="MR"), ct_instance(2, z=2.0, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])]
    selection = choose(study_of(series_of(pair)), NEEDS)
    assert [(one.code, one.sop_instance_uid) for one in selection.rejected] == [
        ("wrong-modality", "1.2.3.1.1"),
        ("localizer", "1.2.3.1.2"),
    ]


@pytest.mark.parametrize(
    ("worse", "why"),
    [
        ({"BodyPartExamined": "BODY", "spacing": 1.0, "count": 280}, "names the part"),
        ({"spacing": 2.5}, "thinner"),
        ({"ConvolutionKernel": "B70f"}, "soft kernel"),
        ({"ContrastBolusAgent": "Iohexol"}, "without contrast"),
        ({"ImageType": ["DERIVED", "SECONDARY", "AXIAL"]}, "original"),
        ({"count": 130}, "covers more"),
        ({"AcquisitionTime": "120000"}, "earlier"),
        ({}, "lower UID"),
    ],
)
def test_the_better_of_two_series_is_taken(worse: dict[str, Any], why: str) -> None:
    others: dict[str, Any] = dict(worse)
    for first, second, best in ((1, 2, "1.2.3.1"), (2, 1, "1.2.3.2")):
        if not worse and first == 2:
            continue  # of two equal ones the lower UID is taken
        selection = choose(study_of(chest(first), chest(second, **others)), NEEDS)
        assert selection.chosen is not None
        assert selection.chosen.series_instance_uid == best
        (refused,) = selection.rejected
        assert refused.code == "not-preferred"
        assert why in refused.reason


def test_every_series_not_chosen_has_a_reason_in_the_order_of_the_study() -> None:
    study = study_of(
        chest(1, Modality="MR"), chest(2, spacing=5.0), chest(3), chest(4, spacing=2.5),
        chest(5, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], count=2),
    )  # fmt: skip
    selection = choose(study, NEEDS)
    assert selection.chosen is not None
    assert selection.chosen.series_instance_uid == "1.2.3.3"
    assert list(codes(selection).items()) == [
        ("1.2.3.1", "wrong-modality"),
        ("1.2.3.2", "slices-too-thick"),
        ("1.2.3.4", "not-preferred"),
        ("1.2.3.5", "localizer"),
    ]


def test_a_model_may_object_to_more() -> None:
    def further(series: Series) -> Iterator[Objection]:
        yield "of-its-own", f"{len(series.instances)} images"

    selection = choose(study_of(chest()), Needs(**{**vars(NEEDS), "further": further}))
    assert [(one.code, one.reason) for one in selection.rejected] == [("of-its-own", "140 images")]


@pytest.mark.parametrize(
    ("kernel", "sharp"),
    [("B30f", False), ("B70f", True), ("Br64d", True), ("Qr40", False), ("FC08", False), ("FC55", True),
     ("LUNG", True), ("BONEPLUS", True), ("STANDARD", False), ("", False), ("YA", False), ("kernel 1999", False)],
)  # fmt: skip
def test_kernels_by_their_names(kernel: str, sharp: bool) -> None:
    assert is_sharp(kernel) == sharp
