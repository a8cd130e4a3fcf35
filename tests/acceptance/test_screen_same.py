"""`opportune screen` and the node say the same about the same files, every time."""

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import MakeNode
from tests.acceptance.node import NodeUnderTest, wait_for
from tests.acceptance.objects import results_of
from tests.acceptance.sending import send
from tests.servers.orthanc import Orthanc
from training.simulate import SIMULATORS

pytestmark = [pytest.mark.orthanc, pytest.mark.slow]


def _screened(node: NodeUnderTest, folder: Path, out: Path) -> tuple[dict[str, Any], set[str]]:
    """Findings by study, and the SOP Instance UIDs of all objects."""
    values = node.json("screen", str(folder), "--out", str(out), "--model", "cap_mortality_cxr")
    findings = {result["study_instance_uid"]: _numbers(result["outcome"]) for result in values["results"]}
    return findings, {item["sop_instance_uid"] for result in values["results"] for item in result["objects"]}


def _numbers(outcome: dict[str, Any]) -> list[tuple[str, str, float]]:
    return [
        (group["tracking_identifier"], item["name"]["value"], item["value"])
        for group in outcome.get("groups", [])
        for item in group["measurements"]
    ]


def test_same_findings_and_same_uids(make_node: MakeNode, orthanc: Orthanc, tmp_path: Path) -> None:
    folder = tmp_path / "studies"
    SIMULATORS["cap_mortality_cxr"](folder, 3, 5, lambda: None)
    node = make_node()
    node.start()
    assert all(result.stored for result in send(node, folder.rglob("*.dcm")))
    wait_for("results", lambda: node.settled(received=3), 180)
    described = node.studies()
    from_node = {study["study_instance_uid"]: _numbers(study["jobs"][0]["outcome"]) for study in described}
    in_pacs = {str(ds.SOPInstanceUID) for ds in results_of(orthanc)}
    first, second = (_screened(node, folder, tmp_path / name) for name in ("one", "two"))
    assert first == second
    findings, uids = first
    assert findings == from_node
    assert uids == in_pacs
    assert len(uids) >= 6
