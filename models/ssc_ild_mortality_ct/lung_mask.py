"""Which voxels of a chest CT are lung: air inside the body, and the consolidated fibrosis that a threshold loses.

Thresholds and radii are assumptions, fitted by eye to phantoms and to one real chest.
"""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

AIR = -400.0  # HU below which tissue holds air (specification)
BODY = -300.0  # HU above which it is solid
GAS = -940.0  # mean HU below which a hollow is windpipe or bowel: lung holds blood
BED = 6.0  # mm: what is thinner is no body (couch, clothes)
SMALLEST_ML = 150.0  # of a lung
SECOND = 0.12  # smallest share of the second lung in the first: less is bowel
FIBROSIS = -200.0  # HU below which tissue at a lung belongs to it: fat is denser
CLOSING = 20.0  # mm bridged by the closing
LARGEST_HOLE = 800.0  # mm2 of what is solid and surrounded by lung: more is diaphragm or heart
SOFT = 120.0  # HU above which nothing is taken in by the closing: bone, contrast medium


class NoLungs(ValueError):
    """There is nothing in the volume that could be a lung."""


def lung_mask(hu: Array, spacing: tuple[float, float, float]) -> Mask:
    """Both lungs with what is consolidated in them, without windpipe and main bronchi.

    Parameters
    ----------
    hu
        (Z, Y, X), axial slices.
    spacing
        mm (dz, dy, dx); 2 to 3 mm within a slice is enough and quickest.

    Returns
    -------
    (Z, Y, X) bool.

    Raises
    ------
    NoLungs
        If no hollow of the body is large enough.
    """
    volume = float(np.prod(spacing)) / 1000
    body = _body(hu, spacing)
    air = ndimage.binary_opening((hu < AIR) & body, np.ones((1, 2, 2), bool))
    labels, count = ndimage.label(air & ~_gas(hu, air, spacing))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:] * volume
    if not count or sizes.max() < SMALLEST_ML:
        raise NoLungs("no hollow of the body is large enough for a lung")
    order = np.argsort(sizes)[::-1]
    kept = [i for i in order[:2] if sizes[i] >= max(SECOND * sizes[order[0]], 0.2 * SMALLEST_ML)]
    found = np.zeros(hu.shape, bool)
    fibrotic = body & (hu >= AIR) & (hu < FIBROSIS)
    for index in kept:
        found |= _closed(_grown(labels == index + 1, fibrotic), spacing)
    return np.asarray(found & body & ((hu < SOFT) | (labels > 0)), bool)


def _grown(lung: Mask, fibrotic: Mask) -> Mask:
    """A lung with what is denser but no fat in the pieces of each slice that touch it: fibrosis, and a blurred edge."""
    within = np.array([np.zeros((3, 3)), np.ones((3, 3)), np.zeros((3, 3))], bool)
    pieces, _ = ndimage.label(fibrotic, within)
    touching = np.unique(pieces[ndimage.binary_dilation(lung, within) & fibrotic])
    return np.asarray(lung | np.isin(pieces, touching[touching > 0]), bool)


def _disc(radius: float, spacing: tuple[float, float, float]) -> Mask:
    """(1, Y, X) disc of a radius in mm."""
    _, dy, dx = spacing
    rows, columns = max(1, int(radius / dy)), max(1, int(radius / dx))
    y, x = np.mgrid[-rows : rows + 1, -columns : columns + 1]
    return np.asarray(((y * dy) ** 2 + (x * dx) ** 2 <= max(radius, dy, dx) ** 2)[None], bool)


def _body(hu: Array, spacing: tuple[float, float, float]) -> Mask:
    """The largest solid piece of each slice, its hollows filled."""
    solid = ndimage.binary_opening(hu > BODY, _disc(BED / 2, spacing))
    found = np.zeros(hu.shape, bool)
    for z, piece in enumerate(solid):
        labels, count = ndimage.label(piece)
        if count:
            largest = np.argmax(np.bincount(labels.ravel())[1:]) + 1
            found[z] = ndimage.binary_fill_holes(labels == largest)
    return found


def _gas(hu: Array, air: Mask, spacing: tuple[float, float, float]) -> Mask:
    """Windpipe, main bronchi, gullet and bowel: pieces within a slice that are darker than any lung."""
    inner = np.where(air, hu, 0.0)
    labels, count = ndimage.label(air, np.array([np.zeros((3, 3)), np.ones((3, 3)), np.zeros((3, 3))], bool))
    if not count:
        return np.zeros(hu.shape, bool)
    mean = ndimage.mean(inner, labels, np.arange(1, count + 1))
    dark = np.r_[False, np.asarray(mean) < GAS]
    # what a piece of gas blurs into its wall goes with it
    return np.asarray(dark[labels], bool) | ((hu < GAS - 20) & _opened_gas(hu, spacing))


def _opened_gas(hu: Array, spacing: tuple[float, float, float]) -> Mask:
    """Wide pure air: a main bronchus that is joined to its lung; not the small holes of emphysema."""
    return np.asarray(ndimage.binary_opening(hu < GAS - 20, _disc(5.0, spacing)), bool)


def _closed(lung: Mask, spacing: tuple[float, float, float]) -> Mask:
    """One lung with vessels, and with what is dense but surrounded within `CLOSING`."""
    _, dy, dx = spacing
    margin = int(CLOSING / min(dy, dx)) + 2
    padded = np.pad(lung, ((0, 0), (margin, margin), (margin, margin)))
    far = np.zeros(padded.shape, np.float32)
    for z in np.flatnonzero(padded.any((1, 2))):
        # a closing by a disc, as two distance maps
        grown = ndimage.distance_transform_edt(~padded[z], sampling=(dy, dx)) <= CLOSING / 2
        far[z] = ndimage.distance_transform_edt(grown, sampling=(dy, dx)) > CLOSING / 2
        far[z] = _filled(far[z] > 0, dy * dx)
    closed = (far > 0) | padded
    return np.asarray(closed[:, margin:-margin, margin:-margin], bool)


def _filled(slice_of_lung: Mask, pixel: float) -> Mask:
    """Holes filled, but for those as large as the dome of the liver."""
    holes, count = ndimage.label(~slice_of_lung)
    small = np.bincount(holes.ravel(), minlength=count + 1) * pixel <= LARGEST_HOLE
    small[0] = False
    return np.asarray(slice_of_lung | small[holes], bool)
