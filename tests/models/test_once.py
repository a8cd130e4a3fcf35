import gc

import numpy as np

from models.once import Once
from screening.header import Header
from screening.images import Volume


def _volume(value: float = 0.0, *, frozen: bool = True, dz: float = 1.0) -> Volume:
    hu = np.full((2, 3, 4), value, np.float32)
    hu.setflags(write=not frozen)
    return Volume(hu=hu, spacing=(dz, 1, 1), affine=np.eye(4), sop_instance_uids=("1.2", "1.3"), header=Header({}))


class Mean:
    """Remembers how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, volume: Volume) -> float:
        self.asked += 1
        return float(volume.hu.mean())


def test_the_next_who_asks_gets_what_was_worked_out() -> None:
    mean, volume = Mean(), _volume(7)
    once = Once(mean)
    assert once(volume) == once(volume) == 7
    assert mean.asked == 1


def test_another_volume_is_another_question() -> None:
    mean, first, second = Mean(), _volume(7), _volume(8)
    once = Once(mean)
    assert [once(first), once(second), once(second), once(first)] == [7, 8, 8, 7]
    assert mean.asked == 3


def test_so_is_the_same_array_with_another_spacing() -> None:
    mean, volume = Mean(), _volume(7)
    once = Once(mean)
    once(volume)
    once(Volume(
        hu=volume.hu, spacing=(2, 1, 1), affine=volume.affine, sop_instance_uids=volume.sop_instance_uids,
        header=volume.header,
    ))  # fmt: skip
    assert mean.asked == 2


def test_of_what_can_be_changed_nothing_is_remembered() -> None:
    mean, volume = Mean(), _volume(7, frozen=False)
    once = Once(mean)
    once(volume)
    volume.hu[:] = 9
    assert once(volume) == 9


def test_nothing_outlives_its_volume() -> None:
    once = Once(Mean())
    once(_volume(7))
    gc.collect()
    assert once._last is None
