"""What is around the lungs: skin, fat, muscles, breasts, organs below the diaphragm, the table."""

from dataclasses import dataclass

import numpy as np

from training.phantoms.lung.lattice import Array, Lattice, edge, ellipsoid
from training.phantoms.lung.mediastinum import FAT as MEDIASTINAL_FAT
from training.phantoms.lung.mediastinum import Contrast
from training.phantoms.lung.shape import Shape, tube
from training.phantoms.lung.texture import Field

AIR, FAT, SKIN = -1000.0, -102.0, 20.0  # HU, as in the spine phantom
LIVER, SPLEEN, STOMACH = 56.0, 48.0, 30.0  # HU without contrast; assumptions within textbook ranges
GLAND = 25.0  # HU of breast tissue; assumption
TABLE, PAD = -150.0, -900.0  # as in the spine phantom


@dataclass(frozen=True)
class Around:
    """Fields that break up fat and muscle and make the liver's edge uneven."""

    strands: Field
    gland: Field


def draw_around(seed: int) -> Around:
    """Random fields."""
    rng = np.random.default_rng([seed, 68])
    return Around(Field.draw(rng, 34.0), Field.draw(rng, 12.0))


def paint_body(volume: Array, lattice: Lattice, shape: Shape, around: Around, contrast: Contrast) -> Array:
    """Fill the volume with air, body and cage; returns the depth within the cage."""
    z, y, x = lattice.opened
    p = shape.person
    half, front, back = shape.profile(z)
    down = (shape.top - z) / np.float32(shape.length)
    shoulder = np.interp(down, (-0.2, 0.05, 0.35, 0.7), (1.0, 0.85, 0.30, 0.0)).astype(np.float32)
    chest = np.float32(16)
    skin = tube(
        y, x, half=half * (1 - shoulder) + np.float32(p.half_width + 36) * shoulder + chest + np.float32(p.fat),
        front=front - chest * 1.1 - 6 * shoulder - np.float32(p.fat * 0.8),
        back=np.maximum(back, shape.spine(z) + 42) + np.float32(24 + 0.8 * p.fat),
    )  # fmt: skip
    skin = _with_breasts(skin, lattice, shape)
    cage = tube(y, x, half=half, front=front, back=back)
    strands = around.strands.on(lattice)
    # muscle: a layer on the cage, thick behind and at the shoulders, the rest fat with strands
    behind = np.clip((y - shape.spine(z)) / np.float32(30), 0, 1) * np.clip(1.6 - np.abs(x) / np.float32(60), 0.35, 1)
    layer = np.float32(9) + np.float32(62) * shoulder + np.float32(16) * behind + np.float32(3) * strands
    lean = edge(np.minimum(cage + layer, skin - np.float32(0.55 * p.fat)), 3.0)
    planes = edge(np.float32(1.3) - np.abs(strands - np.float32(0.7)) * 12, 2.0)  # of fat between muscles
    lean *= 1 - planes * edge(-4 - cage, 3.0)
    np.copyto(volume, np.float32(FAT) + lean * np.float32(contrast.muscle - FAT))
    if p.sex == "F":
        _paint_glands(volume, lattice, shape, around, cage)
    rim = edge(skin - np.float32(1.6), lattice.pixel)
    volume += (1 - rim) * (np.float32(SKIN) - volume)
    inside = edge(cage, lattice.pixel)
    fill = np.float32(MEDIASTINAL_FAT) + np.float32(9) * np.maximum(strands, 0)
    volume += inside * (fill - volume)
    volume += (1 - edge(skin, lattice.pixel)) * (np.float32(AIR) - volume)
    return cage


def _breasts(shape: Shape) -> list[tuple[tuple[float, float, float], tuple[float, float, float]]]:
    """Centres and half axes: flattened and fallen to the sides, as one lies."""
    p = shape.person
    z = -0.12 * shape.length
    front = float(shape.profile(np.array([z], np.float32))[1][0])
    size = 1 + 0.02 * (p.bmi - 24)
    return [
        ((s * 0.64 * p.half_width, front * 0.74 - 8, z), (66 * size, 26 * size + 0.4 * p.fat, 56 * size))
        for s in (-1.0, 1.0)
    ]


