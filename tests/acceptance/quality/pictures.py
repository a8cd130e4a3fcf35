"""Ways to change the pixels or the header of an image."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tests.acceptance.quality.defects import Change, Files

Picture = npt.NDArray[np.float64]  #: (rows, columns) in 0..1


def drawn(change: Callable[[Picture], npt.NDArray[np.floating]]) -> Change:
    """Every image with other pixels; what leaves 0..1 is clipped."""

    def apply(files: Files) -> Files:
        for ds in files:
            top = 2**ds.BitsStored - 1
            values = change(ds.pixel_array / top)
            stored = np.round(np.clip(values, 0, 1) * top).astype("<u2")
            ds.Rows, ds.Columns = stored.shape
            content = np.ascontiguousarray(stored).tobytes()
            ds.PixelData = content
        return files

    return apply


def tagged(**values: object) -> Change:
    """Every image with other values in its header; None takes an element away."""

    def apply(files: Files) -> Files:
        for ds in files:
            for keyword, value in values.items():
                if value is None:
                    if keyword in ds:
                        delattr(ds, keyword)
                else:
                    setattr(ds, keyword, value)
        return files

    return apply
