"""Has the kernel begin to write a file to the disk while more of it comes (Linux sync_file_range(2))."""

import ctypes
import ctypes.util
import sys

_WRITE = 2  # SYNC_FILE_RANGE_WRITE: start, and wait for nothing


def _found() -> "ctypes._NamedFuncPointer | None":
    if sys.platform != "linux":
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "sync_file_range", None)  # some C libraries have none
    if function is not None:
        function.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
        function.restype = ctypes.c_int
    return function


_sync_file_range = _found()


def begin_write_out(descriptor: int, offset: int, count: int) -> None:
    """Begin to write out so many bytes of a file.

    It promises nothing and fails nothing: what the disk did with them, fdatasync tells.
    """
    if _sync_file_range is not None:
        _sync_file_range(descriptor, offset, count, _WRITE)
