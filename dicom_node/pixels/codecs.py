"""The decoder of each transfer syntax, named, and what its codestream says before it is let loose.

All come from imagecodecs (libjpeg-turbo 3 with 12-bit and lossless JPEG, CharLS, OpenJPEG 2.5 with HTJ2K, PackBits);
none is GPL. OpenJPEG and not OpenJPH decodes HTJ2K: imagecodecs' binding to the latter returns an image whose memory
was never written when the codestream is damaged. pylibjpeg-rle is not used because it panics (an exception outside
`Exception`) on damaged segments. libjpeg fills what is missing of a truncated stream with grey, so the end marker is
asked for first.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt

from dicom_node.pixels.layout import Layout
from screening.errors import BadPixelData

Array = npt.NDArray[Any]

# JPEG marker codes, ITU-T T.81 table B.1 and T.87 C.1: baseline, extended, lossless (Huffman) and JPEG-LS frames
_FRAME_HEADERS = (0xC0, 0xC1, 0xC3, 0xF7)
_END_OF_IMAGE = b"\xff\xd9"
_RLE_SURPLUS = 256
"""Bytes that a segment may decode to beyond its pixels: the last run of an encoder that pads (PS3.5 G.3.1)."""
_CODESTREAM = b"\xff\x4f\xff\x51"  # SOC, SIZ: ITU-T T.800 A.4.1, A.5.1


@dataclass(frozen=True, slots=True)
class Codec:
    """How frames of a transfer syntax are decoded."""

    name: str
    decode: Callable[[bytes, Layout], Array]
    lossy: bool = False  #: values may leave the range of Bits Stored


def decode_frame(codec: Codec, frame: bytes, layout: Layout) -> Array:
    """A compressed frame as integers (rows, columns), as they stand in the codestream.

    Raises
    ------
    BadPixelData
        If the codestream contradicts the header, is cut short, or cannot be decoded.
    """
    try:
        pixels = codec.decode(frame, layout)
    except BadPixelData:
        raise
    except (RuntimeError, ValueError, TypeError, OverflowError, IndexError, struct.error) as error:
        raise BadPixelData(f"the {codec.name} decoder failed: {str(error).splitlines()[:1]}"[:200]) from error
    if pixels.shape != (layout.rows, layout.columns) or pixels.dtype.kind not in "iu":
        raise BadPixelData(
            f"the {codec.name} decoder gave {pixels.dtype} {pixels.shape}, "
            f"the header says {layout.rows} rows and {layout.columns} columns"
        )
    return pixels


def _jpeg(frame: bytes, layout: Layout) -> Array:
    _check_size(layout, *_jpeg_size(frame))
    if _END_OF_IMAGE not in frame[-16:]:
        raise BadPixelData("the JPEG codestream is cut short: it has no end-of-image marker")
    return np.asarray(imagecodecs.jpeg8_decode(frame))


def _jpeg_ls(frame: bytes, layout: Layout) -> Array:
    _check_size(layout, *_jpeg_size(frame))
    return np.asarray(imagecodecs.jpegls_decode(frame))


def _jpeg_2000(frame: bytes, layout: Layout) -> Array:
    start = frame.find(_CODESTREAM, 0, 4096)  # some senders wrap the codestream in a JP2 file
    if start < 0:
        raise BadPixelData("the JPEG 2000 codestream has no image size marker")
    # Xsiz Ysiz XOsiz YOsiz, tile size and offset, number of components: T.800 table A.9
    right, bottom, left, top, *_, components = struct.unpack_from(">8LH", frame, start + 8)
    _check_size(layout, bottom - top, right - left, components)
    return np.asarray(imagecodecs.jpeg2k_decode(frame[start:]))


def _rle(frame: bytes, layout: Layout) -> Array:
    """PS3.5 Annex G: one PackBits segment for each byte of a pixel, the most significant first."""
    width = layout.bits_allocated // 8
    count, *offsets = struct.unpack_from("<16L", frame)
    if count != width:
        raise BadPixelData(f"the RLE header has {count} segments, {layout.bits_allocated} bits need {width}")
    ends = [*offsets[1:count], len(frame)]
    pixels = np.empty((layout.frame_pixels, width), dtype=np.uint8)
    for index, (start, end) in enumerate(zip(offsets[:count], ends, strict=True)):
        if not 64 <= start < end <= len(frame):
            raise BadPixelData(f"RLE segment {index + 1} lies outside the frame")
        # into a buffer of known size: PackBits grows 64-fold, and a segment may claim to be of any size
        room = layout.frame_pixels + _RLE_SURPLUS
        plane = np.frombuffer(imagecodecs.packbits_decode(frame[start:end], out=room), dtype=np.uint8)
        if plane.size < layout.frame_pixels:
            raise BadPixelData(f"RLE segment {index + 1} has {plane.size} bytes, needs {layout.frame_pixels}")
        pixels[:, index] = plane[: layout.frame_pixels]
    return pixels.view(f">u{width}").reshape(layout.rows, layout.columns)


def _jpeg_size(frame: bytes) -> tuple[int, int, int]:
    """(rows, columns, components) of the first frame header (T.81 B.2.2)."""
    position = 2
    while position + 10 <= len(frame):
        if frame[position] != 0xFF:
            break
        marker = frame[position + 1]
        if marker in _FRAME_HEADERS:
            rows, columns, components = struct.unpack_from(">HHB", frame, position + 5)
            return rows, columns, components
        if marker == 0xFF:  # fill byte (T.81 B.1.1.2)
            position += 1
            continue
        position += 2 + struct.unpack_from(">H", frame, position + 2)[0]
    raise BadPixelData("the JPEG codestream has no frame header of a supported process")


def _check_size(layout: Layout, rows: int, columns: int, components: int) -> None:
    """A claim that is not the header's is refused before a decoder allocates for it."""
    if (rows, columns, components) != (layout.rows, layout.columns, 1):
        raise BadPixelData(
            f"the codestream has {rows} rows, {columns} columns, {components} components; "
            f"the header says {layout.rows}, {layout.columns}, 1"
        )


CODECS: Mapping[str, Codec] = MappingProxyType(
    {
        "1.2.840.10008.1.2.4.50": Codec("JPEG baseline", _jpeg, lossy=True),
        "1.2.840.10008.1.2.4.51": Codec("JPEG extended", _jpeg, lossy=True),
        "1.2.840.10008.1.2.4.57": Codec("JPEG lossless", _jpeg),
        "1.2.840.10008.1.2.4.70": Codec("JPEG lossless", _jpeg),
        "1.2.840.10008.1.2.4.80": Codec("JPEG-LS", _jpeg_ls),
        "1.2.840.10008.1.2.4.81": Codec("JPEG-LS", _jpeg_ls, lossy=True),
        "1.2.840.10008.1.2.4.90": Codec("JPEG 2000", _jpeg_2000),
        "1.2.840.10008.1.2.4.91": Codec("JPEG 2000", _jpeg_2000, lossy=True),
        "1.2.840.10008.1.2.4.201": Codec("HTJ2K", _jpeg_2000),
        "1.2.840.10008.1.2.4.202": Codec("HTJ2K", _jpeg_2000),
        "1.2.840.10008.1.2.4.203": Codec("HTJ2K", _jpeg_2000, lossy=True),
        "1.2.840.10008.1.2.5": Codec("RLE", _rle),
    }
)
"""Transfer syntaxes (PS3.5 A.4, PS3.6 table A-1) to decoders. Everything else that is compressed is refused."""
