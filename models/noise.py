"""How noisy a radiograph is, as a network sees it: after it was made as small as its input."""

import numpy as np
from scipy import ndimage

from models.framing import Array, shrunk

LONGEST = 256  # pixels: what is finer than this, no network sees
SHOWN = (2.0, 98.0)  # percentiles between which a pixel is looked at: borders and clipped parts have no noise
SIGNAL = (5.0, 95.0)  # percentiles of the smoothed picture
SMOOTH = 2.0  # pixels (SD)
GAUSSIAN = 1.4826  # from the median of absolute values to a standard deviation
# Immerkaer, Computer Vision and Image Understanding 1996: blind to what is flat, a ramp or a straight edge
_RESIDUAL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6


def noise_level(pixels: Array) -> float:
    """Standard deviation of the noise against the range of the smoothed picture. pixels: float32 (rows, columns)."""
    small = shrunk(pixels, min(LONGEST, max(pixels.shape) // 2))  # a small picture's own detail is as fine as noise
    low, high = np.percentile(small, SHOWN)
    inside = (small > low) & (small < high)
    if not inside.any():
        return 0.0
    signal = float(np.ptp(np.percentile(ndimage.gaussian_filter(small, SMOOTH), SIGNAL)))
    residual = float(np.median(np.abs(ndimage.convolve(small, _RESIDUAL))[inside]))
    return GAUSSIAN * residual / signal if signal > 0 else float("inf")
