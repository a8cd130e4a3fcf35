import struct
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from dicom_node import elements
from dicom_node.elements import MAX_DEPTH, PIXEL_DATA, UNDEFINED, nested
from dicom_node.file_bytes import FileBytes
from dicom_node.keywords import tag
from screening.errors import BadHeader
from tests.dicom_node.build import explicit, identified, item, opened, raw_file, write

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
ITEM = b"\xfe\xff\x00\xe0"
UNENDED = b"\xff\xff\xff\xff"
ROWS, VIEW_CODES, PROCEDURE_CODES = tag("Rows"), tag("ViewCodeSequence"), tag("ProcedureCodeSequence")
MEANING, MODIFIERS = tag("CodeMeaning"), tag("ViewModifierCodeSequence")
IDENTITY_SHAPE = b"\x50\x20\x20\x00CS\x08\x00IDENTITY"  # Presentation LUT Shape


def element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH", group, number) + vr + b"\0\0" + struct.pack("<L", len(value)) + value


@pytest.mark.parametrize("uid", [IMPLICIT, EXPLICIT, BIG])
def test_wanted_elements_are_located_in_every_encoding(tmp_path: Path, uid: str) -> None:
    path = write(tmp_path / "a", identified(Rows=515, Columns=3, Modality="DX"), uid)
    with opened(path, "Rows", "Modality", "KVP") as data_set:
        assert (data_set.transfer_syntax_uid, data_set.truncated) == (uid, False)
        assert data_set.byte_order == (">" if uid == BIG else "<")
        assert data_set.raw(data_set.elements[ROWS]) == struct.pack(data_set.byte_order + "H", 515)
        assert data_set.raw(data_set.elements[tag("Modality")]) == b"DX"
        assert not {tag("Columns"), tag("KVP")} & set(data_set.elements)


@pytest.mark.parametrize("declared", [IMPLICIT, BIG, "1.2.3"])
def test_what_is_there_goes_before_what_is_declared(tmp_path: Path, declared: str) -> None:
    path = raw_file(tmp_path / "a", explicit(identified(Rows=515)), declared.encode() + b"\0" * (len(declared) % 2))
    with opened(path, "Rows") as data_set:
        assert data_set.transfer_syntax_uid == declared  # pixel data may still be compressed in an unknown way
        assert data_set.raw(data_set.elements[ROWS]) == b"\x03\x02"


def test_sequences_of_either_length_and_nested_items(tmp_path: Path) -> None:
    inner = item(CodeMeaning="inner")
    codes = [item(CodeMeaning="a", ViewModifierCodeSequence=[inner, inner]), item(CodeMeaning="b")]
    for index, undefined in enumerate((False, True)):
        one = identified(ViewCodeSequence=codes, Rows=7)
        one["ViewCodeSequence"].is_undefined_length = undefined
        for code in codes:
            code.is_undefined_length_sequence_item = undefined
        path = write(tmp_path / str(index), one, IMPLICIT if index else EXPLICIT)
        with opened(path, "ViewCodeSequence", "ViewModifierCodeSequence", "CodeMeaning", "Rows") as data_set:
            meanings = [data_set.raw(found[MEANING]).strip() for found in nested(data_set.elements, VIEW_CODES)]
            assert meanings == [b"a", b"b"]
            assert len([*nested(data_set.elements, VIEW_CODES, MODIFIERS)]) == 2
            assert [*nested(data_set.elements, PROCEDURE_CODES)] == []
            assert [*nested(data_set.elements)] == [data_set.elements]
            assert ROWS in data_set.elements


def test_what_lies_in_unwanted_sequences_stays_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a", identified(ProcedureCodeSequence=[item(CodeMeaning="x")]))
    with opened(path, "CodeMeaning") as data_set:
        assert MEANING not in data_set.elements


def test_unknown_vr_of_undefined_length_is_an_implicit_sequence(tmp_path: Path) -> None:
    length = 0x4142  # its bytes would pass for the VR "BA"
    meaning = struct.pack("<HHL", 0x0008, 0x0104, length) + b"PA".ljust(length)  # PS3.5 6.2.2
    sequence = b"\x54\x00\x20\x02UN\0\0" + UNENDED + ITEM + struct.pack("<L", len(meaning)) + meaning
    end = b"\xfe\xff\xdd\xe0\0\0\0\0" + IDENTITY_SHAPE
    path = raw_file(tmp_path / "a", explicit(identified()) + sequence + end)
    with opened(path, "ViewCodeSequence", "CodeMeaning", "PresentationLUTShape") as data_set:
        assert [data_set.raw(found[MEANING]).strip() for found in nested(data_set.elements, VIEW_CODES)] == [b"PA"]
        assert tag("PresentationLUTShape") in data_set.elements


