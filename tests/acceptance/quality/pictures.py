"""Ways to change the pixels or the header of an image."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tests.acceptance.quality.defects import Change, Files
from tests.acceptance.quality.runner import clean, labels
from training.phantoms.chest.lateral import make_lateral
from training.simulators.case import PATIENTS_PER_SEED

Picture = npt.NDArray[np.floating]  #: (rows, columns) in 0..1
WHITE = 0.97
SHADED = (0.01, 0.99)  # grey values between black and white


def drawn(change: Callable[[Picture], Picture]) -> Change:
    """Every image with other pixels; what leaves 0..1 is clipped."""

    def apply(files: Files) -> Files:
        for ds in files:
            top = 2**ds.BitsStored - 1
            values = change(ds.pixel_array / top)
            stored = np.round(np.clip(values, 0, 1) * top).astype("<u2")
            ds.Rows, ds.Columns = stored.shape
            ds.PixelData = np.ascontiguousarray(stored).tobytes()
        return files

    return apply


def tagged(**values: object) -> Change:
    """Every image with other values in its header; None takes an element away."""

    def apply(files: Files) -> Files:
        for ds in files:
            for keyword, value in values.items():
                if value is not None:
                    setattr(ds, keyword, value)
                elif keyword in ds:
                    delattr(ds, keyword)
            ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        return files

    return apply


def another(model: str, seed: int) -> Change:
    """The pixels of another model's study under this one's header."""

    def apply(files: Files) -> Files:
        (other,) = clean(model, seed)
        return drawn(lambda _: other.pixel_array / (2**other.BitsStored - 1))(files)

    return apply


def lateral_chest(files: Files) -> Files:
    """A chest from the side under this header."""
    return drawn(lambda _: make_lateral(3, longest_side=1024).pixels)(files)


def kept(rows: tuple[float, float] = (0, 1), columns: tuple[float, float] = (0, 1)) -> Change:
    """A part of each side, as shares."""

    def cut(image: Picture) -> Picture:
        (top, bottom), (left, right) = (
            (round(side * ends[0]), round(side * ends[1]))
            for side, ends in zip(image.shape, (rows, columns), strict=True)
        )
        return np.asarray(image[top:bottom, left:right])

    return drawn(cut)


def noisy(sd: float) -> Change:
    """White noise of this standard deviation, as a share of the range."""
    return drawn(lambda image: image + sd * np.random.default_rng(0).standard_normal(image.shape))


def exposed(*, black: float = 0.0, white: float = 0.0) -> Change:
    """This share of what the field shows at the darkest, or at the brightest value, the border with it."""

    def stretch(image: Picture) -> Picture:
        field = (image > SHADED[0]) & (image < SHADED[1])
        low, high = np.quantile(image[field], (black, 1 - white))
        shown = (image - low) / max(high - low, 1e-6)
        return np.where(field, shown, 1.0 if white else 0.0)

    return drawn(stretch)


@drawn
def rods(image: Picture) -> Picture:
    """Two rods of 6 mm on either side of the spine, over half of the picture's height, whiter than all else."""
    rows, columns = image.shape
    metal = np.zeros(image.shape)
    for side in (0.46, 0.54):
        left = round(side * columns)
        metal[round(0.35 * rows) : round(0.85 * rows), left : left + round(0.016 * columns)] = 1.0
    return np.asarray(np.maximum(0.8 * image, ndimage.gaussian_filter(metal, columns / 1024)))


def screws(files: Files) -> Files:
    """Screws in L2 to L4 of a simulated lumbar spine and a rod behind them."""
    centres, step = _levels(files)

    def put(image: Picture) -> Picture:
        row, column = np.mgrid[: image.shape[0], : image.shape[1]]
        held = centres[1:4]
        behind = held[:, 1].mean() + 0.95 * step
        metal = (
            (np.abs(column - behind) < 0.06 * step) & (row > held[0, 0] - 0.3 * step) & (row < held[-1, 0] + 0.3 * step)
        )
        for y, x in held:
            metal |= (np.abs(row - y) < 0.05 * step) & (column > x - 0.3 * step) & (column < behind)
        return np.where(metal, WHITE, image)

    return drawn(put)(files)


def cement(files: Files) -> Files:
    """Cement in the body of L3 of a simulated lumbar spine."""
    centres, step = _levels(files)

    def put(image: Picture) -> Picture:
        row, column = np.mgrid[: image.shape[0], : image.shape[1]]
        y, x = centres[2]
        return np.where(((row - y) / 0.28) ** 2 + ((column - x) / 0.38) ** 2 < step**2, WHITE, image)

    return drawn(put)(files)


def _levels(files: Files) -> tuple[npt.NDArray[np.float64], float]:
    """(5, 2) row and column of L1 to L5, and the distance between neighbours."""
    row = labels("spine_fracture_xr", int(files[0].DeviceSerialNumber) // PATIENTS_PER_SEED)
    centres = np.array([[float(row[f"L{k}_{axis}"]) for axis in ("row", "column")] for k in range(1, 6)])
    return centres, float(np.linalg.norm(np.diff(centres, axis=0), axis=1).mean())


@drawn
def blurred(image: Picture) -> Picture:
    """The patient moved by a fiftieth of the picture's height."""
    return np.asarray(ndimage.uniform_filter1d(image, max(2, image.shape[0] // 50), axis=0))
