"""`opportune send` to a real listener in this process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db import status
from db.engine import transaction
from dicom_node.ledger import DatabaseLedger
from dicom_node.listener import Listener
from screening.settings import Node, Peer
from tests.servers.postgres import free_port
from tests.worker.cli.command import opportune
from tests.worker.ports import radiograph
from worker.ports import Ports


@pytest.fixture
def to(node: Ports) -> Iterator[str]:
    """A listener that takes what SENDER sends."""
    listener = Listener(
        node=Node(bind="127.0.0.1", port=0, minimum_free_mb=0),
        peers=(Peer(ae_title="SENDER", address="127.0.0.1"),),
        destinations=(),
        spool=node.spool,
        ledger=DatabaseLedger(node.sessions),
        on_stored=lambda: None,
    )
    port = listener.start()
    yield f"OPPORTUNE@127.0.0.1:{port}"
    listener.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images in two folders."""
    for number in (1, 2):
        path = tmp_path / "images" / str(number) / "image"
        path.parent.mkdir(parents=True)
        radiograph(number).save_as(path, enforce_file_format=True)
    return tmp_path / "images"


def _received(node: Ports) -> int:
    with transaction(node.sessions) as session:
        return int(status.counts(session)["instances"]["received"])


def test_a_folder_is_sent(node: Ports, to: str, folder: Path) -> None:
    ended = opportune("send", folder, "--to", to, "--ae-title", "SENDER", "--json")
    assert ended.status == 0
    assert (ended.json["files"], ended.json["stored"]) == (2, 2)
    assert {result["status"] for result in ended.json["results"]} == {0}
    assert _received(node) == 2


def test_a_file_is_sent_as_it_is(node: Ports, to: str, folder: Path) -> None:
    ended = opportune("send", folder / "1" / "image", "--to", to, "--ae-title", "SENDER")
    assert ended.status == 0
    assert ended.out.startswith("1 of 1 stored")
    (stored,) = (path for path in node.settings.spool.glob("?/?/*") if path.is_file())
    assert stored.read_bytes().endswith((folder / "1" / "image").read_bytes()[-100:])


def test_a_file_that_is_no_dicom_is_named_and_the_others_are_sent(node: Ports, to: str, folder: Path) -> None:
    (folder / "readme.txt").write_text("hello", encoding="utf-8")
    ended = opportune("send", folder, "--to", to, "--ae-title", "SENDER")
    assert ended.status == 1
    assert "2 of 3 stored" in ended.out
    assert "readme.txt" in ended.out
    assert _received(node) == 2


def test_a_listener_that_does_not_know_us_says_so(to: str, folder: Path) -> None:
    ended = opportune("send", folder, "--to", to, "--ae-title", "STRANGER")
    assert ended.status == 1
    assert "rejected the association" in ended.err


def test_nobody_listens(folder: Path) -> None:
    ended = opportune("send", folder, "--to", f"OPPORTUNE@127.0.0.1:{free_port()}")
    assert ended.status == 1
    assert "connection refused" in ended.err


@pytest.mark.parametrize(
    "to", ["127.0.0.1:104", "A@host", "A@host:dicom", "A" * 17 + "@host:104", "A@host:99999", "A@host:0", "A\\B@host:1"]
)
def test_where_to_must_be_said_in_full(folder: Path, to: str) -> None:
    ended = opportune("send", folder, "--to", to)
    assert ended.status == 2
    assert "--to must be AE@host:port" in ended.words
    assert repr(to) in ended.err


@pytest.mark.parametrize("ours", ["", "A" * 17, "A\\B", "K\u00d6LN"])
def test_our_ae_title_must_be_one(folder: Path, ours: str) -> None:
    ended = opportune("send", folder, "--to", "A@127.0.0.1:104", "--ae-title", ours)
    assert ended.status == 2
    assert "--ae-title must be an AE title" in ended.words


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    ended = opportune("send", tmp_path / "absent", "--to", "A@127.0.0.1:104")
    assert ended.status == 2
    assert "does not exist" in ended.words


def test_an_empty_folder_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ended = opportune("send", tmp_path / "empty", "--to", "A@127.0.0.1:104")
    assert ended.status == 1
    assert "holds no file" in ended.words
