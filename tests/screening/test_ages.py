import pytest

from screening.ages import age_parts, age_text


@pytest.mark.parametrize(
    ("months", "text"),
    [
        (0, "0 months"),
        (0.6, "1 month"),
        (23.4, "23 months"),
        (23.6, "2 years"),
        (25, "2 years 1 month"),
        (86.4, "7 years 2 months"),
        (216, "18 years"),
        (-14, "-14 months"),
        (-30, "-2 years 6 months"),
        (-0.4, "0 months"),
    ],
)
def test_ages_read_as_people_say_them(months: float, text: str) -> None:
    assert age_text(months) == text


@pytest.mark.parametrize(("months", "text"), [(14, "+14 months"), (30, "+2 years 6 months"), (0.2, "0 months")])
def test_a_difference_has_its_sign(months: float, text: str) -> None:
    assert age_text(months, signed=True) == text


def test_numbers_and_units_can_be_told_apart() -> None:
    assert age_parts(86) == (("7", "years"), ("2", "months"))
