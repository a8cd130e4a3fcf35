"""What a header claims about pixel data (PS3.3 C.7.6.3), checked before anything is allocated."""

from dataclasses import dataclass

from dicom_node.elements import DataSet, Elements
from dicom_node.keywords import tag
from dicom_node.values import numbers_of, text_of
from screening.errors import BadPixelData

MAX_FRAME_PIXELS = 100_000_000
"""The largest detectors on the market have about 30 million pixels."""
MAX_FRAMES = 10_000

_COLOUR = frozenset(
    (
        "MONOCHROME1",
        "MONOCHROME2",
        "PALETTE COLOR",
        "RGB",
        "YBR_FULL",
        "YBR_FULL_422",
        "YBR_PARTIAL_420",
        "YBR_ICT",
        "YBR_RCT",
    )
)  # PS3.3 C.7.6.3.1.2; any other text stays out of messages
_ALLOCATED = (8, 16, 32)  #: whole bytes; 1 and 12 bit (packed) exist but not in CR, DX and CT


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Size and coding of each frame. All values are checked."""

    rows: int
    columns: int
    frames: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str

    @property
    def frame_pixels(self) -> int:
        """Pixels of one frame."""
        return self.rows * self.columns

    @property
    def frame_bytes(self) -> int:
        """Bytes of one uncompressed frame."""
        return self.frame_pixels * (self.bits_allocated // 8)


TAGS = frozenset(
    tag(keyword)
    for keyword in (
        "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit",
        "PixelRepresentation", "PhotometricInterpretation", "SOPInstanceUID",
    )
)  # fmt: skip


def layout_of(data_set: DataSet) -> Layout:
    """The layout that a header describes.

    Raises
    ------
    BadPixelData
        If an element is missing or impossible, or the image is no grey-scale image; names element and value.
    """
    elements = data_set.elements
    photometric = text_of(data_set, elements.get(tag("PhotometricInterpretation"))).upper()
    if not photometric:
        raise BadPixelData("the header has no PhotometricInterpretation: this is no image")
    samples = _integer(data_set, elements, "SamplesPerPixel", 1)
    if samples != 1 or photometric not in ("MONOCHROME1", "MONOCHROME2"):
        shown = photometric if photometric in _COLOUR else "unknown"
        raise BadPixelData(
            f"needs one grey-scale sample (MONOCHROME1 or MONOCHROME2), got SamplesPerPixel {samples}, "
            f"PhotometricInterpretation {shown}"
        )
    rows, columns = (_integer(data_set, elements, keyword) for keyword in ("Rows", "Columns"))
    frames = _integer(data_set, elements, "NumberOfFrames", 1)
    allocated = _integer(data_set, elements, "BitsAllocated")
    stored = _integer(data_set, elements, "BitsStored", allocated)
    high = _integer(data_set, elements, "HighBit", stored - 1)
    representation = _integer(data_set, elements, "PixelRepresentation", 0)
    _require(allocated in _ALLOCATED, "BitsAllocated", allocated, "8, 16 or 32")
    _require(1 <= stored <= allocated, "BitsStored", stored, f"1 to {allocated}")
    _require(stored - 1 <= high < allocated, "HighBit", high, f"{stored - 1} to {allocated - 1}")
    _require(representation in (0, 1), "PixelRepresentation", representation, "0 or 1")
    _require(rows > 0, "Rows", rows, "more than 0")
    _require(columns > 0, "Columns", columns, "more than 0")
    _require(rows * columns <= MAX_FRAME_PIXELS, "Rows x Columns", rows * columns, f"at most {MAX_FRAME_PIXELS}")
    _require(1 <= frames <= MAX_FRAMES, "NumberOfFrames", frames, f"1 to {MAX_FRAMES}")
    return Layout(
        rows=rows,
        columns=columns,
        frames=frames,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high,
        signed=representation == 1,
        photometric=photometric,
    )


def _integer(data_set: DataSet, elements: Elements, keyword: str, default: int | None = None) -> int:
    element = elements.get(tag(keyword))
    if element is None or element.length == 0:
        if default is None:
            raise BadPixelData(f"the header has no {keyword}")
        return default
    found = numbers_of(data_set, element)
    if not found or found[0] != int(found[0]):
        raise BadPixelData(f"{keyword} is no whole number")
    return int(found[0])


def _require(holds: bool, keyword: str, value: int, allowed: str) -> None:
    if not holds:
        raise BadPixelData(f"{keyword} is {value}, must be {allowed}")