def _with_breasts(skin: Array, lattice: Lattice, shape: Shape) -> Array:
    if shape.person.sex == "F":
        for centre, half in _breasts(shape):
            found = ellipsoid(lattice, centre, half)
            if found is not None:
                box, depth = found
                np.maximum(skin[box], np.minimum(depth, skin[box] + np.float32(14)), out=skin[box])
    return skin


def _paint_glands(volume: Array, lattice: Lattice, shape: Shape, around: Around, cage: Array) -> None:
    dense = float(np.clip(1.0 - (shape.person.age - 40) / 40, 0.15, 0.9))
    for centre, half in _breasts(shape):
        found = ellipsoid(lattice, (centre[0], centre[1] - 6, centre[2]), [0.7 * h for h in half])
        if found is None:
            continue
        box, depth = found
        part = Lattice(lattice.z[box[0]], lattice.y[box[1]], lattice.x[box[2]], lattice.pixel)
        lumps = around.gland.on(part)
        cover = edge(np.minimum(depth, -cage[box] - 10), 4.0) * np.clip(lumps + np.float32(2 * dense - 1), 0, 1)
        volume[box] += cover * (np.float32(GLAND) - volume[box])


def paint_abdomen(
    volume: Array, lattice: Lattice, shape: Shape, *, cage: Array, around: Around, contrast: Contrast
) -> None:
    """Liver, stomach and spleen below the domes, in fat."""
    box = lattice.box((-1e4, -1e4, -1e4), (shape.dome + 6, 1e4, 1e4))
    if box is None:
        return
    z, y, x = lattice.open(box)
    part, within = volume[box], cage[box]
    dome = shape.diaphragm(y, x)
    here = np.minimum(within, dome - z)
    rough = around.strands.on(Lattice(lattice.z[box[0]], lattice.y[box[1]], lattice.x[box[2]], lattice.pixel))
    bright = 0.35 * (contrast.left - 42) if contrast.left > 60 else 0.0
    plate = edge(here, lattice.pixel) - edge(here - np.float32(3), lattice.pixel)
    part += plate * (np.float32(contrast.muscle) - part)
    spine = shape.spine(z) - 24
    liver = np.minimum(np.minimum(here - 3, spine + np.clip(-x - 25, 0, 60) - y), np.float32(18) - x * 0.8 + 3 * rough)
    part += edge(liver, lattice.pixel) * (np.float32(LIVER + bright) + 2 * rough - part)
    p = shape.person
    drop = shape.dome - shape.lower_left
    for centre, half, value in (
        ((0.62 * p.half_width, 0.42 * p.back, drop - 44), (38, 34, 50), SPLEEN + bright),
        ((0.42 * p.half_width, 0.25 * p.front, drop - 46), (40, 44, 40), STOMACH),
    ):
        found = ellipsoid(lattice, centre, half)
        if found is None:
            continue
        inner, depth = found
        stop = here[inner[0], inner[1], inner[2]] if here.shape == volume.shape else None
        if stop is None:
            yz = lattice.open(inner)
            stop = np.minimum(cage[inner], shape.diaphragm(yz[1], yz[2]) - yz[0])
        cover = edge(np.minimum(depth, stop - 3), lattice.pixel)
        content: Array | np.float32 = np.float32(value)
        if value == STOMACH:
            gas = edge(np.float32(centre[1] - 12) - lattice.open(inner)[1], lattice.pixel)
            gas = gas * edge(np.minimum(depth, stop - 3) - 4, lattice.pixel)
            content = np.float32(value) + gas * np.float32(-960 - value)
        volume[inner] += cover * (content - volume[inner])


def paint_table(volume: Array, lattice: Lattice, shape: Shape) -> None:
    """A curved table top under the back: pad, then a thin shell."""
    _, y, x = lattice.opened
    p = shape.person
    low = p.back + 24 + 0.8 * p.fat + 12
    top = np.float32(low) - (x / np.float32(230)) ** 2 * np.float32(40)
    box = lattice.box((-1e4, low - 60, -1e4), (1e4, low + 60, 1e4))
    if box is None:
        return
    part = volume[box]
    depth = y[:, box[1]] - top
    pad = edge(depth, lattice.pixel) - edge(depth - 20, lattice.pixel)
    shell = edge(np.float32(1.6) - np.abs(depth - 22), lattice.pixel)
    here = part < -900
    part += pad * here * (np.float32(PAD) - part)
    part += shell * here * (np.float32(TABLE) - part)
