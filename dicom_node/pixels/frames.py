"""Stored values of single frames: native or encapsulated (PS3.5 A.4), little or big endian, with their sign."""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dicom_node.elements import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    PIXEL_DATA,
    UNDEFINED,
    DataSet,
    Element,
    read_data_set,
)
from dicom_node.file_bytes import FileBytes
from dicom_node.keywords import tag
from dicom_node.pixels.codecs import CODECS, Codec, decode_frame
from dicom_node.pixels.layout import TAGS, Layout, layout_of
from dicom_node.values import text_of
from screening import failpoints
from screening.errors import BadPixelData

Pixels = npt.NDArray[Any]

_NATIVE = (IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG)
_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"  # encapsulated pixel data are always little endian (PS3.5 A.4)
_STARTS = (b"\xff\xd8", b"\xff\x4f")  #: how a JPEG (also JPEG-LS) or JPEG 2000 codestream begins

_LOSSY = tag("LossyImageCompression")
MAX_FRAGMENTS = 100_000


@dataclass(frozen=True, slots=True)
class PixelSource:
    """A file whose pixel data are located and long enough for what its header claims; nothing is decoded yet.

    runs: for each frame the (offset, length) of its bytes in the file.
    """

    path: Path
    layout: Layout
    codec: Codec | None  #: None for native pixel data
    runs: tuple[tuple[tuple[int, int], ...], ...] = field(repr=False)
    lossy: bool  #: compressed with loss, now or earlier: values may overshoot Bits Stored
    big_endian: bool
    swapped_bytes: bool  #: 8-bit values in big endian words (PS3.5 8.1.1)

    def stored_values(self, frame: int) -> Pixels:
        """Integers (rows, columns) with their sign, unused bits removed.

        Raises
        ------
        BadPixelData
            If the frame cannot be decoded.
        """
        with FileBytes(self.path) as file:
            data = b"".join(file.read(offset, length) for offset, length in self.runs[frame])
        failpoints.hit("worker.mid-decode")
        if self.codec is not None:
            return _signed(decode_frame(self.codec, data, self.layout), self.layout, lossy=self.lossy)
        if len(data) != self.layout.frame_bytes:
            raise BadPixelData(f"frame {frame + 1} has {len(data)} bytes, needs {self.layout.frame_bytes}")
        if self.swapped_bytes:
            data = np.frombuffer(data, dtype="<u2").byteswap().tobytes()
        order = ">" if self.big_endian else "<"
        pixels: Pixels = np.frombuffer(data, dtype=f"{order}u{self.layout.bits_allocated // 8}")
        return _signed(pixels.reshape(self.layout.rows, self.layout.columns), self.layout, lossy=self.lossy)


def locate(path: Path, file: FileBytes, wanted: frozenset[int], sop_instance_uid: str) -> tuple[DataSet, PixelSource]:
    """The wanted elements of a file and where the frames of its pixel data are.

    Raises
    ------
    BadHeader
        If the file is no DICOM file.
    BadPixelData
        If it is another instance, has no pixel data, or fewer bytes than its header claims.
    """
    data_set = read_data_set(file, wanted | TAGS | {_LOSSY})
    if text_of(data_set, data_set.elements.get(tag("SOPInstanceUID"))) not in (sop_instance_uid, ""):
        raise BadPixelData(f"the stored file is not instance {sop_instance_uid}")
    layout = layout_of(data_set)
    element = data_set.elements.get(PIXEL_DATA)
    if element is None:
        raise BadPixelData("there are no pixel data")
    codec = CODECS.get(data_set.transfer_syntax_uid)
    if codec is None and data_set.transfer_syntax_uid not in _NATIVE:
        raise BadPixelData(f"no decoder for transfer syntax {data_set.transfer_syntax_uid[:64]}")
    if (codec is not None) != (element.length == UNDEFINED):
        found = "encapsulated" if element.length == UNDEFINED else "native"
        raise BadPixelData(f"the pixel data are {found}, which is not what the transfer syntax says")
    runs = _native_runs(file, element, layout) if codec is None else _encapsulated_runs(file, element, layout)
    big = data_set.byte_order == ">"
    swapped = big and layout.bits_allocated == 8 and element.vr == "OW"
    if swapped and layout.frame_bytes % 2:
        raise BadPixelData("8-bit frames of odd length in big endian words are not supported")
    lossy = text_of(data_set, data_set.elements.get(_LOSSY)) == "01" or (codec is not None and codec.lossy)
    return data_set, PixelSource(path, layout, codec, runs, lossy, big, swapped)


