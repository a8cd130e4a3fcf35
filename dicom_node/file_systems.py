"""What a file system promises of a new file's name."""

from pathlib import Path

_KEEP_NAMES = frozenset({"ext4", "xfs"})
"""Where a new file and its name belong to one entry of the journal, so that flushing the file flushes both.

POSIX promises no such thing; these two do it by the order of their journal.
"""

_MOUNTS = Path("/proc/self/mountinfo")
_POINT, _SEPARATOR = 4, "-"  # of a line's fields: proc(5)


def keeps_names(folder: Path, mounts: Path = _MOUNTS) -> bool:
    """Whether flushing a new file in this folder makes its name last as well. Where nobody knows, it does not."""
    return file_system(folder, mounts) in _KEEP_NAMES


def file_system(folder: Path, mounts: Path = _MOUNTS) -> str:
    """The type of the file system that a folder is on, as the kernel calls it; empty when nobody knows."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    resolved = folder.resolve()
    found, longest = "", -1
    for line in lines:
        fields = line.split(" ")
        point = Path(_unescaped(fields[_POINT]))
        # a later line hides an earlier one of the same place
        if resolved.is_relative_to(point) and len(point.parts) >= longest:
            found, longest = fields[fields.index(_SEPARATOR) + 1], len(point.parts)
    return found


def _unescaped(text: str) -> str:
    """Space, tabulator, line feed and backslash are written as a backslash and their octal number (proc(5))."""
    for code in ("040", "011", "012", "134"):
        text = text.replace(f"\\{code}", chr(int(code, 8)))
    return text
