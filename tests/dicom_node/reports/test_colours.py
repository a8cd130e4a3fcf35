import numpy as np
import pytest

from dicom_node.reports import colours
from screening.card import Evidence


def luminance(colour: tuple[float, ...]) -> float:
    """Relative luminance of sRGB 0..255 (WCAG 2.2)."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("cold", [False, True])
def test_heat_gets_lighter_step_by_step(cold: bool) -> None:
    table = colours.heat_table(cold=cold)
    steps = [luminance(tuple(colour * 255)) for colour in table]
    assert (np.diff(steps) > 0).all()
    assert table.shape == (256, 3)
    assert table.min() >= 0
    assert table.max() <= 1


@pytest.mark.parametrize("cold", [False, True])
def test_neighbours_in_the_heat_table_look_alike(cold: bool) -> None:
    assert np.abs(np.diff(colours.heat_table(cold=cold), axis=0)).max() < 0.06


def test_what_speaks_the_other_way_is_blue_where_the_other_is_red_or_yellow() -> None:
    heat = np.array([[-1.0, -0.7, 0.0, 0.7, 1.0]])
    mixed = colours.blend_heat(np.full_like(heat, 0.4), heat)[0].astype(int)
    red, blue = mixed[:, 0], mixed[:, 2]
    assert (blue - red)[:2].min() > 40
    assert (red - blue)[3:].min() > 40
    assert np.ptp(mixed[2]) == 0


def test_no_heat_leaves_the_radiograph_alone_and_full_heat_never_hides_it() -> None:
    grey = np.tile(np.linspace(0, 1, 256), (2, 1))
    heat = np.vstack([np.zeros(256), np.ones(256)])
    mixed = colours.blend_heat(grey, heat)
    assert np.array_equal(mixed[0], np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1))
    assert (np.ptp(mixed[1].astype(int), axis=0) > 90).all()


@pytest.mark.parametrize(
    "colour", [colours.TEXT, colours.MUTED, colours.WARNING, colours.NEUTRAL, *colours.STRATUM.values()]
)
def test_text_can_be_read_on_its_background(colour: tuple[int, int, int]) -> None:
    assert contrast(colour, colours.BACKGROUND) >= 7  # WCAG 2.2 AAA
    assert contrast(colour, colours.PANEL) >= 4.5


@pytest.mark.parametrize("evidence", list(Evidence))
def test_every_banner_can_be_read(evidence: Evidence) -> None:
    assert contrast(*colours.BANNER[evidence]) >= 7


def test_heat_is_blended_pixel_by_pixel_wherever_it_shows() -> None:
    rng = np.random.default_rng(0)
    grey, heat = rng.uniform(-0.1, 1.1, (40, 50)), rng.uniform(-1.1, 1.1, (40, 50))
    heat[:10] = 0
    heat[10] = colours.VISIBLE_FROM
    steps = np.clip(np.rint(np.abs(heat) * 255), 0, 255).astype(int)
    colour = np.where((heat < 0)[..., None], colours.heat_table(cold=True)[steps], colours.heat_table()[steps])
    alpha = colours.heat_alpha(np.abs(heat))[..., None]
    mixed = grey[..., None] * (1 - alpha) + colour * alpha
    assert np.array_equal(colours.blend_heat(grey, heat), np.rint(np.clip(mixed, 0, 1) * 255).astype(np.uint8))
