"""The colours of our pictures. Dark: reading rooms are, and the radiograph must stay the brightest thing."""

from functools import cache

import numpy as np
import numpy.typing as npt

from screening.card import Evidence
from screening.codes import RISK_HIGH, RISK_LOW, RISK_MODERATE

Colour = tuple[int, int, int]

BACKGROUND: Colour = (13, 16, 21)
PANEL: Colour = (23, 28, 36)
TRACK: Colour = (46, 54, 66)
TEXT: Colour = (235, 239, 244)
MUTED: Colour = (165, 176, 190)
NEUTRAL: Colour = (127, 170, 222)
WARNING: Colour = (240, 190, 80)
OUTLINE: Colour = (120, 220, 232)  #: analysed area: a hue that neither bone nor the heat colours have
CONTOUR: Colour = (255, 255, 255)
SEGMENTS: tuple[Colour, ...] = ((70, 200, 130), (226, 96, 84), (96, 150, 230), (226, 186, 80))  #: of masks, in turn
SEGMENT_ALPHA = 0.4  #: of a mask over the picture

STRATUM: dict[str, Colour] = {  # told apart by lightness too, and always beside the word itself
    RISK_LOW.value: (92, 196, 176),
    RISK_MODERATE.value: (236, 190, 76),
    RISK_HIGH.value: (248, 124, 90),
}

BANNER: dict[Evidence, tuple[Colour, Colour]] = {  # background, text
    Evidence.SIMULATION: ((247, 200, 65), (24, 18, 0)),
    Evidence.RESEARCH: ((247, 200, 65), (24, 18, 0)),
    Evidence.SITE_VALIDATED: ((44, 74, 112), (240, 245, 250)),
}

VISIBLE_FROM = 0.15  #: heat below this is not drawn, so that the radiograph stays readable
_FULL_FROM, _MOST_OPAQUE = 0.75, 0.62


@cache
def heat_table(*, cold: bool = False) -> npt.NDArray[np.float64]:
    """Colours of heat 0..1: float64 (256, 3), sRGB in [0, 1]; `cold` for what speaks the other way.

    Lightness rises evenly from violet over red to yellow, or over blue to azure when cold, in OKLab (Ottosson 2020,
    "A perceptual color space for image processing"), so that equal steps of heat look equal, in grey and to the
    colour-blind too. Chroma is lowered where sRGB cannot show it.
    """
    steps = np.linspace(0.0, 1.0, 256)
    lightness = 0.36 + (0.42 if cold else 0.54) * steps  # no lighter: sRGB has no strong light blue
    hue = np.deg2rad(300 + (-60 if cold else 160) * steps)  # violet 300, red 20, yellow 100; blue 265, azure 240
    table = np.empty((256, 3))
    for index in range(256):
        chroma = 0.22
        while True:
            colour = _oklab_to_linear(lightness[index], chroma * np.cos(hue[index]), chroma * np.sin(hue[index]))
            if chroma <= 0 or (colour.min() >= 0 and colour.max() <= 1):
                break
            chroma -= 0.002
        colour = np.clip(colour, 0, 1)
        table[index] = np.where(
            colour <= 0.0031308, 12.92 * colour, 1.055 * colour ** (1 / 2.4) - 0.055
        )  # IEC 61966-2-1
    table.flags.writeable = False  # shared by every picture
    return table


def heat_alpha(heat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Opacity of heat 0..1, rising smoothly from nothing."""
    t = np.clip((heat - VISIBLE_FROM) / (_FULL_FROM - VISIBLE_FROM), 0, 1)
    return _MOST_OPAQUE * t * t * (3 - 2 * t)


def blend_heat(grey: npt.NDArray[np.float64], heat: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Heat, float64 (h, w) in [-1, 1], over a grey picture, (h, w) in [0, 1] -> uint8 (h, w, 3)."""
    out = np.repeat(_bytes(grey)[..., None], 3, axis=2)
    shown = np.abs(heat) > VISIBLE_FROM  # most of a picture is not
    strength, cold = np.abs(heat[shown]), heat[shown] < 0
    steps = np.clip(np.rint(strength * 255), 0, 255).astype(np.intp)
    colour = np.where(cold[:, None], heat_table(cold=True)[steps], heat_table()[steps])
    alpha = heat_alpha(strength)[:, None]
    out[shown] = _bytes(grey[shown][:, None] * (1 - alpha) + colour * alpha)
    return out


def _bytes(values: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def _oklab_to_linear(lightness: float, a: float, b: float) -> npt.NDArray[np.float64]:
    """OKLab to linear sRGB; the matrices are Ottosson's."""
    l_ = lightness + 0.3963377774 * a + 0.2158037573 * b
    m_ = lightness - 0.1055613458 * a - 0.0638541728 * b
    s_ = lightness - 0.0894841775 * a - 1.2914855480 * b
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    return np.asarray(to_rgb @ np.array([l_**3, m_**3, s_**3]))
