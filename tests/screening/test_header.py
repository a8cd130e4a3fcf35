import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.header import Header, JsonValue
from tests.screening.factories import make_header


def test_is_a_mapping() -> None:
    header = make_header(Modality="DX", Rows=10)
    assert dict(header) == {"Modality": "DX", "Rows": 10}
    assert len(header) == 2
    assert "Modality" in header
    assert header.get("Columns") is None


def test_later_changes_of_the_source_do_not_reach_it() -> None:
    values: dict[str, JsonValue] = {"Rows": 10}
    header = Header(values)
    values["Rows"] = 11
    assert header["Rows"] == 10


def test_repr_names_keywords_only() -> None:
    text = repr(make_header(PatientName="Doe^Jane", PatientID="4711", Modality="DX"))
    assert text == "Header(Modality, PatientID, PatientName)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" AP ", "AP"),
        (["PA", "LL"], "PA"),
        ([], ""),
        (None, ""),
        ("", ""),
        ([None, "LL"], ""),
        (12, "12"),
        (1.5, "1.5"),
    ],
)
def test_text(value: JsonValue, text: str) -> None:
    assert make_header(ViewPosition=value).text("ViewPosition") == text


def test_texts() -> None:
    header = make_header(ImageType=["DERIVED ", None, " PRIMARY"])
    assert header.texts("ImageType") == ("DERIVED", "", "PRIMARY")
    assert header.texts("ViewPosition") == ()


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("12 ", 12.0),
        (["0.5", "0.25"], 0.5),
        (3, 3.0),
        (None, None),
        ("", None),
        ([], None),
        ("1,5", None),
        ("abc", None),
    ],
)
def test_number(value: JsonValue, number: float | None) -> None:
    assert make_header(KVP=value).number("KVP") == number


NO_NUMBERS: list[JsonValue] = [
    "nan", "inf", "-Infinity", math.nan, -math.inf, [0.5, math.inf], ["0.5", "1e999"],
    10**400, {"a": 1}, [[1]], ["1", "x"], [1, None],
]  # fmt: skip


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_number_reads_as_absent(value: JsonValue) -> None:
    header = make_header(PixelSpacing=value)
    assert header.number("PixelSpacing") is None
    assert header.numbers("PixelSpacing") == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=2),
    max_leaves=6,
)


@given(json_values)
def test_no_accessor_raises(value: JsonValue) -> None:
    header = make_header(Anything=value)
    assert isinstance(header.text("Anything"), str)
    assert all(isinstance(text, str) for text in header.texts("Anything"))
    assert all(isinstance(number, float) and math.isfinite(number) for number in header.numbers("Anything"))
    assert header.number("Anything") is None or isinstance(header.number("Anything"), float)
