from pathlib import Path

from dicom_node import disk
from screening.settings import Node, Settings


def test_room_enough(tmp_path: Path) -> None:
    found = disk.look(Settings(home=tmp_path, node=Node(minimum_free_mb=0)), {})
    assert found["accepting"] is True
    assert found["failed"] is None
    assert found["free_mb"] > 0


def test_below_the_limit(tmp_path: Path) -> None:
    found = disk.look(Settings(home=tmp_path, node=Node(minimum_free_mb=2**40)), {})
    assert found["accepting"] is False
    assert found["minimum_free_mb"] == 2**40


def test_a_spool_that_failed_takes_nothing(tmp_path: Path) -> None:
    found = disk.look(Settings(home=tmp_path, node=Node(minimum_free_mb=0)), {"spool": {"detail": "fsync failed"}})
    assert found["accepting"] is False
    assert found["failed"] == "fsync failed"