def test_icon_images_with_fragments_are_passed_over(tmp_path: Path) -> None:
    icon = (
        b"\x88\x00\x00\x02SQ\0\0" + UNENDED + ITEM + UNENDED
        + b"\xe0\x7f\x10\x00OB\0\0" + UNENDED + ITEM + b"\0\0\0\0"
        + ITEM + b"\x08\0\0\0" + b"\xff" * 8 + b"\xfe\xff\xdd\xe0\0\0\0\0"
        + b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    )  # fmt: skip
    with opened(
        raw_file(tmp_path / "a", explicit(identified()) + icon + IDENTITY_SHAPE), "PresentationLUTShape"
    ) as one:
        assert one.raw(one.elements[tag("PresentationLUTShape")]) == b"IDENTITY"
        assert PIXEL_DATA not in one.elements


def test_pixel_data_are_located_and_end_the_walk(tmp_path: Path) -> None:
    native = b"\xe0\x7f\x10\x00OW\0\0" + struct.pack("<L", 2**31)
    with opened(raw_file(tmp_path / "a", explicit(identified(Rows=7)) + native)) as data_set:
        assert (data_set.elements[PIXEL_DATA].length, data_set.truncated) == (2**31, False)
        assert data_set.raw(data_set.elements[PIXEL_DATA]) == b""
    fragments = b"\xe0\x7f\x10\x00OB\0\0" + UNENDED + ITEM + b"\0\0\0\0" + IDENTITY_SHAPE
    with opened(raw_file(tmp_path / "b", explicit(identified()) + fragments), "PresentationLUTShape") as data_set:
        assert data_set.elements[PIXEL_DATA].length == UNDEFINED
        assert data_set.raw(data_set.elements[PIXEL_DATA]) == b""
        assert tag("PresentationLUTShape") not in data_set.elements


def test_values_are_cut_at_the_limit_and_at_the_end(tmp_path: Path) -> None:
    long = element(0x0020, 0x4000, b"UT", b"x" * 70_000)
    with opened(raw_file(tmp_path / "a", explicit(identified()) + long), "ImageComments") as data_set:
        comments = data_set.elements[tag("ImageComments")]
        assert len(data_set.raw(comments)) == 65_536
        assert len(data_set.raw(comments, limit=3)) == 3
    with opened(raw_file(tmp_path / "b", explicit(identified()) + long[:100]), "ImageComments") as data_set:
        assert data_set.truncated
        assert data_set.raw(data_set.elements[tag("ImageComments")]) == b"x" * 88


@pytest.mark.parametrize("private", [True, False])
def test_deep_nesting_is_refused_by_a_limit(tmp_path: Path, private: bool) -> None:
    begin = (b"\x09\x00\x01\x10" if private else b"\x40\x00\x75\x02") + b"SQ\0\0" + UNENDED + ITEM + UNENDED
    with opened(raw_file(tmp_path / "a", explicit(identified()) + begin * MAX_DEPTH)):
        pass
    with (
        pytest.raises(BadHeader, match=f"deeper than {MAX_DEPTH}"),
        opened(raw_file(tmp_path / "b", explicit(identified()) + begin * (MAX_DEPTH + 1)), "RequestAttributesSequence"),
    ):
        pass


def test_too_many_elements_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a", identified(ViewCodeSequence=[Dataset()] * 100))
    with opened(path, "ViewCodeSequence") as data_set:
        assert len(data_set.elements[VIEW_CODES].items) == 100
    monkeypatch.setattr(elements, "MAX_ELEMENTS", 100)
    with pytest.raises(BadHeader, match="more than 100 elements"), opened(path, "ViewCodeSequence"):
        pass


def test_no_repr_shows_a_value(tmp_path: Path) -> None:
    with opened(write(tmp_path / "canary", identified(PatientName="Canary^A")), "PatientName") as data_set:
        assert "anary" not in repr(data_set) + repr(data_set.elements)
        assert isinstance(data_set.file, FileBytes)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"GIF89a and so on", "not a DICOM file"),
        (b"\x02\x00\x12\x00UN\0\0" + UNENDED, "undefined length"),
    ],
)
def test_refusals(tmp_path: Path, body: bytes, message: str) -> None:
    with pytest.raises(BadHeader, match=message), opened(raw_file(tmp_path / "a", body)):
        pass
