"""Files that claim or hold far more than they should: each small on disk, each a bomb for a reader that believes it."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

UID = "1.2.826.0.1.3680043.10.511.8"
DEFLATED, J2K, RLE = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"
_PREAMBLE = bytes(128) + b"DICM"


def _image(rows: int = 64, columns: int = 48) -> Dataset:
    """A radiograph whose pixels are there."""
    ds = Dataset()
    ds.SOPClassUID, ds.Modality = ComputedRadiographyImageStorage, "CR"
    ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.StudyInstanceUID = f"{UID}.1.1", f"{UID}.1", UID
    ds.PatientID, ds.PatientName = "P1", "A^B"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = rows, columns, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = np.arange(64 * 48, dtype=np.uint16).tobytes()
    return ds


def _written(ds: Dataset, transfer_syntax_uid: str = ExplicitVRLittleEndian) -> bytes:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(transfer_syntax_uid)
    out = BytesIO()
    pydicom.dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue()


def _parts(ds: Dataset) -> tuple[bytes, bytes]:
    """A file up to its pixel data, and from there."""
    content = _written(ds)
    start = content.rindex(b"\xe0\x7f\x10\x00OW")
    return content[:start], content[start:]


def plain() -> bytes:
    """The file that the others are made of."""
    return _written(_image())


def deflated() -> bytes:
    """128 megabytes of blanks, deflated to 130 kB."""
    meta = _written(_image()).partition(b"\x08\x00\x16\x00")[0].replace(b"1.2.840.10008.1.2.1\0", DEFLATED.encode())
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    element = struct.pack("<HH2sHL", 0x0009, 0x1010, b"UN", 0, 2**27)
    blanks = b" " * 2**20
    length = meta.index(b"\x02\x00\x00\x00UL\x04\x00") + 8
    grown = struct.pack("<L", struct.unpack_from("<L", meta, length)[0] + 2)
    meta = meta[:length] + grown + meta[length + 4 :]
    at = meta.index(DEFLATED.encode()) - 2
    meta = meta[:at] + struct.pack("<H", len(DEFLATED)) + meta[at + 2 :]
    body = b"".join([squeezer.compress(element), *(squeezer.compress(blanks) for _ in range(128)), squeezer.flush()])
    return meta + body


def rows_and_columns() -> bytes:
    """65,535 x 65,535 pixels of 32 bits in 10,000 frames: 172 TB, a product that wraps in 32 and nears 2^47."""
    ds = _image(65535, 65535)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.NumberOfFrames = 32, 32, 31, 10_000
    return _written(ds)


def frames() -> bytes:
    """As many frames as IS can say."""
    ds = _image()
    ds.NumberOfFrames = 2**31 - 1
    return _written(ds)


def _compressed(frame: bytes, transfer_syntax_uid: str, rows: int = 64, columns: int = 48) -> bytes:
    ds = _image(rows, columns)
    ds.PixelData = encapsulate([frame])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return _written(ds, transfer_syntax_uid)


def j2k_size() -> bytes:
    """A JPEG 2000 codestream of 2^31 x 2^31 pixels in a header of 64 x 48."""
    size = struct.pack(">HH8LH", 41, 0, 2**31, 2**31, 0, 0, 2**31, 2**31, 0, 0, 1) + bytes((11, 1, 1))
    return _compressed(b"\xff\x4f\xff\x51" + size + b"\xff\xd9", J2K)


def j2k_both() -> bytes:
    """Codestream and header agree on 65,535 x 65,535."""
    size = struct.pack(">HH8LH", 41, 0, 65535, 65535, 0, 0, 1, 1, 0, 0, 1) + bytes((11, 1, 1))
    return _compressed(b"\xff\x4f\xff\x51" + size + b"\xff\xd9", J2K, 65535, 65535)


def j2k_tiles() -> bytes:
    """9,000 x 9,000 pixels, which the header may say, in tiles of one pixel: 81 million of them."""
    size = struct.pack(">HH8LH", 41, 0, 9000, 9000, 0, 0, 1, 1, 0, 0, 1) + bytes((11, 1, 1))
    return _compressed(b"\xff\x4f\xff\x51" + size + b"\xff\x90\x00\x0a" + bytes(8) + b"\xff\xd9", J2K, 9000, 9000)


def rle_runs() -> bytes:
    """Two RLE segments of 16 MB that unpack to one gigabyte each, in a header of 64 x 48."""
    segment = b"\x81\x07" * 2**23
    header = struct.pack("<16L", 2, 64, 64 + len(segment), *[0] * 13)
    return _compressed(header + segment * 2, RLE)


def _nested(depth: int, *, explicit: bool, tag: bytes) -> bytes:
    """Sequences in sequences, of known or of undefined length."""
    content = b""
    for _ in range(depth):
        if explicit:
            item = b"\xfe\xff\x00\xe0" + struct.pack("<L", len(content)) + content
            content = tag + b"SQ\0\0" + struct.pack("<L", len(item)) + item
        else:
            ends = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
            content = tag + b"SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" + content + ends
    return content


_REQUEST, _PRIVATE = b"\x40\x00\x75\x02", b"\x41\x00\x01\x10"


def _with_nested(depth: int, *, explicit: bool, tag: bytes) -> bytes:
    head, pixels = _parts(_image())
    return head + _nested(depth, explicit=explicit, tag=tag) + pixels


def private_elements() -> bytes:
    """A million private elements."""
    head, pixels = _parts(_image())
    each = b"".join(struct.pack("<HH2sH", 0x0041, 0x1000 + n, b"LO", 2) + b"x " for n in range(0x1000))
    return head + each * 245 + pixels


FILES: dict[str, Callable[[], bytes]] = {
    "deflated": deflated,
    "rows and columns": rows_and_columns,
    "frames": frames,
    "JPEG 2000, huge": j2k_size,
    "JPEG 2000, huge in both": j2k_both,
    "JPEG 2000, tiles": j2k_tiles,
    "RLE, runs": rle_runs,
    "300 sequences, a wanted one, open": lambda: _with_nested(300, explicit=False, tag=_REQUEST),
    "300 sequences, a wanted one, closed": lambda: _with_nested(300, explicit=True, tag=_REQUEST),
    "300 sequences, private, open": lambda: _with_nested(300, explicit=False, tag=_PRIVATE),
    "300 sequences, private, closed": lambda: _with_nested(300, explicit=True, tag=_PRIVATE),
    "a million elements": private_elements,
}
"""By name; `plain` is none of them."""
