"""The child's skeleton: the adult's spine, ribs and collar bones by other measures, and ends of bones still growing."""

import numpy as np

from training.phantoms.canvas import Array, Canvas, Point, curve
from training.phantoms.chest.skeleton import add_scapula, clavicles, ribs, spine
from training.phantoms.child.anatomy import Child
from training.phantoms.child.outline import arm, chin_level

CARTILAGE_HEAD = 0.31  # diameter of the whole head of the humerus, bone and cartilage, in half widths; assumption
SPINE = 0.6  # mineral of the spine against the adult drawing, where it stands out more than in children; assumption
RIB = 1.15  # mineral of the ribs likewise; assumption
SHAFT = 0.155  # width of the shaft of the humerus, in half widths; assumption


def child_skeleton(child: Child, canvas: Canvas, rng: np.random.Generator) -> Array:
    """Bone (body units of mineral-rich tissue) along each ray."""
    shape = child.shape
    bone = SPINE * spine(shape, canvas) + clavicles(shape, canvas)
    posterior, anterior, _ = ribs(shape, canvas, rng)
    bone = bone + RIB * (posterior + anterior)
    for side in (-1, 1):
        add_scapula(bone, shape, canvas, side)
        bone = bone + humerus(child, canvas, side)
        if child.truth.clavicle_epiphysis:
            bone = bone + 5 * (clavicle_flake(child, canvas, side) > 0)
    return np.asarray((bone + jaw(child, canvas)) * shape.bone, np.float32)


def nucleus(child: Child, side: int) -> tuple[Point, Point, float]:
    """The ossified head of the humerus: its centre, half axes across and along the arm, and the arm's direction."""
    (x, y), (ex, ey) = arm(child, side)
    along = np.array([ex - x, ey - y]) / np.hypot(ex - x, ey - y)
    across, gap = child.truth.humeral_head / child.scale / 2, child.truth.physis / child.scale
    deep = 0.82 * across
    offset = 0.30 * CARTILAGE_HEAD * child.shape.half_width - gap - deep + (3.0 if gap <= 0 else 0.0)
    centre = (float(x + offset * along[0]), float(y + offset * along[1]))
    return centre, (across, deep), float(np.arctan2(along[1], along[0]))


def humerus(child: Child, canvas: Canvas, side: int) -> Array:
    """Shaft with a flaring end, a strip of cartilage, and as much of the head as has turned to bone."""
    w = child.shape.half_width
    _, elbow = arm(child, side)
    centre, (across, deep), angle = nucleus(child, side)
    gap = child.truth.physis / child.scale
    along, normal = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    begin = np.array(centre) + 0.4 * deep * along
    neck = begin + (deep + gap + 0.22 * w) * along
    end, thin = 0.46 * max(2 * across, 0.8 * CARTILAGE_HEAD * w), SHAFT * w / 2
    corners = (begin + normal * end, begin - normal * end, neck - normal * thin, neck + normal * thin)
    flare = [(float(x), float(y)) for x, y in corners]
    shaft: list[Point] = [(float(neck[0]), float(neck[1])), elbow]
    bone = canvas.lines([(shaft, SHAFT * w, 12.0), (shaft, 0.55 * SHAFT * w, 7.0)], blur=1.0)
    bone = np.maximum(bone, 9.5 * canvas.polygon(flare, blur=1.0))
    if gap > 0:  # the shaft ends where the cartilage about the head begins
        bone = bone * (canvas.ellipsoid(centre, (deep + gap, across + gap), 1.0, angle) <= 0)
    head = canvas.ellipsoid(centre, (deep, across), 1.0, angle)
    return canvas.blurred(np.asarray(np.maximum(bone, 10.0 * np.clip(1.8 * head, 0, 1)), np.float32), 0.6)


def clavicle_flake(child: Child, canvas: Canvas, side: int) -> Array:
    """The medial epiphysis of the collar bone: a thin plate before its end."""
    h, size = child.shape.lung_height, child.shape.half_width / 140
    return canvas.ellipsoid((side * 9 * size + 0.9 * child.shape.tilt, -0.30 * h), (1.6 * size, 5 * size), 1.0)


def jaw(child: Child, canvas: Canvas) -> Array:
    """Lower jaw and face, where they are in the picture."""
    half, low = child.head, chin_level(child)
    x = 0.3 * child.shape.tilt
    arch = curve([(x - 0.58 * half, low - 0.95 * half), (x - 0.44 * half, low - 0.3 * half), (x, low - 0.10 * half),
                  (x + 0.44 * half, low - 0.3 * half), (x + 0.58 * half, low - 0.95 * half)])  # fmt: skip
    bone = canvas.lines([(arch, 0.2 * half, 14.0), (arch, 0.12 * half, 8.0)], blur=1.5)
    face = canvas.ellipsoid((x, low - 1.1 * half), (0.8 * half, 0.95 * half), 16.0)
    return np.asarray(bone + canvas.blurred(face, 3), np.float32)
