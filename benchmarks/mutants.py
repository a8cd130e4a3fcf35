"""Seeded mutations of DICOM files: of bytes, anywhere, and of elements, so that they still parse."""

import io
import random
import struct
from collections.abc import Callable

import pydicom
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

Mutation = Callable[[bytearray, random.Random], bytearray]

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_TEXTS = (
    "",
    "0",
    "-1",
    "nan",
    "inf",
    "1e400",
    "\\" * 40,
    "9" * 64,
    "A" * 70_000,
    "\x00",
    "\x1b$B",
    "1.2.3\\4",
    "'; --",
)
_LAYOUT = (
    "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel",
    "NumberOfFrames", "PhotometricInterpretation", "PixelSpacing", "ImagerPixelSpacing", "RescaleSlope",
    "RescaleIntercept", "WindowCenter", "WindowWidth", "ImagePositionPatient", "ImageOrientationPatient",
    "SpecificCharacterSet", "SOPInstanceUID", "StudyInstanceUID", "Modality", "PatientBirthDate", "PatientAge",
)  # fmt: skip


def mutate(content: bytes, chance: random.Random) -> tuple[str, bytes]:
    """A file with one to four mutations of one kind, and the kind's name."""
    name = chance.choice(list(KINDS))
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = KINDS[name](data, chance)
    return name, bytes(data)


def _place(data: bytearray, chance: random.Random) -> int:
    """Somewhere; a third of the time in the header, where the structure is."""
    end = min(len(data), 4096) if chance.random() < 0.3 else len(data)
    return chance.randrange(max(1, end))


def _bits(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 8, 64))):
        if data:
            data[_place(data, chance)] ^= 1 << chance.randrange(8)
    return data


def _cut(data: bytearray, chance: random.Random) -> bytearray:
    return data[: _place(data, chance)]


def _drop(data: bytearray, chance: random.Random) -> bytearray:
    start = _place(data, chance)
    return data[:start] + data[start + chance.choice((1, 2, 8, 500)) :]


def _insert(data: bytearray, chance: random.Random) -> bytearray:
    start = _place(data, chance)
    return data[:start] + bytearray(chance.randbytes(chance.choice((1, 2, 8, 500)))) + data[start:]


def _repeat(data: bytearray, chance: random.Random) -> bytearray:
    start = _place(data, chance)
    return data[:start] + data[start : start + chance.choice((8, 64, 5000))] * chance.choice((2, 50)) + data[start:]


def _number(data: bytearray, chance: random.Random) -> bytearray:
    """An extreme number over four or two bytes: where it hits a length, it is a claim."""
    start, value = _place(data, chance), chance.choice(_NUMBERS)
    raw = struct.pack("<L", value) if chance.random() < 0.5 else struct.pack("<H", value & 0xFFFF)
    return data[:start] + raw + data[start + len(raw) :]


def _element(data: bytearray, chance: random.Random) -> bytearray:
    """Another value, or none, for an element that settles how pixels are read."""

    def change(ds: Dataset) -> None:
        keyword = chance.choice(_LAYOUT)
        if keyword not in ds or chance.random() < 0.2:
            ds.pop(keyword, None) if keyword in ds else setattr(ds, keyword, None)
            return
        element = ds[keyword]
        value: object = chance.choice(_NUMBERS) & 0xFFFF if element.VR == "US" else chance.choice(_TEXTS)
        ds._dict[element.tag] = _raw(element, value)

    return _rewritten(data, change)


def _any_element(data: bytearray, chance: random.Random) -> bytearray:
    """Another value of the same length for any element of the top level."""

    def change(ds: Dataset) -> None:
        tags = [tag for tag in ds._dict if tag != Tag("PixelData")]
        if tags:
            element = ds[chance.choice(tags)]
            if element.VR == "SQ":
                ds.pop(element.tag)
            else:
                ds._dict[element.tag] = _raw(element, chance.randbytes(chance.choice((0, 2, 16, 64))))

    return _rewritten(data, change)


def _raw(element: DataElement, value: object) -> RawDataElement:
    """An element that pydicom writes without looking at its value."""
    raw = (
        value
        if isinstance(value, bytes)
        else struct.pack("<H", value)
        if isinstance(value, int)
        else str(value).encode()
    )
    padded = raw + b" " * (len(raw) % 2)
    return RawDataElement(element.tag, element.VR, len(padded), padded, 0, False, True)


def _rewritten(data: bytearray, change: Callable[[Dataset], None]) -> bytearray:
    """The file with its data set changed; as it was, where pydicom cannot read or write it."""
    try:
        ds = pydicom.dcmread(io.BytesIO(bytes(data)), force=True)
        change(ds)
        out = io.BytesIO()
        ds.save_as(out, enforce_file_format=False)
    except Exception:  # noqa: BLE001 (a file that was mutated before breaks in any way)
        return data
    return bytearray(out.getvalue())


KINDS: dict[str, Mutation] = {
    "bits flipped": _bits,
    "cut short": _cut,
    "bytes dropped": _drop,
    "bytes inserted": _insert,
    "bytes repeated": _repeat,
    "extreme number": _number,
    "element of the layout": _element,
    "any element": _any_element,
}
