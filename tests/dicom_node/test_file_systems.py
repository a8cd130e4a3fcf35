from pathlib import Path

import pytest

from dicom_node.file_systems import file_system, keeps_names

MOUNTS = r"""22 1 254:0 / / rw,relatime shared:1 - overlay overlay rw
23 22 0:21 / /proc rw - proc proc rw
30 22 254:1 / /srv rw,relatime - ext4 /dev/vda rw
31 30 254:2 / /srv/other\040disk rw - xfs /dev/vdb rw
32 30 254:2 / /srv/net rw - nfs4 host:/x rw
33 30 254:2 / /srv/net rw - ext4 /dev/vdc rw
"""


@pytest.mark.parametrize(
    ("folder", "found", "kept"),
    [
        ("/", "overlay", False),
        ("/srv2", "overlay", False),
        ("/srv/spool", "ext4", True),
        ("/srv/other disk/spool", "xfs", True),
        ("/srv/net/spool", "ext4", True),
    ],
)
def test_the_nearest_mount_counts(folder: str, found: str, kept: bool, tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS, encoding="utf-8")
    assert (file_system(Path(folder), mounts), keeps_names(Path(folder), mounts)) == (found, kept)


def test_where_nobody_knows_names_are_not_kept(tmp_path: Path) -> None:
    assert not keeps_names(tmp_path, tmp_path / "missing")


def test_of_this_machine_something_is_known(tmp_path: Path) -> None:
    assert file_system(tmp_path) != ""
