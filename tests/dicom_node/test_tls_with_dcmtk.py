"""DCMTK's programs and ours over TLS, in both directions, each side with a certificate."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.certificates import Authority
from dicom_node import scu
from dicom_node.listener import Listener
from dicom_node.spool import Spool
from screening.settings import Destination, Node, Peer, Tls
from tests.dicom_node.network import QUICK, FakeLedger, dead_port, wait_until
from tests.servers.dcmtk import dcmtk

pytestmark = pytest.mark.dcmtk


def _tls(authority: Authority) -> Tls:
    ours = authority.certificate("opportune")
    return Tls(port=0, certificate=ours.path, key=ours.key, ca=authority.path)


def _options(authority: Authority, name: str) -> list[str]:
    theirs = authority.certificate(name)
    return ["+tls", str(theirs.key), str(theirs.path), "+cf", str(authority.path)]


def test_echoscu_reaches_our_listener(authority: Authority, tmp_path: Path) -> None:
    peer = Peer(ae_title="CT1", address="127.0.0.1", certificates=(authority.certificate("ct1").fingerprint,))
    listener = Listener(
        Node(bind="127.0.0.1", port=0), [peer], [], Spool(tmp_path, minimum_free=0), FakeLedger(), lambda: None, QUICK,
        tls=_tls(authority),
    )  # fmt: skip
    listener.start()
    try:
        for name, status in (("ct1", 0), ("ct2", 1)):
            command = [dcmtk("echoscu"), *_options(authority, name), "-aet", "CT1", "-aec", "OPPORTUNE", "127.0.0.1"]
            ran = subprocess.run([*command, str(listener.tls_port)], capture_output=True, check=False, timeout=60)
            assert bool(ran.returncode) is bool(status), name
    finally:
        listener.stop()


def test_our_requestor_reaches_storescp(authority: Authority, tmp_path: Path) -> None:
    port = dead_port()
    command = [dcmtk("storescp"), *_options(authority, "pacs"), "-aet", "PACS", "-od", str(tmp_path), str(port)]
    destination = Destination(name="pacs", ae_title="PACS", address="127.0.0.1", port=port, use_tls=True)
    destination.secured_by(_tls(authority))
    with subprocess.Popen(command) as archive:
        try:
            wait_until(lambda: scu.echo(destination, "OPPORTUNE", QUICK).ok, 60)
        finally:
            archive.terminate()
