import pytest

from screening import codes
from screening.codes import CodedName, ucum


def test_limits_are_those_of_the_value_representations() -> None:
    longest = CodedName(value="1" * 16, scheme="S" * 16, meaning="m" * 64)
    assert len(longest.meaning) == 64


@pytest.mark.parametrize(
    ("name", "text"),
    [("value", ""), ("value", "1" * 17), ("scheme", ""), ("scheme", "S" * 17), ("meaning", ""), ("meaning", "m" * 65)],
)
def test_what_does_not_fit_is_refused(name: str, text: str) -> None:
    values = {"value": "1", "scheme": "SCT", "meaning": "Low"} | {name: text}
    with pytest.raises(ValueError, match=f"{name} of a code must have"):
        CodedName(**values)


def test_units() -> None:
    assert ucum("mm") == CodedName(value="mm", scheme="UCUM", meaning="mm")
    assert ucum("%", "percent").meaning == "percent"


def test_codes_of_the_module_are_distinct() -> None:
    found = [value for value in vars(codes).values() if isinstance(value, CodedName)]
    assert len(found) >= 10
    assert len({(code.scheme, code.value) for code in found}) == len(found)


def test_private_scheme_fits_a_short_string() -> None:
    assert codes.PRIVATE_SCHEME == "99OPPORTUNE"
    assert len(codes.PRIVATE_SCHEME) <= 16
