"""The owner file of a spool: it names the database that the spool belongs to."""

import os
from pathlib import Path

from dicom_node.spool_file import sync_folder
from screening.errors import SpoolUnavailable


def owner_file(root: Path) -> Path:
    """Where it lies."""
    return root / "owner"


def read_owner(root: Path) -> str | None:
    """What it holds, None when there is none.

    Raises
    ------
    SpoolUnavailable
        If the disk fails.
    """
    try:
        return owner_file(root).read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise SpoolUnavailable(f"{owner_file(root)} cannot be read: {exc.strerror}") from exc


def write_owner(root: Path, owner: str) -> None:
    """Make it; it must not be there.

    Raises
    ------
    SpoolUnavailable
        If the disk fails, or another process makes it at the same moment.
    """
    try:
        descriptor = os.open(owner_file(root), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(owner + "\n")
            file.flush()
            os.fsync(file.fileno())
        sync_folder(root)
    except OSError as exc:
        raise SpoolUnavailable(f"{owner_file(root)} cannot be made: {exc.strerror}") from exc