def _native_runs(file: FileBytes, element: Element, layout: Layout) -> tuple[tuple[tuple[int, int], ...], ...]:
    needed = layout.frame_bytes * layout.frames  # Python integers: no product wraps around
    there = max(0, min(element.length, file.size - element.offset))
    if there < needed:
        raise BadPixelData(
            f"the pixel data have {there} bytes, but {layout.rows} rows x {layout.columns} columns x "
            f"{layout.bits_allocated} bits x {layout.frames} frame(s) need {needed}"
        )
    starts = range(element.offset, element.offset + needed, layout.frame_bytes)
    return tuple(((start, layout.frame_bytes),) for start in starts)


def _encapsulated_runs(file: FileBytes, element: Element, layout: Layout) -> tuple[tuple[tuple[int, int], ...], ...]:
    table, *fragments = _fragments(file, element.offset)
    if not fragments:
        raise BadPixelData("the encapsulated pixel data have no fragment")
    if layout.frames == 1:
        return (tuple(fragments),)
    if len(fragments) == layout.frames:
        return tuple((fragment,) for fragment in fragments)
    offsets = file.read(*table)
    starts = {fragments[0][0] - 8 + start for (start,) in struct.iter_unpack("<L", offsets[: len(offsets) // 4 * 4])}
    if len(starts) != layout.frames:  # no basic offset table: a frame begins where a codestream begins
        starts = {offset - 8 for offset, length in fragments if length >= 2 and file.read(offset, 2) in _STARTS}
    grouped: list[list[tuple[int, int]]] = []
    for fragment in fragments:
        if fragment[0] - 8 in starts or not grouped:
            grouped.append([])
        grouped[-1].append(fragment)
    if len(grouped) != layout.frames:
        raise BadPixelData(f"{len(fragments)} fragments do not tell {layout.frames} frames apart")
    return tuple(tuple(frame) for frame in grouped)


def _fragments(file: FileBytes, offset: int) -> list[tuple[int, int]]:
    """(offset, length) of the basic offset table and of each fragment (PS3.5 A.4)."""
    found: list[tuple[int, int]] = []
    while (head := file.read(offset, 8))[:4] == _ITEM and len(head) == 8:
        length = int.from_bytes(head[4:], "little")
        if offset + 8 + length > file.size:
            raise BadPixelData(f"fragment {len(found)} of the pixel data is cut short")
        found.append((offset + 8, length))
        if len(found) > MAX_FRAGMENTS:
            raise BadPixelData(f"the pixel data have more than {MAX_FRAGMENTS} fragments")
        offset += 8 + length
    if head[:4] != _END and len(head) >= 4:
        raise BadPixelData("the fragments of the pixel data are not in order")
    return found or [(offset, 0)]


def _signed(pixels: Pixels, layout: Layout, *, lossy: bool) -> Pixels:
    """The values that Bits Stored, High Bit and Pixel Representation define (PS3.5 8.1.1), native byte order.

    Bits outside (old overlays, PS3.5 8.1.2) are cut off; lossy codecs overshoot, also when somebody
    decompressed them since, so there values are clipped. A
    JPEG 2000 codestream has a sign of its own, which goes before a header that contradicts it.
    """
    bits = layout.bits_stored
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    spare = 8 * pixels.itemsize - bits
    if pixels.dtype.kind == "i":
        clipped: Pixels = np.clip(pixels, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if spare > 0 else pixels
        return clipped
    if spare < 0 and layout.signed:
        raise BadPixelData(f"decoded values have {8 * pixels.itemsize} bits, too few for {bits} BitsStored with a sign")
    if spare <= 0 and not layout.signed:
        return pixels
    if lossy and not layout.signed:
        return np.asarray(np.minimum(pixels, 2**bits - 1))
    drop = layout.high_bit + 1 - bits if 8 * pixels.itemsize == layout.bits_allocated else 0
    pixels = pixels >> drop << spare  # the highest stored bit becomes the sign bit, what is above falls off
    values: Pixels = (pixels.view(f"i{pixels.itemsize}") if layout.signed else pixels) >> spare
    return values
