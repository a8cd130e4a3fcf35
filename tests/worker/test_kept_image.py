"""What is decoded once is not decoded again, nor changed, nor kept beside another."""

import os
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dicom_node.header import read_instance
from screening.header import Header
from screening.images import Image, Radiograph, Volume
from tests.worker.factories import make_request
from tests.worker.fake_model import write_picture
from worker import kept_image
from worker.kept_image import KeptImage, most_bytes
from worker.request import ScreenRequest

ROOM = 2**20


class Decoder:
    """Gives another image each time, and remembers it as long as somebody else does."""

    def __init__(self, image: Image | None = None) -> None:
        self.given: list[weakref.ref[np.ndarray]] = []
        self.still_there: list[int] = []  #: images that were there when one was asked for
        self._image = image

    def __call__(self, request: ScreenRequest) -> Image:
        self.still_there.append(sum(image() is not None for image in self.given))
        if self._image is not None:
            return self._image
        pixels = np.zeros((8, 8), np.float32)
        self.given.append(weakref.ref(pixels))
        return Radiograph(pixels=pixels, spacing=None, sop_instance_uid="1.2.3", header=Header({}))


def _request(path: Path, **changes: object) -> ScreenRequest:
    return make_request(instances=(read_instance(path, location=str(path)),), paths=(path,), **changes)


def test_the_next_model_gets_the_same_image(tmp_path: Path) -> None:
    request, decoder, images = _request(write_picture(tmp_path)), Decoder(), KeptImage(ROOM)
    first = images.read(request, decoder)
    assert images.read(replace(request, model_name="another", config_digest="d" * 64), decoder) is first
    assert len(decoder.given) == 1


def test_no_model_changes_it_for_the_next(tmp_path: Path) -> None:
    image = KeptImage(ROOM).read(_request(write_picture(tmp_path)), Decoder())
    assert isinstance(image, Radiograph)
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 1


def test_a_volume_is_read_only_too(tmp_path: Path) -> None:
    volume = Volume(
        hu=np.zeros((1, 2, 2), np.float32), spacing=(1, 1, 1), affine=np.eye(4), sop_instance_uids=("1.2",),
        header=Header({}),
    )  # fmt: skip
    KeptImage(0).read(_request(write_picture(tmp_path)), Decoder(volume))
    assert not volume.hu.flags.writeable
    assert not volume.affine.flags.writeable


def test_it_is_let_go_before_another_is_decoded(tmp_path: Path) -> None:
    requests, decoder, images = [_request(write_picture(tmp_path, n)) for n in (1, 2)], Decoder(), KeptImage(ROOM)
    for request in (*requests, requests[0]):
        images.read(request, decoder)
    assert decoder.still_there == [0, 0, 0]


def test_what_is_too_large_is_not_kept(tmp_path: Path) -> None:
    request, decoder, images = _request(write_picture(tmp_path)), Decoder(), KeptImage(8 * 8 * 4 - 1)
    for _ in range(2):
        images.read(request, decoder)
    assert len(decoder.given) == 2
    exact = KeptImage(8 * 8 * 4)
    assert exact.read(request, decoder) is exact.read(request, decoder)


def test_a_file_that_was_changed_is_read_again(tmp_path: Path) -> None:
    path = write_picture(tmp_path)
    request, decoder, images = _request(path), Decoder(), KeptImage(ROOM)
    images.read(request, decoder)
    os.utime(path, ns=(1, 1))
    images.read(request, decoder)
    path.rename(tmp_path / "away")
    write_picture(tmp_path)
    os.utime(path, ns=(1, 1))
    images.read(request, decoder)
    assert len(decoder.given) == 3


def test_so_is_one_whose_header_is_another(tmp_path: Path) -> None:
    request, decoder, images = _request(write_picture(tmp_path)), Decoder(), KeptImage(ROOM)
    images.read(request, decoder)
    (instance,) = request.instances
    for changed in (replace(instance, digest="9" * 64), replace(instance, header=Header({"PixelSpacing": [1, 1]}))):
        images.read(replace(request, instances=(changed,)), decoder)
    assert len(decoder.given) == 3


def test_without_its_files_nothing_is_kept(tmp_path: Path) -> None:
    path = write_picture(tmp_path)
    request, decoder, images = _request(path), Decoder(), KeptImage(ROOM)
    path.unlink()
    for _ in range(2):
        images.read(request, decoder)
    assert len(decoder.given) == 2


@pytest.mark.parametrize(("limit", "most"), [(8 * 2**30, 2**30), (-1, kept_image.WITHOUT_LIMIT)])
def test_a_share_of_the_memory_may_be_kept(monkeypatch: pytest.MonkeyPatch, limit: int, most: int) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (limit, limit))
    assert most_bytes() == most
