"""The image that was decoded last stays for the next model that reads the same instances of the same files."""

import resource
import threading
from collections.abc import Callable
from pathlib import Path

from screening.images import Image, Radiograph
from screening.types import Instance
from worker.request import ScreenRequest

SHARE = 8
"""Of the address space that this process may have, an eighth may be kept: what a run needs beside must fit."""
WITHOUT_LIMIT = 2**30  # bytes, where the address space has no limit

_File = tuple[int, int, int, int]  # device, number, size, moment of its last change
_Identity = tuple[tuple[Path, ...], tuple[Instance, ...], tuple[_File, ...]]


class KeptImage:
    """At most one image, none larger than `most` bytes. May be used by several threads.

    Every image that it gives is read-only, whether kept or not: no model changes it for the next.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: tuple[_Identity, Image] | None = None

    def read(self, request: ScreenRequest, decode: Callable[[ScreenRequest], Image]) -> Image:
        """The request's image: the kept one if it was decoded from these very files, else what `decode` gives.

        What is kept is let go before another is decoded. Raises what `decode` raises.
        """
        identity = _identity(request)
        with self._lock:
            if self._kept is not None and self._kept[0] == identity:
                return self._kept[1]
            self._kept = None
        image = decode(request)
        size = _freeze(image)
        if identity is not None and size <= self._most:
            with self._lock:
                self._kept = identity, image
        return image


def most_bytes() -> int:
    """What may be kept in this process."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return WITHOUT_LIMIT if limit == resource.RLIM_INFINITY else limit // SHARE


def _identity(request: ScreenRequest) -> _Identity | None:
    """What is read: names, headers and digests as they were indexed, and the files as they lie there now."""
    try:
        found = [path.stat() for path in request.paths]
    except OSError:
        return None  # whoever decodes will say so
    files = tuple((one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns) for one in found)
    return request.paths, request.instances, files


def _freeze(image: Image) -> int:
    """Make its arrays read-only; their bytes."""
    arrays = (image.pixels,) if isinstance(image, Radiograph) else (image.hu, image.affine)
    for array in arrays:
        array.setflags(write=False)
    return sum(array.nbytes for array in arrays)
