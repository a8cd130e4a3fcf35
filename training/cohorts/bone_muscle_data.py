"""What the models of bone and muscle learn from: sixteen slices of each CT, their masks, labels and fates."""

from dataclasses import dataclass, field, fields, replace

import numpy as np
import numpy.typing as npt

from models.bone_muscle_ct.layout import LEVELS
from models.bone_muscle_ct.preprocess import Stack

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class BoneMuscleCohort:
    """N people. Levels are `layout.LEVELS`, T12-L5. NaN: not known."""

    pictures: npt.NDArray[np.uint8] = field(repr=False)  #: (N, S, size, size), `preprocess.encode`d HU
    masks: npt.NDArray[np.uint8] = field(repr=False)  #: (N, 2, S, size, size / 8) bits of bone and muscle
    present: npt.NDArray[np.bool_] = field(repr=False)  #: (N, S)
    trabecular: Floats = field(repr=False)  #: (N, 6) HU of the spongiosa by level, as the scan shows it
    muscle: Floats = field(repr=False)  #: (N, 2) HU and cm2 of the muscles along the spine at L3's middle
    broken: Floats = field(repr=False)  #: (N, 6) 1 where the level is fractured now
    time: Floats = field(repr=False)  #: (N, R) years to the event or to censoring; a simulated person has R fates
    event: npt.NDArray[np.bool_] = field(repr=False)  #: (N, R)
    lp: Floats = field(repr=False)  #: (N,) the oracle's score; NaN for real people
    age: Floats = field(repr=False)  #: (N,) years
    sex: npt.NDArray[np.str_] = field(repr=False)  #: (N,) M, F or empty
    frax: Floats = field(repr=False)  #: (N,) a site's own figure
    patient_id: npt.NDArray[np.str_] = field(repr=False)
    told: Floats = field(repr=False)  #: (N,) 1 for a fracture now where single levels are not known
    vendor: npt.NDArray[np.str_] = field(repr=False)  #: (N,) empty where not known

    def __len__(self) -> int:
        return len(self.patient_id)

    @property
    def patients(self) -> tuple[str, ...]:
        """Patient of each row."""
        return tuple(str(name) for name in self.patient_id)

    @property
    def fractured(self) -> Floats:
        """(N,) 1 if any level is fractured now, as the levels or else the person's label say; NaN: not known."""
        known = ~np.isnan(self.broken)
        any_broken = (np.nan_to_num(self.broken) > 0).any(1)
        return np.where(known.any(1), any_broken, self.told).astype(np.float32)

    def take(self, rows: npt.ArrayLike) -> "BoneMuscleCohort":
        """Some of the people, in the order of their indices."""
        chosen = np.asarray(rows)
        return replace(self, **{f.name: getattr(self, f.name)[chosen] for f in fields(self)})


def pack(stack: Stack) -> npt.NDArray[np.uint8]:
    """Both masks of a stack as bits, (2, S, size, size / 8)."""
    return np.packbits(np.stack([stack.bone, stack.muscle]), axis=-1)


def unpack(masks: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.bool_]:
    """(..., size / 8) bits to (..., size)."""
    return np.unpackbits(masks, axis=-1, count=size).astype(np.bool_)


def by_level(values: "dict[str, float]") -> list[float]:
    """Values of `LEVELS`, NaN where a level has none."""
    return [values.get(level, float("nan")) for level in LEVELS]
