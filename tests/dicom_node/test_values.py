import math
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicom_node.keywords import tag
from dicom_node.values import MAX_VALUES, charset_of, numbers_of, text_of, value_of
from tests.dicom_node.build import explicit, identified, item, opened, raw_file, write

BIG = "1.2.840.10008.1.2.2"
LATIN = ("latin_1",)


def raw_element(keyword: str, vr: bytes, value: bytes) -> bytes:
    number = tag(keyword)
    long = vr in (b"UN", b"UT", b"OB", b"UV", b"SQ")
    length = b"\0\0" + struct.pack("<L", len(value)) if long else struct.pack("<H", len(value))
    return struct.pack("<HH", number >> 16, number & 0xFFFF) + vr + length + value


def value(folder: Path, keyword: str, vr: bytes, raw: bytes, *, signed: bool = False) -> Any:
    """What an element of this VR and these bytes is worth."""
    path = raw_file(folder / "a", explicit(identified()) + raw_element(keyword, vr, raw))
    with opened(path, keyword) as data_set:
        return value_of(data_set, data_set.elements[tag(keyword)], LATIN, signed=signed)


@pytest.mark.parametrize(
    ("keyword", "vr", "raw", "expected"),
    [
        ("Rows", b"US", b"\x03\x02", 515),
        ("Rows", b"UL", b"\x03\x02\0\0", 515),  # another width than the dictionary's
        ("Rows", b"UN", b"\x03\x02", 515),
        ("Rows", b"US", b"\x03", None),
        ("Rows", b"US", b"", None),
        ("InstanceNumber", b"IS", b" 12 ", 12),
        ("InstanceNumber", b"IS", b"+7", 7),
        ("KVP", b"DS", b"1.2e2 ", 120.0),
        ("KVP", b"DS", b".5", 0.5),
        ("KVP", b"DS", b"1,5", "1,5"),
        ("KVP", b"DS", b"1e999 ", None),
        ("KVP", b"DS", b"NaN ", None),
        ("KVP", b"DS", b"-inf", None),
        ("KVP", b"DS", b"1_0 ", None),
        ("KVP", b"DS", b"9" * 16, 9999999999999999.0),
        ("PixelSpacing", b"DS", b"0.5\\0.25", [0.5, 0.25]),
        ("PixelSpacing", b"DS", b"0.5\\", [0.5, None]),
        ("PixelSpacing", b"DS", b"\\", [None, None]),
        ("ImageType", b"CS", b"DERIVED \\ PRIMARY", ["DERIVED", "PRIMARY"]),
        ("ImageType", b"CS", b"\\ \\", None),
        ("ImageComments", b"LT", b"a\\b ", "a\\b"),
        ("ImageComments", b"LT", b"    ", None),
        ("PatientID", b"UN", b"A7", "A7"),
        ("FrameType", b"ZZ", b"A\\B ", ["A", "B"]),
        ("PixelData", b"OW", b"abcd", None),
    ],
)
def test_value_by_its_vr(tmp_path: Path, keyword: str, vr: bytes, raw: bytes, expected: object) -> None:
    found = value(tmp_path, keyword, vr, raw)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("vr", "signed", "expected"),
    [(b"US", True, 65535), (b"SS", False, -1), (b"UN", False, 65535), (b"UN", True, -1)],
)
def test_us_or_ss_is_what_the_file_says_else_what_the_pixels_are(
    tmp_path: Path, vr: bytes, signed: bool, expected: int
) -> None:
    assert value(tmp_path, "PixelPaddingValue", vr, b"\xff\xff", signed=signed) == expected


def test_floats_that_are_no_numbers_are_absent(tmp_path: Path) -> None:
    raw = struct.pack("<3d", 1.5, math.nan, math.inf)
    assert value(tmp_path, "RealWorldValueIntercept", b"FD", raw) == [1.5, None, None]
    assert value(tmp_path, "RealWorldValueIntercept", b"FD", raw[8:16]) is None


def test_at_most_so_many_values_are_kept(tmp_path: Path) -> None:
    assert len(value(tmp_path, "ImageType", b"CS", b"A\\" * 20_000)) == MAX_VALUES
    assert len(value(tmp_path, "ReferencedFrameNumbers", b"US", b"\1\0" * 20_000)) == MAX_VALUES


def test_big_endian_numbers(tmp_path: Path) -> None:
    path = write(tmp_path / "a", identified(Rows=515, WindowCenter=["1.5", "7"]), BIG)
    with opened(path, "Rows", "WindowCenter") as data_set:
        assert numbers_of(data_set, data_set.elements[tag("Rows")]) == (515.0,)
        assert numbers_of(data_set, data_set.elements[tag("WindowCenter")]) == (1.5, 7.0)


@pytest.mark.parametrize("raw", [b"", b"1\\x ", b"1\\", b"abc ", b"1\\nan"])
def test_numbers_of_is_all_or_nothing(tmp_path: Path, raw: bytes) -> None:
    path = raw_file(tmp_path / "a", explicit(identified()) + raw_element("PixelSpacing", b"DS", raw))
    with opened(path, "PixelSpacing") as data_set:
        assert numbers_of(data_set, data_set.elements[tag("PixelSpacing")]) == ()
        assert numbers_of(data_set, None) == ()


def test_text_of_is_the_first_value(tmp_path: Path) -> None:
    with opened(write(tmp_path / "a", identified(ImageType=["A", "B"], Rows=3)), "ImageType", "Rows") as data_set:
        assert text_of(data_set, data_set.elements[tag("ImageType")]) == "A"
        assert text_of(data_set, data_set.elements[tag("Rows")]) == "3"
        assert text_of(data_set, None) == ""


def test_an_item_may_declare_its_own_character_set(tmp_path: Path) -> None:
    own = item(SpecificCharacterSet="ISO_IR 144", CodeMeaning="\u0413\u0440\u0443\u0434\u044c")
    codes = [own, item(CodeMeaning="J\u00e9r\u00f4me")]
    path = write(tmp_path / "a", identified(SpecificCharacterSet="ISO_IR 192", ViewCodeSequence=codes))
    with opened(path, "ViewCodeSequence", "CodeMeaning") as data_set:
        top = charset_of(data_set, data_set.elements)
        found = [
            value_of(data_set, one[tag("CodeMeaning")], charset_of(data_set, one, top))
            for one in data_set.elements[tag("ViewCodeSequence")].items
        ]
        assert found == ["\u0413\u0440\u0443\u0434\u044c", "J\u00e9r\u00f4me"]
        assert charset_of(data_set, {}) == LATIN


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keyword=st.sampled_from(["KVP", "Rows", "PatientName", "ImageComments", "PixelPaddingValue", "PixelSpacing"]),
    vr=st.sampled_from([b"DS", b"US", b"PN", b"UN", b"UT", b"FD", b"OB", b"SQ", b"UV"]),
    raw=st.binary(max_size=40) | st.text("0123456789+-.eE\\ ", max_size=40).map(str.encode),
)
def test_no_bytes_raise(tmp_path: Path, keyword: str, vr: bytes, raw: bytes) -> None:
    found = value(tmp_path, keyword, vr, raw)
    for one in found if isinstance(found, list) else [found]:
        assert one is None or isinstance(one, str) or (isinstance(one, int | float) and math.isfinite(one))
