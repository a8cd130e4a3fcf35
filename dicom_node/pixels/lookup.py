"""Look-up tables of a data set: Modality LUT and VOI LUT (PS3.3 C.11.1, C.11.2)."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dicom_node.elements import DataSet, Elements
from dicom_node.keywords import tag
from dicom_node.values import numbers_of
from screening.errors import BadPixelData

LUT_DESCRIPTOR, LUT_DATA = tag("LUTDescriptor"), tag("LUTData")
_MAX_ENTRIES = 65536  # a descriptor's 0 means 2^16 (PS3.3 C.11.1.1.1)


@dataclass(frozen=True, slots=True)
class Lut:
    """entries: float32 (n,); the first stands for the input value `first`, and for all below it."""

    first: int
    bits: int  #: of each entry, by the descriptor
    entries: npt.NDArray[np.float32] = field(repr=False)

    def __call__(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """The table's value for each input; inputs outside take the first or last entry (PS3.3 C.11.1.1.1)."""
        index = np.clip(np.rint(values).astype(np.int64) - self.first, 0, len(self.entries) - 1)
        return np.asarray(self.entries[index], dtype=np.float32)


def lut_of(data_set: DataSet, item: Elements, *, signed: bool) -> Lut:
    """The table in an item of a LUT sequence; `signed`: its inputs may be negative.

    Raises
    ------
    BadPixelData
        If descriptor and data contradict each other.
    """
    descriptor = numbers_of(data_set, item.get(LUT_DESCRIPTOR), signed=signed)
    data = item.get(LUT_DATA)
    if len(descriptor) != 3 or data is None:
        raise BadPixelData("a look-up table has no LUTDescriptor of three values or no LUTData")
    # the number of entries and bits are unsigned whatever the VR of the element (PS3.3 C.11.1.1.1)
    count, first, bits = int(descriptor[0]) % _MAX_ENTRIES or _MAX_ENTRIES, int(descriptor[1]), int(descriptor[2])
    raw = data_set.raw(data, limit=2 * _MAX_ENTRIES)
    if len(raw) >= 2 * count:
        entries = np.frombuffer(raw[: 2 * count], dtype=f"{data_set.byte_order}u2")
    elif len(raw) >= count:  # 8-bit entries, padded to an even length
        entries = np.frombuffer(raw[:count], dtype=np.uint8)
    else:
        raise BadPixelData(f"a look-up table has {len(raw)} bytes, its descriptor says {count} entries")
    if not 8 <= bits <= 16:
        raise BadPixelData(f"a look-up table has entries of {bits} bits, must be 8 to 16")
    return Lut(first, bits, entries.astype(np.float32))
