"""The trunk as nested tubes: air, skin, subcutaneous fat, muscular wall, abdominal cavity, lungs; and the table."""

from dataclasses import dataclass

import numpy as np

from training.phantoms.spine.anatomy import MUSCLE_SHARE, Anatomy
from training.phantoms.spine.grid import Array, Grid, edge, paint

AIR, FAT, SKIN, LUNG = -1000.0, -102.0, 10.0, -830.0  # HU; fat -100 +- 10; others assumptions
POWER = 2.4  # of the superellipse of a section; assumption
TABLE_HU, PAD_HU = -150.0, -900.0  # carbon shell and foam; assumptions


@dataclass(frozen=True)
class Section:
    """Half width and y of front and back of a tube by slice, mm, each (Z, 1, 1)."""

    half: Array
    front: Array
    back: Array
    shift: Array  #: x of the middle

    def depth(self, y: Array, x: Array, less: tuple[float, float, float] = (0, 0, 0)) -> Array:
        """How far a point lies inside, mm (approximate); less: the tube made thinner in front, aside and behind."""
        half, front, back = self.half - less[1], self.front + less[0], self.back - less[2]
        middle, high = (front + back) / 2, (back - front) / 2
        inside = 1 - np.abs((x - self.shift) / half) ** POWER - np.abs((y - middle) / high) ** POWER
        return np.asarray(inside * (np.minimum(half, high) / np.float32(POWER)), np.float32)


def section(anatomy: Anatomy, grid: Grid) -> Section:
    """The skin by slice: a waist at L3, wider at ribs and hips, buttocks behind."""
    z = grid.axes[0].astype(np.float64)
    crest = float(anatomy.vertebra("L4").centre[2])
    top = float(anatomy.vertebra("T12").centre[2])
    hips = 1 / (1 + np.exp((z - crest + 35) / 16))
    chest = 1 / (1 + np.exp(-(z - top + 25) / 22))
    half = anatomy.half_width * (1 + 0.075 * hips + 0.055 * chest)
    knots = [v.centre for v in anatomy.vertebrae][::-1]
    spine_y = np.interp(z, [k[2] for k in knots], [k[1] for k in knots])
    back = anatomy.back + 0.55 * spine_y * (z > 0) + 14 * hips + 0.25 * np.clip(spine_y, 0, None) * (z < 0)
    front = anatomy.front + 0.22 * np.clip(spine_y, 0, None) * (z > 0) + 14 * chest
    middle = 0.5 * np.interp(z, [k[2] for k in knots], [k[0] for k in knots])
    half_, front_, back_, middle_ = (np.asarray(a, np.float32)[:, None, None] for a in (half, front, back, middle))
    return Section(half_, front_, back_, middle_)


def wall_thickness(anatomy: Anatomy) -> float:
    """Thickness of the lateral abdominal wall that gives it its share of the muscle area at L3, mm (1.38: fitted)."""
    around = 2.05 * (anatomy.half_width - anatomy.subcutaneous[1]) + 1.1 * abs(anatomy.front + anatomy.subcutaneous[0])
    return float(np.clip(1.38 * MUSCLE_SHARE["wall"] * anatomy.muscle_area * 100 / around, 5, 32))


def paint_trunk(volume: Array, cavity: Array, wall: Array, grid: Grid, anatomy: Anatomy) -> None:
    """Fill the grid with air, body, muscular wall (at a provisional HU of 0) and cavity.

    cavity, wall: are given the cover of the abdominal cavity and of the muscular wall.
    """
    _, y, x = grid.open()
    skin, fat = section(anatomy, grid), anatomy.subcutaneous
    outer = skin.depth(y, x)
    body = edge(outer, grid.voxel)
    np.multiply(body, np.float32(FAT - AIR), out=volume)
    volume += np.float32(AIR)
    shell = body - edge(outer - np.float32(1.8), grid.voxel)
    volume += shell * np.float32((SKIN - FAT) * 0.7)
    around = skin.depth(y, x, fat)
    thick = wall_thickness(anatomy)
    within = skin.depth(y, x, (fat[0] + 9.0, fat[1] + thick, fat[2] + 40.0))
    np.copyto(cavity, edge(within, grid.voxel))
    # Behind, the wall is the back muscles, painted later: it tapers off there. In front only the recti.
    spine = np.asarray([v.centre[1] for v in anatomy.vertebrae][::-1], np.float32)
    height = np.asarray([v.centre[2] for v in anatomy.vertebrae][::-1], np.float32)
    line = np.interp(grid.axes[0], height, spine).astype(np.float32)[:, None, None]
    taper = np.clip((y - line - np.float32(2)) / np.float32(34), 0, 1) * np.float32(0.5 * thick + 16)
    side = np.abs(x - skin.shift)
    ahead = np.asarray(y < (skin.front + np.float32(fat[0] + 16)), np.float32)
    gap = np.clip(4 - np.abs(side - 70), 0, 3) + np.clip(6 - side, 0, 4)
    np.copyto(wall, edge(np.minimum(around, -within) - taper - gap * ahead, grid.voxel))


def paint_lungs(volume: Array, cavity: Array, grid: Grid, anatomy: Anatomy) -> None:
    """Lung bases above the domes; behind they reach down to L1 (posterior recess). The cavity loses them."""
    top = float(anatomy.vertebra("T11").centre[2])
    box = grid.box((top - 60, -1e4, -1e4), (1e4, 1e4, 1e4))
    if box is None:
        return
    z, y, x = grid.open(box)
    spine = float(anatomy.vertebra("T12").centre[1])
    width, deep = anatomy.half_width - anatomy.subcutaneous[1] - 16, anatomy.back - anatomy.front
    for side in (-1.0, 1.0):
        away = ((x - side * 0.48 * width) / (0.52 * width)) ** 2 + ((y - spine + 0.28 * deep) / (0.52 * deep)) ** 2
        dome = top + 26 + (side < 0) * 8 - np.float32(46) * away**1.5 - np.float32(22) * np.clip((y - spine) / 40, 0, 1)
        cover = edge(np.asarray(z - dome, np.float32), 3.0) * cavity[box] * edge(side * x - 16, 6.0)
        paint(volume, box, np.asarray(cover, np.float32), LUNG)
        cavity[box] *= 1 - cover


def paint_table(volume: Array, grid: Grid, anatomy: Anatomy) -> None:
    """A curved table top under the back: pad, then a thin shell."""
    _, y, x = grid.open()
    low = float(section(anatomy, grid).back.max()) + 4
    box = grid.box((-1e4, low - 40, -1e4), (1e4, low + 40, 1e4))
    if box is None:
        return
    _, y, x = grid.open(box)
    top = low + 6 - (x / np.float32(230)) ** 2 * 55
    here = volume[box] < -900
    shell = edge(np.float32(1.5) - np.abs(y - top - 22), grid.voxel)
    pad = edge(y - top, grid.voxel) - edge(y - top - 20, grid.voxel)
    paint(volume, box, np.asarray(pad * here, np.float32), PAD_HU)
    paint(volume, box, np.asarray(shell * here, np.float32), TABLE_HU)
