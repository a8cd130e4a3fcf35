"""No name, birth date, patient ID or accession number leaves the database, the spool and the DICOM objects.

The whole node, a process for each role, is run once on studies whose every text is a canary, good ones and bad ones.
Then everything that it left, said and showed is searched.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from dicom_node.standin_pacs import Script
from tests.acceptance.canaries import (
    AE_TITLE,
    CANARY,
    ProcessWatch,
    listening_in,
    text_keywords,
    traces_below,
    traces_in,
    write_canary,
)
from tests.acceptance.node import NodeUnderTest, wait_for
from tests.acceptance.sending import send
from tests.dicom_node.network import rejection, running_standin
from tests.servers.redis import RedisServer

PLACES_OF_PATIENTS = ("spool", "audit")  # below home: the DICOM objects, and the audit messages that name whom it was


def _broken_picture(ds: Dataset) -> None:
    ds.file_meta.TransferSyntaxUID = JPEG2000Lossless
    ds.PixelData = encapsulate([b"\xff\x4f\xff\x51" + b"\x00" * 500])
    ds["PixelData"].is_undefined_length = True


def _no_view(ds: Dataset) -> None:
    ds.ViewPosition = "LL"


def _nobody(ds: Dataset) -> None:
    """Text where numbers and UIDs belong."""
    ds.Rows = 0
    ds.PatientAge = f"{CANARY[:4]}"


def _write_all(folder: Path) -> list[Path]:
    folder.mkdir()
    good = write_canary(folder / "good.dcm")
    bad = [write_canary(folder / f"{change.__name__}.dcm", change) for change in (_broken_picture, _no_view, _nobody)]
    cut = write_canary(folder / "cut.dcm")
    whole = cut.read_bytes()
    cut.write_bytes(whole[: whole.index(f"{CANARY}PID".encode()) + 4])  # ends within the Patient ID
    return [good, *bad, cut]


@pytest.fixture
def node(
    tmp_path: Path, postgres_url: str, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[NodeUnderTest]:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    with (
        running_standin(tmp_path / "taking") as (_, port),
        running_standin(tmp_path / "refusing", Script(statuses=[0xC000] * 20)) as (_, refusing),
    ):
        made = NodeUnderTest(
            folder=tmp_path / "node", destination=("STANDIN", port), database_url=postgres_url,
            broker_url=redis_server.url,
        )  # fmt: skip
        with (made.folder / "opportune.toml").open("a", encoding="utf-8") as file:
            file.write(
                '[[destinations]]\nname = "refusing"\nae_title = "REFUSING"\naddress = "127.0.0.1"\n'
                f'port = {refusing}\naccept_evidence = ["simulation"]\n'
                '[log]\nlevel = "DEBUG"\nfile = "logs/log.jsonl"\n'
            )
        yield made
        made.stop()


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.slow
def test_no_canary_leaves_its_cage(node: NodeUnderTest, redis_server: RedisServer, tmp_path: Path) -> None:
    files = _write_all(tmp_path / "images")
    watch = ProcessWatch(node.folder)

    def through() -> bool:
        watch.look()
        return node.settled(received=len(files))

    with listening_in(redis_server) as heard:
        node.start()
        assert all(result.stored for result in send(node, files))
        assert rejection(node.port, AE_TITLE, node.ae_title) == (1, 1, 3)
        wait_for("every study", through, 240)
        shown = [
            node.run(*command) for command in (("status",), ("audit", "list"), ("quarantine", "list"), ("metrics",))
        ]
        node.stop()
    counts = node.counts()
    assert (counts["instances"]["unreadable"], counts["deliveries"]["refusing"]["failed"] > 0) == (1, True)
    assert counts["deliveries"]["pacs"]["committed"] > 0
    assert [ended.returncode for ended in shown] == [0, 0, 0, 0]
    assert len(node.logs().splitlines()) > 10
    assert len(heard) > 10
    assert any(b"worker.sandbox" in text for text in watch.seen)
    listed = shown[1].stdout.replace(AE_TITLE, "")  # the audit trail says who was refused
    allowed = tuple(node.folder / "opportune-data" / name for name in PLACES_OF_PATIENTS)
    assert traces_below(node.folder, allowed=allowed) == []
    assert traces_below(tmp_path / "tmp") == []
    assert traces_below(redis_server.folder) == []
    assert traces_in("\n".join([*heard, shown[0].stdout, listed, shown[2].stdout, shown[3].stdout]).encode()) == []
    assert traces_in("\n".join(ended.stderr for ended in shown).encode()) == []
    assert traces_in(b"\n".join(watch.seen)) == []


def test_the_canaries_would_be_found(tmp_path: Path) -> None:
    path = write_canary(tmp_path / "x.dcm")
    assert len(traces_below(tmp_path)) == 2  # a text and the birth date
    assert len(text_keywords()) > 150
    assert path.read_bytes().count(CANARY.encode()) > len(text_keywords())
    assert traces_in(b"born 1961-09-17") != []
    assert traces_below(tmp_path, allowed=(path,)) == []
